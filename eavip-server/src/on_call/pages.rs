//! Paging as a reconciler: wakes by a nudge or a period, looks at all open alerts and pages, lets the policy library decide
//! who is told, and commits that together with the messages. It takes no hint; what it decides it decides on the book as it
//! is when the record is written, so a crash at any point and two runs at once come to the same.

use std::sync::Arc;
use std::time::Duration;

use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::episode::Episode;
use eavip_core::alert::notice::{self, History, Known, Obstacle, Occasion, Reason};
use eavip_core::alert::{Alert, Category};
use eavip_core::id::{Digest128, PersonId};
use eavip_core::on_call::Reach;
use eavip_core::on_call::page::{Page, PageCommand};
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;

use super::follow;
use crate::book::Book;
use crate::commit::{Committer, MutateError};
use crate::evaluate::flaps::Flaps;
use crate::evaluate::tell;
use crate::record::{Actor, Event, LedgerRecord, VERSION};
use crate::shared::{Shared, now};

/// What is due by the clock is looked for this often.
const PERIOD: Duration = Duration::from_secs(1);
/// The least time between two looks: alerts that open together are paged together.
const LEAST_GAP: Duration = Duration::from_millis(100);

/// Pages until the process ends or nothing can be written any more.
pub async fn run(shared: Arc<Shared>, committer: Committer) {
    loop {
        match once(&shared, &committer, now()).await {
            Err(MutateError::Stopped(_)) => return,
            Err(error) => tracing::warn!(%error, "paging was not committed; it is done again"),
            Ok(()) => {}
        }
        tokio::time::sleep(LEAST_GAP).await;
        // Elapsed or woken, it is time again.
        let _ = tokio::time::timeout(PERIOD, shared.on_call.notified()).await;
    }
}

/// Looks once, and commits what follows.
///
/// # Errors
/// When it couldn't be written; the next look comes to the same.
pub async fn once(shared: &Arc<Shared>, committer: &Committer, at: Timestamp) -> Result<(), MutateError> {
    let looking = Arc::clone(shared);
    let found = tokio::task::spawn_blocking(move || look(&looking, at)).await;
    // A panic in there is a defect that the panic hook has told; the next period tries again.
    let Ok(found) = found else { return Ok(()) };
    if !found.is_empty() {
        let policy = shared.policy.load_full();
        let write = move |book: &Book, now: Timestamp| {
            // What was due when it was looked at is due, whatever the clock did since.
            let at = now.max(at);
            let actor = Actor::Server("on-call".to_owned());
            Ok(LedgerRecord {
                v: VERSION,
                at,
                actor,
                reason: None,
                events: events(book, &policy, &found, at),
            })
        };
        committer.mutate(write).await?;
    }
    metrics::gauge!("eavip_job_last_success_timestamp_seconds", "job" => "on-call")
        .set(at.as_millis() as f64 / 1e3);
    Ok(())
}

/// The alerts of which something is due.
fn look(shared: &Shared, at: Timestamp) -> Vec<Digest128> {
    let (book, policy, flaps) = (shared.book(), shared.policy.load(), shared.flaps());
    if policy.on_call.escalations.is_empty() && book.on_call.open().next().is_none() {
        return Vec::new();
    }
    let known = tell::known(&book, &policy, at);
    Moment { book: &book, policy: &policy, flaps: &flaps, known: &known, at }.due()
}

fn open_episode(book: &Book, id: Digest128) -> Option<&Episode> {
    book.alerts.get(id).filter(|episode| episode.resolved.is_none())
}

struct Moment<'a> {
    book: &'a Book,
    policy: &'a Policy,
    flaps: &'a Flaps,
    known: &'a Known,
    at: Timestamp,
}

impl Moment<'_> {
    fn due(&self) -> Vec<Digest128> {
        let over = self.book.on_call.open().filter(|(id, _)| open_episode(self.book, *id).is_none());
        let due = self.book.alerts.open().filter(|episode| self.is_due(episode));
        over.map(|(id, _)| id).chain(due.map(|episode| episode.opening.id)).collect()
    }

    fn is_due(&self, episode: &Episode) -> bool {
        match self.book.on_call.page(episode.opening.id).map(|paged| &paged.page) {
            None => starts(episode, self.policy) && !self.is_held(episode, Occasion::First),
            Some(page) => {
                may_advance(page, episode, self.policy, self.at)
                    && !self.is_held(episode, Occasion::Escalation)
            }
        }
    }

    /// Whether something holds it back. That no route leads anywhere doesn't: the escalation is the way.
    fn is_held(&self, episode: &Episode, occasion: Occasion) -> bool {
        let flapping = self.flaps.of(episode.opening.fingerprint);
        let history = History { flapping, began: None };
        let alert = Alert::from(&episode.opening);
        let ruling = notice::decide(&alert, occasion, &history, self.known, self.policy, self.at);
        matches!(ruling.reason, Reason::Held(obstacle) if obstacle != Obstacle::NoRoute)
    }
}

