//! Noise: what became of each alert of the last weeks, kept small, what people said of it, and the defects that followed
//! (seed: *Alert noise is treated as a defect*). It is built from the events of episodes, messages, silences and votes as
//! they are applied; counting and judging is done in core.

use std::collections::{BTreeMap, VecDeque};

use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::Category;
use eavip_core::alert::episode::{Episode, EpisodeEvent};
use eavip_core::alert::noise::defect::{Defect, DefectEvent, DefectStatus};
use eavip_core::alert::noise::{Record, Scope, Silenced};
use eavip_core::alert::notice::{Obstacle, Reason};
use eavip_core::alert::silence::SilenceEvent;
use eavip_core::finding::Finding;
use eavip_core::id::{AlertRuleId, Digest128};
use eavip_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::silences::Silences;
use crate::record::{Content, DeliveryEvent, Recipient, ServerEvent, Topic};

/// How long an alert that is over is counted: the longest month, and some days in which its review is prepared.
pub const KEPT: Span = Span::from_secs(35 * 86_400);
/// Most alerts that are counted: a thousand a day, which seven responders at the edge of their budget get. They take some
/// 15 MiB. Beyond, those that ended first go, and what is measured begins later and says so.
const MAX_RECORDS: usize = 35_000;
/// Votes on one alert: more people than are told of one.
const MAX_VOTES: usize = 100;
/// Rules that are silenced by a silence, as they are found: beyond, the hours of silence are a lower bound.
const MAX_SILENCED: usize = 10_000;
/// Defects in memory: each rule, team and person has one at most. Mended ones go first.
const MAX_DEFECTS: usize = 10_000;

/// An alert as it is counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Counted {
    record: Record,
    /// Who said what of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    votes: BTreeMap<String, bool>,
}

/// A rule that a silence kept somebody from being told of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Quieted {
    silence: Digest128,
    silenced: Silenced,
}

/// A runbook that wasn't put in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefusedPolicy {
    /// Its digest.
    pub policy: Digest128,
    /// Why not.
    pub findings: Vec<Finding>,
    /// When.
    pub at: Timestamp,
}

/// The alerts of the last weeks as they are counted, and the defects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    counted: BTreeMap<Digest128, Counted>,
    /// Those that are over, in the order in which they ended.
    over: VecDeque<Digest128>,
    /// Before this moment some are missing, for want of room.
    complete_from: Option<Timestamp>,
    silenced: VecDeque<Quieted>,
    defects: BTreeMap<Digest128, Defect>,
    /// When teams were told of their noise last.
    digest_at: Option<Timestamp>,
    /// The last runbook that was tried, where it wasn't put in force.
    refused: Option<RefusedPolicy>,
}

impl Noise {
    /// Every alert that is counted, with what people said of it.
    pub fn records(&self) -> impl Iterator<Item = (Digest128, Record)> {
        self.counted.iter().map(|(id, counted)| (*id, counted.as_said()))
    }

    /// An alert as it is counted.
    #[must_use]
    pub fn record(&self, episode: Digest128) -> Option<Record> {
        self.counted.get(&episode).map(Counted::as_said)
    }

    /// When rules were silenced.
    pub fn silenced(&self) -> impl Iterator<Item = &Silenced> {
        self.silenced.iter().map(|quieted| &quieted.silenced)
    }

    /// Before this moment some alerts are missing; `None` while there was room for all.
    #[must_use]
    pub fn complete_from(&self) -> Option<Timestamp> {
        self.complete_from
    }

    /// Who said what of an alert; whether there was something to do.
    pub fn votes(&self, episode: Digest128) -> impl Iterator<Item = (&str, bool)> {
        let votes = self.counted.get(&episode).into_iter().flat_map(|counted| &counted.votes);
        votes.map(|(by, actionable)| (by.as_str(), *actionable))
    }

    /// Whether an alert can still be voted on.
    #[must_use]
    pub fn knows(&self, episode: Digest128) -> bool {
        self.counted.contains_key(&episode)
    }

    /// A defect by its id.
    #[must_use]
    pub fn defect(&self, id: Digest128) -> Option<&Defect> {
        self.defects.get(&id)
    }

    /// Every defect, by its id.
    pub fn defects(&self) -> impl Iterator<Item = (Digest128, &Defect)> {
        self.defects.iter().map(|(id, defect)| (*id, defect))
    }

    /// Defects that are to be mended.
    pub fn open_defects(&self, now: Timestamp) -> impl Iterator<Item = (Digest128, &Defect)> {
        self.defects().filter(move |(_, defect)| defect.status(now) != DefectStatus::Mended)
    }

    /// The rules that are over their budget: those of which a defect is open.
    pub fn over_budget(&self, now: Timestamp) -> impl Iterator<Item = &AlertRuleId> {
        self.open_defects(now).filter_map(|(_, defect)| match &defect.scope {
            Scope::Rule(rule) => Some(rule),
            _ => None,
        })
    }

    /// When teams were told of their noise last.
    #[must_use]
    pub fn digest_at(&self) -> Option<Timestamp> {
        self.digest_at
    }

    /// The last runbook that was tried, where it wasn't put in force.
    #[must_use]
    pub fn refused(&self) -> Option<&RefusedPolicy> {
        self.refused.as_ref()
    }

