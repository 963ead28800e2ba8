//! A recovery drill (seed: *Periodic recovery drills conducted*): the documented procedure, executed step by step, with
//! what each step showed, and how long recovery took.

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::procedure::{Phase, Procedure};
use crate::aggregate::Aggregate;
use crate::decision::Refused;
use crate::finding::Finding;
use crate::id::{BackupId, Digest128, Digest256, PersonId, SnapshotId};
use crate::time::{Span, Timestamp};
use crate::words;

crate::rules! {
    /// A drill shows that recovery works as it is written. When the plan, and with it the procedure, has changed since the
    /// drill was planned or conducted, what is written now hasn't been rehearsed. Plan a new drill.
    AS_WRITTEN = "EAVIP-Q22", "a drill follows the restore procedure as it is written now", "Restore procedures documented";
    /// A drill is planned, started, and then goes through the procedure step by step; none is left out, and what is over
    /// stays as it was. The message says which step is next.
    IN_ORDER = "EAVIP-Q23", "a drill goes through the procedure step by step", "Recovery procedures must be documented and rehearsed";
    /// Each step has its own proof: a comparison the manifest's digest and the number of different files, a health check its
    /// exit code. Report the step with what it showed.
    SHOWN = "EAVIP-Q24", "each step of a drill leaves what it showed", "Recovery procedures must be documented and rehearsed";
    /// A step can't have happened before the one ahead of it; a measured recovery time would mean nothing. Set the clock of
    /// whoever reports right, or abandon the drill.
    FORWARD = "EAVIP-Q25", "a drill's steps follow each other in time", "Periodic recovery drills conducted";
    /// A drill that is abandoned counts as failed, and the reason, of 1 to 1000 characters, is what can be learnt from it.
    SAYS_WHY = "EAVIP-Q26", "whoever abandons a drill says why", "Periodic recovery drills conducted";
}

/// Longest reason that a person gives, in characters.
pub const MAX_REASON: usize = 1_000;

/// What a step showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Shown {
    /// It was done, and what was expected was seen.
    Done,
    /// Something else was seen.
    NotDone,
    /// The restored files beside the manifest.
    Compared {
        /// The digest of the manifest that they were compared with.
        manifest: Digest256,
        /// How many files are missing, added or different.
        different: u64,
    },
    /// The health command ended.
    Exited {
        /// With this code.
        code: i32,
    },
}

impl Shown {
    fn fits(self, phase: Phase) -> bool {
        match phase {
            Phase::Prepare | Phase::Restore | Phase::CleanUp => matches!(self, Self::Done | Self::NotDone),
            Phase::Compare => matches!(self, Self::Compared { .. } | Self::NotDone),
            Phase::CheckHealth => matches!(self, Self::Exited { .. } | Self::NotDone),
        }
    }
}

words! {
    /// Why a drill failed.
    #[non_exhaustive]
    pub enum Cause ("cause of a failed drill") {
        /// A step didn't show what was expected.
        StepNotDone = "step-not-done",
        /// What was restored isn't what was backed up.
        Different = "different",
        /// What was restored isn't usable.
        Unhealthy = "unhealthy",
        /// It took longer than the recovery time objective.
        TooSlow = "too-slow",
    }
}

/// What is told when a drill is planned; it stays as it was, whatever happens to the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The drill's id.
    pub id: Digest128,
    /// The data set.
    pub plan: BackupId,
    /// The procedure that it follows.
    pub procedure: Digest128,
    /// What the procedure's steps are for, in order.
    pub steps: Vec<Phase>,
    /// How long recovery may take.
    pub rto: Span,
    /// Who planned it.
    pub by: PersonId,
    /// When it was planned.
    pub at: Timestamp,
}

impl Opening {
    fn of(plan: &Plan, by: PersonId, at: Timestamp) -> Self {
        let procedure = Procedure::of(plan);
        Self {
            id: Digest128::of([plan.id.as_str().as_bytes(), &at.as_millis().to_be_bytes()]),
            plan: plan.id.clone(),
            procedure: procedure.digest(),
            steps: procedure.steps.iter().map(|step| step.phase).collect(),
            rto: plan.rto,
            by,
            at,
        }
    }
}

