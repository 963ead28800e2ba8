//! A page: one alert on its way through an escalation, until somebody has it or it is over.
//!
//! An acknowledgement stops the escalation. That of a Critical alert lapses unless it is renewed: who fell asleep over it
//! isn't left alone with it. A step that reaches nobody is skipped at once, and that is an event of its own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::escalation::{Escalation, Position, Step};
use super::{Channel, Reach};
use crate::aggregate::Aggregate;
use crate::alert::Category;
use crate::decision::Refused;
use crate::finding::Finding;
use crate::id::{Digest128, EscalationId, PersonId};
use crate::policy::Policy;
use crate::time::Timestamp;
use crate::words;

crate::rules! {
    /// A page is taken and handed over by active people of the roster. Declare the person, or let somebody else take it.
    KNOWN = "EAVIP-O10", "a person takes a page", "Operational responsibilities are clear";
    /// Another person has the page; the message says who and since when. Talk to them, or let them hand it over.
    TAKEN = "EAVIP-O11", "one person has a page", "Operational responsibilities are clear";
    /// The alert is over and its page with it; nothing has to be done.
    OVER = "EAVIP-O12", "a page that is over needs nobody", "Alerts must be actionable";
    /// Only who has a page hands it over, and to somebody else. Take it first.
    HOLDER = "EAVIP-O13", "who has a page hands it over", "Operational responsibilities are clear";
    /// No such escalation is declared, or it has no steps. Declare `[escalation.NAME]` with at least one step.
    DECLARED = "EAVIP-O14", "an escalation is declared", "Operational responsibilities are clear";
}

/// What somebody asks of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum PageCommand {
    /// An alert is to be told.
    Start {
        /// The episode.
        alert: Digest128,
        /// How urgent it is.
        category: Category,
        /// By which escalation.
        escalation: EscalationId,
    },
    /// Time passed; what is due is done. Asking too often changes nothing.
    Advance(Box<Reach>),
    /// A person takes it, or goes on with it.
    Acknowledge {
        /// Who.
        by: PersonId,
    },
    /// Who has it gives it to somebody else.
    HandOver {
        /// Who has it.
        by: PersonId,
        /// Who is to have it.
        to: PersonId,
    },
    /// It goes on by another escalation from the first step on, because its own is no longer declared; or by its own, where everybody
    /// was told.
    Move {
        /// By which.
        escalation: EscalationId,
    },
    /// The alert is over.
    Stop,
}

/// What happened to a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PageEvent {
    /// It began.
    Started {
        /// The episode.
        alert: Digest128,
        /// How urgent it is.
        category: Category,
        /// By which escalation.
        escalation: EscalationId,
        /// When.
        at: Timestamp,
        /// When the first step is due.
        due: Timestamp,
    },
    /// A step told people.
    Told {
        /// Which.
        position: Position,
        /// Whom.
        people: BTreeSet<PersonId>,
        /// When.
        at: Timestamp,
        /// What comes next; `None` after the last step of the last round.
        next: Option<Position>,
        /// When that is due.
        due: Timestamp,
    },
    /// Steps reached nobody: an alert of its own.
    NobodyReachable {
        /// Which.
        steps: Vec<usize>,
        /// When.
        at: Timestamp,
        /// When it is tried again, unless a later step reached somebody.
        due: Timestamp,
    },
    /// A person took it.
    Acknowledged {
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// Who had it didn't go on with it.
    Lapsed {
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// Somebody else has it now, and is told.
    HandedOver {
        /// Who had it.
        by: PersonId,
        /// Who has it.
        to: PersonId,
        /// When.
        at: Timestamp,
    },
    /// It goes on from the first step of an escalation; whoever has it keeps it.
    Moved {
        /// By which.
        escalation: EscalationId,
        /// When.
        at: Timestamp,
        /// When the first step is due.
        due: Timestamp,
    },
    /// The alert is over.
    Stopped {
        /// When.
        at: Timestamp,
    },
}

words! {
    /// Where a page stands.
    #[non_exhaustive]
    pub enum PageStatus ("page status") {
        /// Nobody has it, and further people will be told.
        Escalating = "escalating",
        /// Somebody has it.
        Acknowledged = "acknowledged",
        /// Everybody was told, and nobody has it.
        Exhausted = "exhausted",
        /// The alert is over.
        Stopped = "stopped",
    }
}

/// A page as its events made it.
///
/// ```
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::alert::Category;
/// use eavip_core::id::Digest128;
/// use eavip_core::on_call::page::{Page, PageCommand, PageStatus};
/// use eavip_core::policy::{Policy, Source};
/// use eavip_core::time::Timestamp;
///
/// let text = r#"
/// [person.ana]
/// teams = ["platform-operations"]
/// [escalation.first]
/// team = "platform-operations"
/// [[escalation.first.step]]
/// people = ["ana"]
/// "#;
/// let policy = Policy::load(&[Source::new("runbook.toml", text)]).unwrap();
/// let (alert, escalation) = (Digest128([1; 16]), "first".parse().unwrap());
/// let start = PageCommand::Start { alert, category: Category::Critical, escalation };
/// let page = Page::replay(Page::decide(None, start, &policy, Timestamp::default()).unwrap()).unwrap();
/// assert_eq!(page.status(), PageStatus::Escalating);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Page {
    /// The episode.
    pub alert: Digest128,
    /// How urgent it is.
    pub category: Category,
    /// By which escalation.
    pub escalation: EscalationId,
    /// What comes next; `None` when everybody was told.
    pub next: Option<Position>,
    /// When that is due.
    pub due: Timestamp,
    /// Everybody who was told.
    pub told: BTreeSet<PersonId>,
    /// Who has it, and since when.
    pub holder: Option<(PersonId, Timestamp)>,
    /// When the alert was over.
    pub stopped: Option<Timestamp>,
}

