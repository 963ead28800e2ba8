//! The server itself dead: an agent tells so by a webhook of its own within a minute, once.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use eavip_agent::signature::SigningKey;
use eavip_tests::http::{Request, Service};
use eavip_tests::node::Node;
use eavip_tests::site::Site;
use eavip_tests::wait::until_so;
use serde_json::Value;

use super::SERVER;

const AGENT: &str = env!("CARGO_BIN_EXE_e2e-agent");
const KEY: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn kinds(arrived: &Mutex<Vec<Request>>) -> Vec<String> {
    let body = |request: &Request| serde_json::from_slice::<Value>(&request.body).unwrap();
    let kind = |request| body(request)["type"].as_str().unwrap().to_owned();
    arrived.lock().unwrap().iter().map(kind).collect()
}

#[test]
fn an_agent_tells_by_itself_within_a_minute_that_the_server_is_gone_and_later_that_it_is_back() {
    let arrived: Arc<Mutex<Vec<Request>>> = Arc::default();
    let list = Arc::clone(&arrived);
    let receiver = Service::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), move |request| {
        let mut list = list.lock().unwrap();
        list.push(request);
        // The first attempt of all fails, so that it is seen to be made again.
        if list.len() == 1 { 500 } else { 204 }
    });
    let mut site = Site::new(SERVER);
    site.start();
    let key = site.write("fallback.key", KEY);
    let fallback = format!(
        "[fallback]\nurl = \"http://{}/gone\"\nsecret = {{ file = {key:?} }}\nafter = \"30s\"\n",
        receiver.address
    );
    let mut node = Node::new(AGENT, site.dir(), "lonely", &fallback);
    node.join(&site.join_string());
    node.start();
    until_so("the link", || node.link()["state"] == "connected");

    site.kill();
    let gone = Instant::now();
    until_so("the second attempt", || kinds(&arrived).len() == 2);
    let took = gone.elapsed();
    assert!(took < Duration::from_secs(60), "told after {took:?}");
    assert_eq!(kinds(&arrived), ["server.unreachable", "server.unreachable"]);
    {
        let arrived = arrived.lock().unwrap();
        assert_eq!(
            arrived[0].header("webhook-id"),
            arrived[1].header("webhook-id"),
            "a repeat is known as one"
        );
        let last = &arrived[1];
        let at: i64 = last.header("webhook-timestamp").parse().unwrap();
        let (id, signature) = (last.header("webhook-id"), last.header("webhook-signature"));
        assert!(SigningKey::parse(KEY).unwrap().verifies(signature, id, at, at, &last.body));
    }
    let told = |node: &Node| node.json(&["status", "-o", "json"])["agent"]["fallback"]["told"] == true;
    until_so("the answer to be kept", || told(&node));
    node.kill();
    node.start();
    until_so("the agent to try again", || node.link()["state"] == "unreachable");
    assert!(told(&node), "the agent knows it after its restart");

    site.start();
    until_so("the return to be told", || {
        kinds(&arrived).last().is_some_and(|last| last == "server.reachable")
    });
    assert_eq!(kinds(&arrived).len(), 3, "the restart of the agent repeated nothing");
    until_so("nothing more to tell", || {
        node.json(&["status", "-o", "json"])["agent"]["fallback"]["gone_since"].is_null()
    });
}