/// How a drill began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Who conducts it.
    pub by: PersonId,
    /// The backup that is restored.
    pub backup: SnapshotId,
    /// The digest of the manifest that was recorded with it.
    pub manifest: Digest256,
    /// When.
    pub at: Timestamp,
}

/// A step that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTaken {
    /// What it showed.
    pub shown: Shown,
    /// When it ended.
    pub at: Timestamp,
}

/// How a drill ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum End {
    /// The data set can be recovered.
    Passed(Passed),
    /// It can't.
    Failed {
        /// Why.
        cause: Cause,
        /// When.
        at: Timestamp,
    },
    /// Somebody broke it off; it counts as failed.
    Abandoned {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

impl End {
    /// When.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Passed(Passed { at, .. }) | Self::Failed { at, .. } | Self::Abandoned { at, .. } => *at,
        }
    }
}

/// A drill that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// How long recovery took: from the start to restored data that is usable.
    pub measured: Span,
    /// When the drill was over.
    pub at: Timestamp,
}

/// What somebody asks of a drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DrillCommand {
    /// A person plans one for the plan that is the policy.
    Plan {
        /// Who.
        by: PersonId,
    },
    /// A person begins: the clock of recovery runs.
    Start {
        /// Who.
        by: PersonId,
        /// The backup that is restored.
        backup: SnapshotId,
        /// The digest of the manifest that was recorded with it.
        manifest: Digest256,
    },
    /// A step was carried out.
    Take {
        /// Its place in the procedure; the first is 1.
        step: usize,
        /// What it showed.
        shown: Shown,
    },
    /// A person breaks it off.
    Abandon {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
}

/// What happened to a drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DrillEvent {
    /// It was planned.
    Planned(Box<Opening>),
    /// It began.
    Started(Start),
    /// A step was carried out.
    StepTaken(StepTaken),
    /// It is over.
    Ended(End),
}

/// A drill as its events made it.
///
/// ```
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::backup::drill::{Drill, DrillCommand};
/// use eavip_core::policy::{Policy, Source};
/// use eavip_core::time::Timestamp;
///
/// let text = r#"
/// [service.orders]
/// owner = "platform-operations"
/// [backup.orders]
/// service = "orders"
/// severity = "SEV-1"
/// owner = "platform-operations"
/// sources = ["/var/lib/orders"]
/// at = ["02:30"]
/// repository = "sftp:vault.example.com:/orders"
/// key = "{file=/etc/eavip/orders.key}"
/// access = ["platform-operations"]
/// keep = { daily = 7 }
/// rpo = "30h"
/// rto = "1h"
/// health = "orders-smoke-test"
/// "#;
/// let policy = Policy::load(&[Source::new("runbook.toml", text)]).unwrap();
/// let plan = &policy.backups.plans["orders"];
/// let command = DrillCommand::Plan { by: "ana".parse().unwrap() };
/// let drill = Drill::replay(Drill::decide(None, command, plan, Timestamp::default()).unwrap()).unwrap();
/// assert_eq!(drill.opening.rto, plan.rto, "it is held to the objective of the day it was planned");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Drill {
    /// How it was planned.
    pub opening: Opening,
    /// How it began.
    pub started: Option<Start>,
    /// The steps that were carried out, in order.
    pub taken: Vec<StepTaken>,
    /// How it ended.
    pub ended: Option<End>,
}

words! {
    /// Where a drill stands.
    #[non_exhaustive]
    pub enum Status ("drill status") {
        /// Nobody has begun.
        Planned = "planned",
        /// The clock of recovery runs.
        Started = "started",
        /// All data is back.
        Restored = "restored",
        /// It is what was backed up.
        Compared = "compared",
        /// It is usable; the clock of recovery stands.
        HealthChecked = "health-checked",
        /// The data set can be recovered.
        Passed = "passed",
        /// It can't, or nobody knows.
        Failed = "failed",
    }
}

