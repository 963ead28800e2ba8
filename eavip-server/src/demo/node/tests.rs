//! What a new node tells first.

use super::super::fleet::FLEET;
use super::*;

#[test]
fn a_new_node_tells_an_hour_of_its_past_once() {
    let directory = tempfile::tempdir().unwrap();
    let limits = spool_limits(&config(directory.path()));
    let (spool, _) = Spool::open(directory.path(), limits, now_ms()).unwrap();
    let began = now();
    past(&FLEET[0], &spool).unwrap();
    past(&FLEET[0], &spool).unwrap();
    let entries = spool.pending(1_000, usize::MAX).unwrap();
    let bodies: Vec<Body> = entries.iter().map(|entry| Body::decode(&entry.body, "").unwrap()).collect();
    assert_eq!(bodies.len() as u64, PAST);
    assert!(bodies.windows(2).all(|two| two[1].at.since(two[0].at) == APART));
    assert!(began.since(bodies[0].at) >= Span::from_secs(3_595));
    let named = bodies.iter().filter_map(|body| body.facts.as_ref()).map(|facts| facts.hostname.as_str());
    assert_eq!(named.collect::<Vec<_>>(), ["demo-shop-1"]);
}
