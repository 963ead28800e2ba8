//! Who owns an alert (seed: *No alert without an owner*). The owner may differ by mode: what the vendor's team
//! handles in SaaS may be the customer's on their own machines.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rule::Runbook;
use crate::environment::Environment;
use crate::id::TeamId;
use crate::labels::Labels;
use crate::mode::Mode;

/// The owning team, one for all modes or one for each. Neither can be empty: a [`TeamId`] has at least one character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Owner {
    /// The same team everywhere.
    Everywhere(TeamId),
    /// A team for each mode.
    ByMode {
        /// The vendor's installation.
        saas: TeamId,
        /// The customer's cloud.
        byoc: TeamId,
        /// The customer's site.
        #[serde(rename = "on-prem")]
        on_prem: TeamId,
    },
}

impl Owner {
    /// The team that owns it in a mode.
    #[must_use]
    pub fn in_mode(&self, mode: Mode) -> &TeamId {
        match (self, mode) {
            (Self::Everywhere(team), _) => team,
            (Self::ByMode { saas, .. }, Mode::Saas) => saas,
            (Self::ByMode { byoc, .. }, Mode::Byoc) => byoc,
            (Self::ByMode { on_prem, .. }, Mode::OnPrem) => on_prem,
        }
    }

    /// Every team named.
    pub fn teams(&self) -> impl Iterator<Item = &TeamId> {
        Mode::ALL.iter().map(|mode| self.in_mode(*mode))
    }
}

/// One declared `[[owner]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnerEntry {
    /// What it is for.
    pub matches: Labels,
    /// Who owns that.
    pub team: TeamId,
    /// Where it is written what they do, for alerts that don't say so themselves.
    pub runbook: Option<Runbook>,
}

/// How an owner is found for an alert that carries none of its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnerMap {
    /// The first whose labels all match decides.
    pub entries: Vec<OwnerEntry>,
    /// The owner of an environment in a mode.
    pub environments: BTreeMap<(Environment, Mode), TeamId>,
}

impl OwnerMap {
    /// The runbook of the first entry that matches and has one.
    #[must_use]
    pub fn runbook(&self, labels: &Labels) -> Option<&Runbook> {
        self.matching(labels).find_map(|entry| entry.runbook.as_ref())
    }

    fn matching(&self, labels: &Labels) -> impl Iterator<Item = &OwnerEntry> {
        let matches = |wanted: &Labels| wanted.iter().all(|(name, value)| labels.get(name) == Some(value));
        self.entries.iter().filter(move |entry| matches(&entry.matches))
    }
}

/// No step of the resolution named a declared team.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nobody owns this alert; add an `owner` label with a declared team, or a matching [[owner]]")]
pub struct Unowned;

/// The owner of an alert: its `owner` label, then the matcher map, then `fallback` (the intake token's owner), then
/// the environment's owner for the mode. Only teams for which `declared` holds count, so there is no catch-all.
///
/// # Errors
/// [`Unowned`] when no step names a declared team: the alert is then quarantined, never sent to nobody.
pub fn resolve(
    labels: &Labels,
    place: Option<(Environment, Mode)>,
    fallback: Option<&TeamId>,
    map: &OwnerMap,
    declared: impl Fn(&TeamId) -> bool,
) -> Result<TeamId, Unowned> {
    let label = labels.get("owner").and_then(|text| text.parse::<TeamId>().ok());
    let matched = map.matching(labels).map(|entry| entry.team.clone());
    let environment = place.and_then(|place| map.environments.get(&place).cloned());
    let steps = label.into_iter().chain(matched).chain(fallback.cloned()).chain(environment);
    steps.into_iter().find(|team| declared(team)).ok_or(Unowned)
}

#[cfg(test)]
mod tests;
