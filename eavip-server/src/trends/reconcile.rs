//! Prepares the operations review of each month once it is over, with what its trends propose. It looks at the whole book and
//! takes no hint: a crash between any two steps changes nothing.

use std::sync::Arc;
use std::time::Duration;

use eavip_core::aggregate::Aggregate as _;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;
use eavip_core::trend::feedback::{Proposal, ProposalCommand};
use eavip_core::trend::month::Month;
use eavip_core::trend::review::{OperationsReview, ReviewCommand};

use crate::book::Book;
use crate::commit::{Committer, MutateError};
use crate::record::{Actor, Event, LedgerRecord, VERSION};
use crate::shared::{Shared, now};

/// It is looked this often whether a month is over.
const PERIOD: Duration = Duration::from_secs(3_600);

/// Prepares reviews until the process ends or nothing can be written any more.
pub async fn run(shared: Arc<Shared>, committer: Committer) {
    let mut tick = tokio::time::interval(PERIOD);
    loop {
        tick.tick().await;
        match once(&shared, &committer, now()).await {
            Ok(()) => metrics::gauge!("eavip_job_last_success_timestamp_seconds", "job" => "trends")
                .set(now().as_millis() as f64 / 1e3),
            Err(MutateError::Stopped(_)) => return,
            Err(error) => tracing::warn!(%error, "a month's review was not prepared; it is tried again"),
        }
    }
}

/// Prepares the review of the month before a moment, where it isn't.
///
/// # Errors
/// When it couldn't be written; the next time comes to the same.
pub async fn once(shared: &Shared, committer: &Committer, at: Timestamp) -> Result<(), MutateError> {
    let month = Month::of(at).previous();
    if !is_lacking(&shared.book(), month) {
        return Ok(());
    }
    let policy = shared.policy.load_full();
    let actor = Actor::Server("trends".to_owned());
    let write = move |book: &Book, _: Timestamp| {
        let events = if is_lacking(book, month) { prepared(book, &policy, month, at) } else { Vec::new() };
        Ok(LedgerRecord { v: VERSION, at, actor, reason: None, events })
    };
    committer.mutate(write).await
}

/// Whether there was anything to review in a month, and nobody prepared it.
fn is_lacking(book: &Book, month: Month) -> bool {
    book.trends.review(month).is_none() && book.trends.since().is_some_and(|since| since < month.period().to)
}

fn prepared(book: &Book, policy: &Policy, month: Month, at: Timestamp) -> Vec<Event> {
    let pack = super::pack(book, policy, month, at);
    let mut events = Vec::new();
    for draft in &pack.proposals {
        // What was proposed already is refused, and nothing has to be done.
        let propose = ProposalCommand::Propose(Box::new(draft.clone()));
        let decided =
            Proposal::decide(book.trends.proposal(draft.id), propose, policy, at).unwrap_or_default();
        events.extend(decided.into_iter().map(|event| Event::Proposal { id: draft.id, event }));
    }
    let generate = ReviewCommand::Generate(Box::new(pack));
    // There is no review yet, and the pack is of this month: nothing speaks against it.
    let decided = OperationsReview::decide(None, generate, policy, at).unwrap_or_default();
    events.extend(decided.into_iter().map(|event| Event::Review { month, event }));
    events
}

#[cfg(test)]
mod tests;