/// Whether an alert is one that wakes people: Critical, and its team says how.
fn starts(episode: &Episode, policy: &Policy) -> bool {
    episode.opening.category == Category::Critical
        && policy.on_call.escalation_of(&episode.opening.owner).is_some()
}

/// Whether time may have made something due; the policy library says whether it did.
fn may_advance(page: &Page, episode: &Episode, policy: &Policy, at: Timestamp) -> bool {
    let Some(escalation) = policy.on_call.escalations.get(&page.escalation) else { return false };
    let longest = escalation.longest_delay().max(policy.on_call.retry);
    match &page.holder {
        Some((_, since)) => at.since(*since) >= escalation.ack_lapse,
        None if episode.acknowledged.is_some() => false,
        None => page.next.is_some() && (page.due <= at || page.due.since(at) > longest),
    }
}

/// Everything that is due of some alerts, on the book as it is.
fn events(book: &Book, policy: &Policy, ids: &[Digest128], at: Timestamp) -> Vec<Event> {
    let reach = book.on_call.reach();
    let decide = Decide { book, policy, reach: &reach, at };
    ids.iter().flat_map(|id| decide.due(*id)).collect()
}

struct Decide<'a> {
    book: &'a Book,
    policy: &'a Policy,
    reach: &'a Reach,
    at: Timestamp,
}

impl Decide<'_> {
    fn due(&self, id: Digest128) -> Vec<Event> {
        let known = self.book.on_call.page(id).map(|paged| paged.page.clone());
        let mut events = Vec::new();
        match (open_episode(self.book, id), known) {
            (None, Some(page)) => drop(self.step(id, Some(page), PageCommand::Stop, &mut events)),
            (None, None) => {}
            (Some(episode), Some(page)) => {
                if may_advance(&page, episode, self.policy, self.at) {
                    self.advance(id, page, &mut events);
                }
            }
            (Some(episode), None) => self.start(episode, &mut events),
        }
        events
    }

    fn start(&self, episode: &Episode, events: &mut Vec<Event>) {
        let (id, category) = (episode.opening.id, episode.opening.category);
        let found = self.policy.on_call.escalation_of(&episode.opening.owner);
        let Some(escalation) = found.map(|(id, _)| id.clone()).filter(|_| starts(episode, self.policy))
        else {
            return;
        };
        let taken = episode.acknowledged.as_ref().map(|taken| taken.by.parse::<PersonId>().ok());
        let is_known = |by: &PersonId| self.policy.roster.people.get(by).is_some_and(|person| person.active);
        let by = match taken {
            None => None,
            Some(Some(by)) if is_known(&by) => Some(by),
            // Somebody has it whom no page knows: there is nobody to wake.
            Some(_) => return,
        };
        let start = PageCommand::Start { alert: id, category, escalation };
        let Some(page) = self.step(id, None, start, events) else { return };
        match by {
            Some(by) => drop(self.step(id, Some(page), PageCommand::Acknowledge { by }, events)),
            None => self.advance(id, page, events),
        }
    }

    fn advance(&self, id: Digest128, page: Page, events: &mut Vec<Event>) {
        let command = PageCommand::Advance(Box::new(self.reach.clone()));
        self.step(id, Some(page), command, events);
    }

    /// One command with what follows from it; the page after it.
    fn step(
        &self,
        id: Digest128,
        mut page: Option<Page>,
        command: PageCommand,
        events: &mut Vec<Event>,
    ) -> Option<Page> {
        // Refused is what no longer applies, such as an escalation that was removed from the runbook.
        for event in Page::decide(page.as_ref(), command, self.policy, self.at).unwrap_or_default() {
            events.extend(follow(self.book, id, page.as_ref(), event.clone(), self.at));
            page = Page::evolve(page, event);
        }
        page
    }
}

#[cfg(test)]
mod tests;