impl Page {
    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> PageStatus {
        match self {
            Self { stopped: Some(_), .. } => PageStatus::Stopped,
            Self { holder: Some(_), .. } => PageStatus::Acknowledged,
            Self { next: None, .. } => PageStatus::Exhausted,
            _ => PageStatus::Escalating,
        }
    }
}

fn known(person: &PersonId, policy: &Policy) -> Option<Finding> {
    let active = policy.roster.people.get(person).is_some_and(|person| person.active);
    let remedy = "declare the person, or let somebody else take it";
    (!active).then(|| KNOWN.fail(format!("`{person}` is not an active person of the roster"), remedy))
}

fn declared<'p>(id: &EscalationId, policy: &'p Policy) -> Result<&'p Escalation, Refused> {
    let found = policy.on_call.escalations.get(id).filter(|escalation| !escalation.steps.is_empty());
    found.ok_or_else(|| {
        let message = format!("no escalation `{id}` with a step is declared");
        DECLARED.fail(message, "declare [escalation.NAME] with at least one step").into()
    })
}

fn reachable(step: &Step, policy: &Policy, reach: &Reach, now: Timestamp) -> BTreeSet<PersonId> {
    let people = step.people(policy, reach, now).into_iter();
    people.filter(|(_, channel)| *channel != Channel::Broken).map(|(person, _)| person).collect()
}

/// The next step that reaches somebody, and the steps before it that don't; each step is tried once.
fn find_step(
    from: Position,
    escalation: &Escalation,
    reaches: impl Fn(&Step) -> BTreeSet<PersonId>,
) -> (Vec<usize>, Option<(Position, BTreeSet<PersonId>)>) {
    let mut skipped = Vec::new();
    // The escalation may have become shorter since.
    let mut position =
        if from.step < escalation.steps.len() { from } else { Position { round: from.round, step: 0 } };
    for _ in &escalation.steps {
        let people = escalation.steps.get(position.step).map(&reaches).unwrap_or_default();
        if !people.is_empty() {
            return (skipped, Some((position, people)));
        }
        skipped.push(position.step);
        position = escalation.following(position);
    }
    (skipped, None)
}

fn advance(page: &Page, reach: &Reach, policy: &Policy, now: Timestamp) -> Result<Vec<PageEvent>, Refused> {
    let escalation = declared(&page.escalation, policy)?;
    let mut events = Vec::new();
    let mut page = page.clone();
    if let Some((by, since)) = &page.holder {
        if page.category != Category::Critical || now.since(*since) < escalation.ack_lapse {
            return Ok(events);
        }
        let lapsed = PageEvent::Lapsed { by: by.clone(), at: now };
        events.push(lapsed.clone());
        let Some(resumed) = Page::evolve(Some(page), lapsed) else { return Ok(events) };
        page = resumed;
    }
    // What is due later than any delay was made so by a clock that was set back since.
    let far_off = page.due.since(now) > escalation.longest_delay().max(policy.on_call.retry);
    let Some(from) = page.next.filter(|_| page.due <= now || far_off) else { return Ok(events) };
    let (skipped, found) = find_step(from, escalation, |step| reachable(step, policy, reach, now));
    if !skipped.is_empty() {
        events.push(PageEvent::NobodyReachable { steps: skipped, at: now, due: now + policy.on_call.retry });
    }
    events.extend(found.map(|(position, people)| {
        let following = escalation.following(position);
        let next = (following.round <= escalation.repeat).then_some(following);
        PageEvent::Told {
            position,
            people,
            at: now,
            next,
            due: now + escalation.delay(following, policy.on_call.retry),
        }
    }));
    Ok(events)
}

