//! Duty as the ledger knows it: pages, who takes whose place, and how people are reached.

use std::collections::{BTreeMap, VecDeque};

use eavip_core::aggregate::Aggregate;
use eavip_core::id::{Digest128, PersonId, ReceiverId, ScheduleId};
use eavip_core::on_call::page::{Page, PageEvent};
use eavip_core::on_call::schedule::Override;
use eavip_core::on_call::{Contact, Reach};
use eavip_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::record::{Actor, ContactEvent, LedgerRecord, OverrideEvent, Recipient};

/// Overrides at once; each moment's duty is held against all of a schedule's.
pub const MAX_OVERRIDES: usize = 1_000;
/// Ways to reach one person: nobody looks into more.
pub const MAX_CONTACTS: usize = 10;
/// How long an override that is over stays in memory, for those who look at last month's duties.
const KEPT: Span = Span::from_secs(35 * 24 * 3_600);
/// Events kept of one page: what nobody could be told of is tried again every few minutes for as long as it lasts.
const MAX_EVENTS: usize = 100;

/// A page with what happened to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paged {
    /// Where it stands.
    pub page: Page,
    /// What happened last, oldest first.
    pub events: VecDeque<PageEvent>,
    /// Since when it is known that nobody could be told of it.
    pub unreached_since: Option<Timestamp>,
}

/// Somebody in another's place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StandIn {
    /// In which schedule.
    pub schedule: ScheduleId,
    /// Who, and from when until when.
    pub instead: Override,
    /// Who made it so.
    pub by: Actor,
    /// Why.
    pub reason: String,
}

/// A code that was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentCode {
    /// SHA-256 of the code, hexadecimal.
    pub hash: String,
    /// Until when it counts.
    pub until: Timestamp,
    /// How many wrong ones were given since.
    pub missed: u32,
}

/// A way to reach a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// The receiver of the configuration that carries messages.
    pub receiver: ReceiverId,
    /// Their address with that receiver.
    pub address: Option<String>,
    /// Whether the person showed that it is theirs.
    pub is_verified: bool,
    /// The code that was sent last, until the right one was given.
    pub code: Option<SentCode>,
    /// When the person last had a code or a test message sent.
    pub asked_at: Option<Timestamp>,
    /// What is known of messages to it.
    pub known: Contact,
}

impl Method {
    /// Whether the last message to it was given up.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.known.failed_at.is_some() && self.known.failed_at >= self.known.proven_at
    }

    /// Where messages to somebody go by this way.
    #[must_use]
    pub fn recipient(&self, person: &PersonId) -> Recipient {
        let (receiver, address) = (self.receiver.clone(), self.address.clone());
        Recipient { receiver, person: Some(person.clone()), address }
    }
}

/// Pages, overrides and ways to reach people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OnCall {
    /// By the alert's episode; a page stays for as long as its episode.
    pages: BTreeMap<Digest128, Paged>,
    overrides: BTreeMap<Digest128, StandIn>,
    contacts: BTreeMap<PersonId, BTreeMap<Digest128, Method>>,
}

impl OnCall {
    /// An alert's page.
    #[must_use]
    pub fn page(&self, episode: Digest128) -> Option<&Paged> {
        self.pages.get(&episode)
    }

    /// Every page, by the alert's episode.
    pub fn pages(&self) -> impl Iterator<Item = (Digest128, &Paged)> {
        self.pages.iter().map(|(id, paged)| (*id, paged))
    }

    /// Pages that aren't over, by the alert's episode.
    pub fn open(&self) -> impl Iterator<Item = (Digest128, &Paged)> {
        self.pages().filter(|(_, paged)| paged.page.stopped.is_none())
    }

    /// Overrides, by their id.
    pub fn overrides(&self) -> impl ExactSizeIterator<Item = (Digest128, &StandIn)> {
        self.overrides.iter().map(|(id, one)| (*id, one))
    }

    /// An override by its id.
    #[must_use]
    pub fn override_of(&self, id: Digest128) -> Option<&StandIn> {
        self.overrides.get(&id)
    }

    /// The ways to reach a person, by their id.
    pub fn contacts(&self, person: &PersonId) -> impl Iterator<Item = (Digest128, &Method)> {
        self.contacts.get(person).into_iter().flatten().map(|(id, method)| (*id, method))
    }

    /// Whose a way to reach somebody is, and which.
    #[must_use]
    pub fn contact(&self, id: Digest128) -> Option<(&PersonId, &Method)> {
        self.contacts.iter().find_map(|(person, methods)| Some((person, methods.get(&id)?)))
    }

