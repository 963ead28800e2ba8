//! Alerts (seed: *Alerting Policy*): rules that can't exist without an owner, an action and a runbook; episodes;
//! and the reason for each decision to tell somebody or not.

pub mod backtest;
pub mod concern;
pub mod episode;
pub mod flap;
pub mod group;
pub mod inhibit;
pub mod intake;
pub mod maintenance;
pub mod matcher;
pub mod noise;
pub mod notice;
pub mod owner;
pub mod route;
pub mod rule;
pub mod silence;
mod ticket;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use ticket::{InvalidTicket, Ticket};

use crate::id::{AlertRuleId, Digest128, TeamId, WindowId};
use crate::labels::Labels;
use crate::time::Timestamp;
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

/// What decisions on telling look at: an open episode, or an alert that was taken in from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The episode.
    pub id: Digest128,
    /// Its rule.
    pub rule: AlertRuleId,
    /// How urgent it is.
    pub category: Category,
    /// Who owns it; `None` only for one from elsewhere whose owner couldn't be resolved.
    pub owner: Option<TeamId>,
    /// Its labels, `rule`, `category` and `owner` among them.
    pub labels: Labels,
    /// When it counted.
    pub since: Timestamp,
}

impl From<&episode::Opening> for Alert {
    fn from(opening: &episode::Opening) -> Self {
        Self {
            id: opening.id,
            rule: opening.rule.clone(),
            category: opening.category,
            owner: Some(opening.owner.clone()),
            labels: opening.labels.clone(),
            since: opening.at,
        }
    }
}

/// The declared part of alerting beside rules and routes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertingPolicy {
    /// How alerts are put together.
    pub grouping: group::GroupingPolicy,
    /// Which alerts explain which.
    pub inhibitions: Vec<inhibit::Inhibition>,
    /// How alerts from other systems are taken in.
    pub intake: intake::IntakePolicy,
    /// How long silences last.
    pub silence: silence::SilencePolicy,
    /// Windows by name.
    pub maintenance: BTreeMap<WindowId, maintenance::Window>,
    /// What counts as flapping.
    pub flapping: flap::FlapPolicy,
    /// How much noise there may be.
    pub noise: noise::NoisePolicy,
}
