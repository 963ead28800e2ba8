//! What is asked of a rollout, and what happened to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Plan;
use super::plan::Bundle;
use crate::decision::Decision;
use crate::finding::Finding;
use crate::id::{Digest256, NodeId, PersonId};
use crate::release::judge::Look;
use crate::time::Timestamp;

/// What the judge said, and of what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The stage that was judged, from 0.
    pub stage: usize,
    /// Which look it was.
    pub look: Look,
    /// How many requests the release answered since the stage began.
    pub exposure: u64,
    /// What the judge said; its basis says when.
    pub decision: Decision,
}

/// What nodes that had the release run now; `None` where it isn't known.
pub type Observed = BTreeMap<NodeId, Option<Bundle>>;

/// What somebody asks of a rollout: a person, the release process, the judge's schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum RolloutCommand {
    /// Plans it.
    Plan(Box<Plan>),
    /// Begins the first stage.
    Start {
        /// Who.
        by: PersonId,
    },
    /// Takes note of a judgement: goes on, holds, rolls back, or waits.
    Judge(Box<Judgement>),
    /// A person takes on the doubt that the judgement leaves at the end of a stage.
    Accept {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
        /// What they saw.
        judgement: Box<Judgement>,
    },
    /// Stops where it is.
    Pause {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Begins the stage again.
    Resume {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Brings back what was there.
    RollBack {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Says that what was there is back.
    ConfirmRolledBack {
        /// What every node that had the release runs now.
        observed: Observed,
    },
    /// Ends the verification, and publishes the release notes.
    Verify {
        /// What the judge says after the window.
        judgement: Box<Judgement>,
        /// The release notes.
        notes: Digest256,
    },
    /// Gives up: it can't begin, or what was there can't be brought back.
    Fail {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
}

/// Why a rollout went back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cause {
    /// The judge found harm.
    Judged {
        /// What it found.
        findings: Vec<Finding>,
    },
    /// A person asked for it.
    Asked {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
}

/// What happened to a rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RolloutEvent {
    /// It was planned.
    Planned {
        /// What goes where.
        plan: Box<Plan>,
        /// When.
        at: Timestamp,
    },
    /// Its first stage began.
    Started {
        /// Who began it.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// A person took on the doubt that was left at the end of a stage.
    Accepted {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
        /// What didn't decide.
        findings: Vec<Finding>,
        /// When.
        at: Timestamp,
    },
    /// The next stage began.
    Advanced {
        /// The stage, from 0.
        stage: usize,
        /// When.
        at: Timestamp,
    },
    /// The last stage was good; what runs everywhere is watched.
    VerificationBegan {
        /// When.
        at: Timestamp,
    },
    /// It was stopped by evidence that doesn't decide.
    Held {
        /// What stood in the way; empty when it was exposure alone.
        findings: Vec<Finding>,
        /// When.
        at: Timestamp,
    },
    /// A person stopped it.
    Paused {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// The stage began again.
    Resumed {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// What was there is being brought back: artifact, configuration and flags together.
    RollbackBegan {
        /// Why.
        cause: Cause,
        /// What comes back.
        to: Bundle,
        /// When.
        at: Timestamp,
    },
    /// What was there is back, and was seen on every node.
    RolledBack {
        /// On how many nodes it was seen.
        nodes: usize,
        /// When.
        at: Timestamp,
    },
    /// The release was found good, and its notes published.
    Verified {
        /// The release notes.
        notes: Digest256,
        /// When.
        at: Timestamp,
    },
    /// People have to see to it.
    Failed {
        /// Who gave up.
        by: PersonId,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
}
