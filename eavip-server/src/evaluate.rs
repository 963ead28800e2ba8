//! The evaluation as a reconciler: it wakes by a nudge or a period, looks at everything that is known, lets the
//! policy library decide, and commits what follows: which alerts open and end, then who is told of them. It takes no
//! hint about what changed, so a lost nudge costs a second and nothing else.

pub mod flaps;
mod stated;
mod tell;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eavip_core::alert::episode::{EpisodeEvent, Origin};
use eavip_core::alert::route;
use eavip_core::evaluate::{Evaluation, Outcome, Transition, Waiting, open_episodes};
use eavip_core::id::Digest128;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;

use self::flaps::Flaps;
pub(crate) use self::tell::{known, ruling};
use crate::book::Book;
use crate::commit::{Committer, MutateError};
use crate::record::{Actor, Event, Joined, LedgerRecord, VERSION};
use crate::shared::{Shared, now};

/// Silence is evidence too: without any report it is looked for this often.
const PERIOD: Duration = Duration::from_secs(1);
/// The least time between two evaluations: reports that arrive together are judged together.
const LEAST_GAP: Duration = Duration::from_millis(200);
/// What the alerts that open in one record say of themselves takes about so many bytes: a record has a bound.
const IN_A_RECORD: usize = 512 << 10;
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
    let policy = shared.policy.load_full();
    for part in parts(transitions) {
        let policy = Arc::clone(&policy);
        told(committer.mutate(move |book, at| Ok(record(moves(book, &policy, part), at))).await)?;
    }
    if !flapping.is_empty() {
        told(committer.mutate(move |_, at| Ok(record(flapping, at))).await)?;
    }
    // Only now: what couldn't be written is found again by what was waiting before.
    shared.set_waiting(waiting);
    shared.change_flaps(|known| *known = flaps);
    let looking = Arc::clone(shared);
    // Not before the moment at which what was found just now was committed.
    let at = at.max(now());
    let told_of = tokio::task::spawn_blocking(move || tell::look(&looking, at)).await;
    let Ok(tell::Due { events, new, next }) = told_of else { return Ok(None) };
    if !events.is_empty() {
        told(committer.mutate(move |_, at| Ok(record(events, at))).await)?;
        shared.change_flaps(|flaps| new.iter().for_each(|(alert, category)| flaps.told(*alert, *category)));
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

/// Transitions in parts that each fit into a record, in their order.
fn parts(transitions: Vec<Transition>) -> Vec<Vec<Transition>> {
    let mut parts: Vec<Vec<Transition>> = Vec::new();
    let mut room = 0;
    for transition in transitions {
        let size = size(&transition);
        match parts.last_mut().filter(|_| size <= room) {
            Some(part) => part.push(transition),
            None => {
                room = IN_A_RECORD;
                parts.push(vec![transition]);
            }
        }
        room = room.saturating_sub(size);
    }
    parts
}

/// About how many bytes a transition takes in the ledger.
fn size(transition: &Transition) -> usize {
    /// Ids, times, and what stands around them.
    const FIXED: usize = 1_500;
    let EpisodeEvent::Opened(opening) = &transition.event else { return FIXED };
    let text = |(name, value): (&str, &str)| name.len() + value.len();
    let annotations: usize = match &opening.origin {
        Origin::Sent { annotations, .. } => annotations.iter().map(text).sum(),
        _ => 0,
    };
    // Groups say some of the labels again.
    FIXED + annotations + 3 * opening.labels.iter().map(text).sum::<usize>()
}

/// What still applies to the book as it is now.
fn moves(book: &Book, policy: &Policy, transitions: Vec<Transition>) -> Vec<Event> {
    let open: BTreeSet<Digest128> = book.alerts.open().map(|episode| episode.opening.fingerprint).collect();
    let applies = |transition: &Transition| match &transition.event {
        EpisodeEvent::Opened(opening) => !open.contains(&opening.fingerprint),
        EpisodeEvent::Acknowledged { .. } | EpisodeEvent::Resolved { .. } => {
            book.alerts.get(transition.episode).is_some_and(|episode| episode.resolved.is_none())
        }
    };
    let event = |Transition { episode, event }: Transition| {
        let groups = joined(policy, &event);
        Event::Episode { id: episode, event, groups }
    };
    transitions.into_iter().filter(applies).map(event).collect()
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
