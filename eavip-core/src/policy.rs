//! The declared runbook: teams, services with their objectives, alert rules and routes, read from `runbook.toml`
//! over the built-in policy.
//!
//! A platform overrides any field of a built-in rule by declaring the rule with that field alone:
//!
//! ```
//! use eavip_core::policy::{Policy, Source};
//!
//! let policy = Policy::load(&[Source::new("runbook.toml", "[alert.disk-full]\nabove = 0.9\n")]).unwrap();
//! let rule = policy.rule("disk-full").unwrap();
//! assert_eq!(rule.condition.to_string(), "above 0.9");
//! assert_eq!(rule.owner.teams().next().unwrap().as_str(), "platform-operations");
//! ```

pub mod lint;
mod load;
pub mod runbooks;

use std::collections::{BTreeMap, BTreeSet};

pub use crate::document::{Problem, Source};

use crate::access_review::AccessReviewPolicy;
use crate::alert::AlertingPolicy;
use crate::alert::owner::OwnerMap;
use crate::alert::route::Route;
use crate::alert::rule::AlertRule;
use crate::anti_pattern::AntiPatternPolicy;
use crate::audit::AuditPolicy;
use crate::backup::Backups;
use crate::capacity::CapacityPolicy;
use crate::config::ConfigPolicy;
use crate::deployment::Deployments;
use crate::flag::FlagPolicy;
use crate::id::{Digest128, ReceiverId, ServiceId, TeamId};
use crate::incident::IncidentPolicy;
use crate::on_call::OnCallPolicy;
use crate::release::ReleasePolicy;
use crate::release::rollout::RolloutPolicy;
use crate::responsibility::Matrix;
use crate::roster::Roster;
use crate::signal::health::Objectives;
use crate::signal::indicator::{Derived, Indicator};
use crate::signal::metric::Metric;
use crate::slo::SloPolicy;
use crate::trend::TrendPolicy;

/// The built-in policy's text, as `runbook.toml` would write it.
pub const BUILTIN: &str = include_str!("policy/builtin.toml");

/// Most alert rules of one policy.
pub const MAX_RULES: usize = 5_000;

/// A declared service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Who runs it.
    pub owner: TeamId,
    /// Whether it keeps no data, so that nothing of it has to be backed up.
    pub stateless: bool,
    /// What it is expected to keep.
    pub objectives: Objectives,
}

/// A checked runbook.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How alerts become notices, and how much noise there may be.
    pub alerting: AlertingPolicy,
    /// Who has duty, and who is told next.
    pub on_call: OnCallPolicy,
    /// How the audit log is signed and watched.
    pub audit: AuditPolicy,
    /// What is backed up, and how.
    pub backups: Backups,
    /// How often access is looked at.
    pub access_review: AccessReviewPolicy,
    /// When the detectors of what is forbidden speak.
    pub anti_pattern: AntiPatternPolicy,
    /// Which configuration keys there are, and what counts as drift.
    pub config: ConfigPolicy,
    /// Installations by name.
    pub deployments: Deployments,
    /// Who is accountable for what in which mode.
    pub responsibilities: Matrix,
    /// Objectives, and the rules over their budgets.
    pub slo: SloPolicy,
    /// Teams and people.
    pub roster: Roster,
    /// Services by id.
    pub services: BTreeMap<ServiceId, Service>,
    /// How owners are found for alerts that carry none.
    pub owners: OwnerMap,
    /// Where alerts go, in order.
    pub routes: Vec<Route>,
    /// What a release has to meet.
    pub release: ReleasePolicy,
    /// How a release goes out in stages, and what is compared in them.
    pub rollout: RolloutPolicy,
    /// How far ahead capacity is looked after.
    pub capacity: CapacityPolicy,
    /// Feature flags and phases.
    pub flags: FlagPolicy,
    /// The deadlines of incidents.
    pub incident: IncidentPolicy,
    /// How trends are judged and reviewed.
    pub trend: TrendPolicy,
    /// Identifies the texts that the policy was read from.
    pub digest: Digest128,
    rules: Vec<AlertRule>,
    by_metric: Vec<Vec<usize>>,
    derived: Vec<(Derived, usize)>,
    default_objectives: Objectives,
}

impl Policy {
    /// Reads sources over the built-in policy.
    ///
    /// # Errors
    /// Every problem of every source at once, in the order of sources and lines; never an empty list.
    pub fn load(sources: &[Source]) -> Result<Self, Vec<Problem>> {
        load::load(sources, None)
    }

    /// Reads sources as [`Policy::load`] does, where it is known which receivers there are: a route to another one is a
    /// problem.
    ///
    /// # Errors
    /// As [`Policy::load`].
    pub fn load_for(sources: &[Source], receivers: &BTreeSet<ReceiverId>) -> Result<Self, Vec<Problem>> {
        load::load(sources, Some(receivers))
    }

