//! What the server itself has to tell somebody about its own work (seed: *Alerts must be actionable*): each is an alert like
//! any other, with an owner, an action and a runbook page.
//!
//! Whether one of them holds, and since when, is for the server to see.

use super::Category;
use super::episode::Origin;
use super::rule::{Action, Runbook};
use crate::evaluate::Stated;
use crate::id::{AlertRuleId, Digest128, TeamId};
use crate::labels::Labels;
use crate::time::Timestamp;
use crate::words;

words! {
    /// What the server states of its own work; the name of the alert's rule.
    #[non_exhaustive]
    pub enum Concern ("concern") {
        /// Alerts that other systems sent wait for an owner or a runbook.
        IntakeQuarantined = "intake-quarantined",
        /// More alerts are sent than are kept.
        IntakeFull = "intake-full",
        /// A notification was given up.
        NotificationUndelivered = "notification-undelivered",
        /// An alert was to be told and nobody could be reached.
        NobodyReachable = "nobody-reachable",
        /// Those who are affected by an incident wait for an update.
        IncidentUpdateOverdue = "incident-update-overdue",
        /// An incident's review is late.
        IncidentReviewOverdue = "incident-review-overdue",
        /// What was to keep an incident from coming back is late.
        IncidentItemOverdue = "incident-item-overdue",
        /// A defect of noise is late.
        NoiseDefectOverdue = "noise-defect-overdue",
        /// The operations review of a month isn't signed.
        OperationsReviewOverdue = "operations-review-overdue",
    }
}

impl Concern {
    /// How urgent it is.
    #[must_use]
    pub const fn category(self) -> Category {
        match self {
            Self::NobodyReachable | Self::NotificationUndelivered => Category::Critical,
            Self::IntakeQuarantined
            | Self::IntakeFull
            | Self::IncidentUpdateOverdue
            | Self::IncidentReviewOverdue
            | Self::IncidentItemOverdue
            | Self::NoiseDefectOverdue
            | Self::OperationsReviewOverdue => Category::Warning,
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::IntakeQuarantined => {
                "Give each listed alert an owner and a runbook, at its sender or by an [[owner]]."
            }
            Self::IntakeFull => "Find the rule that sends so many alerts and mend or remove it.",
            Self::NotificationUndelivered => {
                "Look why the receiver refuses messages, mend it, and send a test."
            }
            Self::NobodyReachable => {
                "Take the alert yourself, then give the people on call a channel that works."
            }
            Self::IncidentUpdateOverdue => {
                "Tell those who are affected what is known and when they hear again."
            }
            Self::IncidentReviewOverdue => "Write the incident's review and have it signed.",
            Self::IncidentItemOverdue => {
                "Do the action item, or agree on another date with its incident's owner."
            }
            Self::NoiseDefectOverdue => "Mend the noisy rule, or show why it is worth what it costs.",
            Self::OperationsReviewOverdue => "Hold the operations review of the month and sign its pack.",
        }
    }

    /// The built-in page that says what to do about it.
    #[must_use]
    pub const fn page(self) -> &'static str {
        match self {
            Self::IntakeQuarantined | Self::IntakeFull => "alert-intake",
            Self::NotificationUndelivered | Self::NobodyReachable => "notification-undelivered",
            Self::IncidentUpdateOverdue | Self::IncidentReviewOverdue | Self::IncidentItemOverdue => {
                "incident-overdue"
            }
            Self::NoiseDefectOverdue => "noise-defect",
            Self::OperationsReviewOverdue => "operations-review",
        }
    }

    /// The alert about something that the page at `path` shows; the same path is the same alert over all its episodes.
    /// `more` are labels beside `rule`, `alertname`, `category` and `owner`.
    #[must_use]
    pub fn about(
        self,
        path: &str,
        owner: TeamId,
        more: &Labels,
        summary: String,
        since: Timestamp,
    ) -> Option<Stated> {
        let rule: AlertRuleId = self.as_str().parse().ok()?;
        let (action, runbook): (Action, Runbook) = (self.action().parse().ok()?, self.page().parse().ok()?);
        let category = self.category();
        let added = [
            ("rule", rule.as_str()),
            ("alertname", rule.as_str()),
            ("category", category.as_str()),
            ("owner", owner.as_str()),
        ];
        Some(Stated {
            fingerprint: Digest128::of([b"server".as_slice(), self.as_str().as_bytes(), path.as_bytes()]),
            labels: more.with(added),
            rule,
            category,
            owner,
            action,
            runbook,
            summary,
            since,
            origin: Origin::Server { path: path.to_owned() },
        })
    }
}

#[cfg(test)]
mod tests;
