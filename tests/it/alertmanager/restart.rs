//! A server that is killed while alerts fire doesn't tell that they are over.

use eavip_tests::wait::until_so;

use super::twins::{hook, push, site, told};

#[test]
fn a_server_that_is_killed_and_starts_again_resolves_nothing_by_itself() {
    let (service, arrived) = hook();
    let mut site = site(service.address);
    // Without an end: it fires for as long as its sender repeats it.
    let open = |name: &str| {
        let labels = [("alertname", name), ("team", "web"), ("severity", "warning")];
        push(&[&labels], "2026-01-01T00:00:00Z", "")
    };
    let firing = |name: &str| {
        let told = told(&arrived.lock().unwrap(), "ours");
        told.iter()
            .any(|(key, statuses)| key.contains(name) && statuses.last().is_some_and(|last| last == "firing"))
    };
    assert_eq!(site.send("POST", "/api/v2/alerts", open("Lasting").as_bytes()).unwrap().status, 200);
    until_so("the first alert to be told", || firing("Lasting"));
    // One whose time runs out before the kill is over, and stays so.
    let soon = (eavip_agent::clock::now() + eavip_core::time::Span::from_secs(3)).to_string();
    let labels = [("alertname", "Gone"), ("team", "web"), ("severity", "warning")];
    let gone = push(&[&labels], "2026-01-01T00:00:00Z", &soon);
    assert_eq!(site.send("POST", "/api/v2/alerts", gone.as_bytes()).unwrap().status, 200);
    until_so("the end of another to be told", || {
        let told = told(&arrived.lock().unwrap(), "ours");
        told.iter().any(|(key, statuses)| key.contains("Gone") && statuses == &["firing", "resolved"])
    });
    for round in 0..2 {
        site.kill();
        site.start();
        // What comes after the start is told after it: by then the first alert was looked at many times.
        let after = format!("After{round}");
        assert_eq!(site.send("POST", "/api/v2/alerts", open(&after).as_bytes()).unwrap().status, 200);
        until_so("an alert after the start to be told", || firing(&after));
        let listed = site.send("GET", "/api/v2/alerts?filter=alertname%3DLasting", b"").unwrap().json();
        assert_eq!(listed[0]["status"]["state"], "active", "{listed}");
    }
    let told = told(&arrived.lock().unwrap(), "ours");
    let expected = |key: &str| if key.contains("Gone") { &["firing", "resolved"][..] } else { &["firing"] };
    assert!(told.iter().all(|(key, statuses)| statuses == expected(key)), "{told:#?}");
    let repeated = arrived
        .lock()
        .unwrap()
        .iter()
        .filter(|one| String::from_utf8_lossy(&one.body).contains("Lasting"))
        .count();
    assert_eq!(repeated, 1, "it is told once");
    drop(service);
}
