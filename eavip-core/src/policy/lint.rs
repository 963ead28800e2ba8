//! What each section says rightly and all of them together don't: an owner without people, an objective that no alert can
//! watch, approvals that nobody can give. A runbook with these can be loaded, because a platform without people must still
//! see its alerts; but nobody could act by it.

mod duty;
mod page;
mod route;

use std::collections::{BTreeMap, BTreeSet};

use super::Policy;
use crate::alert::Category;
use crate::document::{Document, Problem, Source, UNRESOLVED};
use crate::finding::{Outcome, listed};
use crate::id::TeamId;
use crate::release::approval::{Staffing, staffing};
use crate::release::version::Kind;
use crate::slo;
use crate::vocabulary::nearest;

/// A team that owns something has too few people.
pub const TEAM_TOO_SMALL: &str = "EAVIP-P20";
/// A team owns a Critical rule, and nobody is told one after the other.
pub const NO_ESCALATION: &str = "EAVIP-P21";
/// The people there are can't approve a release, or one of them is needed for each.
pub const NO_APPROVAL: &str = "EAVIP-P22";
/// A service has no backup plan and isn't stateless.
pub const NO_BACKUP: &str = "EAVIP-P23";
/// An alert rule cites a runbook page that isn't there.
pub const NO_PAGE: &str = "EAVIP-P24";
/// A Critical alert may lead to nobody.
pub const NO_ROUTE: &str = "EAVIP-P25";
/// A route stands behind one that takes everything.
pub const NEVER_REACHED: &str = "EAVIP-P26";
/// A duty or an escalation step reaches nobody who is active.
pub const NOBODY_THERE: &str = "EAVIP-P27";
/// A runbook page doesn't say what it is about, or what to do.
pub const NO_STEPS: &str = "EAVIP-P28";
/// A route's alerts would be told again sooner than what changed among them.
pub const REPEATS_TOO_SOON: &str = "EAVIP-P29";

/// Runbook pages, Markdown, by the name that alert rules cite them by.
pub type Pages = BTreeMap<String, Source>;

/// Most names in one message.
const SHOWN: usize = 3;

/// A checked runbook, and the text it was read from.
struct Lint<'l> {
    policy: &'l Policy,
    document: &'l Document,
}

impl Lint<'_> {
    /// Reports at the deepest part of a path that is declared.
    fn problem(&self, path: &[&str], code: &'static str, message: impl Into<String>, remedy: &str) {
        self.document.problem_at(path, code, message.into(), remedy.to_owned());
    }
}

/// Looks at the sections together, and reports to the document.
pub(super) fn look(policy: &Policy, document: &Document) {
    let lint = Lint { policy, document };
    teams(&lint);
    escalations(&lint);
    objectives(&lint);
    approvals(&lint);
    backups(&lint);
    watched_services(&lint);
    route::look(&lint);
    duty::look(&lint);
}

/// Looks at the pages: those that are cited to the document, those that can't be followed by themselves.
pub(super) fn look_at_pages(policy: &Policy, document: &Document, pages: &Pages) -> Vec<Problem> {
    page::cited(&Lint { policy, document }, pages);
    pages.values().filter_map(page::unusable).collect()
}

/// What each team answers for, as it is written in the text.
fn owned(policy: &Policy) -> BTreeMap<&TeamId, BTreeSet<String>> {
    let mut owned: BTreeMap<&TeamId, BTreeSet<String>> = BTreeMap::new();
    let mut add = |team, what| owned.entry(team).or_default().extend([format!("`{what}`")]);
    for rule in policy.rules() {
        rule.owner.teams().for_each(|team| add(team, format!("[alert.{}]", rule.id)));
    }
    for (id, service) in &policy.services {
        add(&service.owner, format!("[service.{id}]"));
    }
    for (id, plan) in &policy.backups.plans {
        plan.owner.teams().for_each(|team| add(team, format!("[backup.{id}]")));
    }
    for (id, flag) in &policy.flags.flags {
        add(&flag.owner, format!("[flag.{id}]"));
    }
    for ((environment, _), team) in &policy.owners.environments {
        add(team, format!("[environment.{environment}]"));
    }
    for team in policy.owners.entries.iter().map(|entry| &entry.team) {
        add(team, "[[owner]]".to_owned());
    }
    owned
}

