//! `[[scrape]]`: a service's own metrics as Prometheus text, and which of its series say what.

use eavip_core::document::{MISSING, Section};
use eavip_core::id::CollectorId;
use eavip_core::time::Span;

use super::target::Target;
use super::{Watch, watch};
use crate::collect::scrape::selector::Selector;

/// How often a service's metrics are read by default.
const INTERVAL: Span = Span::from_secs(15);
/// Most jobs and most queues read from one service.
const MAX_THINGS: usize = 50;

/// One scrape.
#[derive(Debug, Clone)]
pub struct ScrapeConfig {
    /// Name, service, interval and deadline.
    pub watch: Watch,
    /// Where the metrics are.
    pub target: Target,
    /// The counter of all requests.
    pub requests: Option<Selector>,
    /// The counter of failed requests.
    pub errors: Option<Selector>,
    /// The classic histogram of durations in seconds, by its name without `_bucket`.
    pub latency: Option<Selector>,
    /// Jobs that the service runs itself.
    pub jobs: Vec<ScrapedJob>,
    /// Queues that the service keeps itself.
    pub queues: Vec<ScrapedQueue>,
}

/// A job of which the service tells when it last succeeded.
#[derive(Debug, Clone)]
pub struct ScrapedJob {
    /// Its name.
    pub name: CollectorId,
    /// The gauge of the moment of its last success, in seconds since 1970.
    pub last_success: Selector,
    /// The gauge of whether its last run succeeded, 0 or 1.
    pub ok: Option<Selector>,
    /// Within how long it must succeed again.
    pub every: Span,
}

/// A queue of which the service tells how much waits.
#[derive(Debug, Clone)]
pub struct ScrapedQueue {
    /// Its name.
    pub name: CollectorId,
    /// The gauge of messages that wait.
    pub ready: Selector,
    /// The gauge of how long the oldest has waited, in seconds.
    pub oldest_age: Option<Selector>,
    /// The gauge of messages given up.
    pub dead_letter: Option<Selector>,
}

impl ScrapeConfig {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let watch = Watch::read(section, INTERVAL);
        let target = Target::read(section);
        let [requests, errors, latency] = ["requests", "errors", "latency"].map(|key| section.text(key));
        if section.has("errors") && !section.has("requests") {
            section.problem(
                None,
                MISSING,
                "errors are a share of requests, and `requests` is missing",
                "add it",
            );
        }
        let jobs = things(section, "job", ScrapedJob::read);
        let queues = things(section, "queue", ScrapedQueue::read);
        let nothing = ["requests", "latency", "job", "queue"].iter().all(|key| !section.has(key));
        if nothing {
            let remedy = "name at least one series: requests, latency, [[scrape.job]] or [[scrape.queue]]";
            section.problem(None, MISSING, "the scrape reads nothing", remedy);
        }
        Some(Self { watch: watch?, target: target?, requests, errors, latency, jobs, queues })
    }
}

fn things<T>(section: &Section<'_>, key: &'static str, read: impl Fn(&Section<'_>) -> Option<T>) -> Vec<T> {
    let read = |inner: Section<'_>| {
        let found = read(&inner);
        inner.finish();
        found
    };
    section.listed_sections(key).into_iter().take(MAX_THINGS).filter_map(read).collect()
}

impl ScrapedJob {
    fn read(section: &Section<'_>) -> Option<Self> {
        let name = section.required("name", "name the job");
        let last_success = section.required("last_success", "write the gauge of its last success");
        let ok = section.text("ok");
        if !section.has("every") {
            section.missing("every", "write within how long it must succeed again, like every = \"1h\"");
        }
        let every = watch::span(section, "every", 1_000..=366 * 86_400_000);
        Some(Self { name: name?, last_success: last_success?, ok, every: every? })
    }
}

impl ScrapedQueue {
    fn read(section: &Section<'_>) -> Option<Self> {
        let name = section.required("name", "name the queue");
        let ready = section.required("ready", "write the gauge of what waits");
        let oldest_age = section.text("oldest_age");
        let dead_letter = section.text("dead_letter");
        Some(Self { name: name?, ready: ready?, oldest_age, dead_letter })
    }
}
