//! Measures the noise again and again, opens and reopens defects of what is over its budget, and tells teams once a week.
//! It looks at everything and takes no hint: a crash between any two steps changes nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::noise::Scope;
use eavip_core::alert::noise::defect::{self, Defect, DefectCommand};
use eavip_core::finding::Finding;
use eavip_core::id::TeamId;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::{Report, digest};
use crate::book::Book;
use crate::commit::{Committer, MutateError};
use crate::record::{Actor, Event, LedgerRecord, VERSION};
use crate::shared::{ChangeKind, Changed, Shared, now};

/// Without a change it is looked this often: shifts go by, and what is old is no longer counted.
const PERIOD: Duration = Duration::from_secs(3_600);
/// The least time between two looks, so that alerts that come together are counted together.
const LEAST_GAP: Duration = Duration::from_secs(5);
/// Measuring takes at most this share of one core: the gap is this many times what the last look took.
const GAP_FACTOR: u32 = 100;

/// Measures until the process ends or nothing can be written any more.
pub async fn run(shared: Arc<Shared>, committer: Committer) {
    let mut changes = shared.follow();
    loop {
        let began = Instant::now();
        match once(&shared, &committer, now()).await {
            Ok(()) => metrics::gauge!("eavip_job_last_success_timestamp_seconds", "job" => "noise")
                .set(now().as_millis() as f64 / 1e3),
            Err(MutateError::Stopped(_)) => return,
            Err(error) => {
                tracing::warn!(%error, "what follows from noise was not committed; it is tried again")
            }
        }
        tokio::time::sleep(LEAST_GAP.max(began.elapsed() * GAP_FACTOR)).await;
        // Elapsed or woken, it is time again.
        let _ = tokio::time::timeout(PERIOD, concerning(&mut changes)).await;
    }
}

/// Waits for a change that may change what is measured.
async fn concerning(changes: &mut Receiver<Changed>) {
    loop {
        match changes.recv().await {
            Ok(Changed { kind: ChangeKind::Alert | ChangeKind::Incident | ChangeKind::Noise, .. })
            | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// One look at a moment: what was measured is shown, what follows is committed.
///
/// # Errors
/// When it couldn't be written; the next look comes to the same.
pub async fn once(shared: &Arc<Shared>, committer: &Committer, at: Timestamp) -> Result<(), MutateError> {
    let looking = Arc::clone(shared);
    let looked = tokio::task::spawn_blocking(move || {
        let (book, policy) = (looking.book(), looking.policy.load_full());
        let report = super::report(&book, &policy, at);
        let breaches = breaches(&report);
        let due = !events(&book, &policy, &breaches, at).is_empty();
        (report, policy, breaches, due)
    });
    // A panic in there is a defect that the panic hook has told; the next look tries again.
    let Ok((report, policy, breaches, due)) = looked.await else { return Ok(()) };
    shared.noise.store(Arc::new(report));
    if !due {
        return Ok(());
    }
    let actor = Actor::Server("noise".to_owned());
    let write = move |book: &Book, at: Timestamp| {
        let events = events(book, &policy, &breaches, at);
        Ok(LedgerRecord { v: VERSION, at, actor, reason: None, events })
    };
    committer.mutate(write).await
}

/// Whose noise is over the budget, and what of it.
type Breach = (Scope, TeamId, Vec<Finding>);

fn breaches(report: &Report) -> Vec<Breach> {
    let over = report.scores.iter().filter(|score| score.is_over());
    over.filter_map(|score| Some((score.scope.clone(), score.owner.clone()?, score.findings.clone())))
        .collect()
}

/// What follows for a book: new and recurring defects, and once a week what teams are told.
fn events(book: &Book, policy: &Policy, breaches: &[Breach], at: Timestamp) -> Vec<Event> {
    let mut found = Vec::new();
    for (scope, owner, findings) in breaches {
        let id = defect::id(scope);
        let (scope, owner, findings) = (scope.clone(), owner.clone(), findings.clone());
        let breach = DefectCommand::Breach { scope, owner, findings };
        // A breach that core doesn't take has no finding that fails, and there is nothing to open.
        let decided = Defect::decide(book.noise.defect(id), breach, policy, at).unwrap_or_default();
        found.extend(decided.into_iter().map(|event| Event::Defect { id, event }));
    }
    found.extend(digest::due(book, policy, at));
    found
}

#[cfg(test)]
mod tests;
