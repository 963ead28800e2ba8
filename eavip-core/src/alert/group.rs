//! Alerts told together: those that share a few labels are one message, so that a broken rack is one page and not forty
//! (seed: *Alert noise is treated as a defect*).
//!
//! A group is plain state. When it is due follows from what it holds, never from a timer, so a restart between any two
//! calls changes nothing. How many members a group has is bounded by the open episodes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Category;
use super::notice::Occasion;
use crate::id::Digest128;
use crate::labels::Labels;
use crate::time::{Span, Timestamp};

/// How alerts are put together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupingPolicy {
    /// The labels that the alerts of a group have in common; `deployment` and `rule` unless declared.
    pub by: BTreeSet<String>,
    /// How long a new group waits for more members; 30 s.
    pub wait: Span,
    /// How long a Critical alert waits, also where it joins a group that was told already; 0 s.
    pub wait_critical: Span,
    /// How long after a message the next one goes out at the earliest, when members joined or left; 5 min.
    pub interval: Span,
    /// How long after a message the group is told again when nothing changed; 4 h.
    pub repeat: Span,
}

impl Default for GroupingPolicy {
    fn default() -> Self {
        Self {
            by: ["deployment", "rule"].map(str::to_owned).into(),
            wait: Span::from_secs(30),
            wait_critical: Span::ZERO,
            interval: Span::from_secs(300),
            repeat: Span::from_secs(4 * 3_600),
        }
    }
}

impl GroupingPolicy {
    /// The labels that name an alert's group.
    #[must_use]
    pub fn key(&self, labels: &Labels) -> Labels {
        Labels::first_of(labels.iter().filter(|(name, _)| self.by.contains(*name)), crate::labels::MAX_LABELS)
    }

    fn wait_for(&self, category: Category) -> Span {
        if category == Category::Critical { self.wait_critical } else { self.wait }
    }
}

/// An episode within a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Member {
    category: Category,
    fired_at: Timestamp,
    resolved_at: Option<Timestamp>,
    told: bool,
}

/// A message that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What there is to tell.
    pub occasion: Occasion,
    /// Members that no message told yet. One that is over already is in `resolved` as well.
    pub new: Vec<Digest128>,
    /// Members that are over; none is in a later message.
    pub resolved: Vec<Digest128>,
    /// Members that were told before and still fire.
    pub firing: Vec<Digest128>,
}

/// The open episodes that share the labels of [`GroupingPolicy::key`].
///
/// ```
/// use eavip_core::alert::Category;
/// use eavip_core::alert::group::{Group, GroupingPolicy};
/// use eavip_core::id::Digest128;
/// use eavip_core::time::{Span, Timestamp};
///
/// let (policy, now) = (GroupingPolicy::default(), Timestamp::default());
/// let mut group = Group::default();
/// group.fired(Digest128([1; 16]), Category::Warning, now);
/// assert_eq!(group.flush(&policy, now), None, "it waits for others");
/// let message = group.flush(&policy, now + Span::from_secs(30)).unwrap();
/// assert_eq!(message.new, [Digest128([1; 16])]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    members: BTreeMap<Digest128, Member>,
    told_at: Option<Timestamp>,
}

impl Group {
    /// An episode began; one that is a member already stays as it is.
    pub fn fired(&mut self, episode: Digest128, category: Category, now: Timestamp) {
        let member = Member { category, fired_at: now, resolved_at: None, told: false };
        self.members.entry(episode).or_insert(member);
    }

    /// An episode is over; one that isn't a member is no matter of this group.
    pub fn resolved(&mut self, episode: Digest128, now: Timestamp) {
        let member = self.members.get_mut(&episode);
        member.into_iter().for_each(|member| _ = member.resolved_at.get_or_insert(now));
    }

    /// Whether it has no members; it can then be dropped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// When the next message is due; `None` for an empty group.
    #[must_use]
    pub fn due(&self, policy: &GroupingPolicy) -> Option<Timestamp> {
        self.members.values().map(|member| self.due_for(member, policy)).min()
    }

    fn due_for(&self, member: &Member, policy: &GroupingPolicy) -> Timestamp {
        // A clock that was set back must not make anybody wait for longer than the policy says.
        let after_last = |since: Timestamp| {
            self.told_at.map_or(since, |told_at| since.max(told_at.min(since) + policy.interval))
        };
        let waited = member.fired_at + policy.wait_for(member.category);
        match (member.told, member.resolved_at, self.told_at) {
            (false, _, None) => waited,
            (false, _, Some(_)) if member.category == Category::Critical => waited,
            (false, _, Some(_)) => after_last(member.fired_at),
            (true, Some(resolved_at), _) => after_last(resolved_at),
            (true, None, told_at) => told_at.unwrap_or(member.fired_at) + policy.repeat,
        }
    }

    /// The message that is due, if one is. What is in it counts as told: the caller makes it durable with this state.
    pub fn flush(&mut self, policy: &GroupingPolicy, now: Timestamp) -> Option<Message> {
        // After the clock was set back, waiting begins anew at the moment it shows.
        self.told_at = self.told_at.map(|told_at| told_at.min(now));
        for member in self.members.values_mut() {
            member.fired_at = member.fired_at.min(now);
            member.resolved_at = member.resolved_at.map(|resolved_at| resolved_at.min(now));
        }
        self.due(policy).filter(|due| *due <= now)?;
        let of = |wanted: fn(&Member) -> bool| -> Vec<Digest128> {
            self.members.iter().filter(|(_, member)| wanted(member)).map(|(id, _)| *id).collect()
        };
        let new = of(|member| !member.told);
        let resolved = of(|member| member.resolved_at.is_some());
        let firing = of(|member| member.told && member.resolved_at.is_none());
        let occasion = match (self.told_at, new.is_empty(), resolved.is_empty(), firing.is_empty()) {
            (None, ..) => Occasion::First,
            (_, false, ..) => Occasion::NewMember,
            (_, _, false, true) => Occasion::AllResolved,
            (_, _, false, false) => Occasion::Resolved,
            (_, _, true, _) => Occasion::Repeat,
        };
        self.members.retain(|_, member| member.resolved_at.is_none());
        self.members.values_mut().for_each(|member| member.told = true);
        self.told_at = (!self.members.is_empty()).then_some(now);
        Some(Message { occasion, new, resolved, firing })
    }
}

#[cfg(test)]
mod tests;