impl Drill {
    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        match &self.ended {
            Some(End::Passed(_)) => return Status::Passed,
            Some(End::Failed { .. } | End::Abandoned { .. }) => return Status::Failed,
            None if self.started.is_none() => return Status::Planned,
            None => {}
        }
        match self.next_step().map(|(_, phase)| phase) {
            Some(Phase::Prepare | Phase::Restore) => Status::Started,
            Some(Phase::Compare) => Status::Restored,
            Some(Phase::CheckHealth) => Status::Compared,
            Some(Phase::CleanUp) | None => Status::HealthChecked,
        }
    }

    /// The step that comes next, from 1 on, and what it is for.
    #[must_use]
    pub fn next_step(&self) -> Option<(usize, Phase)> {
        let next = self.taken.len();
        self.opening.steps.get(next).map(|phase| (next + 1, *phase))
    }

    /// How it passed, if it did.
    #[must_use]
    pub fn passed(&self) -> Option<&Passed> {
        match &self.ended {
            Some(End::Passed(passed)) => Some(passed),
            _ => None,
        }
    }

    /// When anything last happened to it.
    fn latest(&self) -> Timestamp {
        let taken = self.taken.last().map(|step| step.at);
        taken.or(self.started.as_ref().map(|start| start.at)).unwrap_or(self.opening.at)
    }

    /// How long recovery took by a moment, which isn't before the start.
    fn took(&self, by: Timestamp) -> Span {
        self.started.as_ref().map_or(Span::ZERO, |start| by.since(start.at))
    }

    /// Why a step can't have shown this.
    fn unfit(&self, step: usize, shown: Shown) -> Option<Finding> {
        let phase = *self.opening.steps.get(step.checked_sub(1)?)?;
        (!shown.fits(phase)).then(|| {
            let message = format!("what was shown is no result of a step of {phase}");
            SHOWN
                .fail(message, "report what the step showed: that it was done, a comparison, or an exit code")
        })
    }

    /// How the drill ends with its next step, if it does.
    fn end_after(&self, step: StepTaken) -> Option<End> {
        let failed = |cause| Some(End::Failed { cause, at: step.at });
        let recorded = self.started.as_ref().map(|start| start.manifest);
        match step.shown {
            Shown::NotDone => failed(Cause::StepNotDone),
            Shown::Compared { manifest, different } if different > 0 || Some(manifest) != recorded => {
                failed(Cause::Different)
            }
            Shown::Exited { code } if code != 0 => failed(Cause::Unhealthy),
            Shown::Exited { .. } if self.took(step.at) > self.opening.rto => failed(Cause::TooSlow),
            Shown::Done | Shown::Compared { .. } | Shown::Exited { .. } => {
                let last = self.taken.len() + 1 == self.opening.steps.len();
                let checked = self.opening.steps.iter().position(|phase| *phase == Phase::CheckHealth)?;
                let usable_at = self.taken.get(checked).filter(|_| last)?.at;
                Some(End::Passed(Passed { measured: self.took(usable_at), at: step.at }))
            }
        }
    }
}

/// Refuses in a state that doesn't take the command.
fn out_of_order(state: Option<&Drill>, command: &DrillCommand) -> Option<Finding> {
    let refuse = |message: String, remedy: &str| Some(IN_ORDER.fail(message, remedy));
    let Some(drill) = state else {
        let planned = matches!(command, DrillCommand::Plan { .. });
        return if planned { None } else { refuse("the drill isn't planned".to_owned(), "plan it first") };
    };
    if drill.ended.is_some() {
        return refuse(format!("the drill has {} already", drill.status()), "plan a new one");
    }
    match command {
        DrillCommand::Plan { .. } => refuse("the drill is planned already".to_owned(), "start it"),
        DrillCommand::Start { .. } if drill.started.is_some() => {
            refuse("the drill has begun already".to_owned(), "go on with its next step")
        }
        DrillCommand::Take { .. } if drill.started.is_none() => {
            refuse("the drill hasn't begun".to_owned(), "start it first")
        }
        DrillCommand::Take { step, .. } => match drill.next_step() {
            Some((next, _)) if next == *step => None,
            Some((next, phase)) => {
                refuse(format!("step {step} isn't next"), &format!("take step {next}, {phase}, first"))
            }
            None => refuse(format!("there is no step {step}"), "plan a new drill"),
        },
        DrillCommand::Start { .. } | DrillCommand::Abandon { .. } => None,
    }
}

