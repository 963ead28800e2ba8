//! The evaluation as a reconciler: it wakes by a nudge or a period, looks at everything that is known, lets the
//! policy library decide, and commits what follows. It takes no hint about what changed, so a lost nudge costs a
//! second and nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eavip_core::alert::episode::EpisodeEvent;
use eavip_core::evaluate::{Evaluation, Outcome, Transition, open_episodes};
use eavip_core::time::Timestamp;

use crate::book::Book;
use crate::commit::{Committer, MutateError};
use crate::record::{Actor, Event, LedgerRecord, VERSION};
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
        if let Err(MutateError::Stopped(_)) = once(&shared, &committer, now()).await {
            return;
        }
        let took = started.elapsed();
        metrics::histogram!("eavip_evaluation_duration_seconds").record(took.as_secs_f64());
        tokio::time::sleep(LEAST_GAP.max(took * GAP_FACTOR)).await;
        // Elapsed or woken, it is time again.
        let _ = tokio::time::timeout(PERIOD, shared.evaluate.notified()).await;
    }
}

/// One evaluation at a moment, committed.
///
/// # Errors
/// When what follows from it couldn't be written; the next evaluation comes to the same.
pub async fn once(shared: &Arc<Shared>, committer: &Committer, at: Timestamp) -> Result<(), MutateError> {
    let looking = Arc::clone(shared);
    let outcome = tokio::task::spawn_blocking(move || judge(&looking, at)).await;
    // A panic in there is a defect that the panic hook has told; the next period tries again.
    let Ok(Outcome { transitions, waiting }) = outcome else { return Ok(()) };
    let result = if transitions.is_empty() {
        Ok(())
    } else {
        committer.mutate(move |book, at| Ok(record(book, transitions, at))).await
    };
    match &result {
        Ok(()) => {
            // Only now: what couldn't be written is found again by what was waiting before.
            shared.set_waiting(waiting);
            shared.evaluated(at);
            metrics::gauge!("eavip_job_last_success_timestamp_seconds", "job" => "evaluate")
                .set(at.as_millis() as f64 / 1e3);
        }
        Err(error) => tracing::warn!(%error, "the evaluation was not committed; it is done again"),
    }
    result
}

fn judge(shared: &Shared, at: Timestamp) -> Outcome {
    let policy = shared.policy.load();
    let episodes: Vec<_> = shared.book().alerts.open().cloned().collect();
    let waiting = shared.waiting();
    let mut evaluation = Evaluation::new(&policy, open_episodes(&episodes), &waiting, at);
    shared.nodes.each(|known| evaluation.node(&known.node));
    evaluation.finish()
}

/// The record of what still applies to the book as it is now.
fn record(book: &Book, transitions: Vec<Transition>, at: Timestamp) -> LedgerRecord {
    let applies = |transition: &Transition| {
        let known = book.alerts.get(transition.episode);
        match &transition.event {
            EpisodeEvent::Opened(_) => known.is_none(),
            EpisodeEvent::Acknowledged { .. } | EpisodeEvent::Resolved { .. } => {
                known.is_some_and(|episode| episode.resolved.is_none())
            }
        }
    };
    let events = transitions
        .into_iter()
        .filter(applies)
        .map(|Transition { episode, event, notice }| Event::Episode {
            id: episode,
            event,
            notice: Some(notice),
        })
        .collect();
    LedgerRecord { v: VERSION, at, actor: Actor::Server("evaluate".to_owned()), reason: None, events }
}

#[cfg(test)]
mod tests;
