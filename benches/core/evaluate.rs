//! Reports into nodes, and nodes against the rules.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::Criterion;
use eavip_benches::{READINGS, Setup, compare, fleet};
use eavip_core::evaluate::{OpenEpisodes, Waiting, evaluate};
use eavip_core::policy::Policy;
use eavip_core::time::Span;

use crate::time;

/// Steady state: every value is known and good, nothing is open. The floor compares as many numbers in one array.
pub(crate) fn nodes(criterion: &mut Criterion, count: usize) -> Setup<()> {
    let (nodes, now) = fleet(count)?;
    let (policy, waiting) = (Policy::builtin(), Waiting::default());
    let quiet = evaluate(&nodes, OpenEpisodes::default(), &waiting, &policy, now);
    if !quiet.transitions.is_empty() || !quiet.waiting.bad_since.is_empty() {
        return Err("the fleet isn't in a steady state".into());
    }
    let rules = policy.rules().len();
    let name = format!("evaluate {count} nodes x {READINGS} series, {rules} rules");
    let figure = time(criterion, &name, || {
        evaluate(black_box(&nodes), OpenEpisodes::default(), &waiting, &policy, now)
    });
    let flat = vec![0.437_f64; count * READINGS];
    let floor = time(criterion, &format!("floor: compare {} numbers in one array", flat.len()), || {
        black_box(&flat).iter().filter(|value| **value > black_box(0.95)).count()
    });
    Ok(compare(&figure, &floor)?)
}

/// Taking a report into a node that knows its series. The floor updates as many entries of a map in place.
pub(crate) fn report(criterion: &mut Criterion) -> Setup<()> {
    let (mut nodes, mut now) = fleet(1)?;
    let node = nodes.first_mut().ok_or("no node")?;
    let mut body = eavip_benches::report(now)?;
    let figure = time(criterion, &format!("take a report of {READINGS} readings into a node"), || {
        now = now + Span::from_secs(15);
        body.at = now;
        node.observe(&body, now);
    });
    let mut map: BTreeMap<usize, f64> = (0..READINGS).map(|at| (at, 0.0)).collect();
    let floor = time(criterion, &format!("floor: update a map of {READINGS} numbers"), || {
        (0..READINGS).for_each(|at| {
            map.insert(at, black_box(0.437));
        });
    });
    Ok(compare(&figure, &floor)?)
}
