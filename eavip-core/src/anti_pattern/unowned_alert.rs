//! Unowned alerts: nobody, nobody who exists, nobody who is there, or everybody.

use serde::{Deserialize, Serialize};

use super::{AntiPatternPolicy, or_pass};
use crate::alert::Category;
use crate::environment::Environment;
use crate::finding::Finding;
use crate::freshness::age;
use crate::id::{AlertRuleId, TeamId};
use crate::roster::{Roster, Team};
use crate::time::Timestamp;

crate::rules! {
    /// An alert has no owner, one that isn't declared, one with fewer than two active members, one that owns whatever comes,
    /// or one that nobody confirmed for 90 days. Name a team of people who are there, and confirm it. An informational
    /// alert below Staging that ends within 30 days may do without.
    OWNED = "EAVIP-AP4", "every alert has an owner who is there", "Unowned alerts";
}

/// What is known of an alert's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// The rule.
    pub rule: AlertRuleId,
    /// How urgent it is.
    pub category: Category,
    /// Where it watches.
    pub environment: Environment,
    /// The owner as it was written; empty for none.
    pub owner: String,
    /// Whether that owner was found because it owns whatever comes.
    pub catch_all: bool,
    /// When the rule ends; `None` when it stays.
    pub expires_at: Option<Timestamp>,
}

/// Looks at an alert's owner: what is wrong, or one pass.
///
/// ```
/// use eavip_core::alert::Category;
/// use eavip_core::anti_pattern::AntiPatternPolicy;
/// use eavip_core::anti_pattern::unowned_alert::{Ownership, detect};
/// use eavip_core::environment::Environment;
/// use eavip_core::roster::Roster;
/// use eavip_core::time::Timestamp;
///
/// let alert = Ownership {
///     rule: "disk-full".parse().unwrap(),
///     category: Category::Critical,
///     environment: Environment::Production,
///     owner: String::new(),
///     catch_all: false,
///     expires_at: None,
/// };
/// let findings = detect(&alert, &Roster::default(), &AntiPatternPolicy::default(), Timestamp::default());
/// assert_eq!(findings[0].message, "`disk-full` has no owner");
/// ```
#[must_use]
pub fn detect(
    alert: &Ownership,
    roster: &Roster,
    policy: &AntiPatternPolicy,
    now: Timestamp,
) -> Vec<Finding> {
    let rule = &alert.rule;
    let experiment = alert.category == Category::Informational
        && alert.environment < Environment::Staging
        && alert.expires_at.is_some_and(|at| now <= at && at.since(now) <= policy.experiment_within);
    if experiment {
        return vec![OWNED.not_applicable(format!("`{rule}` is an experiment that ends by itself"))];
    }
    if alert.owner.trim().is_empty() {
        return vec![OWNED.fail(format!("`{rule}` has no owner"), "name the team that acts")];
    }
    let known = alert.owner.parse::<TeamId>().ok();
    let known = known.and_then(|id| roster.teams.get(&id).map(|team| (id, team)));
    let Some((id, team)) = known else {
        let named: String = alert.owner.chars().take(80).collect();
        let message = format!("`{rule}` is owned by `{named}`, which isn't a declared team");
        return vec![OWNED.fail(message, "name a declared team, or declare this one")];
    };
    let mut found = Vec::new();
    if alert.catch_all {
        let message = format!("`{rule}` is owned by `{id}` only because that owns whatever comes");
        found.push(OWNED.fail(message, "name the team that acts on this alert").owned_by(&id));
    }
    let members = roster.members(&id).count();
    if members < policy.least_members {
        let message = format!("`{rule}` is owned by `{id}`, which has {members} active members");
        let remedy = format!("have at least {} active members, or name another team", policy.least_members);
        found.push(OWNED.fail(message, remedy).owned_by(&id));
    }
    found.extend(unconfirmed(alert, &id, team, policy, now));
    or_pass(OWNED, found, || format!("`{rule}` is owned by `{id}`"))
}

fn unconfirmed(
    alert: &Ownership,
    id: &TeamId,
    team: &Team,
    policy: &AntiPatternPolicy,
    now: Timestamp,
) -> Option<Finding> {
    let (rule, remedy) = (&alert.rule, format!("confirm its members: `confirmed` of [team.{id}]"));
    let Some((at, age)) = team.confirmed_at.and_then(|at| age(at, now).map(|age| (at, age))) else {
        let message = format!("when `{id}`, the owner of `{rule}`, was last confirmed isn't known");
        return Some(OWNED.undetermined(message, remedy).owned_by(id));
    };
    (age > policy.confirmed_within).then(|| {
        let message = format!("`{id}`, the owner of `{rule}`, was last confirmed at {at}");
        OWNED.fail(message, remedy).owned_by(id)
    })
}

#[cfg(test)]
mod tests;