    pub(super) fn episode(&mut self, id: Digest128, event: &EpisodeEvent) {
        match event {
            EpisodeEvent::Opened(opening) => {
                let record = Record {
                    fingerprint: opening.fingerprint,
                    rule: opening.rule.clone(),
                    owner: opening.owner.clone(),
                    category: opening.category,
                    began: opening.at,
                    ended: None,
                    acknowledged: false,
                    marked_noise: false,
                    flapped: false,
                    duplicate: false,
                    page: None,
                    responders: std::collections::BTreeSet::new(),
                };
                self.counted.entry(id).or_insert_with(|| Counted { record, votes: BTreeMap::new() });
            }
            EpisodeEvent::Acknowledged { .. } => {
                if let Some(counted) = self.counted.get_mut(&id) {
                    counted.record.acknowledged = true;
                }
            }
            EpisodeEvent::Resolved { at, .. } => {
                let Some(counted) = self.counted.get_mut(&id).filter(|one| one.record.ended.is_none()) else {
                    return;
                };
                counted.record.ended = Some(*at);
                self.over.push_back(id);
            }
        }
    }

    pub(super) fn vote(&mut self, episode: Digest128, by: &str, actionable: bool) {
        let Some(Counted { votes, .. }) = self.counted.get_mut(&episode) else { return };
        if votes.len() < MAX_VOTES || votes.contains_key(by) {
            votes.insert(by.to_owned(), actionable);
        }
    }

    /// Notes that somebody isn't told of an episode: it comes and goes, or its rule is silenced.
    pub(super) fn held(
        &mut self,
        episode: Option<&Episode>,
        reason: Reason,
        silences: &Silences,
        at: Timestamp,
    ) {
        let (Some(episode), Reason::Held(obstacle)) = (episode, reason) else { return };
        let opening = &episode.opening;
        if obstacle == Obstacle::Flapping
            && let Some(counted) = self.counted.get_mut(&opening.id)
        {
            counted.record.flapped = true;
        }
        if obstacle != Obstacle::Silenced {
            return;
        }
        for (id, silence) in silences.iter().filter(|(_, silence)| silence.holds_for(&opening.labels, at)) {
            let known = |one: &Quieted| one.silence == id && one.silenced.rule == opening.rule;
            if self.silenced.len() < MAX_SILENCED && !self.silenced.iter().any(known) {
                let approved = silence.approved.as_ref().map(|(_, at)| *at);
                let silenced = Silenced {
                    rule: opening.rule.clone(),
                    owner: opening.owner.clone(),
                    from: silence.request.from.max(approved.unwrap_or(silence.request.from)),
                    until: silence.request.until,
                };
                self.silenced.push_back(Quieted { silence: id, silenced });
            }
        }
    }

    pub(super) fn silence(&mut self, id: Digest128, event: &SilenceEvent) {
        let SilenceEvent::Ended { at, .. } = event else { return };
        for Quieted { silenced, .. } in self.silenced.iter_mut().filter(|one| one.silence == id) {
            silenced.until = silenced.until.min(*at);
        }
    }

    /// Notes who is told of what. A page is a message that goes to a person, or that tells anybody of a Critical alert: what
    /// lands in a channel and can wait is none.
    pub(super) fn delivery(&mut self, id: Digest128, event: &DeliveryEvent, at: Timestamp) {
        let DeliveryEvent::Decided { to: Recipient { person, .. }, content } = event else { return };
        let message = match content {
            Content::Alerts { message, .. } => message,
            Content::Notice(notice) => {
                if notice.topic == Topic::Digest {
                    self.digest_at = Some(at);
                }
                return;
            }
        };
        for episode in &message.new {
            let Some(Counted { record, .. }) = self.counted.get_mut(episode) else { continue };
            record.responders.extend(person.clone());
            if person.is_some() || record.category == Category::Critical {
                record.page.get_or_insert(id);
            }
        }
    }

    pub(super) fn defect_event(&mut self, id: Digest128, event: &DefectEvent) {
        let before = self.defects.remove(&id);
        self.defects.extend(Defect::evolve(before, event.clone()).map(|defect| (id, defect)));
        if self.defects.len() > MAX_DEFECTS {
            let mended = |defect: &Defect| defect.status(defect.due) == DefectStatus::Mended;
            let oldest = self.defects.iter().min_by_key(|(_, one)| (!mended(one), one.opened_at));
            if let Some(id) = oldest.map(|(id, _)| *id) {
                self.defects.remove(&id);
            }
        }
    }

    pub(super) fn server(&mut self, event: &ServerEvent, at: Timestamp) {
        match event {
            ServerEvent::PolicyRefused { policy, findings } => {
                self.refused = Some(RefusedPolicy { policy: *policy, findings: findings.clone(), at });
            }
            ServerEvent::PolicyApplied { .. } | ServerEvent::Started { .. } => self.refused = None,
            ServerEvent::StoreRepaired { .. } => {}
        }
    }

    /// Lets go of what ended too long ago to be counted, and of what there is no room for.
    pub(super) fn forget(&mut self, at: Timestamp) {
        let ended = |id: &Digest128| self.counted.get(id).and_then(|counted| counted.record.ended);
        let old = self.over.iter().take_while(|id| ended(id).is_none_or(|ended| ended + KEPT <= at)).count();
        for id in self.over.drain(..old) {
            self.counted.remove(&id);
        }
        while self.counted.len() > MAX_RECORDS {
            let Some(id) = self.over.pop_front() else { break };
            let gone = self.counted.remove(&id).and_then(|counted| counted.record.ended);
            self.complete_from = self.complete_from.max(gone);
        }
        self.complete_from = self.complete_from.filter(|from| *from + KEPT > at);
        self.silenced.retain(|quieted| quieted.silenced.until + KEPT > at);
    }
}

impl Counted {
    /// The record, with what most people said of it before what the clock says.
    fn as_said(&self) -> Record {
        let worth = self.votes.values().filter(|actionable| **actionable).count();
        let not = self.votes.len() - worth;
        Record {
            marked_noise: not > worth,
            acknowledged: self.record.acknowledged || worth > not,
            ..self.record.clone()
        }
    }
}

#[cfg(test)]
mod tests;
