//! Benchmarks of the policy library: evaluation, taking a report, the wire and the histogram, each beside its floor.

use criterion::Criterion;
use eavip_benches::{READINGS, Setup, Stopwatch, compare, fleet, latencies, report, start};
use eavip_core::evaluate::{OpenEpisodes, Waiting, evaluate};
use eavip_core::id::Digest128;
use eavip_core::policy::Policy;
use eavip_core::signal::histogram::Histogram;
use eavip_core::time::Span;
use eavip_core::wire::v1::{Batch, Body};
use std::collections::BTreeMap;
use std::hint::black_box;

/// Values in a round of the histogram's benchmark: one timed call covers them all.
const VALUES: u32 = 1_000;
/// Buckets between the least and the largest of them: 8 octaves of 32.
const BUCKETS: usize = 256;

fn main() -> Setup<()> {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    evaluation(&mut criterion, 1_000)?;
    evaluation(&mut criterion, 10_000)?;
    taking(&mut criterion)?;
    wire(&mut criterion)?;
    histogram(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

fn time<T>(criterion: &mut Criterion, name: &str, mut routine: impl FnMut() -> T) -> Stopwatch {
    let watch = Stopwatch::default();
    criterion.bench_function(name, |bencher| bencher.iter_custom(|times| watch.run(times, &mut routine)));
    watch
}

/// Steady state: every value is known and good, nothing is open. The floor compares as many numbers in one array.
fn evaluation(criterion: &mut Criterion, count: usize) -> Setup<()> {
    let (nodes, now) = fleet(count)?;
    let (policy, waiting) = (Policy::builtin(), Waiting::default());
    let quiet = evaluate(&nodes, OpenEpisodes::new(), &waiting, &policy, now);
    if !quiet.transitions.is_empty() || !quiet.waiting.bad_since.is_empty() {
        return Err("the fleet isn't in a steady state".into());
    }
    let name = format!("evaluate {count} nodes x {READINGS} series");
    let figure =
        time(criterion, &name, || evaluate(black_box(&nodes), OpenEpisodes::new(), &waiting, &policy, now));
    let flat = vec![0.437_f64; count * READINGS];
    let floor = time(criterion, &format!("floor: compare {} numbers", flat.len()), || {
        black_box(&flat).iter().filter(|value| **value > black_box(0.95)).count()
    });
    compare(&name, &figure, "comparing as many numbers", &floor)?;
    Ok(())
}

/// Taking a report into a node that knows its series. The floor updates as many entries of a map in place.
fn taking(criterion: &mut Criterion) -> Setup<()> {
    let (mut nodes, mut now) = fleet(1)?;
    let node = nodes.first_mut().ok_or("no node")?;
    let mut body = report(now)?;
    let name = format!("take a report of {READINGS} readings");
    let figure = time(criterion, &name, || {
        now = now + Span::from_secs(15);
        body.at = now;
        node.observe(&body, now);
    });
    let mut map: BTreeMap<usize, f64> = (0..READINGS).map(|at| (at, 0.0)).collect();
    let floor = time(criterion, "floor: update a map of numbers", || {
        (0..READINGS).for_each(|at| {
            map.insert(at, black_box(0.437));
        });
    });
    compare(&name, &figure, "updating a map of as many numbers", &floor)?;
    Ok(())
}

/// Reading a batch of one report, with its digest and its body. The floor reads the same JSON and keeps nothing.
fn wire(criterion: &mut Criterion) -> Setup<()> {
    let body = String::from_utf8(report(start())?.encode()?)?;
    let digest = Digest128::of([body.as_bytes()]);
    let node = "01980000-0000-7000-8000-000000000001";
    let text =
        format!(r#"{{"node":"{node}","epoch":1,"reports":[{{"seq":1,"digest":"{digest}","body":{body}}}]}}"#);
    let decode = |bytes: &[u8]| {
        let batch = Batch::decode(bytes)?;
        batch
            .reports
            .iter()
            .map(|report| Body::decode(report.body.get().as_bytes(), ""))
            .collect::<Result<Vec<_>, _>>()
    };
    if decode(text.as_bytes())?.first().map(|body| body.readings.len()) != Some(READINGS) {
        return Err("the batch doesn't carry the report".into());
    }
    let name = format!("decode a batch of {} bytes", text.len());
    let figure = time(criterion, &name, || decode(black_box(text.as_bytes())));
    let floor = time(criterion, "floor: skip the same JSON", || {
        serde_json::from_slice::<serde::de::IgnoredAny>(black_box(text.as_bytes()))
    });
    compare(&name, &figure, "skipping the same JSON", &floor)?;
    Ok(())
}

/// Recording values, whose floor is a plain `log2` of each; merging two histograms of them and reading a percentile, whose
/// floor is adding as many counters as they have buckets.
fn histogram(criterion: &mut Criterion) -> Setup<()> {
    let values = latencies(VALUES);
    let record = || {
        let mut histogram = Histogram::default();
        black_box(&values).iter().for_each(|value| histogram.record(*value));
        histogram
    };
    let name = format!("record {VALUES} values");
    let figure = time(criterion, &name, record);
    let floor = time(criterion, "floor: log2 of as many values", || {
        black_box(&values).iter().map(|value| value.log2()).sum::<f64>()
    });
    compare(&name, &figure, "log2 of each value", &floor)?;
    let (mut sum, other) = (record(), record());
    let merged = time(criterion, "merge two histograms", || sum.merge(black_box(&other)));
    let read = time(criterion, "read a percentile", || black_box(&other).quantile(0.99));
    let (mut counters, more) = ([0_u64; BUCKETS], [1_u64; BUCKETS]);
    let floor = time(criterion, "floor: add as many counters", || {
        black_box(&mut counters).iter_mut().zip(black_box(&more)).for_each(|(sum, n)| *sum += n);
    });
    compare("merge two histograms", &merged, "adding as many counters", &floor)?;
    compare("read a percentile", &read, "adding as many counters", &floor)?;
    Ok(())
}
