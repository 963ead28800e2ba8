//! Alertmanager's own programs and this server in its place: Debian's Alertmanager and this server run side by side with the same
//! routes and get the same pushes, from `amtool`, from a real Prometheus and from here; what they tell, list and print is compared.
//! Where they differ on purpose, `differences` says why; any other difference fails.

#![allow(clippy::print_stderr, reason = "which differences there are is part of what the test says")]

mod differences;
mod prometheus;
mod restart;
mod twins;

use eavip_tests::wait::until_so;
use serde_json::{Value, json};

use twins::{Twins, push};

/// What the tests push: alerts that the routes lead three ways, and one that another explains.
const ALERTS: [&[(&str, &str)]; 4] = [
    &[("alertname", "Down"), ("cluster", "a"), ("severity", "critical"), ("team", "shop")],
    &[("alertname", "Slow"), ("cluster", "a"), ("severity", "warning"), ("team", "shop")],
    &[("alertname", "Slow"), ("cluster", "b"), ("severity", "warning"), ("team", "shop")],
    &[("alertname", "Slow"), ("cluster", "c"), ("severity", "warning"), ("team", "web")],
];

#[test]
fn tells_and_lists_what_alertmanager_tells_and_lists() {
    let twins = Twins::start();
    let ends = (eavip_agent::clock::now() + eavip_core::time::Span::from_secs(3_600)).to_string();
    // What explains comes first: else Alertmanager may tell what it explains in the moment between the two.
    twins.push(&push(&ALERTS[..1], "2026-01-01T00:00:00Z", &ends));
    until_so("what explains to be told by both", || {
        let (theirs, ours) = twins.told();
        theirs == ours && theirs.len() == 2
    });
    twins.last_webhooks_about("Down", "firing");
    twins.push(&push(&ALERTS, "2026-01-01T00:00:00Z", &ends));
    // Down to the pager and the web; Slow of b to shop and web, of c to web; Slow of a is explained by Down.
    until_so("what fires to be told by both", || {
        let (theirs, ours) = twins.told();
        theirs == ours && theirs.len() == 5
    });
    for path in [
        "/api/v2/alerts?filter=suite%3Dtwins",
        "/api/v2/alerts?filter=suite%3Dtwins&inhibited=false",
        "/api/v2/alerts?filter=suite%3Dtwins&active=false",
        "/api/v2/alerts?filter=suite%3Dtwins&receiver=web",
        "/api/v2/alerts?filter=cluster%3D~%22b%7Cc%22",
        "/api/v2/alerts/groups?filter=suite%3Dtwins",
        "/api/v2/alerts/groups?filter=suite%3Dtwins&receiver=web",
        "/api/v2/receivers",
        "/api/v2/silences",
        "/api/v2/alerts?filter=nonsense",
        "/api/v2/alerts?receiver=(",
        "/api/v2/silence/00000000-0000-0000-0000-000000000000",
        "/api/v2/silence/x",
        "/-/healthy",
        "/-/ready",
    ] {
        twins.get(path);
    }
    twins.ask("POST", "/api/v2/alerts", b"nope");
    twins.ask("POST", "/api/v2/alerts", b"[{\"labels\":{}}]");
    twins.ask("DELETE", "/api/v2/silence/00000000-0000-0000-0000-000000000000", b"");

    // What is explained ends before what explains it: else Alertmanager may tell it in the moment between the two.
    let ended = "2026-01-01T00:00:01Z";
    twins.push(&push(&ALERTS[1..2], "2026-01-01T00:00:00Z", ended));
    until_so("the explained alert to be over in both", || {
        let path = "/api/v2/alerts/groups?filter=alertname%3DSlow&filter=cluster%3Da";
        twins.bodies(path) == (json!([]), json!([]))
    });
    twins.push(&push(&ALERTS, "2026-01-01T00:00:00Z", ended));
    until_so("what is over to be told by both", || {
        let (theirs, ours) = twins.told();
        theirs == ours && theirs.values().all(|told| told.last().is_some_and(|status| status == "resolved"))
    });
    twins.last_webhooks_about("Down", "resolved");
    let (theirs, _) = twins.told();
    assert!(theirs.keys().all(|key| !key.contains("cluster=a") || key.contains("Down")), "{theirs:#?}");
    eprintln!("told alike: {theirs:#?}");
    // Last: a reload makes Alertmanager look at everything anew, and it may tell what it held back before.
    twins.ask("POST", "/-/reload", b"");
    let untold = twins.ends_of_untold();
    assert!(untold.keys().all(|key| key.contains("Slow cluster=a")), "only what was held back: {untold:#?}");
    eprintln!("told by Alertmanager alone: {untold:#?}\n  because: {}", differences::ENDS_OF_UNTOLD);
}