fn backwards(drill: &Drill, now: Timestamp) -> Option<Finding> {
    let latest = drill.latest();
    (now < latest).then(|| {
        let message = format!("the drill's last step was at {latest}, which is after this one");
        FORWARD.fail(message, "set the clock right, or abandon the drill")
    })
}

impl Aggregate for Drill {
    type Command = DrillCommand;
    type Event = DrillEvent;
    type Policy = Plan;

    fn decide(
        state: Option<&Self>,
        command: DrillCommand,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Vec<DrillEvent>, Refused> {
        let mut findings: Vec<Finding> = out_of_order(state, &command).into_iter().collect();
        if !matches!(command, DrillCommand::Abandon { .. }) {
            findings.extend(state.and_then(|drill| backwards(drill, now)));
        }
        match command {
            DrillCommand::Plan { by } => {
                Refused::when_any(findings)?;
                Ok(vec![DrillEvent::Planned(Box::new(Opening::of(plan, by, now)))])
            }
            DrillCommand::Start { by, backup, manifest } => {
                let planned = state.map(|drill| drill.opening.procedure);
                if planned.is_some_and(|planned| planned != Procedure::of(plan).digest()) {
                    let message = "the restore procedure has changed since the drill was planned";
                    findings.push(AS_WRITTEN.fail(message, "abandon this drill and plan a new one"));
                }
                Refused::when_any(findings)?;
                Ok(vec![DrillEvent::Started(Start { by, backup, manifest, at: now })])
            }
            DrillCommand::Take { step, shown } => {
                findings.extend(state.and_then(|drill| drill.unfit(step, shown)));
                Refused::when_any(findings)?;
                let taken = StepTaken { shown, at: now };
                let end = state.and_then(|drill| drill.end_after(taken)).map(DrillEvent::Ended);
                Ok(std::iter::once(DrillEvent::StepTaken(taken)).chain(end).collect())
            }
            DrillCommand::Abandon { by, reason } => {
                let reason = reason.trim();
                let characters = reason.chars().count();
                if characters == 0 || characters > MAX_REASON {
                    let message = format!("the reason has {characters} characters");
                    findings.push(SAYS_WHY.fail(message, "say in 1 to 1000 characters why it is broken off"));
                }
                Refused::when_any(findings)?;
                let end = End::Abandoned { by, reason: reason.to_owned(), at: now };
                Ok(vec![DrillEvent::Ended(end)])
            }
        }
    }

    fn evolve(state: Option<Self>, event: DrillEvent) -> Option<Self> {
        let Some(mut drill) = state else {
            let DrillEvent::Planned(opening) = event else { return None };
            return Some(Self { opening: *opening, started: None, taken: Vec::new(), ended: None });
        };
        if drill.ended.is_some() {
            return Some(drill);
        }
        match event {
            DrillEvent::Planned(_) => {}
            DrillEvent::Started(start) => drop(drill.started.get_or_insert(start)),
            DrillEvent::StepTaken(step) => {
                let fits = drill.next_step().is_some_and(|(_, phase)| step.shown.fits(phase));
                if drill.started.is_some() && fits {
                    drill.taken.push(step);
                }
            }
            DrillEvent::Ended(End::Passed(_)) if drill.started.is_none() || drill.next_step().is_some() => {}
            DrillEvent::Ended(end) => drill.ended = Some(end),
        }
        Some(drill)
    }
}

#[cfg(test)]
mod tests;
