//! A witness: keeps the last checkpoint that it was shown, and demands of each next one that nothing which was there
//! before is gone or changed (seed: *Configuration changes are auditable*, *Silent configuration changes*).
//!
//! The first checkpoint is believed as it comes. A contradiction is kept with both signed checkpoints, which prove it
//! to anybody; it isn't forgotten. How checkpoints reach the witness lives elsewhere.

use serde::{Deserialize, Serialize};

use super::AuditPolicy;
use super::checkpoint::Checkpoint;
use super::note::{SignedCheckpoint, Verified};
use super::proof::Consistency;
use crate::aggregate::Aggregate;
use crate::decision::{Basis, Decision, Refused};
use crate::finding::Finding;
use crate::id::Digest128;
use crate::rule::Rule;
use crate::signal::metric::Unit;
use crate::time::Timestamp;
use crate::words;

crate::rules! {
    /// A node looks at the audit log at each contact. When its last look is too old, or there was none, nobody knows whether
    /// the log still holds what it held. Let the node reach the server.
    SEEN = "EAVIP-M01", "each node has looked at the audit log of late", "Audit readiness";
    /// The log was shown with fewer events than before: events are gone, or it was restored from a backup. Both signed
    /// checkpoints are kept. Find out which of the two, and start the witnesses anew only after a restore.
    NO_REWIND = "EAVIP-M02", "the audit log never shrinks", "Configuration changes are auditable";
    /// Two signed checkpoints contradict each other: an event was changed after it had been shown, or different nodes are
    /// shown different logs. Both are kept. Treat it as a security incident.
    ONE_HISTORY = "EAVIP-M03", "the audit log has one history", "Configuration changes are auditable";
    /// A larger log needs a proof that it holds the smaller one. Ask for the proof between these two sizes.
    PROVEN = "EAVIP-M04", "growth of the audit log is proven", "Configuration changes are auditable";
    /// A witness keeps one log. A checkpoint of another origin says nothing of it; show it to a witness of that log.
    SAME_LOG = "EAVIP-M05", "a witness keeps one log", "Audit readiness";
}

/// Most contradictions that a witness keeps: the first ones are what an investigation starts from.
pub const MAX_CONFLICTS: usize = 16;

words! {
    /// What a checkpoint is beside the last one that was seen.
    #[non_exhaustive]
    pub enum Contact ("contact") {
        /// The same size and root.
        Same = "same",
        /// More events, and proof that all earlier ones are among them.
        Advance = "advance",
        /// More events, without a proof between these two sizes.
        Unproven = "unproven",
        /// Fewer events.
        Rewind = "rewind",
        /// A history that can't be the one that was seen: another root for the same size, or a proof that fails.
        SplitView = "split-view",
    }
}

/// Compares a checkpoint with the last one that was seen, of the same log.
#[must_use]
pub fn compare(seen: &Checkpoint, shown: &Checkpoint, proof: Option<&Consistency>) -> Contact {
    if shown.size() < seen.size() {
        return Contact::Rewind;
    }
    if shown.size() == seen.size() {
        return if shown.root() == seen.root() { Contact::Same } else { Contact::SplitView };
    }
    // An empty log is the beginning of every other.
    if seen.size() == 0 {
        return Contact::Advance;
    }
    let between = super::proof::Subtree::first(seen.size());
    match proof.filter(|proof| proof.subtree == between && proof.size == shown.size()) {
        None => Contact::Unproven,
        Some(proof) if proof.proves_growth(seen.root(), shown.root()) => Contact::Advance,
        Some(_) => Contact::SplitView,
    }
}

/// A contradiction, with what proves it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Conflict {
    /// What kind of contradiction: a rewind or a split view.
    pub contact: Contact,
    /// What had been seen.
    pub seen: SignedCheckpoint,
    /// What was shown then.
    pub shown: SignedCheckpoint,
    /// The proof that came with it.
    pub proof: Option<Consistency>,
    /// When.
    pub at: Timestamp,
}

/// What happened to a witness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WitnessEvent {
    /// It was shown a checkpoint that goes with what it knew.
    Saw {
        /// The checkpoint.
        checkpoint: SignedCheckpoint,
        /// When.
        at: Timestamp,
    },
    /// It was shown one that doesn't.
    Contradicted(Box<Conflict>),
}

/// A look at the log: the checkpoint that was shown, and the proof from the last one seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// The checkpoint, its signature checked.
    pub shown: Verified,
    /// The proof; not needed for the first checkpoint, nor for the same one.
    pub proof: Option<Consistency>,
}

/// A witness as its events made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Witness {
    /// The last checkpoint that goes with all earlier ones.
    pub seen: SignedCheckpoint,
    /// When it was last shown.
    pub at: Timestamp,
    /// Contradictions, the first one first.
    pub conflicts: Vec<Conflict>,
}

impl Aggregate for Witness {
    type Command = Look;
    type Event = WitnessEvent;
    type Policy = ();

