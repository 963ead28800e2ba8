//! The evaluation as a reconciler: it wakes by a nudge or a period, looks at everything that is known, lets the
//! policy library decide, and commits what follows: which alerts open and end, then who is told of them. It takes no
//! hint about what changed, so a lost nudge costs a second and nothing else.

pub mod flaps;
mod stated;
pub(crate) mod tell;

use std::sync::Arc;
use std::time::{Duration, Instant};

use eavip_core::alert::episode::EpisodeEvent;
use eavip_core::alert::route;
use eavip_core::evaluate::{Evaluation, Outcome, Transition, Waiting, open_episodes};
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;

use self::flaps::Flaps;
use crate::book::Book;
use crate::commit::{Committer, MutateError};
use crate::record::{Actor, Event, Joined, LedgerRecord, VERSION};
use crate::shared::{Shared, now};

/// Silence is evidence too: without any report it is looked for this often.
const PERIOD: Duration = Duration::from_secs(1);
/// The least time between two evaluations: reports that arrive together are judged together.
const LEAST_GAP: Duration = Duration::from_millis(200);
/// An evaluation takes at most this share of one core: the gap is this many times what the last one took.
const GAP_FACTOR: u32 = 10;

/// Evaluates until the process ends or nothing can be written any more.
pub async fn run(shared: Arc<Shared>, committer: Committer) {
    loop {
        let started = Instant::now();
        let next = match once(&shared, &committer, now()).await {
            Err(MutateError::Stopped(_)) => return,
            other => other.unwrap_or_default(),
        };
        let took = started.elapsed();
        metrics::histogram!("eavip_evaluation_duration_seconds").record(took.as_secs_f64());
        tokio::time::sleep(LEAST_GAP.max(took * GAP_FACTOR)).await;
        let until_due = next.map_or(PERIOD, |due| Duration::from_millis(due.since(now()).as_millis()));
        // Elapsed or woken, it is time again.
        let _ = tokio::time::timeout(PERIOD.min(until_due), shared.evaluate.notified()).await;
    }
}

/// What one evaluation found.
struct Found {
    transitions: Vec<Transition>,
    waiting: Waiting,
    flaps: Flaps,
    /// What is told of alerts that come and go.
    flapping: Vec<Event>,
}

/// One evaluation at a moment, committed; answers when the next message is due.
///
/// # Errors
/// When what follows from it couldn't be written; the next evaluation comes to the same.
pub async fn once(
    shared: &Arc<Shared>,
    committer: &Committer,
    at: Timestamp,
) -> Result<Option<Timestamp>, MutateError> {
    let looking = Arc::clone(shared);
    let found = tokio::task::spawn_blocking(move || judge(&looking, at)).await;
    // A panic in there is a defect that the panic hook has told; the next period tries again.
    let Ok(Found { transitions, waiting, flaps, flapping }) = found else { return Ok(None) };
    if !transitions.is_empty() || !flapping.is_empty() {
        let policy = shared.policy.load_full();
        let write =
            move |book: &Book, at: Timestamp| Ok(record(moves(book, &policy, transitions, flapping), at));
        told(committer.mutate(write).await)?;
    }
    // Only now: what couldn't be written is found again by what was waiting before.
    shared.set_waiting(waiting);
    shared.set_flaps(flaps);
    let looking = Arc::clone(shared);
    // Not before the moment at which what was found just now was committed.
    let at = at.max(now());
    let told_of = tokio::task::spawn_blocking(move || tell::look(&looking, at)).await;
    let Ok(tell::Due { events, next }) = told_of else { return Ok(None) };
    if !events.is_empty() {
        told(committer.mutate(move |_, at| Ok(record(events, at))).await)?;
    }
    shared.evaluated(at);
    metrics::gauge!("eavip_job_last_success_timestamp_seconds", "job" => "evaluate")
        .set(at.as_millis() as f64 / 1e3);
    Ok(next)
}

fn told(result: Result<(), MutateError>) -> Result<(), MutateError> {
    result.inspect_err(|error| tracing::warn!(%error, "the evaluation was not committed; it is done again"))
}

fn record(events: Vec<Event>, at: Timestamp) -> LedgerRecord {
    LedgerRecord { v: VERSION, at, actor: Actor::Server("evaluate".to_owned()), reason: None, events }
}

fn judge(shared: &Shared, at: Timestamp) -> Found {
    let policy = shared.policy.load();
    let episodes: Vec<_> = shared.book().alerts.open().cloned().collect();
    let waiting = shared.waiting();
    let mut evaluation = Evaluation::new(&policy, open_episodes(&episodes), &waiting, at);
    shared.nodes.each(|known| evaluation.node(&known.node));
    stated::show(shared, &policy, at, &mut evaluation);
    let Outcome { transitions, waiting } = evaluation.finish();
    let mut flaps = shared.flaps();
    let changes = flaps.observe(&transitions, &episodes, &policy.alerting.flapping, at);
    let flapping = flaps::notices(&changes, &transitions, &shared.book(), &policy, at);
    Found { transitions, waiting, flaps, flapping }
}

/// What still applies to the book as it is now.
fn moves(book: &Book, policy: &Policy, transitions: Vec<Transition>, flapping: Vec<Event>) -> Vec<Event> {
    let applies = |transition: &Transition| {
        let known = book.alerts.get(transition.episode);
        match &transition.event {
            EpisodeEvent::Opened(_) => known.is_none(),
            EpisodeEvent::Acknowledged { .. }
            | EpisodeEvent::Released { .. }
            | EpisodeEvent::Resolved { .. } => known.is_some_and(|episode| episode.resolved.is_none()),
        }
    };
    let event = |Transition { episode, event }: Transition| {
        let groups = joined(policy, &event);
        Event::Episode { id: episode, event, groups }
    };
    transitions.into_iter().filter(applies).map(event).chain(flapping).collect()
}

/// The groups that an episode joins when it opens.
fn joined(policy: &Policy, event: &EpisodeEvent) -> Vec<Joined> {
    let EpisodeEvent::Opened(opening) = event else { return Vec::new() };
    let targets = route::targets(&policy.routes, &opening.labels, opening.category).into_iter();
    let joined = |target: route::Target<'_>| Joined {
        receiver: target.receiver.clone(),
        labels: target.grouping.key(&opening.labels),
        grouping: target.grouping.clone(),
    };
    targets.map(joined).collect()
}

#[cfg(test)]
mod tests;
