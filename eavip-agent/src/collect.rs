//! Collectors: what is measured on this node, and how the results of many become one report.
//!
//! Each collector runs in a task of its own with a deadline and a breaker ([`runner`]), so that a hung one delays no
//! other. Results meet on the [`board`]; [`Collectors::next_body`] turns them into reports. Sending reports isn't
//! done here. Serves *Monitoring & Health* of the runbook.

pub mod board;
pub mod facts;
pub mod host;
pub mod http;
pub mod jobs;
pub mod own;
pub mod probe;
pub mod queue;
pub mod runner;
pub mod scrape;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use eavip_core::id::NodeId;
use eavip_core::labels::Labels;
use eavip_core::node::Facts;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Reading, SeriesKey};
use eavip_core::time::{Span, Timestamp};
use eavip_core::wire::v1::Body;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::board::Board;
use self::runner::Plan;
pub(crate) use crate::clock::now;
use crate::config::{Config, Watch};
use crate::schedule::Schedule;

/// When the first report is made at the latest, whether every collector has answered or not.
const FIRST: Duration = Duration::from_millis(300);
/// When the second report is made: the collectors' second results are there, and with them rates.
const SECOND: Duration = Duration::from_secs(2);
/// Least time between two reports: a target that flaps doesn't become a flood.
const LEAST_GAP: Duration = Duration::from_secs(1);

/// Why a collector has no result: a few plain words, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl Failure {
    /// The reason as the error tells it.
    pub fn of(error: &dyn std::error::Error) -> Self {
        match error.source() {
            Some(source) => Self(format!("{error}: {source}")),
            None => Self(error.to_string()),
        }
    }
}

/// Something that can be read again and again.
pub trait Collect: Send + 'static {
    /// The series it will have, as far as that is known before the first result: they are unknown until then.
    fn expected(&self) -> Vec<SeriesKey>;

    /// Reads once. The future may be dropped at any point, and another read must work after that. Deltas and
    /// histograms cover the time since the last read that succeeded.
    fn collect(&mut self, now: Timestamp) -> impl Future<Output = Result<Vec<Reading>, Failure>> + Send;
}

/// A series of a collector that watches one named thing, such as `probe="checkout"`.
pub(crate) fn series(metric: Metric, watch: &Watch, label: &str) -> SeriesKey {
    SeriesKey { metric, service: watch.service.clone(), labels: named(label, watch.name.as_str()) }
}

/// A label set of one pair; text that can't be a label is left out.
pub(crate) fn named(label: &str, value: &str) -> Labels {
    Labels::new([(label, value)]).unwrap_or_default()
}

/// Every collector of a node at work. Dropping it ends them.
#[derive(Debug)]
pub struct Collectors {
    board: Arc<Board>,
    interval: Span,
    schedule: Schedule,
    started: Instant,
    made: u64,
    last: Option<Instant>,
    due: Instant,
    facts: Option<Facts>,
    _tasks: JoinSet<()>,
}

impl Collectors {
    /// Starts what is configured, each at a phase of its own that follows from the node. Must be called within a
    /// Tokio runtime.
    #[must_use]
    pub fn start(config: &Config, node: NodeId) -> Self {
        let board = Arc::new(Board::default());
        let mut tasks = JoinSet::new();
        let mut starter = Starter { board: &board, tasks: &mut tasks, node };
        starter.start_all(config);
        let started = Instant::now();
        let schedule = Schedule::every(config.interval).jittered([node.0.as_bytes().as_slice()]);
        Self {
            board,
            interval: config.interval,
            schedule,
            started,
            made: 0,
            last: None,
            due: started + FIRST,
            facts: None,
            _tasks: tasks,
        }
    }

    /// What each collector found, for people.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Waits for the next report: after 300 ms, after 2 s, then every interval, and at once when a probe or a job
    /// changed its state. Nothing is lost when the future is dropped.
    pub async fn next_body(&mut self) -> Body {
        let board = Arc::clone(&self.board);
        tokio::select! {
            () = tokio::time::sleep_until(self.due) => {}
            () = board.passed(1), if self.made == 0 => {}
            () = board.urgent(), if self.made > 0 => {
                // Kept, so that a caller who drops this future and comes back waits no longer.
                self.due = self.last.map_or(self.due, |last| self.due.min(last + LEAST_GAP));
                tokio::time::sleep_until(self.due).await;
            }
        }
        self.report(now())
    }

    /// Everything measured since the last report. Deltas and histograms are handed out once.
    pub fn report(&mut self, at: Timestamp) -> Body {
        self.made = self.made.saturating_add(1);
        self.last = Some(Instant::now());
        let next = self.schedule.next_after(at).map_or(self.interval, |next| next.since(at));
        self.due = if self.made == 1 { self.started + SECOND } else { Instant::now() + next.into() };
        let facts = facts::read();
        let facts = (self.facts.as_ref() != Some(&facts)).then(|| self.facts.insert(facts).clone());
        Body { at, interval: self.interval, facts, readings: self.board.drain(), dropped: Vec::new() }
    }
}

struct Starter<'a> {
    board: &'a Arc<Board>,
    tasks: &'a mut JoinSet<()>,
    node: NodeId,
}

impl Starter<'_> {
    fn start_all(&mut self, config: &Config) {
        self.start("host", None, config.interval, host::DEADLINE, host::Host::new());
        self.start("agent", None, config.interval, host::DEADLINE, own::Own::new());
        for probe in &config.probes {
            self.watch("probe", &probe.watch, probe::Probe::new(probe.clone()));
        }
        for scrape in &config.scrapes {
            self.watch("scrape", &scrape.watch, scrape::Scrape::new(scrape.clone()));
        }
        for queue in &config.queues {
            self.watch("queue", &queue.watch, queue::Queue::new(queue.clone()));
        }
        if !config.jobs.is_empty() {
            let book = Arc::new(jobs::Book::open(&config.state_dir, &config.jobs, now()));
            self.tasks.spawn(jobs::listen::serve(config.job_socket.clone(), Arc::clone(&book)));
            self.start("jobs", None, jobs::INTERVAL, jobs::DEADLINE, jobs::Jobs::new(book));
        }
    }

    fn watch<C: Collect>(&mut self, kind: &str, watch: &Watch, collector: C) {
        let name = format!("{kind}.{}", watch.name);
        self.start(&name, Some(watch), watch.interval, watch.deadline, collector);
    }

    fn start<C: Collect>(
        &mut self,
        name: &str,
        watch: Option<&Watch>,
        interval: Span,
        deadline: Span,
        collector: C,
    ) {
        let service = watch.and_then(|watch| watch.service.clone());
        let id = self.board.enter(name, service, collector.expected());
        let schedule =
            Schedule::every(interval).jittered([self.node.0.as_bytes().as_slice(), name.as_bytes()]);
        let plan = Plan { id, name: name.to_owned(), interval, schedule, deadline };
        self.tasks.spawn(runner::run(collector, plan, Arc::clone(self.board)));
    }
}

#[cfg(test)]
mod tests;
