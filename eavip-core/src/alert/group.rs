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

/// Most alerts of a kind in one message; further ones are in the next. Nobody reads so many, and what is kept and sent of a
/// message has a bound.
pub const MAX_TOLD: usize = 1_000;

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
/// assert_eq!(group.look(&policy, now, nothing_holds).message, None, "it waits for others");
/// let later = now + Span::from_secs(30);
/// let message = group.look(&policy, later, nothing_holds).message.unwrap();
/// assert_eq!(message.new, [Digest128([1; 16])]);
/// group.told(&message, later);
/// assert_eq!(group.look(&policy, later, nothing_holds).message, None, "it was told");
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

    /// An episode is over; one that isn't a member is no matter of this group, and one that was held back until now is told
    /// of neither way.
    pub fn resolved(&mut self, episode: Digest128, now: Timestamp) {
        let Some(member) = self.members.get_mut(&episode) else { return };
        if member.held && !member.told {
            self.members.remove(&episode);
        } else {
            member.resolved_at.get_or_insert(now);
        }
    }

    /// Something stands in the way of telling a member. One that is over already is told neither way.
    pub fn held(&mut self, episode: Digest128) {
        let over = |member: &Member| !member.told && member.resolved_at.is_some();
        if self.members.get(&episode).is_some_and(over) {
            self.members.remove(&episode);
        } else if let Some(member) = self.members.get_mut(&episode) {
            member.held = true;
        }
    }

    /// A message went out: what is in it counts as told.
    pub fn told(&mut self, message: &Message, now: Timestamp) {
        for episode in &message.resolved {
            self.members.remove(episode);
        }
        for episode in &message.new {
            let member = self.members.get_mut(episode);
            member.into_iter().for_each(|member| (member.told, member.held) = (true, false));
        }
        self.told_at = self.members.values().any(|member| member.told).then_some(now);
    }

    /// Whether it has no members; it can then be dropped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether an episode is a member: somebody is still to be told of it, or of its end.
    #[must_use]
    pub fn has(&self, episode: Digest128) -> bool {
        self.members.contains_key(&episode)
    }

    /// Its members.
    pub fn members(&self) -> impl ExactSizeIterator<Item = Digest128> {
        self.members.keys().copied()
    }

    /// When the next message is due. Members that were held back don't count: when a silence ends is for the caller to
    /// see, who looks at each evaluation.
    #[must_use]
    pub fn due(&self, policy: &GroupingPolicy) -> Option<Timestamp> {
        let counted = self.members.values().filter(|member| !member.held || member.resolved_at.is_some());
        counted.map(|member| self.due_for(member, policy).0).min()
    }

    /// When a member is due, and how long it waits for that at the most.
    fn due_for(&self, member: &Member, policy: &GroupingPolicy) -> (Timestamp, Span) {
        let after_last = |since: Timestamp| {
            let due = self.told_at.map_or(since, |told_at| since.max(told_at.min(since) + policy.interval));
            (due, policy.interval)
        };
        let wait = policy.wait_for(member.category);
        match (member.told, member.resolved_at, self.told_at) {
            (false, _, None) => (member.fired_at + wait, wait),
            (false, _, Some(_)) if member.category == Category::Critical => (member.fired_at + wait, wait),
            (false, _, Some(_)) => after_last(member.fired_at),
            (true, Some(resolved_at), _) => after_last(resolved_at),
            (true, None, told_at) => (told_at.unwrap_or(member.fired_at) + policy.repeat, policy.repeat),
        }
    }

    fn is_due(&self, member: &Member, policy: &GroupingPolicy, now: Timestamp) -> bool {
        let (due, wait) = self.due_for(member, policy);
        // What is due later than that was made so by a clock that was set back since: nobody waits for longer.
        due <= now || due.since(now) > wait
    }

    /// What is due at a moment; the group stays as it is until the caller has made it durable and says so with
    /// [`held`](Self::held) and [`told`](Self::told).
    ///
    /// `holds` says whether something stands in the way of telling a member on an occasion, as
    /// [`notice::decide`](super::notice::decide) finds. Who is held back is told as soon as nothing does any more; who is
    /// over by then isn't told at all, and the reason is the one that held it back.
    pub fn look(
        &self,
        policy: &GroupingPolicy,
        now: Timestamp,
        holds: impl Fn(Digest128, Occasion) -> bool,
    ) -> Due {
        let beginning = if self.told_at.is_none() { Occasion::First } else { Occasion::NewMember };
        let (mut found, mut due, mut repeats) = (Due::default(), false, Vec::new());
        let mut message =
            Message { occasion: beginning, new: Vec::new(), resolved: Vec::new(), firing: Vec::new() };
        for (id, member) in &self.members {
            let is_due = self.is_due(member, policy, now);
            let asked = if member.told { Occasion::Repeat } else { beginning };
            // Who was told of a beginning is told of its end, whatever stands in the way by then.
            let told_of_end = member.told && member.resolved_at.is_some();
            let held = !told_of_end && (!member.told || is_due) && holds(*id, asked);
            if held {
                found.held.push(*id);
            }
            due |= is_due && !held;
            let is_full = message.new.len().max(message.resolved.len()) >= MAX_TOLD;
            match (member.told, member.resolved_at) {
                (false, _) if held => {}
                (false, _) | (true, Some(_)) if is_full => {}
                (told, Some(_)) => {
                    message.resolved.push(*id);
                    message.new.extend((!told).then_some(*id));
                }
                (false, None) => message.new.push(*id),
                (true, None) => {
                    message.firing.push(*id);
                    repeats.extend((!held).then_some(*id));
                }
            }
        }
        message.occasion = match (self.told_at, message.new.is_empty(), message.resolved.is_empty()) {
            (None, ..) => Occasion::First,
            (_, false, _) => Occasion::NewMember,
            (_, _, false) if message.firing.is_empty() => Occasion::AllResolved,
            (_, _, false) => Occasion::Resolved,
            (_, _, true) => Occasion::Repeat,
        };
        if message.occasion == Occasion::Repeat {
            message.firing = repeats;
        }
        message.firing.truncate(MAX_TOLD);
        found.message = due.then_some(message);
        found
    }
}

/// What is due of a group at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// What to tell.
    pub message: Option<Message>,
    /// Members that something stands in the way of telling.
    pub held: Vec<Digest128>,
}

#[cfg(test)]
mod tests;