fn teams(lint: &Lint<'_>) {
    let least = lint.policy.anti_pattern.least_members;
    for (team, owned) in owned(lint.policy) {
        let members = lint.policy.roster.members(team).count();
        if members >= least {
            continue;
        }
        let what = listed(owned.iter(), SHOWN);
        let message = format!("`{team}` owns {what} and has {members} active of at least {least} members");
        let remedy = format!("declare people with `teams = [\"{team}\"]`, or let another team own it");
        lint.problem(&["team", team.as_str()], TEAM_TOO_SMALL, message, &remedy);
    }
}

fn escalations(lint: &Lint<'_>) {
    let mut critical: BTreeMap<&TeamId, BTreeSet<&str>> = BTreeMap::new();
    for rule in lint.policy.rules().iter().filter(|rule| rule.category == Category::Critical) {
        rule.owner.teams().for_each(|team| critical.entry(team).or_default().extend([rule.id.as_str()]));
    }
    for (team, rules) in critical {
        if lint.policy.on_call.escalation_of(team).is_some() {
            continue;
        }
        let rules = listed(rules.iter().map(|rule| format!("`{rule}`")), SHOWN);
        let message = format!("`{team}` owns the Critical rules {rules}, and no escalation says who is told");
        let remedy = format!("declare [escalation.{team}] with `team = \"{team}\"` and its steps");
        lint.problem(&["team", team.as_str()], NO_ESCALATION, message, &remedy);
    }
}

fn objectives(lint: &Lint<'_>) {
    for (id, declared) in &lint.policy.slo.objectives {
        for finding in slo::lint::lint(id, &declared.objective, &lint.policy.slo) {
            let Some(code) = slo::lint::RULES.iter().find(|rule| rule.code == finding.rule) else { continue };
            if finding.outcome >= Outcome::Undetermined {
                lint.problem(&["slo", id.as_str(), "target"], code.code, finding.message, &finding.remedy);
            }
        }
    }
}

/// Who asks for a release can't approve it, and people are away: nobody may be needed for every release of a type.
fn approvals(lint: &Lint<'_>) {
    let (roster, policy) = (&lint.policy.roster, &lint.policy.release.approvals);
    for kind in Kind::ALL {
        let teams = policy.teams.of(*kind);
        let message = match staffing(roster, *kind, policy) {
            Staffing::TooFew => {
                format!("nobody can approve a {kind} release: its teams have too few active members")
            }
            Staffing::HangsOn(person) => {
                format!("no {kind} release can be approved while `{person}` is away or asks for it")
            }
            Staffing::Enough => continue,
        };
        let teams: Vec<&str> = teams.iter().map(TeamId::as_str).collect();
        let remedy = format!("declare more people of {}, or name other teams", teams.join(", "));
        lint.problem(&["approval", kind.as_str(), "teams"], NO_APPROVAL, message, &remedy);
    }
}

fn backups(lint: &Lint<'_>) {
    let kept: BTreeSet<_> = lint.policy.backups.plans.values().map(|plan| &plan.service).collect();
    for (id, _) in
        lint.policy.services.iter().filter(|(id, service)| !service.stateless && !kept.contains(id))
    {
        let message = format!("nothing backs up the data of `{id}`");
        let remedy = format!("declare a [backup.NAME] with `service = \"{id}\"`, or say `stateless = true`");
        lint.problem(&["service", id.as_str()], NO_BACKUP, message, &remedy);
    }
}

/// A rule that watches a service by a misspelt name watches nothing.
fn watched_services(lint: &Lint<'_>) {
    for rule in lint.policy.rules() {
        let Some(service) = rule.matchers.get("service") else { continue };
        if lint.policy.services.contains_key(service) {
            continue;
        }
        let remedy = match nearest(lint.policy.services.keys().map(|id| id.as_str()), service) {
            Some(meant) => format!("did you mean `{meant}`? or declare [service.{service}]"),
            None => format!("declare [service.{service}]"),
        };
        let message = format!("`{}` watches the service `{service}`, which isn't declared", rule.id);
        lint.problem(&["alert", rule.id.as_str(), "match", "service"], UNRESOLVED, message, &remedy);
    }
}

#[cfg(test)]
mod tests;
