//! The histogram of latencies beside `sketches-ddsketch` and `hdrhistogram` on the same data, all set to about the same
//! error: how fast they record and merge, how large they are and how far off their percentiles.

use std::hint::black_box;
use std::io::Write as _;

use criterion::Criterion;
use eavip_benches::{Setup, compare, shares};
use eavip_core::signal::histogram::{Histogram, MAX_BUCKETS};
use hdrhistogram::Histogram as Hdr;
use hdrhistogram::serialization::{Serializer as _, V2Serializer};
use sketches_ddsketch::{Config, DDSketch};

use crate::{time, time_each};

/// Values that are recorded; so many that neighbours hardly differ.
const VALUES: u32 = 100_000;
/// Their least is this power of two: 61 µs.
const LEAST: f64 = -14.0;
/// They spread over so many octaves, up to 4 s: [`MAX_BUCKETS`] of the histogram.
const OCTAVES: f64 = 16.0;
/// The percentiles whose errors are told.
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// The data in the forms that the three take: seconds, and whole nanoseconds.
struct Data {
    seconds: Vec<f64>,
    nanos: Vec<u64>,
}

impl Data {
    fn new() -> Self {
        let seconds = shares().map(|share| (LEAST + OCTAVES * share).exp2());
        let seconds: Vec<f64> = seconds.take(VALUES as usize).collect();
        let nanos = seconds.iter().map(|seconds| (seconds * 1e9) as u64).collect();
        Self { seconds, nanos }
    }

    fn ours(&self, histogram: &mut Histogram) {
        black_box(&self.seconds).iter().for_each(|value| histogram.record(*value));
    }

    fn sketch(&self, sketch: &mut DDSketch) {
        black_box(&self.seconds).iter().for_each(|value| sketch.add(*value));
    }

    fn hdr(&self, hdr: &mut Hdr<u64>) {
        // What is out of its bounds would be left out; `sizes` sees that everything was counted.
        black_box(&self.nanos).iter().for_each(|value| _ = hdr.record(*value));
    }
}

/// Our error as the sketch is told it, and as many bins.
fn new_sketch() -> DDSketch {
    DDSketch::new(Config::new(Histogram::default().relative_error(), MAX_BUCKETS as u32, 1e-9))
}

/// Two digits, which is an error of at most 1 %, from 1 µs to 10 s.
fn new_hdr() -> Setup<Hdr<u64>> {
    Ok(Hdr::new_with_bounds(1_000, 10_000_000_000, 2)?)
}

pub(crate) fn figures(criterion: &mut Criterion) -> Setup<()> {
    let data = Data::new();
    let (mut ours, mut sketch, mut hdr) = (Histogram::default(), new_sketch(), new_hdr()?);
    data.ours(&mut ours);
    data.sketch(&mut sketch);
    data.hdr(&mut hdr);
    sizes(&data, &ours, &sketch, &hdr)?;
    record(criterion, &data, (&mut ours.clone(), &mut sketch.clone(), &mut hdr.clone()))?;
    merge(criterion, (&ours, &sketch, &hdr))?;
    let read = time(criterion, "read a percentile", || black_box(&ours).quantile(0.99));
    Ok(compare(&read, &add_counters(criterion))?)
}

fn record(
    criterion: &mut Criterion,
    data: &Data,
    (ours, sketch, hdr): (&mut Histogram, &mut DDSketch, &mut Hdr<u64>),
) -> Setup<()> {
    let figure = time_each(criterion, VALUES, "record a value", || data.ours(ours));
    let floor = time_each(criterion, VALUES, "floor: `log2` of a value", || {
        black_box(&data.seconds).iter().map(|value| value.log2()).sum::<f64>()
    });
    compare(&figure, &floor)?;
    let peer = time_each(criterion, VALUES, "peer: record with `sketches-ddsketch`", || data.sketch(sketch));
    compare(&figure, &peer)?;
    let peer = time_each(criterion, VALUES, "peer: record with `hdrhistogram`", || data.hdr(hdr));
    Ok(compare(&figure, &peer)?)
}