impl Aggregate for Page {
    type Command = PageCommand;
    type Event = PageEvent;
    type Policy = Policy;

    fn decide(
        state: Option<&Self>,
        command: PageCommand,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<PageEvent>, Refused> {
        match (state, command) {
            (None, PageCommand::Start { alert, category, escalation }) => {
                let due = now + declared(&escalation, policy)?.delay(Position::FIRST, policy.on_call.retry);
                Ok(vec![PageEvent::Started { alert, category, escalation, at: now, due }])
            }
            (None, _) => Err(OVER.fail("there is no such page", "start one").into()),
            (Some(_), PageCommand::Start { .. }) => {
                Err(TAKEN.fail("the alert is on its way already", "nothing has to be done").into())
            }
            (Some(page), command) if page.stopped.is_some() => match command {
                PageCommand::Advance(_) | PageCommand::Stop => Ok(Vec::new()),
                _ => Err(OVER.fail("the alert is over", "nothing has to be done").into()),
            },
            (Some(page), PageCommand::Advance(reach)) => advance(page, &reach, policy, now),
            (Some(page), PageCommand::Move { escalation }) => {
                let due = now + declared(&escalation, policy)?.delay(Position::FIRST, policy.on_call.retry);
                let moves = page.escalation != escalation || page.next.is_none();
                Ok(moves.then_some(PageEvent::Moved { escalation, at: now, due }).into_iter().collect())
            }
            (Some(_), PageCommand::Stop) => Ok(vec![PageEvent::Stopped { at: now }]),
            (Some(page), PageCommand::Acknowledge { by }) => {
                let other = page.holder.as_ref().filter(|(holder, _)| *holder != by);
                let taken = other.map(|(holder, since)| {
                    let message = format!("`{holder}` has it since {since}");
                    TAKEN.fail(message, "talk to them, or let them hand it over")
                });
                Refused::when_any([taken, known(&by, policy)].into_iter().flatten().collect())?;
                Ok(vec![PageEvent::Acknowledged { by, at: now }])
            }
            (Some(page), PageCommand::HandOver { by, to }) => {
                let holds = page.holder.as_ref().is_some_and(|(holder, _)| *holder == by);
                let wrong = (!holds).then(|| HOLDER.fail(format!("`{by}` doesn't have it"), "take it first"));
                let same = (by == to).then(|| HOLDER.fail("it would stay where it is", "name somebody else"));
                let findings = [wrong, same, known(&to, policy)];
                Refused::when_any(findings.into_iter().flatten().collect())?;
                Ok(vec![PageEvent::HandedOver { by, to, at: now }])
            }
        }
    }

    fn evolve(state: Option<Self>, event: PageEvent) -> Option<Self> {
        let (mut page, event) = match (state, event) {
            (None, PageEvent::Started { alert, category, escalation, at: _, due }) => {
                let (next, told) = (Some(Position::FIRST), BTreeSet::new());
                return Some(Self {
                    alert,
                    category,
                    escalation,
                    next,
                    due,
                    told,
                    holder: None,
                    stopped: None,
                });
            }
            (Some(page), event) if page.stopped.is_none() => (page, event),
            (state, _) => return state,
        };
        let has_it = |person: &PersonId| page.holder.as_ref().is_some_and(|(holder, _)| holder == person);
        match event {
            PageEvent::Told { mut people, next, due, .. } if page.holder.is_none() => {
                page.told.append(&mut people);
                (page.next, page.due) = (next, due);
            }
            PageEvent::NobodyReachable { due, .. } if page.holder.is_none() => page.due = due,
            PageEvent::Acknowledged { by, at } if page.holder.is_none() || has_it(&by) => {
                page.holder = Some((by, at));
            }
            PageEvent::HandedOver { by, to, at } if has_it(&by) => {
                page.told.insert(to.clone());
                page.holder = Some((to, at));
            }
            PageEvent::Lapsed { by, at } if has_it(&by) => {
                // With those who come next; after the last ones, from the beginning.
                page.next = page.next.or(Some(Position::FIRST));
                (page.holder, page.due) = (None, at);
            }
            PageEvent::Moved { escalation, due, .. } => {
                (page.escalation, page.next, page.due) = (escalation, Some(Position::FIRST), due);
            }
            PageEvent::Stopped { at } => page.stopped = Some(at),
            _ => {}
        }
        Some(page)
    }
}

#[cfg(test)]
mod tests;
