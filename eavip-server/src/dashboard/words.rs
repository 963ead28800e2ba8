//! What pages call things: titles for the closed vocabularies of core, whose own words stay what they are in data,
//! labels and class names.

use std::collections::BTreeMap;

use eavip_core::alert::episode::Ending;
use eavip_core::alert::noise::AlertOutcome;
use eavip_core::alert::notice::{Obstacle, Occasion, Reason};
use eavip_core::mode::Mode;
use eavip_core::signal::Signal;
use eavip_core::signal::metric::{Metric, Unit};
use eavip_core::signal::reading::Quality;

use crate::api::view::{Delivery, Firing, SeriesLatest};
use crate::demo;
use crate::record::{DeliveryStatus, Topic};
use crate::value::value;

/// A signal's heading.
#[must_use]
pub const fn signal_title(signal: Signal) -> &'static str {
    match signal {
        Signal::Availability => "API availability",
        Signal::Errors => "Error rate",
        Signal::Latency => "Latency p99",
        Signal::Jobs => "Background jobs",
        Signal::Backlog => "Queue backlog",
        Signal::Host => "Host",
        Signal::Certificates => "Certificates",
        Signal::Freshness => "Freshness",
    }
}

/// A signal's heading where there is little room.
#[must_use]
pub const fn signal_short(signal: Signal) -> &'static str {
    match signal {
        Signal::Availability => "Availability",
        Signal::Errors => "Errors",
        Signal::Latency => "Latency",
        Signal::Jobs => "Jobs",
        Signal::Backlog => "Backlog",
        other => signal_title(other),
    }
}

/// A deployment mode as people write it.
#[must_use]
pub const fn mode_title(mode: Mode) -> &'static str {
    match mode {
        Mode::Saas => "SaaS",
        Mode::Byoc => "BYOC",
        Mode::OnPrem => "On-Prem",
    }
}

/// What a metric measures, in a few words.
#[must_use]
pub const fn metric_title(metric: Metric) -> &'static str {
    match metric {
        Metric::CpuBusy => "CPU busy",
        Metric::LoadPerCore => "Load per core",
        Metric::MemoryUsed => "Memory used",
        Metric::SwapUsed => "Swap used",
        Metric::PressureCpu => "Waiting for CPU",
        Metric::PressureMemory => "Waiting for memory",
        Metric::PressureIo => "Waiting for I/O",
        Metric::AuditConflict => "Audit log contradicted",
        Metric::NodeCloned => "Identity used twice",
        Metric::DiskUsed => "Disk used",
        Metric::DiskFree => "Disk free",
        Metric::InodesUsed => "Inodes used",
        Metric::DiskReadOnly => "Disk read-only",
        Metric::NetworkReceive => "Network received",
        Metric::NetworkTransmit => "Network sent",
        Metric::NetworkErrors => "Network errors",
        Metric::ClockOffset => "Clock offset",
        Metric::ClockSynchronised => "Clock synchronised",
        Metric::Uptime => "Uptime",
        Metric::OpenFiles => "Open files",
        Metric::ProbeUp => "Probe passes",
        Metric::ProbeDuration => "Probe duration p99",
        Metric::ProbePhase => "Probe phase",
        Metric::ProbeStatus => "Probe HTTP status",
        Metric::CertificateExpires => "Certificate runs out in",
        Metric::Requests => "Requests",
        Metric::RequestErrors => "Failed requests",
        Metric::RequestDuration => "Request duration p99",
        Metric::JobOk => "Job succeeded",
        Metric::JobSuccessAge => "Since the job succeeded",
        Metric::JobLate => "Job late by",
        Metric::JobDuration => "Job duration",
        Metric::QueueReady => "Messages waiting",
        Metric::QueueInFlight => "Messages in flight",
        Metric::QueueDelayed => "Messages delayed",
        Metric::QueueDeadLetter => "Messages given up",
        Metric::QueueConsumers => "Queue consumers",
        Metric::QueueOldestAge => "Oldest message waits",
        Metric::QueueEnqueued => "Messages put in",
        Metric::QueueDequeued => "Messages taken out",
        Metric::QueueDrain => "Time to drain",
        Metric::CollectorUp => "Collector works",
        Metric::SpoolBytes => "Spool size",
        Metric::SpoolPending => "Reports to send",
        Metric::SpoolDurable => "Spool is durable",
        Metric::AgentMemory => "Agent memory",
        Metric::NodeSilent => "Node silent for",
    }
}

/// A series' title: the metric, and which one where there are several.
#[must_use]
pub fn series_title(series: &SeriesLatest) -> String {
    let which: Vec<&str> = series.labels.values().map(String::as_str).collect();
    match which.as_slice() {
        [] => metric_title(series.metric).to_owned(),
        which => format!("{} · {}", metric_title(series.metric), which.join(" · ")),
    }
}

