//! Bringing spooled reports to a server: in order, at least once, until it says that they are on its disk.
//!
//! [`Pusher::step`] is one conversation and decides what follows from it; [`Pusher::run`] repeats it. Exactly once is
//! made by the server, which knows each report by its number. What a report says is not known here, where the spool
//! keeps it neither. Serves the seed's *Operational Principles* (failures are expected and planned for).

pub mod backoff;
mod batch;
mod route;
mod state;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use eavip_core::id::NodeId;
use eavip_core::wire::v1::{AuditHead, MAX_REPORTS, Reply};
use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

pub use state::{LinkState, LinkStatus, Meter};
pub use transport::{MAX_RETRY_AFTER, Outcome, Transport};

use self::backoff::{Backoff, random};
use self::batch::{Built, MAX_BODIES};
use self::route::Route;
use self::state::Figures;
use crate::clock;
use crate::shutdown::Shutdown;
use crate::spool::{Number, Spool, SpoolError};
use crate::witness::Keeper;

/// How long to leave a server alone that wants nothing from this node: a person must act first.
const DENIED_RETRY: Duration = Duration::from_secs(60);
/// Longest pace that a server can set; longer, and a living node would look dead.
const MAX_PACE: Duration = Duration::from_secs(60);
/// Reports given up one after the other before each further one waits: a server that refuses everything must not empty
/// the spool in a moment.
const REFUSED_AT_ONCE: u32 = 3;

/// What to do after a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing waits; the next report wakes.
    Idle,
    /// There is more to do at once.
    More,
    /// Not before this long.
    Wait(Duration),
}

/// Brings one spool's reports to its servers.
#[derive(Debug)]
pub struct Pusher<T> {
    node: NodeId,
    spool: Arc<Spool>,
    transport: T,
    servers: watch::Receiver<Vec<String>>,
    route: Route,
    backoff: Backoff,
    /// Most reports of the next batch: halved to find one that is refused, doubled after each success.
    limit: usize,
    refused_in_a_row: u32,
    retry_after: Duration,
    store: Option<String>,
    /// The newest number that this process sent; a mark beyond it is somebody else's.
    sent: Number,
    /// Looks at the server's audit log; not there for who only brings what is spooled.
    witness: Option<Keeper>,
    status: Arc<watch::Sender<LinkStatus>>,
}

/// A batch that was made.
struct Made {
    first: Number,
    last: Number,
    acknowledged: Number,
    built: Built,
}

impl<T: Transport> Pusher<T> {
    /// A pusher of `node`'s reports to one of `servers`, which may change. Asks the spool for its figures, which may block shortly.
    #[must_use]
    pub fn new(
        node: NodeId,
        spool: Arc<Spool>,
        transport: T,
        mut servers: watch::Receiver<Vec<String>>,
    ) -> Self {
        let route = Route::new(&servers.borrow_and_update(), node);
        let status = Arc::new(watch::Sender::new(LinkStatus::new(Figures::of(&spool))));
        Self {
            node,
            spool,
            transport,
            servers,
            route,
            backoff: Backoff::default(),
            limit: MAX_REPORTS,
            refused_in_a_row: 0,
            retry_after: Duration::ZERO,
            store: None,
            sent: Number::default(),
            witness: None,
            status,
        }
    }

    /// The same as a witness of the audit log that each answer shows the head of.
    #[must_use]
    pub fn with_witness(mut self, witness: Keeper) -> Self {
        self.status.send_modify(|status| status.audit = witness.status());
        self.witness = Some(witness);
        self
    }

    /// How the link is doing.
    pub fn status(&self) -> watch::Receiver<LinkStatus> {
        self.status.subscribe()
    }

    /// Keeps the spool's figures in the status right for whoever else changes the spool.
    pub fn meter(&self) -> Meter {
        Meter(Arc::clone(&self.status))
    }

    /// Pushes whenever `spooled` says that there is a report, until the end is asked for.
    pub async fn run(&mut self, spooled: &Notify, shutdown: &mut Shutdown) {
        loop {
            let step = tokio::select! {
                step = self.step() => step,
                () = shutdown.requested() => return,
            };
            let wait = async {
                match step {
                    Step::More => {}
                    Step::Idle => spooled.notified().await,
                    Step::Wait(time) => tokio::time::sleep(time).await,
                }
            };
            tokio::select! {
                () = wait => {}
                () = shutdown.requested() => return,
            }
        }
    }

