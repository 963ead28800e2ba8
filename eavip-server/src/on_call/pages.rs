//! Paging as a reconciler: wakes by a nudge or a period, looks at all open alerts and pages, lets the policy library decide
//! who is told, and commits that together with the messages. It takes no hint; what it decides it decides on the book as it
//! is when the record is written, so a crash at any point and two runs at once come to the same.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::episode::{Episode, EpisodeCommand};
use eavip_core::alert::flap::Flapping;
use eavip_core::alert::notice::{self, History, Known, Obstacle, Occasion, Reason};
use eavip_core::alert::{Alert, Category};
use eavip_core::id::{Digest128, EscalationId, PersonId};
use eavip_core::on_call::Reach;
use eavip_core::on_call::escalation::Escalation;
use eavip_core::on_call::page::{Page, PageCommand};
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;

use super::follow;
use crate::book::Book;
use crate::commit::{Committer, MutateError};
use crate::evaluate::flaps::Flaps;
use crate::evaluate::tell;
use crate::record::{Actor, Event, IN_A_RECORD, LedgerRecord, VERSION, bytes};
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
        let looked = Arc::clone(shared);
        let write = move |book: &Book, now: Timestamp| {
            // What was due when it was looked at is due, whatever the clock did since.
            let at = now.max(at);
            let actor = Actor::Server("on-call".to_owned());
            let (events, all) = events(book, &policy, &found, at);
            if !all {
                looked.on_call.notify_one();
            }
            Ok(LedgerRecord { v: VERSION, at, actor, reason: None, events })
        };
        committer.mutate(write).await?;
    }
    metrics::gauge!("eavip_job_last_success_timestamp_seconds", "job" => "on-call")
        .set(at.as_millis() as f64 / 1e3);
    Ok(())
}

/// The alerts of which something is due.
fn look(shared: &Shared, at: Timestamp) -> Vec<Digest128> {
    let (policy, flaps) = (shared.policy.load(), shared.flaps());
    let (book, known, paged) = {
        let book = shared.book();
        if policy.on_call.escalations.is_empty() && book.on_call.open().next().is_none() {
            return Vec::new();
        }
        (book.alerting(), tell::known(&book, &policy, at), paged(&book))
    };
    Moment { book: &book, policy: &policy, flaps: &flaps, known: &known, paged: &paged, at }.due()
}

/// What somebody was woken by, by fingerprint.
fn paged(book: &Book) -> HashSet<Digest128> {
    let told = book.on_call.pages().filter(|(_, paged)| !paged.page.told.is_empty());
    told.filter_map(|(id, _)| Some(book.alerts.get(id)?.opening.fingerprint)).collect()
}

fn open_episode(book: &Book, id: Digest128) -> Option<&Episode> {
    book.alerts.get(id).filter(|episode| episode.resolved.is_none())
}

struct Moment<'a> {
    book: &'a Book,
    policy: &'a Policy,
    flaps: &'a Flaps,
    known: &'a Known,
    paged: &'a HashSet<Digest128>,
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
            None => {
                starts(episode, self.policy, self.at).is_some() && !self.is_held(episode, Occasion::First)
            }
            Some(page) => {
                may_advance(page, episode, self.policy, self.at)
                    && !self.is_held(episode, Occasion::Escalation)
            }
        }
    }

    /// Whether something holds it back. That no route leads anywhere doesn't: the escalation is the way.
    fn is_held(&self, episode: &Episode, occasion: Occasion) -> bool {
        let fingerprint = episode.opening.fingerprint;
        // That somebody else was told that it comes and goes keeps nobody asleep whom no page woke.
        let was_paged = self.paged.contains(&fingerprint);
        let flapping = if was_paged { self.flaps.of(fingerprint) } else { Flapping::default() };
        let history = History { flapping, began: None };
        let alert = Alert::from(&episode.opening);
        let ruling = notice::decide(&alert, occasion, &history, self.known, self.policy, self.at);
        matches!(ruling.reason, Reason::Held(obstacle) if obstacle != Obstacle::NoRoute)
    }
}

/// By which escalation an alert wakes people now: it is Critical, its team says how, and nobody has it whom no page knows.
fn starts<'p>(episode: &Episode, policy: &'p Policy, at: Timestamp) -> Option<&'p EscalationId> {
    let (id, escalation) = policy.on_call.escalation_of(&episode.opening.owner)?;
    let waits = matches!(taken(episode, policy), Some(Taken::Outside { since }) if at.since(since) < escalation.ack_lapse);
    (episode.opening.category == Category::Critical && !waits).then_some(id)
}