fn merge(criterion: &mut Criterion, others: (&Histogram, &DDSketch, &Hdr<u64>)) -> Setup<()> {
    let (ours, sketch, hdr) = others;
    let name = format!("merge two histograms of {MAX_BUCKETS} buckets");
    let mut sum = ours.clone();
    let figure = time(criterion, &name, || sum.merge(black_box(ours)));
    compare(&figure, &add_counters(criterion))?;
    let mut sum = sketch.clone();
    let peer = time(criterion, "peer: merge with `sketches-ddsketch`", || sum.merge(black_box(sketch)));
    compare(&figure, &peer)?;
    let mut sum = hdr.clone();
    let peer = time(criterion, "peer: merge with `hdrhistogram`", || sum.add(black_box(hdr)));
    Ok(compare(&figure, &peer)?)
}

/// The floor of what goes over all buckets.
fn add_counters(criterion: &mut Criterion) -> eavip_benches::Stopwatch {
    let (mut counters, more) = ([0_u64; MAX_BUCKETS], [1_u64; MAX_BUCKETS]);
    time(criterion, &format!("floor: add {MAX_BUCKETS} counters"), || {
        black_box(&mut counters).iter_mut().zip(black_box(&more)).for_each(|(sum, n)| *sum += n);
    })
}

/// Writes a line for each: buckets, bytes in memory and as they travel, and the largest error of the percentiles.
fn sizes(data: &Data, ours: &Histogram, sketch: &DDSketch, hdr: &Hdr<u64>) -> Setup<()> {
    let counted = [ours.count(), sketch.count() as u64, hdr.len()];
    if counted != [u64::from(VALUES); 3] {
        return Err(format!("{counted:?} of {VALUES} values were counted").into());
    }
    let json = serde_json::to_value(ours)?;
    let buckets = json.get("counts").and_then(|counts| counts.as_array()).map_or(0, Vec::len);
    if buckets != MAX_BUCKETS {
        return Err(format!("the values are in {buckets} buckets").into());
    }
    let mut exact = data.seconds.clone();
    exact.sort_by(f64::total_cmp);
    let mut v2 = Vec::new();
    V2Serializer::new().serialize(hdr, &mut v2)?;
    line::<Histogram>(
        "`eavip-core`",
        buckets,
        ("JSON", json.to_string().len()),
        worst(&exact, |q| ours.quantile(q)),
    )?;
    let bytes = serde_json::to_string(sketch)?.len();
    let error = worst(&exact, |q| sketch.quantile(q).ok().flatten());
    line::<DDSketch>("`sketches-ddsketch`", sketch.length(), ("JSON", bytes), error)?;
    let error = worst(&exact, |q| Some(hdr.value_at_quantile(q) as f64 / 1e9));
    line::<Hdr<u64>>("`hdrhistogram`", hdr.distinct_values(), ("V2", v2.len()), error)
}

fn line<T>(name: &str, buckets: usize, (form, bytes): (&str, usize), error: f64) -> Setup<()> {
    let memory = size_of::<T>() + buckets * size_of::<u64>();
    Ok(writeln!(
        std::io::stdout(),
        "size | {name} | {buckets} | {memory} | {bytes} ({form}) | {:.2} % |",
        error * 100.0
    )?)
}

/// The largest relative error of the percentiles against the sorted values; infinite when one isn't answered.
fn worst(sorted: &[f64], quantile: impl Fn(f64) -> Option<f64>) -> f64 {
    let error = |q: f64| {
        let rank = (q * sorted.len() as f64).ceil() as usize;
        let exact = sorted.get(rank.saturating_sub(1))?;
        Some((quantile(q)? / exact - 1.0).abs())
    };
    QUANTILES.into_iter().map(|q| error(q).unwrap_or(f64::INFINITY)).fold(0.0, f64::max)
}
