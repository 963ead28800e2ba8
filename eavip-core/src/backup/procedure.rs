//! The restore procedure of a data set, made from its plan (seed: *Restore procedures documented*): steps as data, which
//! a drill executes one by one, and the same steps as a page.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::id::{BackupId, Digest128};
use crate::words;

words! {
    /// What a step of a restore is for; in the order in which they come.
    #[non_exhaustive]
    pub enum Phase ("phase of a restore") {
        /// Get ready.
        Prepare = "prepare",
        /// Bring the data back.
        Restore = "restore",
        /// Compare it with what was backed up.
        Compare = "compare",
        /// See whether it is usable.
        CheckHealth = "check-health",
        /// Leave nothing behind.
        CleanUp = "clean-up",
    }
}

/// One step, for a person or for an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it is for.
    pub phase: Phase,
    /// What to do.
    pub action: String,
    /// What is to be seen then.
    pub expect: String,
}

/// How a data set is restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    /// The data set.
    pub plan: BackupId,
    /// The steps in order.
    pub steps: Vec<Step>,
}

impl Procedure {
    /// The procedure of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let step = |phase, action: String, expect: &str| Step { phase, action, expect: expect.to_owned() };
        let mut steps = vec![
            step(
                Phase::Prepare,
                format!(
                    "Fetch the key from `{}` and open the repository `{}` with it.",
                    plan.key, plan.repository
                ),
                "The repository lists its backups.",
            ),
            step(
                Phase::Prepare,
                "Choose the newest good backup, or the newest one from before the damage.".to_owned(),
                "Its name and the digest of its manifest are written down.",
            ),
            step(
                Phase::Prepare,
                "Make an empty place that only the restore can reach, with room for all of the data."
                    .to_owned(),
                "The place is empty and on no production host.",
            ),
        ];
        steps.extend(plan.sources.iter().map(|source| {
            let action = format!("Restore `{source}` from the chosen backup into that place.");
            step(Phase::Restore, action, "The restore ends without an error.")
        }));
        steps.push(step(
            Phase::Compare,
            "Compare every file byte for byte with the manifest that was recorded with the backup."
                .to_owned(),
            "No file is missing, added or different, and the manifest has the same digest.",
        ));
        steps.push(step(
            Phase::CheckHealth,
            format!("Run `{}` on the restored data.", plan.health),
            &format!("It exits with 0, at most {} after the first step.", plan.rto),
        ));
        steps.push(step(
            Phase::CleanUp,
            "Remove what was restored and put the key back, unless the data goes into service.".to_owned(),
            "The place is empty, and the key lies in no other place than before.",
        ));
        Self { plan: plan.id.clone(), steps }
    }

    /// Identifies this wording: another digest is another procedure, which nobody has rehearsed yet.
    #[must_use]
    pub fn digest(&self) -> Digest128 {
        Digest128::of_value(self)
    }

    /// The procedure as a page in Markdown. What people declared stands in code spans, and has no backtick in it.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut page = format!("# Restore {}\n\nRevision {}.\n", self.plan, self.digest());
        for (number, step) in (1..).zip(&self.steps) {
            // Writing into a text doesn't fail.
            let _written = write!(page, "\n{number}. {}\n   Expect: {}\n", step.action, step.expect);
        }
        page
    }
}

#[cfg(test)]
mod tests;
