//! The evaluation as a reconciler: it wakes by a nudge or a period, looks at everything that is known, lets the
//! policy library decide, and commits what follows: which alerts open and end, then who is told of them. It takes no
//! hint about what changed, so a lost nudge costs a second and nothing else.

pub mod flaps;
mod stated;
pub(crate) mod tell;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eavip_core::alert::episode::{Episode, EpisodeEvent, Opening, Origin};
use eavip_core::alert::route;
use eavip_core::evaluate::{Evaluation, Outcome, Transition, Waiting, open_episodes};
use eavip_core::id::Digest128;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;

use self::flaps::Flaps;
pub(crate) use self::tell::{known, ruling};
use crate::book::Book;
use crate::commit::{Committer, MutateError};
use crate::record::{Actor, Event, Joined, LedgerRecord, VERSION, bytes, parts};
use crate::shared::{Shared, now};

/// Silence is evidence too: without any report it is looked for this often.
const PERIOD: Duration = Duration::from_secs(1);
/// The least time between two evaluations: reports that arrive together are judged together.
const LEAST_GAP: Duration = Duration::from_millis(200);
/// An evaluation takes at most this share of one core: the gap is this many times what the last one took.
const GAP_FACTOR: u32 = 10;

/// Evaluates until the process ends or nothing can be written any more.
pub async fn run(shared: Arc<Shared>, committer: Committer) {
    let mut routed: Option<Arc<Policy>> = None;
    loop {
        let started = Instant::now();
        let policy = shared.policy.load_full();
        if routed.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &policy)) {
            match route_anew(&shared, &committer).await {
                Err(MutateError::Stopped(_)) => return,
                Err(_) => {}
                Ok(()) => routed = Some(policy),
            }
        }
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
    for part in parts(transitions, size) {
        let policy = Arc::clone(&policy);
        told(committer.mutate(move |book, at| Ok(record(moves(book, &policy, part), at))).await)?;
    }
    write(committer, flapping).await?;
    // Only now: what couldn't be written is found again by what was waiting before.
    shared.set_waiting(waiting);
    shared.change_flaps(|known| *known = flaps);
    let looking = Arc::clone(shared);
    // Not before the moment at which what was found just now was committed.
    let at = at.max(now());
    let told_of = tokio::task::spawn_blocking(move || tell::look(&looking, at)).await;
    let Ok(tell::Due { events, new, next }) = told_of else { return Ok(None) };
    write(committer, events).await?;
    shared.change_flaps(|flaps| new.iter().for_each(|(alert, category)| flaps.told(*alert, *category)));
    shared.evaluated(at);
    metrics::gauge!("eavip_job_last_success_timestamp_seconds", "job" => "evaluate")
        .set(at.as_millis() as f64 / 1e3);
    Ok(next)
}

/// Writes events that apply whatever the book has become, in as many records as they take.
async fn write(committer: &Committer, events: Vec<Event>) -> Result<(), MutateError> {
    for part in parts(events, bytes) {
        told(committer.mutate(move |_, at| Ok(record(part, at))).await)?;
    }
    Ok(())
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
        EpisodeEvent::Acknowledged { .. } | EpisodeEvent::Released { .. } | EpisodeEvent::Resolved { .. } => {
            book.alerts.get(transition.episode).is_some_and(|episode| episode.resolved.is_none())
        }
    };
    let event = |Transition { episode, event }: Transition| {
        let groups = event.opening().map(|opening| joined(policy, opening)).unwrap_or_default();
        Event::Episode { id: episode, event, groups }
    };
    transitions.into_iter().filter(applies).map(event).collect()
}

/// The groups that an alert belongs to.
fn joined(policy: &Policy, opening: &Opening) -> Vec<Joined> {
    let targets = route::targets(&policy.routes, &opening.labels, opening.category).into_iter();
    let joined = |target: route::Target<'_>| Joined {
        receiver: target.receiver.clone(),
        labels: target.grouping.key(&opening.labels),
        grouping: target.grouping.clone(),
    };
    targets.map(joined).collect()
}

/// Lets alerts that are open join the groups that another runbook leads them to, committed. A group that they are in already
/// goes on as it was declared when it began; one that no route leads to any more is told of ends alone.
///
/// # Errors
/// When it couldn't be written; asked again it comes to the same.
async fn route_anew(shared: &Arc<Shared>, committer: &Committer) -> Result<(), MutateError> {
    let looking = Arc::clone(shared);
    let joins = tokio::task::spawn_blocking(move || {
        let (book, policy) = (looking.book(), looking.policy.load());
        let join = |episode: &Episode| {
            let id = episode.opening.id;
            let is_in = |joined: &Joined| book.groups.of(id).any(|group| group.receiver == joined.receiver);
            let mut groups = joined(&policy, &episode.opening);
            groups.retain(|joined| !is_in(joined));
            (!groups.is_empty()).then_some(Event::Routed { episode: id, groups })
        };
        book.alerts.open().filter_map(join).collect::<Vec<Event>>()
    });
    // A panic in there is a defect that the panic hook has told; the next runbook tries again.
    write(committer, joins.await.unwrap_or_default()).await
}

#[cfg(test)]
mod tests;