    /// Reads sources as [`Policy::load`] does, and then looks at the sections together: [`lint`] has what is told. `pages` are
    /// the runbook pages there are; `None` leaves those that rules cite unchecked.
    ///
    /// ```
    /// use eavip_core::policy::{Policy, Source, lint};
    ///
    /// let text = "[service.shop]\nowner = \"platform-operations\"\n";
    /// let problems = Policy::lint(&[Source::new("runbook.toml", text)], None).unwrap_err();
    /// let shop = problems.iter().find(|problem| problem.code == lint::NO_BACKUP).unwrap();
    /// assert_eq!(shop.place(), "runbook.toml:1:10");
    /// assert_eq!(shop.message, "nothing backs up the data of `shop`");
    /// ```
    ///
    /// # Errors
    /// As [`Policy::load`]. Where a text can't be loaded, that alone is told.
    pub fn lint(sources: &[Source], pages: Option<&lint::Pages>) -> Result<Self, Vec<Problem>> {
        load::lint(sources, pages)
    }

    /// The JSON Schema of `runbook.toml`, for editors.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        load::schema()
    }

    /// The built-in policy alone.
    #[must_use]
    pub fn builtin() -> Self {
        // The built-in text is loaded in a test, so the fallback, a policy without rules, is never reached.
        Self::load(&[]).unwrap_or_else(|_| Self::assemble(Parts::default(), Digest128([0; 16])))
    }

    fn assemble(parts: Parts, digest: Digest128) -> Self {
        let mut by_metric = vec![Vec::new(); Metric::ALL.len()];
        let mut derived = Vec::new();
        for (at, rule) in parts.rules.iter().enumerate() {
            match rule.indicator {
                Indicator::Metric(metric) => {
                    by_metric.get_mut(metric as usize).into_iter().for_each(|l| l.push(at))
                }
                Indicator::Derived(indicator) => derived.push((indicator, at)),
            }
        }
        Self {
            alerting: parts.alerting,
            on_call: parts.on_call,
            audit: parts.audit,
            backups: parts.backups,
            access_review: parts.access_review,
            anti_pattern: parts.anti_pattern,
            config: parts.config,
            deployments: parts.deployments,
            responsibilities: parts.responsibilities,
            slo: parts.slo,
            roster: parts.roster,
            services: parts.services,
            owners: parts.owners,
            routes: parts.routes,
            release: parts.release,
            rollout: parts.rollout,
            capacity: parts.capacity,
            flags: parts.flags,
            incident: parts.incident,
            trend: parts.trend,
            digest,
            rules: parts.rules,
            by_metric,
            derived,
            default_objectives: parts.objectives,
        }
    }

    /// Every alert rule, by name.
    #[must_use]
    pub fn rules(&self) -> &[AlertRule] {
        &self.rules
    }

    /// The rule of a name.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&AlertRule> {
        let found = self.rules.binary_search_by(|rule| rule.id.as_str().cmp(id)).ok();
        found.and_then(|at| self.rules.get(at))
    }

    /// The rules that look at a metric's latest value.
    pub fn rules_on(&self, metric: Metric) -> impl Iterator<Item = &AlertRule> {
        let list = self.by_metric.get(metric as usize);
        list.into_iter().flatten().filter_map(|at| self.rules.get(*at))
    }

    /// The rules that look at a service's window.
    pub fn rules_on_services(&self) -> impl Iterator<Item = (Derived, &AlertRule)> {
        self.derived.iter().filter_map(|(derived, at)| self.rules.get(*at).map(|rule| (*derived, rule)))
    }

    /// What a service is expected to keep.
    #[must_use]
    pub fn objectives(&self, service: &ServiceId) -> &Objectives {
        self.services.get(service).map_or(&self.default_objectives, |service| &service.objectives)
    }

    /// Every receiver that a route names.
    #[must_use]
    pub fn receivers(&self) -> Vec<&ReceiverId> {
        let mut named: Vec<&ReceiverId> = self.routes.iter().flat_map(Route::receivers).collect();
        named.sort_unstable();
        named.dedup();
        named
    }
}

/// What the reader puts together.
#[derive(Debug, Default)]
struct Parts {
    alerting: AlertingPolicy,
    on_call: OnCallPolicy,
    audit: AuditPolicy,
    backups: Backups,
    access_review: AccessReviewPolicy,
    anti_pattern: AntiPatternPolicy,
    config: ConfigPolicy,
    deployments: Deployments,
    responsibilities: Matrix,
    slo: SloPolicy,
    roster: Roster,
    services: BTreeMap<ServiceId, Service>,
    owners: OwnerMap,
    routes: Vec<Route>,
    incident: IncidentPolicy,
    trend: TrendPolicy,
    rules: Vec<AlertRule>,
    objectives: Objectives,
    release: ReleasePolicy,
    rollout: RolloutPolicy,
    capacity: CapacityPolicy,
    flags: FlagPolicy,
}

#[cfg(test)]
mod tests;