/// What is expected of a series, such as `at most 1 s`; of a yes or no there is only one side.
#[must_use]
pub fn objective(series: &SeriesLatest, objective: f64) -> String {
    let text = value(series.unit, objective);
    if series.unit == Unit::Bool { text } else { format!("{} {text}", bound(series)) }
}

/// On which side of its objective a series' value is good.
const fn bound(series: &SeriesLatest) -> &'static str {
    match series.metric {
        Metric::ProbeUp
        | Metric::JobOk
        | Metric::CollectorUp
        | Metric::SpoolDurable
        | Metric::ClockSynchronised
        | Metric::CertificateExpires
        | Metric::DiskFree
        | Metric::QueueConsumers => "at least",
        _ => "at most",
    }
}

/// What a quality means for whoever reads the value.
#[must_use]
pub const fn quality_title(quality: Quality) -> &'static str {
    match quality {
        Quality::Exact => "counted or read as it is",
        Quality::Approximate => "within a stated error",
        Quality::Estimated => "worked out from something else",
        Quality::Unknown => "not known; not to be used",
    }
}

/// Why an episode is over.
#[must_use]
pub const fn ending_title(ending: Ending) -> &'static str {
    match ending {
        Ending::Recovered => "the value came back and stayed",
        Ending::RuleChanged => "the rule was changed or removed",
        Ending::NodeRemoved => "the node is no longer enrolled",
        Ending::SeriesGone => "the node no longer reports it",
        Ending::Lapsed => "its sender no longer sends it, and never said that it is over",
    }
}

/// What became of an alert.
#[must_use]
pub const fn outcome_title(outcome: AlertOutcome) -> &'static str {
    match outcome {
        AlertOutcome::Acted => "acted on",
        AlertOutcome::AutoResolved => "over before anybody took it",
        AlertOutcome::MarkedNoise => "marked as noise",
        AlertOutcome::Flap => "coming and going",
        AlertOutcome::Duplicate => "one more alert of an incident",
        _ => outcome.as_str(),
    }
}

/// Why somebody is told, or isn't: the word of a [`Reason`] or [`Topic`].
#[must_use]
pub fn reason_title(word: &str) -> &str {
    match word.parse() {
        Ok(Reason::Told(occasion)) => told_title(occasion),
        Ok(Reason::Held(obstacle)) => held_title(obstacle),
        _ => match word.parse() {
            Ok(Topic::Silence) => "somebody silenced alerts",
            Ok(Topic::Flapping) => "it comes and goes, or stopped doing so",
            Ok(Topic::Digest) => "the noise of a week",
            Ok(Topic::Test) => "a test",
            Err(_) => word,
        },
    }
}

const fn told_title(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::First => "it began",
        Occasion::NewMember => "it joined a group that was told",
        Occasion::Resolved => "it is over, others of its group aren't",
        Occasion::AllResolved => "it is over, and all of its group",
        Occasion::Repeat => "it still fires",
        Occasion::Escalation => "nobody had taken it",
        _ => occasion.as_str(),
    }
}

const fn held_title(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Quarantined => "it has no owner",
        Obstacle::Silenced => "a silence holds for it",
        Obstacle::Maintenance => "a maintenance window is open for it",
        Obstacle::Inhibited => "another alert explains it",
        Obstacle::Flapping => "it comes and goes, and that was told",
        Obstacle::RateLimited => "the receiver is flooded",
        Obstacle::NoiseBudget => "its rule is over its noise budget",
        Obstacle::NoRoute => "no route leads there any more",
        _ => obstacle.as_str(),
    }
}

/// Where a message stands.
#[must_use]
pub const fn delivery_title(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Pending => "waiting",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::GivenUp => "given up",
    }
}

/// The health word whose look a delivery has.
#[must_use]
pub fn delivery_class(delivery: &Delivery) -> &'static str {
    match delivery.status {
        DeliveryStatus::Delivered => "healthy",
        DeliveryStatus::Pending => "unknown",
        DeliveryStatus::GivenUp => "failing",
    }
}

/// Open alerts in words, the most urgent first; empty when there are none.
#[must_use]
pub fn firing_text(firing: &Firing) -> String {
    [(firing.critical, "critical"), (firing.warning, "warning"), (firing.informational, "info")]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Whether labels of a node or alert mark it as part of a demo.
#[must_use]
pub fn is_demo(labels: &BTreeMap<String, String>) -> bool {
    labels.get(demo::LABEL).is_some_and(|value| value == demo::MARKED)
}

/// A count with its noun: `1 node`, `3 nodes`.
#[must_use]
pub fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
