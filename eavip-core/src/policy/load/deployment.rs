//! `[deployment.NAME]`: the installations, and names of services elsewhere in the text.

use std::collections::{BTreeMap, BTreeSet};

use super::roster::team;
use crate::deployment::{Deployment, Deployments, MAX_DEPLOYMENTS};
use crate::document::{CONTRADICTION, Section, UNRESOLVED, WRONG_VALUE};
use crate::environment::Environment;
use crate::id::{DeploymentId, ServiceId, TeamId};
use crate::mode::Mode;
use crate::policy::Service;
use crate::roster::{Party, Roster};
use crate::vocabulary::nearest;

/// Longest name that people call a deployment, in characters.
const MAX_NAME: usize = 120;

pub(super) fn read(
    root: &Section<'_>,
    roster: &Roster,
    services: &BTreeMap<ServiceId, Service>,
) -> Deployments {
    let sections = root.named_sections::<DeploymentId>("deployment");
    if sections.len() > MAX_DEPLOYMENTS {
        let message = format!("{} deployments are too many", sections.len());
        root.problem(Some("deployment"), WRONG_VALUE, message, &format!("keep at most {MAX_DEPLOYMENTS}"));
        return Deployments::new();
    }
    let read = |(id, section): (DeploymentId, Section<'_>)| {
        let found = deployment(&id, &section, roster, services);
        section.finish();
        found.map(|found| (id, found))
    };
    sections.into_iter().filter_map(read).collect()
}

fn deployment(
    id: &DeploymentId,
    section: &Section<'_>,
    roster: &Roster,
    services: &BTreeMap<ServiceId, Service>,
) -> Option<Deployment> {
    let name: String = section.text("name").unwrap_or_else(|| id.to_string());
    if !(1..=MAX_NAME).contains(&name.trim().chars().count()) {
        let message = "the deployment's name is empty or too long";
        section.problem(Some("name"), WRONG_VALUE, message, &format!("write 1 to {MAX_NAME} characters"));
    }
    let mode: Option<Mode> = section.required("mode", "say who runs it: saas, byoc or on-prem");
    let environments: BTreeSet<Environment> = section.list("environments").into_iter().collect();
    if environments.is_empty() {
        section.missing("environments", "name at least one: `environments = [\"production\"]`");
    }
    let named: BTreeSet<ServiceId> = section.list("services").into_iter().collect();
    let customer = customer(section, mode, roster);
    Some(Deployment {
        name,
        mode: mode?,
        environments,
        services: named.into_iter().filter(|id| is_service(section, "services", id, services)).collect(),
        customer,
    })
}

/// The customer's team, which must be on the customer's side.
fn customer(section: &Section<'_>, mode: Option<Mode>, roster: &Roster) -> Option<TeamId> {
    const WHY: &str = "name the customer's team: somebody there is accountable for a part of it";
    if !section.has("customer") && mode.is_none_or(|mode| mode == Mode::Saas) {
        section.known("customer");
        return None;
    }
    let id = team(section, "customer", roster, WHY)?;
    if roster.teams.get(&id).is_some_and(|team| team.party != Party::Customer) {
        let message = format!("`{id}` is a team of the vendor");
        let remedy = format!("name a team of the customer, or set `party = \"customer\"` in [team.{id}]");
        section.problem(Some("customer"), CONTRADICTION, message, &remedy);
    }
    Some(id)
}

/// Whether a service's name is declared.
pub(super) fn is_service(
    section: &Section<'_>,
    key: &'static str,
    id: &ServiceId,
    services: &BTreeMap<ServiceId, Service>,
) -> bool {
    if services.contains_key(id) {
        return true;
    }
    let remedy = match nearest(services.keys().map(ServiceId::as_str), id.as_str()) {
        Some(service) => format!("did you mean `{service}`? or declare [service.{id}]"),
        None => format!("declare [service.{id}]"),
    };
    section.problem(Some(key), UNRESOLVED, format!("no service is called `{id}`"), &remedy);
    false
}

#[cfg(test)]
mod tests;