/// Who has an alert.
enum Taken {
    /// A person of the roster.
    Person(PersonId),
    /// Somebody else, such as the holder of a token. No page knows them, so nothing renews it: it lapses as any other does.
    Outside { since: Timestamp },
}

fn taken(episode: &Episode, policy: &Policy) -> Option<Taken> {
    let taken = episode.acknowledged.as_ref()?;
    let is_active = |by: &PersonId| policy.roster.people.get(by).is_some_and(|person| person.active);
    let person = taken.by.parse().ok().filter(is_active);
    Some(person.map_or(Taken::Outside { since: taken.at }, Taken::Person))
}

/// The escalation by which a page goes on: its own, or the team's where that is no longer declared.
fn by<'a>(
    page: &'a Page,
    episode: &Episode,
    policy: &'a Policy,
) -> Option<(&'a EscalationId, &'a Escalation)> {
    let own = policy.on_call.escalations.get(&page.escalation).map(|own| (&page.escalation, own));
    own.or_else(|| policy.on_call.escalation_of(&episode.opening.owner))
}

/// Whether time may have made something due; the policy library says whether it did.
fn may_advance(page: &Page, episode: &Episode, policy: &Policy, at: Timestamp) -> bool {
    let Some((id, escalation)) = by(page, episode, policy) else { return false };
    if *id != page.escalation {
        return true;
    }
    let longest = escalation.longest_delay().max(policy.on_call.retry);
    match &page.holder {
        Some((_, since)) => at.since(*since) >= escalation.ack_lapse,
        None if let Some(taken) = &episode.acknowledged => at.since(taken.at) >= escalation.ack_lapse,
        None => page.next.is_some() && (page.due <= at || page.due.since(at) > longest),
    }
}

/// What is due of some alerts, on the book as it is, as far as a record has room; and whether that is everything. What is left
/// is found again by the next look.
fn events(book: &Book, policy: &Policy, ids: &[Digest128], at: Timestamp) -> (Vec<Event>, bool) {
    let reach = book.on_call.reach();
    let decide = Decide { book, policy, reach: &reach, at };
    let (mut events, mut room) = (Vec::new(), IN_A_RECORD);
    for id in ids {
        if room == 0 {
            return (events, false);
        }
        let due = decide.due(*id);
        room = room.saturating_sub(due.iter().map(bytes).sum());
        events.extend(due);
    }
    (events, true)
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
                    self.go_on(episode, page, &mut events);
                }
            }
            (Some(episode), None) => self.start(episode, &mut events),
        }
        events
    }

    fn start(&self, episode: &Episode, events: &mut Vec<Event>) {
        let Some(escalation) = starts(episode, self.policy, self.at).cloned() else { return };
        let (id, category) = (episode.opening.id, episode.opening.category);
        let start = PageCommand::Start { alert: id, category, escalation };
        let Some(page) = self.step(id, None, start, events) else { return };
        match taken(episode, self.policy) {
            Some(Taken::Person(by)) => {
                drop(self.step(id, Some(page), PageCommand::Acknowledge { by }, events))
            }
            _ => self.go_on(episode, page, events),
        }
    }

    fn go_on(&self, episode: &Episode, mut page: Page, events: &mut Vec<Event>) {
        let Some((escalation, declared)) = by(&page, episode, self.policy) else { return };
        let id = episode.opening.id;
        // Somebody has it whom the page doesn't know: with them it lapses as with anybody.
        let outside = episode.acknowledged.as_ref().filter(|_| page.holder.is_none());
        let has_lapsed = outside.is_some_and(|taken| self.at.since(taken.at) >= declared.ack_lapse);
        if page.escalation != *escalation || (has_lapsed && page.next.is_none()) {
            let escalation = escalation.clone();
            let Some(moved) = self.step(id, Some(page), PageCommand::Move { escalation }, events) else {
                return;
            };
            page = moved;
        }
        if has_lapsed {
            events
                .extend(super::episode(self.book, id, EpisodeCommand::Release, self.at).unwrap_or_default());
        }
        if outside.is_none() || has_lapsed {
            self.advance(id, page, events);
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
