//! A storm of alerts, and a server that is killed in the middle of it: each alert is told as new once, but for the messages that were
//! under way, which come again with their id.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use eavip_tests::http::{Request, Service};
use eavip_tests::site::Site;
use eavip_tests::wait::until_so;
use serde_json::{Value, json};

use super::SERVER;
use super::alert_path::SECRET;

const ALERTS: usize = 10_000;
/// As many as a Prometheus sends at once, and more.
const BATCH: usize = 500;
const RUNBOOK: &str = r#"
[noise]
flood_over = 10_000   # a service reads faster than people
[[owner]]
match = { suite = "storm" }
team = "platform-operations"
runbook = "disk-full"
[[route]]
receivers = ["hook"]
group_by = ["cluster"]
group_wait = "1s"
group_interval = "1s"
"#;

fn push(site: &Site, from: usize, until: usize) {
    for batch in (from..until).collect::<Vec<_>>().chunks(BATCH) {
        let alert = |n: &usize| {
            let labels = json!({ "alertname": "Storm", "suite": "storm", "instance": n.to_string(), "cluster": (n % 20).to_string() });
            json!({ "labels": labels, "annotations": { "summary": "it storms" } })
        };
        let alerts = Value::from(batch.iter().map(alert).collect::<Vec<_>>());
        assert_eq!(site.ask("POST", "/api/v2/alerts", &alerts).unwrap().status, 200);
    }
}

/// Of each alert the ids of the messages that told it as new.
fn told(arrived: &Mutex<Vec<Request>>) -> BTreeMap<String, BTreeSet<String>> {
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in arrived.lock().unwrap().iter() {
        let id = request.header("webhook-id");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["data"]["left_out"], 0, "what is told is spelled out");
        for alert in body["data"]["alerts"].as_array().unwrap().iter().filter(|alert| alert["new"] == true) {
            let instance = alert["labels"]["instance"].as_str().unwrap().to_owned();
            told.entry(instance).or_default().insert(id.to_owned());
        }
    }
    told
}

#[test]
fn each_alert_of_a_storm_is_told_over_a_kill() {
    let arrived = Arc::<Mutex<Vec<Request>>>::default();
    let list = Arc::clone(&arrived);
    let hook = Service::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), move |request| {
        list.lock().unwrap().push(request);
        204
    });
    let mut site = Site::new(SERVER);
    let (runbook, key) = (site.write("runbook.toml", RUNBOOK), site.write("hook.key", SECRET));
    site.configure(&format!(
        "runbook = {runbook:?}\n[receiver.hook]\nurl = \"http://{}/hook\"\nsecret = {{ file = {key:?} }}\n",
        hook.address
    ));
    site.start();
    push(&site, 0, ALERTS / 2);
    until_so("the first message", || !arrived.lock().unwrap().is_empty());
    site.kill();
    site.start();
    push(&site, 0, ALERTS);
    until_so("all of them to be told", || told(&arrived).len() == ALERTS);
    let twice = told(&arrived).values().filter(|ids| ids.len() > 1).count();
    assert_eq!(twice, 0, "none is told as new by two messages");
    assert!(site.terminate().0.success());
    eprintln!("a storm of {ALERTS} alerts over a kill: {} messages, all told", arrived.lock().unwrap().len());
}
