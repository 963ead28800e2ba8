//! From a service that stops to the person who is woken, over a killed server, to the one who takes it.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use eavip_tests::http::{Request, Service};
use eavip_tests::process::free_port;
use eavip_tests::site::Site;
use eavip_tests::wait::{until, until_so};
use serde_json::{Value, json};

use super::SERVER;

const KEY: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

const RUNBOOK: &str = r#"
[person.ana]
teams = ["platform-operations"]
[person.ben]
teams = ["platform-operations"]

[escalation.platform]
team = "platform-operations"
[[escalation.platform.step]]
people = ["ana"]
[[escalation.platform.step]]
after = "20s"
people = ["ben"]
"#;

/// What reached the two people: the path says whose pager it is.
type Arrived = Arc<Mutex<Vec<Request>>>;

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// The messages that somebody got of a kind, each once, however often it was sent.
fn got(arrived: &Arrived, whose: &str, kind: &str) -> Vec<Value> {
    let arrived = arrived.lock().unwrap();
    let mut seen = BTreeSet::new();
    let new = arrived.iter().filter(|request| seen.insert(request.header("webhook-id").to_owned()));
    let theirs = new.filter(|request| request.path == format!("/{whose}")).map(body);
    theirs.filter(|told| told["type"] == kind).collect()
}

fn site(pager: SocketAddr, probed: SocketAddr) -> Site {
    let mut site = Site::new(SERVER);
    let (runbook, key) = (site.write("runbook.toml", RUNBOOK), site.write("pager.key", KEY));
    let receiver = |name: &str| {
        format!("[receiver.{name}]\nurl = \"http://{pager}/{name}\"\nsecret = {{ file = {key:?} }}\n")
    };
    site.configure(&format!("runbook = {runbook:?}\n{}{}", receiver("ana"), receiver("ben")));
    let probe = "[[probe]]\nname = \"shop\"\nservice = \"shop\"\ninterval = \"1s\"";
    site.write("data/agent/agent.toml", &format!("{probe}\nurl = \"http://{probed}/healthz\"\n"));
    site.start();
    site
}

/// Lets somebody show, by the code that arrives at their pager, that it is theirs.
fn reachable(site: &Site, arrived: &Arrived, whose: &str) -> String {
    let token = site.token_of(whose);
    let named = site.api_as(&token, "POST", "/on-call/contacts", &json!({ "receiver": whose }));
    assert_eq!(named.status, 201, "{}", named.text());
    let code = until("the code", || {
        let told = got(arrived, whose, "notice.verification").pop()?;
        told["data"]["text"].as_str()?.split_whitespace().nth(3).map(str::to_owned)
    });
    let path = format!("/on-call/contacts/{}/verify", named.json()["id"].as_str().unwrap());
    let shown = site.api_as(&token, "POST", &path, &json!({ "code": code }));
    assert_eq!(shown.json()["state"], "working", "{}", shown.text());
    token
}

#[test]
fn a_probe_that_fails_pages_one_after_the_other_until_somebody_takes_it() {
    let arrived = Arrived::default();
    let list = Arc::clone(&arrived);
    let pager = Service::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), move |request| {
        list.lock().unwrap().push(request);
        204
    });
    let probed = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let shop = Service::start(probed, |_| 200);
    let mut site = site(pager.address, probed);
    let ana = reachable(&site, &arrived, "ana");
    let ben = reachable(&site, &arrived, "ben");

    drop(shop);
    until_so("ana to be paged", || got(&arrived, "ana", "alerts.firing").len() == 1);
    assert_eq!(got(&arrived, "ben", "alerts.firing").len(), 0, "not before his step");
    let page = got(&arrived, "ana", "alerts.firing").remove(0);
    assert_eq!(page["data"]["reason"], "escalation");
    assert!(page["data"]["alerts"][0]["action"].is_string(), "{page}");
    // Between the step that told her and the next one the server dies.
    site.kill();
    site.start();
    until_so("ben to be paged", || got(&arrived, "ben", "alerts.firing").len() == 1);
    assert_eq!(got(&arrived, "ana", "alerts.firing").len(), 1, "a restart pages nobody again");

    let id = site.items("/on-call/pages")[0]["id"].as_str().unwrap().to_owned();
    let ask = |token: &str, what: &str, body: Value| {
        site.api_as(token, "POST", &format!("/on-call/pages/{id}/{what}"), &body)
    };
    let taken = ask(&ben, "acknowledge", json!({ "reason": "looking" }));
    assert_eq!(taken.json()["holder"]["person"], "ben", "{}", taken.text());
    assert_eq!(ask(&ana, "acknowledge", json!({ "reason": "me too" })).status, 409);
    let handed = ask(&ben, "hand-over", json!({ "to": "ana", "reason": "my train leaves" }));
    assert_eq!(handed.json()["holder"]["person"], "ana", "{}", handed.text());
    until_so("ana to know", || got(&arrived, "ana", "notice.hand-over").len() == 1);
    assert_eq!(site.get(&format!("/alerts/{id}"))["acknowledged"]["by"], "ana");

    let _shop = Service::start(probed, |_| 200);
    for whose in ["ana", "ben"] {
        until_so("both to know that it is over", || got(&arrived, whose, "alerts.resolved").len() == 1);
    }
    assert!(site.items("/on-call/pages").is_empty());
    assert_eq!(got(&arrived, "ana", "alerts.firing").len(), 1);
    assert_eq!(got(&arrived, "ben", "alerts.firing").len(), 1);
}
