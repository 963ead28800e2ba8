//! Any bytes as a batch of reports: read, or refused with the name of a field; what was read can be taken into a node and
//! looked at, whatever its numbers are.

#![no_main]

use eavip_core::environment::Environment;
use eavip_core::evaluate::{OpenEpisodes, Waiting, evaluate};
use eavip_core::id::NodeId;
use eavip_core::labels::Labels;
use eavip_core::mode::Mode;
use eavip_core::node::{Node, Place};
use eavip_core::policy::Policy;
use eavip_core::wire::v1::{Batch, Body};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static POLICY: Policy = Policy::builtin();
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(batch) = Batch::decode(bytes) {
        let bodies =
            batch.reports.iter().filter_map(|one| Body::decode(one.body.get().as_bytes(), "body").ok());
        bodies.for_each(take);
    }
    match Body::decode(bytes, "body") {
        Ok(body) => take(body),
        Err(error) => assert!(!error.path.is_empty() && !error.message.is_empty()),
    }
});

fn take(body: Body) {
    let Ok(deployment) = "fuzz".parse() else { return };
    let (mode, environment) = (Mode::Saas, Environment::Production);
    let place = Place { deployment, mode, environment, labels: Labels::default() };
    let mut node = Node::new(NodeId(Default::default()), place, body.at);
    node.observe(&body, body.at);
    node.observe(&body, body.at);
    POLICY.with(|policy| {
        drop(evaluate([&node], OpenEpisodes::default(), &Waiting::default(), policy, body.at));
        drop(node.service_health(policy, body.at));
    });
    let again = body.encode().map(|bytes| Body::decode(&bytes, "body").is_ok());
    assert!(matches!(again, Ok(true)), "what was read can't be read again");
}
