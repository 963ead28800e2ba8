//! Alerts (seed: *Alerting Policy*): rules that can't exist without an owner, an action and a runbook; episodes;
//! and the reason for each decision to tell somebody or not.

pub mod episode;
pub mod owner;
pub mod route;
pub mod rule;

use crate::words;

words! {
    /// How urgent an alert is (seed: *Alerts are categorized as*); from least to most.
    pub enum Category ("alert category") {
        /// Worth knowing.
        Informational = "informational",
        /// Needs somebody within the working day.
        Warning = "warning",
        /// Needs somebody now.
        Critical = "critical",
    }
}