    /// What the policy library has to know of people: who takes whose place, and who can be reached. A person with several
    /// ways is reached by any that works.
    #[must_use]
    pub fn reach(&self) -> Reach {
        let mut reach = Reach::default();
        for one in self.overrides.values() {
            reach.overrides.entry(one.schedule.clone()).or_default().push(one.instead.clone());
        }
        for (person, methods) in &self.contacts {
            let verified: Vec<&Method> = methods.values().filter(|method| method.is_verified).collect();
            let proven_at = |broken: bool| {
                let alike = verified.iter().filter(|method| method.is_broken() == broken);
                alike.map(|method| method.known.proven_at).max()
            };
            let failed_at = verified.iter().filter_map(|method| method.known.failed_at).max();
            let known = match (proven_at(false), proven_at(true)) {
                (Some(proven_at), _) => Contact { proven_at, failed_at: None },
                (None, Some(proven_at)) => Contact { proven_at, failed_at },
                (None, None) => continue,
            };
            reach.contacts.insert(person.clone(), known);
        }
        reach
    }

    /// Where messages to a person go: by every way that is theirs and isn't known to be broken.
    pub fn recipients(&self, person: &PersonId) -> impl Iterator<Item = Recipient> {
        let usable = self.contacts(person).filter(|(_, method)| method.is_verified && !method.is_broken());
        usable.map(|(_, method)| method.recipient(person))
    }

    pub(super) fn page_event(&mut self, id: Digest128, event: &PageEvent) {
        let before = self.pages.remove(&id);
        let (page, mut events, mut unreached_since) = match before {
            Some(Paged { page, events, unreached_since }) => (Some(page), events, unreached_since),
            None => (None, VecDeque::new(), None),
        };
        let Some(page) = Page::evolve(page, event.clone()) else { return };
        match event {
            PageEvent::NobodyReachable { at, .. } => unreached_since = unreached_since.or(Some(*at)),
            PageEvent::Lapsed { .. } | PageEvent::Moved { .. } | PageEvent::Started { .. } => {}
            _ => unreached_since = None,
        }
        if events.len() >= MAX_EVENTS {
            events.pop_front();
        }
        events.push_back(event.clone());
        self.pages.insert(id, Paged { page, events, unreached_since });
    }

    pub(super) fn override_event(&mut self, id: Digest128, event: &OverrideEvent, record: &LedgerRecord) {
        match event {
            OverrideEvent::Added { schedule, person, from, until } => {
                let instead = Override { person: person.clone(), from: *from, until: *until };
                let reason = record.reason.clone().unwrap_or_default();
                let by = record.actor.clone();
                self.overrides.insert(id, StandIn { schedule: schedule.clone(), instead, by, reason });
            }
            OverrideEvent::Removed => drop(self.overrides.remove(&id)),
        }
    }

    pub(super) fn contact_event(
        &mut self,
        person: &PersonId,
        id: Digest128,
        event: &ContactEvent,
        at: Timestamp,
    ) {
        let methods = self.contacts.entry(person.clone()).or_default();
        match (methods.get_mut(&id), event) {
            (_, ContactEvent::Added { receiver, address }) => {
                let (receiver, address) = (receiver.clone(), address.clone());
                let known = Contact::default();
                let method =
                    Method { receiver, address, is_verified: false, code: None, asked_at: None, known };
                methods.insert(id, method);
            }
            (Some(method), ContactEvent::CodeSent { hash, until }) => {
                method.code = Some(SentCode { hash: hash.clone(), until: *until, missed: 0 });
                method.asked_at = Some(at);
            }
            (Some(method), ContactEvent::CodeMissed) => {
                method.code.iter_mut().for_each(|code| code.missed = code.missed.saturating_add(1));
            }
            (Some(method), ContactEvent::Verified) => {
                (method.is_verified, method.code) = (true, None);
                method.known = Contact { proven_at: Some(at), failed_at: None };
            }
            (Some(method), ContactEvent::Tested) => method.asked_at = Some(at),
            (Some(_), ContactEvent::Removed) => drop(methods.remove(&id)),
            (None, _) => {}
        }
        if methods.is_empty() {
            self.contacts.remove(person);
        }
    }

    /// Notes that a message to a person arrived, or was given up.
    pub(super) fn heard(&mut self, to: &Recipient, arrived: bool, at: Timestamp) {
        let methods = to.person.as_ref().and_then(|person| self.contacts.get_mut(person));
        for method in methods.into_iter().flat_map(BTreeMap::values_mut) {
            if method.receiver == to.receiver && method.address == to.address {
                let noted = if arrived { &mut method.known.proven_at } else { &mut method.known.failed_at };
                *noted = Some(at);
            }
        }
    }

    /// Lets go of overrides that were over long ago, and of the pages of episodes that nobody knows any more.
    pub(super) fn forget(&mut self, episodes: &[Digest128], at: Timestamp) {
        self.overrides.retain(|_, one| one.instead.until + KEPT > at);
        episodes.iter().for_each(|episode| drop(self.pages.remove(episode)));
    }
}
