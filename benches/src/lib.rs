//! What the benchmarks share: the reports that a fleet sends, and how a figure is put beside its floor or peer. The load
//! program's parts are in [`load`].

pub mod load;
mod stopwatch;

pub use stopwatch::{Stopwatch, compare};

use eavip_core::environment::Environment;
use eavip_core::id::{NodeId, ServiceId};
use eavip_core::labels::Labels;
use eavip_core::mode::Mode;
use eavip_core::node::{Node, Place};
use eavip_core::signal::histogram::Histogram;
use eavip_core::signal::metric::{Kind, Metric, Unit};
use eavip_core::signal::reading::Reading;
use eavip_core::time::{Span, Timestamp};
use eavip_core::wire::v1::Body;

/// Readings in one report: those of a host with four file systems and two services.
pub const READINGS: usize = 50;

/// What can go wrong while setting up; a benchmark then stops.
pub type Setup<T> = Result<T, Box<dyn std::error::Error>>;

/// The moment that benchmarks begin at.
#[must_use]
pub fn start() -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000)
}

/// Shares above 0, at most 1, evenly spread. The same at every run.
pub fn shares() -> impl Iterator<Item = f64> {
    let mut state = 0x9E37_79B9_u32;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f64::from(state) / f64::from(u32::MAX)
    })
}

/// Durations as a service sees them: one in a hundred is slow. The same at every run.
#[must_use]
pub fn latencies(count: u32) -> Vec<f64> {
    let one = |(at, share): (u32, f64)| if at % 100 == 99 { 0.2 + share } else { 0.005 + 0.04 * share };
    (0..count).zip(shares()).map(one).collect()
}

/// A healthy report of [`READINGS`] readings.
///
/// # Errors
/// When a fixed name isn't taken, which is a mistake of this file.
pub fn report(at: Timestamp) -> Setup<Body> {
    let mut readings = Vec::with_capacity(READINGS);
    for metric in Metric::ALL.iter().filter(|m| m.signal() == eavip_core::signal::Signal::Host) {
        if !metric.as_str().starts_with("disk") {
            readings.push(healthy(*metric));
        }
    }
    for mount in ["/", "/var", "/home", "/srv/data"] {
        let labels = Labels::new([("mount", mount), ("fs", "ext4")])?;
        for metric in [Metric::DiskUsed, Metric::DiskFree, Metric::InodesUsed, Metric::DiskReadOnly] {
            readings.push(healthy(metric).labelled(labels.clone()));
        }
    }
    for service in ["shop", "checkout"] {
        let service: ServiceId = service.parse()?;
        let labels = Labels::new([("probe", "front")])?;
        for metric in
            [Metric::ProbeUp, Metric::ProbeStatus, Metric::ProbeDuration, Metric::CertificateExpires]
        {
            readings.push(healthy(metric).labelled(labels.clone()).of(Some(&service)));
        }
        for metric in [Metric::Requests, Metric::RequestErrors, Metric::RequestDuration, Metric::JobOk] {
            readings.push(healthy(metric).of(Some(&service)));
        }
    }
    for queue in 0.. {
        if readings.len() >= READINGS {
            break;
        }
        readings.push(healthy(Metric::QueueReady).labelled(Labels::new([("queue", format!("q{queue}"))])?));
    }
    Ok(Body { at, interval: Span::from_secs(15), facts: None, readings, dropped: Vec::new() })
}

fn healthy(metric: Metric) -> Reading {
    match (metric.kind(), metric.unit(), metric) {
        (Kind::Histogram, ..) => {
            let mut histogram = Histogram::default();
            latencies(150).into_iter().for_each(|value| histogram.record(value));
            Reading::distribution(metric, histogram)
        }
        (_, Unit::Bool, Metric::DiskReadOnly) => Reading::exact(metric, 0.0),
        (_, Unit::Bool, _) => Reading::exact(metric, 1.0),
        (_, Unit::Ratio, _) => Reading::exact(metric, 0.437),
        (_, Unit::Seconds, Metric::ClockOffset) => Reading::exact(metric, 0.000_7),
        (_, Unit::Seconds, _) => Reading::exact(metric, 5_184_000.0),
        (_, _, Metric::RequestErrors) => Reading::exact(metric, 1.0),
        _ => Reading::exact(metric, 1_234.0),
    }
}

/// Nodes that reported for five minutes, so that every window is full, and the moment of their last report.
///
/// # Errors
/// When a fixed name isn't taken.
pub fn fleet(count: usize) -> Setup<(Vec<Node>, Timestamp)> {
    let mut nodes = Vec::with_capacity(count);
    let reports =
        (0..20).map(|step| report(start() + Span::from_secs(15 * step))).collect::<Setup<Vec<_>>>()?;
    let last = reports.last().map_or(start(), |body| body.at);
    for number in 0..count {
        let id: NodeId = format!("01980000-0000-7000-8000-{number:012x}").parse()?;
        let place = Place {
            deployment: "eu".parse()?,
            mode: Mode::Saas,
            environment: Environment::Production,
            labels: Labels::default(),
        };
        let mut node = Node::new(id, place, start());
        reports.iter().for_each(|body| node.observe(body, body.at));
        nodes.push(node);
    }
    Ok((nodes, last))
}
