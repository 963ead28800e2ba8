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

/// Stands in [`GroupingPolicy::by`] for all labels, as in Alertmanager: alerts that differ in any are told apart.
pub const ALL_LABELS: &str = "...";

/// How alerts are put together. `[grouping]` declares it for all, a `[[route]]` for those that it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupingPolicy {
    /// The labels that the alerts of a group have in common, or [`ALL_LABELS`]; `deployment` and `rule` unless declared.
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
        if self.by.contains(ALL_LABELS) {
            return labels.clone();
        }
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
    /// Whether a message was about it.
    told: bool,
    /// Whether something held it back when it was due.
    held: bool,
}

/// A message that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What there is to tell.
    pub occasion: Occasion,
    /// Members that no message told yet. One that is over already is in `resolved` as well.
    pub new: Vec<Digest128>,
    /// Members that are over and were told; none is in a later message.
    pub resolved: Vec<Digest128>,
    /// Members that were told before and still fire; in a repeat those that nothing holds back.
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
/// let nothing_holds = |_, _| false;
/// assert_eq!(group.flush(&policy, now, nothing_holds), None, "it waits for others");
/// let message = group.flush(&policy, now + Span::from_secs(30), nothing_holds).unwrap();
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
        let member = Member { category, fired_at: now, resolved_at: None, told: false, held: false };
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

    /// When the next message is due. Members that were held back don't count: when a silence ends is for the caller to
    /// see, who flushes at each evaluation.
    #[must_use]
    pub fn due(&self, policy: &GroupingPolicy) -> Option<Timestamp> {
        let counted = self.members.values().filter(|member| !member.held || member.resolved_at.is_some());
        counted.map(|member| self.due_for(member, policy)).min()
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
    ///
    /// `holds` says whether something stands in the way of telling a member on an occasion, as
    /// [`notice::decide`](super::notice::decide) finds. Who is held back is told as soon as nothing does any more; who is
    /// over by then isn't told at all, and the reason is the one that held it back.
    pub fn flush(
        &mut self,
        policy: &GroupingPolicy,
        now: Timestamp,
        holds: impl Fn(Digest128, Occasion) -> bool,
    ) -> Option<Message> {
        self.not_after(now);
        self.hold(policy, now, holds);
        let of = |wanted: fn(&Member) -> bool| -> Vec<Digest128> {
            self.members.iter().filter(|(_, member)| wanted(member)).map(|(id, _)| *id).collect()
        };
        let is_due = self.due(policy).is_some_and(|due| due <= now);
        let (new, resolved) = (of(Member::is_new), of(|member| member.resolved_at.is_some()));
        let firing = of(|member| member.told && member.resolved_at.is_none());
        let unheld = of(|member| member.told && member.resolved_at.is_none() && !member.held);
        let (occasion, firing) = match (self.told_at, new.is_empty(), resolved.is_empty(), firing.is_empty())
        {
            _ if !is_due => return None,
            (None, ..) => (Occasion::First, firing),
            (_, false, ..) => (Occasion::NewMember, firing),
            (_, _, false, true) => (Occasion::AllResolved, firing),
            (_, _, false, false) => (Occasion::Resolved, firing),
            (_, _, true, _) => (Occasion::Repeat, unheld),
        };
        self.members.retain(|_, member| member.resolved_at.is_none());
        self.members.values_mut().filter(|member| member.is_new()).for_each(|member| member.told = true);
        self.told_at = self.members.values().any(|member| member.told).then_some(now);
        Some(Message { occasion, new, resolved, firing })
    }

    /// After the clock was set back, waiting begins anew at the moment it shows.
    fn not_after(&mut self, now: Timestamp) {
        self.told_at = self.told_at.map(|told_at| told_at.min(now));
        for member in self.members.values_mut() {
            member.fired_at = member.fired_at.min(now);
            member.resolved_at = member.resolved_at.map(|resolved_at| resolved_at.min(now));
        }
    }

    /// Asks what holds back those that are due, and drops those that were over before anybody was told.
    fn hold(&mut self, policy: &GroupingPolicy, now: Timestamp, holds: impl Fn(Digest128, Occasion) -> bool) {
        let beginning = if self.told_at.is_none() { Occasion::First } else { Occasion::NewMember };
        let due: Vec<Digest128> = self
            .members
            .iter()
            .filter(|(_, member)| !(member.told && member.resolved_at.is_some()))
            .filter(|(_, member)| !member.told || self.due_for(member, policy) <= now)
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            let Some(member) = self.members.get_mut(&id) else { continue };
            member.held = holds(id, if member.told { Occasion::Repeat } else { beginning });
        }
        self.members.retain(|_, member| !(member.held && !member.told && member.resolved_at.is_some()));
    }
}

impl Member {
    fn is_new(&self) -> bool {
        !self.told && !self.held
    }
}

#[cfg(test)]
mod tests;