#[test]
fn amtool_prints_what_it_prints_of_alertmanager() {
    let twins = Twins::start();
    for alert in ["Down cluster=a severity=critical team=shop", "Slow cluster=b severity=warning team=web"] {
        let mut args = vec!["alert", "add"];
        args.extend(alert.split(' '));
        args.extend(["suite=twins", "--annotation=summary=it is broken"]);
        twins.amtool(&args);
    }
    // What was added is there at once, though nobody is told of it before the next evaluation.
    for output in ["simple", "extended"] {
        twins.amtool(&["alert", "query", "suite=twins", "-o", output]);
    }
    twins.amtool(&["alert", "query", "suite=twins", "alertname=~D.*"]);
    twins.amtool(&["alert", "query", "suite=nobody"]);
    twins.amtool(&["alert", "query", "alertname=~("]);
    twins.amtool(&["config", "routes", "show"]);
    for labels in
        [&["team=shop", "severity=page"][..], &["team=shop"], &["team=web", "cluster=b"], &["team=other"]]
    {
        twins.amtool(&[&["config", "routes", "test"][..], labels].concat());
    }
    twins.amtool(&["cluster", "show"]);

    let add = |args: &[&str]| twins.amtool(&[&["silence", "add", "--author=admin"][..], args].concat());
    add(&["alertname=Slow", "--comment=OPS-7: slow on purpose"]);
    add(&["alertname=~D.*", "cluster!=b", "--comment=OPS-8: down on purpose", "--duration=2h"]);
    twins.amtool(&["silence", "query"]);
    twins.amtool(&["silence", "query", "-o", "extended"]);
    twins.amtool(&["silence", "query", "alertname=Slow"]);
    twins.amtool(&["alert", "query", "suite=twins"]);
    twins.amtool(&["alert", "query", "suite=twins", "--silenced"]);
    twins.amtool(&["silence", "add", "--author=admin", "--comment=OPS-7: x"]);
    twins.amtool(&["silence", "expire", "00000000-0000-0000-0000-000000000000"]);
    twins.silences_move_by_amtool();
    add(&["alertname=Slow", "--comment=without a ticket"]);
    twins.amtool(&["silence", "add", "alertname=Slow", "--author=stranger", "--comment=OPS-7: x"]);
    twins.config_is_one_that_amtool_takes();
    let (_, ours) = twins.bodies("/api/v2/silences");
    let expired =
        ours.as_array().unwrap().iter().filter(|silence| silence["status"]["state"] == json!("expired"));
    assert_eq!(expired.count(), 2, "{ours:#}");
}

#[test]
fn a_silence_for_long_is_pending_until_another_person_approves_it() {
    let twins = Twins::start();
    let made = twins.ours(&[
        "silence",
        "add",
        "alertname=Slow",
        "--author=admin",
        "--comment=OPS-7: all week",
        "--duration=48h",
    ]);
    let id = made.trim();
    let shown = twins.bodies(&format!("/api/v2/silence/{id}")).1;
    assert_eq!(shown["status"]["state"], "pending", "{shown}");
    let own = twins.site.api("POST", &format!("/silences/{id}/approve"), &Value::Null);
    assert_eq!(
        (own.status, own.json()["errors"][0]["at"].clone()),
        (409, json!("EAVIP-A14")),
        "{}",
        own.text()
    );
    let account = json!({ "password": "correct horse battery", "role": "responder" });
    assert_eq!(twins.site.api("PUT", "/users/ben", &account).status, 200);
    let approved =
        twins.site.as_user("ben", "correct horse battery", "POST", &format!("/api/v1/silences/{id}/approve"));
    assert_eq!(approved.status, 200, "{}", approved.text());
    let shown = twins.bodies(&format!("/api/v2/silence/{id}")).1;
    assert_eq!(shown["status"]["state"], "active", "{shown}");
}