    fn decide(
        state: Option<&Self>,
        Look { shown, proof }: Look,
        (): &(),
        now: Timestamp,
    ) -> Result<Vec<WitnessEvent>, Refused> {
        let Some(witness) = state else {
            return Ok(vec![WitnessEvent::Saw { checkpoint: shown.into_signed(), at: now }]);
        };
        let seen = witness.seen.unverified();
        if seen.origin() != shown.checkpoint().origin() {
            let message = format!("the checkpoint is of `{}`", shown.checkpoint().origin());
            return Err(SAME_LOG.fail(message, format!("show one of `{}`", seen.origin())).into());
        }
        match compare(seen, shown.checkpoint(), proof.as_ref()) {
            Contact::Same | Contact::Advance => {
                Ok(vec![WitnessEvent::Saw { checkpoint: shown.into_signed(), at: now }])
            }
            Contact::Unproven => {
                let (from, to) = (seen.size(), shown.checkpoint().size());
                let message = format!("no proof leads from {from} to {to} events");
                Err(PROVEN.undetermined(message, "ask the log for the proof between these sizes").into())
            }
            contact @ (Contact::Rewind | Contact::SplitView) => {
                let (seen, shown) = (witness.seen.clone(), shown.into_signed());
                let known = |kept: &Conflict| (&kept.seen, &kept.shown) == (&seen, &shown);
                if witness.conflicts.len() >= MAX_CONFLICTS || witness.conflicts.iter().any(known) {
                    return Ok(Vec::new());
                }
                let conflict = Conflict { contact, seen, shown, proof, at: now };
                Ok(vec![WitnessEvent::Contradicted(Box::new(conflict))])
            }
        }
    }

    fn evolve(state: Option<Self>, event: WitnessEvent) -> Option<Self> {
        match (state, event) {
            (None, WitnessEvent::Saw { checkpoint, at }) => {
                Some(Self { seen: checkpoint, at, conflicts: Vec::new() })
            }
            (Some(mut witness), WitnessEvent::Saw { checkpoint, at }) => {
                let (before, after) = (witness.seen.unverified(), checkpoint.unverified());
                if before.origin() == after.origin() && before.size() <= after.size() {
                    (witness.seen, witness.at) = (checkpoint, at);
                }
                Some(witness)
            }
            (Some(mut witness), WitnessEvent::Contradicted(conflict)) => {
                if witness.conflicts.len() < MAX_CONFLICTS && !witness.conflicts.contains(&conflict) {
                    witness.conflicts.push(*conflict);
                }
                Some(witness)
            }
            (None, WitnessEvent::Contradicted(_)) => None,
        }
    }
}

/// Whether the log can be relied on, as far as this witness saw; `None` is a node that never looked.
///
/// ```
/// use eavip_core::audit::AuditPolicy;
/// use eavip_core::audit::witness::assess;
/// use eavip_core::decision::Verdict;
/// use eavip_core::time::Timestamp;
///
/// let decision = assess(None, &AuditPolicy::default(), Timestamp::default());
/// assert_eq!(decision.verdict, Verdict::Hold, "a node that never looked knows nothing");
/// ```
#[must_use]
pub fn assess(witness: Option<&Witness>, policy: &AuditPolicy, now: Timestamp) -> Decision {
    let findings = vec![
        looked(witness, policy, now),
        contradicted(witness, &NO_REWIND, Contact::Rewind),
        contradicted(witness, &ONE_HISTORY, Contact::SplitView),
    ];
    let (policy, evidence) = (Digest128::of_value(policy), Digest128::of_value(&witness));
    Decision::over(findings, Basis { policy, evidence, at: now })
}

fn looked(witness: Option<&Witness>, policy: &AuditPolicy, now: Timestamp) -> Finding {
    const REMEDY: &str = "let the node reach the server";
    let Some(witness) = witness else {
        return SEEN.undetermined("the node never looked at the audit log", REMEDY);
    };
    if now < witness.at {
        let message = format!("the last look at the audit log lies ahead, at {}", witness.at);
        return SEEN.undetermined(message, "set the node's clock right").clears_at(witness.at);
    }
    let (age, limit) = (now.since(witness.at), policy.stale_after);
    let finding = if age > limit {
        SEEN.undetermined(format!("the last look at the audit log was {age} ago"), REMEDY)
    } else {
        SEEN.pass(format!("the audit log has {} events", witness.seen.unverified().size()))
    };
    finding.measured(age.as_secs_f64(), limit.as_secs_f64(), Unit::Seconds)
}

fn contradicted(witness: Option<&Witness>, rule: &Rule, contact: Contact) -> Finding {
    let Some(witness) = witness else {
        return rule.undetermined("the node never looked at the audit log", "let the node reach the server");
    };
    let Some(first) = witness.conflicts.iter().find(|conflict| conflict.contact == contact) else {
        return rule.pass("nothing that was seen before is gone or changed");
    };
    let (before, after) = (first.seen.unverified(), first.shown.unverified());
    let message = match contact {
        Contact::Rewind => {
            format!(
                "the audit log went back from {} to {} events at {}",
                before.size(),
                after.size(),
                first.at
            )
        }
        _ => format!("two histories of the audit log were shown by {}", first.at),
    };
    let remedy = "keep both checkpoints, declare a security incident, and compare the logs that they are of";
    let shown = [before, after].map(|one| format!("{} events, root {}", one.size(), one.root()));
    rule.fail(message, remedy).evidence(shown)
}

#[cfg(test)]
mod tests;