    /// Pushes what waits, without waiting for a server to come back, for at most this long.
    pub async fn drain(&mut self, within: Duration) {
        let all = async { while self.step().await == Step::More {} };
        // What isn't sent by then stays in the spool for the next start.
        let _over = tokio::time::timeout(within, all).await;
    }

    /// One conversation: takes the oldest reports, sends them, does what the answer says.
    pub async fn step(&mut self) -> Step {
        if self.servers.has_changed().unwrap_or_default() {
            self.route = Route::new(&self.servers.borrow_and_update(), self.node);
        }
        let made = match self.make().await {
            Ok(Some(made)) => made,
            Ok(None) => return Step::Idle,
            Err(error) => return self.spool_failed(&error),
        };
        let (body, count) = match made.built {
            Built::Ready { body, count } => (body, count),
            Built::Unsendable { reason } => return self.give_up(made.first, reason).await,
        };
        let last = Number { seq: made.last.seq, ..made.first };
        self.sent = self.sent.max(last);
        let url = self.route.current().to_owned();
        let asked = Instant::now();
        let outcome = self.transport.send(&url, body).await;
        if let Outcome::Answered(reply) = &outcome {
            let (server, took) = (reply.server_time, asked.elapsed());
            self.status.send_modify(|status| status.compared(server, clock::now(), took));
        }
        metrics::counter!("eavip_agent_push_batches_total", "outcome" => word(&outcome)).increment(1);
        match outcome {
            Outcome::Answered(mut reply) => {
                self.look(reply.audit.take()).await;
                self.answered(made.first, made.acknowledged, reply, &url).await
            }
            Outcome::Refused { reason } if count == 1 => self.give_up(made.first, &reason).await,
            Outcome::Refused { .. } => {
                self.limit = (count / 2).max(1);
                Step::More
            }
            Outcome::Denied { reason } => {
                self.say(LinkState::Denied, &url, reason);
                Step::Wait(DENIED_RETRY)
            }
            Outcome::Unavailable { reason, retry_after } => self.unavailable(&url, reason, retry_after),
        }
    }

    async fn make(&self) -> Result<Option<Made>, SpoolError> {
        let (node, limit) = (self.node, self.limit);
        let seen = self.witness.as_ref().and_then(Keeper::seen);
        self.with_spool(move |spool| {
            let entries = spool.pending(limit, MAX_BODIES)?;
            let acknowledged = spool.acknowledged();
            let Some(first) = entries.first().map(|entry| entry.number) else { return Ok(None) };
            let built = batch::build(node, &entries, acknowledged, seen);
            let count = if let Built::Ready { count, .. } = &built { *count } else { 1 };
            let last = entries.iter().take(count).next_back().map_or(first, |entry| entry.number);
            Ok(Some(Made { first, last, acknowledged, built }))
        })
        .await
    }

    /// Lets the witness judge what the server showed of its audit log, whatever becomes of the reports.
    async fn look(&mut self, head: Option<AuditHead>) {
        let Some(head) = head else { return };
        let Some(mut witness) = self.witness.take() else { return };
        let looked = spawn_blocking(move || {
            witness.look(&head, clock::now());
            witness
        });
        // A panic in there is a defect that the panic hook has told; the node then is no witness until it is restarted.
        self.witness = looked.await.ok();
        let status = self.witness.as_ref().map(Keeper::status).unwrap_or_default();
        self.status.send_modify(|link| link.audit = status);
    }

