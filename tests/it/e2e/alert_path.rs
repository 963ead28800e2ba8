//! From a service that stops to the person who has to know, and back: the main job.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use eavip_tests::http::{Request, Service};
use eavip_tests::process::free_port;
use eavip_tests::site::Site;
use eavip_tests::wait::{until, until_so};
use serde_json::{Value, json};

use super::signature::signs;
use super::{SERVER, site};

/// The key of receivers in these tests.
pub(super) const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// What arrived at the receiver, in order, with the status it was answered with.
type Arrived = Arc<Mutex<Vec<(Instant, Request, u16)>>>;

/// A receiver that refuses the first attempt of all.
fn receiver() -> (Service, Arrived) {
    let arrived = Arrived::default();
    let list = Arc::clone(&arrived);
    let receiver = Service::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), move |request| {
        let mut list = list.lock().unwrap();
        let status = if list.is_empty() { 500 } else { 204 };
        list.push((Instant::now(), request, status));
        status
    });
    (receiver, arrived)
}

/// A site whose agent probes `probed` each second, and that tells the receiver when a probe finds it down.
fn watching(probed: SocketAddr, receiver: SocketAddr) -> Site {
    let mut site = Site::new(SERVER);
    let runbook = site.write(
        "runbook.toml",
        "[[route]]\nmatch = { rule = \"probe-down\" }\nleast = \"critical\"\nreceivers = [\"pager\"]\n\
         group_interval = \"0s\"\n",
    );
    let key = site.write("pager.key", SECRET);
    site.configure(&format!(
        "runbook = {runbook:?}\n[receiver.pager]\nurl = \"http://{receiver}/hook\"\nsecret = {{ file = {key:?} }}\n"
    ));
    site.write(
        "data/agent/agent.toml",
        &format!("[[probe]]\nname = \"shop\"\nservice = \"shop\"\nurl = \"http://{probed}/healthz\"\ninterval = \"1s\"\n"),
    );
    site.start();
    site
}

fn alerts(site: &Site) -> Vec<Value> {
    site.items("/alerts?rule=probe-down")
}

fn up(site: &Site) -> bool {
    let nodes = site.items("/nodes");
    let Some(id) = nodes.first().and_then(|node| node["id"].as_str()) else { return false };
    let node = site.get(&format!("/nodes/{id}"));
    let mut series = node["series"].as_array().unwrap().iter();
    series.any(|series| {
        series["metric"] == "probe_up" && series["service"] == "shop" && series["value"] == json!(1.0)
    })
}

/// Waits until the deliveries of an alert stand like this, oldest first.
fn until_delivered(site: &Site, alert: &str, expected: &[(&str, &str, u64)]) {
    until_so("the deliveries", || {
        let detail = site.get(&format!("/alerts/{alert}"));
        let deliveries = detail["deliveries"].as_array().unwrap();
        let found = deliveries.iter().rev().map(|delivery| {
            (
                delivery["reason"].as_str().unwrap(),
                delivery["status"].as_str().unwrap(),
                delivery["attempts"].as_u64().unwrap(),
            )
        });
        found.eq(expected.iter().copied())
    });
}

#[test]
fn a_service_that_stops_reaches_its_owner_and_one_that_is_back_ends_it() {
    let probed = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let service = Service::start(probed, |_| 200);
    let (receiver, arrived) = receiver();
    let mut site = watching(probed, receiver.address);
    until_so("the service to be seen up", || up(&site));

    drop(service);
    let stopped = Instant::now();
    let (first, shown) = {
        let alert = until("the alert", || alerts(&site).pop());
        let shown = stopped.elapsed();
        (alert, shown)
    };
    let told =
        until("the webhook", || arrived.lock().unwrap().first().map(|(at, ..)| at.duration_since(stopped)));
    eprintln!(
        "service stopped: alert in the API after {shown:.1?}, at the receiver after {told:.1?}; the probe's interval is 1 s"
    );
    assert!(told < Duration::from_secs(30), "{told:?}");
    assert_eq!(first["category"], "critical");
    assert_eq!(first["status"], "firing");
    assert_eq!(first["owner"], json!({ "id": "platform-operations", "name": "Platform Operations" }));
    assert!(first["action"].as_str().unwrap().starts_with("Ask the service yourself"), "{first}");
    assert!(first["runbook_url"].as_str().unwrap().contains("probe-down"), "{first}");
    let id = first["id"].as_str().unwrap();
    until_delivered(&site, id, &[("first", "delivered", 2)]);
    acknowledged_once(&site, id);

    let service = Service::start(probed, |_| 200);
    let back = Instant::now();
    until_so("the end of the alert", || alerts(&site)[0]["status"] == "resolved");
    eprintln!("service back: resolved after {:.1?}", back.elapsed());
    until_delivered(&site, id, &[("first", "delivered", 2), ("all-resolved", "delivered", 1)]);

    // A restart sends nothing again.
    assert!(site.terminate().0.success());
    site.start();
    until_so("the service to be seen up", || up(&site));
    assert!(site.terminate().0.success());
    let arrived = arrived.lock().unwrap();
    let attempts: Vec<(String, u16)> =
        arrived.iter().map(|(_, request, status)| (kind(request), *status)).collect();
    let expected = [("alerts.firing", 500), ("alerts.firing", 204), ("alerts.resolved", 204)];
    assert_eq!(attempts, expected.map(|(kind, status)| (kind.to_owned(), status)));
    assert!(arrived.iter().all(|(_, request, _)| signs(SECRET, request)), "a signature is wrong");
    let ids: Vec<&str> = arrived.iter().map(|(_, request, _)| request.header("webhook-id")).collect();
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
    assert_eq!(arrived[0].1.body, arrived[1].1.body, "a repeat says the same");
    let told: Value = serde_json::from_slice(&arrived[0].1.body).unwrap();
    assert_eq!(told["data"]["alerts"][0]["id"], id);
    eprintln!("webhooks: firing told once in two attempts with one id, resolved told once, all signed");
    drop((service, receiver));
}

fn kind(request: &Request) -> String {
    let told: Value = serde_json::from_slice(&request.body).unwrap();
    told["type"].as_str().unwrap().to_owned()
}

fn acknowledged_once(site: &Site, id: &str) {
    let path = format!("/alerts/{id}/acknowledge");
    let taken = site.api("POST", &path, &json!({ "reason": "looking at the shop" }));
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(taken.json()["acknowledged"]["reason"], "looking at the shop");
    let again = site.api("POST", &path, &json!({ "reason": "me too" }));
    let problem = again.json();
    assert_eq!((again.status, again.header("content-type")), (409, "application/problem+json"));
    let faults = problem["errors"].as_array().unwrap();
    assert!(faults.iter().all(|fault| fault["at"].as_str().unwrap().starts_with("EAVIP-")), "{problem}");
    assert!(!faults.is_empty(), "{problem}");
}

#[test]
fn the_first_page_of_a_new_server_is_its_own_host() {
    let began = Instant::now();
    let site = site();
    let node = until("the host", || {
        let nodes = site.items("/nodes");
        let id = nodes.first()?["id"].as_str()?.to_owned();
        let node = site.get(&format!("/nodes/{id}"));
        (node["series"].as_array()?.len() > 10).then_some(node)
    });
    eprintln!(
        "quickstart: {} series of this host after {:.1?}",
        node["series"].as_array().unwrap().len(),
        began.elapsed()
    );
    assert_eq!(site.get("/overview")["signals"].as_array().unwrap().len(), 5);
}