    async fn answered(&mut self, first: Number, acknowledged: Number, reply: Reply, url: &str) -> Step {
        if reply.epoch != first.epoch {
            return self.unavailable(url, "the answer is about another numbering".to_owned(), None);
        }
        if self.store.replace(reply.store.clone()).is_some_and(|before| before != reply.store) {
            tracing::warn!(store = reply.store, "the server's store is another one than before");
        }
        let mark = Number { epoch: reply.epoch, seq: reply.acknowledged };
        if acknowledged.epoch == mark.epoch && mark < acknowledged {
            return self.rewind(mark, acknowledged).await;
        }
        if mark < first {
            return self.unavailable(url, "it stored nothing of what was sent".to_owned(), None);
        }
        if mark > self.sent {
            tracing::warn!(mark.seq, sent.seq = self.sent.seq, "the server's mark is beyond what was sent");
        }
        let (mark, now) = (mark.min(self.sent), clock::now_ms());
        if let Err(error) = self.with_spool(move |spool| spool.acknowledge(mark, now)).await {
            return self.spool_failed(&error);
        }
        self.backoff.reset();
        self.route.succeeded(Instant::now());
        self.refused_in_a_row = 0;
        self.retry_after = Duration::ZERO;
        self.limit = self.limit.saturating_mul(2).min(MAX_REPORTS);
        self.say(LinkState::Connected, url, String::new());
        match reply.pace.map(Duration::from).filter(|pace| !pace.is_zero()) {
            Some(pace) => Step::Wait(pace.min(MAX_PACE)),
            None => Step::More,
        }
    }

    /// The server knows less than it once acknowledged: it gets again what is still here, and learns what isn't.
    async fn rewind(&mut self, mark: Number, acknowledged: Number) -> Step {
        metrics::counter!("eavip_agent_push_rewinds_total").increment(1);
        match self.with_spool(move |spool| spool.rewind(mark)).await {
            Ok(lost) => {
                let lost: u64 = lost.iter().map(|range| range.count).sum();
                tracing::warn!(
                    from.seq = mark.seq,
                    to.seq = acknowledged.seq,
                    reports.lost = lost,
                    "the server went back behind what it had acknowledged; sending again what is kept"
                );
                Step::More
            }
            Err(error) => self.spool_failed(&error),
        }
    }

    async fn give_up(&mut self, number: Number, reason: &str) -> Step {
        metrics::counter!("eavip_agent_reports_refused_total").increment(1);
        tracing::error!(
            report.epoch = number.epoch,
            report.seq = number.seq,
            reason,
            "report given up: refused"
        );
        if let Err(error) = self.with_spool(move |spool| spool.refuse(number)).await {
            return self.spool_failed(&error);
        }
        self.status.send_modify(|status| status.refused += 1);
        self.refused_in_a_row = self.refused_in_a_row.saturating_add(1);
        if self.refused_in_a_row < REFUSED_AT_ONCE {
            Step::More
        } else {
            Step::Wait(self.backoff.next(random()))
        }
    }

    fn unavailable(&mut self, url: &str, reason: String, retry_after: Option<Duration>) -> Step {
        self.say(LinkState::Unreachable, url, reason);
        self.retry_after = self.retry_after.max(retry_after.unwrap_or_default());
        if !self.route.failed() {
            return Step::More;
        }
        // Asked to come back later, all would come back at the same moment; the jitter goes on top.
        let asked = std::mem::take(&mut self.retry_after);
        Step::Wait(asked + self.backoff.next(random()))
    }

    fn spool_failed(&mut self, error: &SpoolError) -> Step {
        let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        tracing::error!(%error, cause, "the spool failed while pushing");
        Step::Wait(self.backoff.next(random()))
    }

    /// Runs a blocking call into the spool. A call that panicked counts as a failed store.
    async fn with_spool<R: Send + 'static>(
        &self,
        call: impl FnOnce(&Spool) -> Result<R, SpoolError> + Send + 'static,
    ) -> Result<R, SpoolError> {
        let spool = Arc::clone(&self.spool);
        let done = spawn_blocking(move || (call(&spool), Figures::of(&spool))).await;
        let Ok((result, figures)) = done else {
            return Err(SpoolError::Store(crate::durable::DurableError::Panicked));
        };
        self.status.send_modify(|status| status.measured(figures));
        result
    }

    fn say(&self, state: LinkState, url: &str, reason: String) {
        self.status.send_modify(|status| status.change(state, url, reason));
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered(_) => "answered",
        Outcome::Refused { .. } => "refused",
        Outcome::Denied { .. } => "denied",
        Outcome::Unavailable { .. } => "unavailable",
    }
}

#[cfg(test)]
mod tests;
