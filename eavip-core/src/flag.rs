//! Feature flags: each has an owner, a kind, environments and an end, and changing one is a configuration change (seed:
//! Product & Architecture, "Feature flag management"). Which phases are open is known to [`crate::phase`]; delivering
//! values to services is not here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::alert::episode::MAX_REASON;
use crate::decision::Refused;
use crate::environment::Environment;
use crate::finding::Finding;
use crate::id::{FlagId, PersonId, PhaseId, TeamId};
use crate::phase::DeclaredPhase;
use crate::policy::Policy;
use crate::roster::PRODUCT_ARCHITECTURE;
use crate::time::{Span, Timestamp};
use crate::words;

crate::rules! {
    /// A flag is declared under [flag.NAME] with owner, kind and environments before it is used.
    DECLARED = "EAVIP-F01", "a flag is declared with owner, kind and environments", "Feature flag management";
    /// A flag is turned on only in the environments it is declared for. Add the environment to its declaration first.
    WHERE = "EAVIP-F02", "a flag is on only where it is declared for", "Environment-specific values only";
    /// Release and experiment flags end 40 days after they were introduced; an operational flag is reviewed every 7 days. A
    /// stale flag isn't turned on any more. Remove the flag from the code and retire it, or review it.
    NOT_STALE = "EAVIP-F03", "a flag isn't used past its end", "Feature flag management";
    /// A flag of a later phase stays off in Production until Product & Architecture opens that phase.
    PHASE_OPEN = "EAVIP-F04", "what belongs to a later phase stays off in Production", "Phase boundary enforcement";
    /// A flag change is a configuration change: an active person, a reason and a ticket stand with it.
    RECORDED = "EAVIP-F05", "a flag change says who, why and under which ticket", "Configuration changes are auditable";
    /// A flag is introduced once, changed to what it isn't, and not used again once it is retired.
    IN_USE = "EAVIP-F06", "a flag is introduced once and retired for good", "Feature flag management";
    /// A flag is turned on, reviewed and retired by its owner's team or Product & Architecture. Anybody may turn one off.
    MANAGED = "EAVIP-F07", "its owner or Product & Architecture manages a flag", "Feature flag management";
}

/// Most flags of one policy; more would be a second configuration.
pub const MAX_FLAGS: usize = 2_000;
/// Longest ticket number or address, in characters.
pub const MAX_TICKET: usize = 200;

words! {
    /// What a flag is for.
    #[non_exhaustive]
    pub enum FlagKind ("kind of flag") {
        /// Keeps what isn't finished apart from what is released.
        Release = "release",
        /// Compares two ways.
        Experiment = "experiment",
        /// Steers operation, such as a limit or a fallback.
        Operational = "operational",
        /// Turns something off in an emergency.
        KillSwitch = "kill-switch",
    }
}

/// A declared flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredFlag {
    /// Who answers for it.
    pub owner: TeamId,
    /// What it is for.
    pub kind: FlagKind,
    /// Where it may be on.
    pub environments: BTreeSet<Environment>,
    /// The phase that it belongs to; `None` for what belongs to every one.
    pub phase: Option<PhaseId>,
}

/// Declared flags and phases, and how long flags live (RULES section 10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagPolicy {
    /// How long a release flag lives: 40 d.
    pub release_lasts: Span,
    /// How long an experiment flag lives: 40 d.
    pub experiment_lasts: Span,
    /// How often an operational flag is reviewed: 7 d.
    pub review_every: Span,
    /// Flags by id.
    pub flags: BTreeMap<FlagId, DeclaredFlag>,
    /// Phases by id.
    pub phases: BTreeMap<PhaseId, DeclaredPhase>,
}

impl Default for FlagPolicy {
    fn default() -> Self {
        let days = |count: u64| Span::from_secs(count * 86_400);
        Self {
            release_lasts: days(40),
            experiment_lasts: days(40),
            review_every: days(7),
            flags: BTreeMap::new(),
            phases: BTreeMap::new(),
        }
    }
}

/// Who changes a flag, why, and under which ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Who.
    pub by: PersonId,
    /// Why.
    pub reason: String,
    /// The ticket's number or address.
    pub ticket: String,
}

/// What somebody asks of a flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum FlagCommand {
    /// The flag comes into use, off everywhere.
    Introduce {
        /// Which.
        flag: FlagId,
        /// Who and why.
        record: Record,
    },
    /// It is turned on or off.
    Turn {
        /// Where.
        environment: Environment,
        /// On, or off.
        on: bool,
        /// The phases that are open: [`Phases::open`](crate::phase::Phases::open).
        open_phases: BTreeSet<PhaseId>,
        /// Who and why.
        record: Record,
    },
    /// Somebody looked whether it is still needed, and it is.
    Review {
        /// Who and why.
        record: Record,
    },
    /// It isn't used any more.
    Retire {
        /// Who and why.
        record: Record,
    },
}

impl FlagCommand {
    const fn record(&self) -> &Record {
        match self {
            Self::Introduce { record, .. }
            | Self::Turn { record, .. }
            | Self::Review { record }
            | Self::Retire { record } => record,
        }
    }
}

/// What happened to a flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FlagEvent {
    /// It came into use.
    Introduced {
        /// Which.
        flag: FlagId,
        /// Who and why.
        record: Record,
        /// When.
        at: Timestamp,
    },
    /// It was turned on or off.
    Turned {
        /// Where.
        environment: Environment,
        /// On, or off.
        on: bool,
        /// Who and why.
        record: Record,
        /// When.
        at: Timestamp,
    },
    /// It was reviewed.
    Reviewed {
        /// Who and why.
        record: Record,
        /// When.
        at: Timestamp,
    },
    /// It went out of use.
    Retired {
        /// Who and why.
        record: Record,
        /// When.
        at: Timestamp,
    },
}

/// A flag as its events made it.
///
/// ```
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::flag::{Flag, FlagCommand, Record};
/// use eavip_core::policy::{Policy, Source};
/// use eavip_core::time::Timestamp;
///
/// let text = r#"
/// [person.pia]
/// teams = ["product-architecture"]
/// [flag.new-cart]
/// owner = "product-architecture"
/// kind = "release"
/// environments = ["production"]
/// "#;
/// let policy = Policy::load(&[Source::new("runbook.toml", text)]).unwrap();
/// let record = Record { by: "pia".parse().unwrap(), reason: "ready".into(), ticket: "SHOP-7".into() };
/// let command = FlagCommand::Introduce { flag: "new-cart".parse().unwrap(), record };
/// let flag = Flag::replay(Flag::decide(None, command, &policy, Timestamp::default()).unwrap()).unwrap();
/// assert!(flag.on.is_empty(), "it is off until somebody turns it on");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Flag {
    /// Which.
    pub id: FlagId,
    /// Since when it is in use.
    pub since: Timestamp,
    /// When it was reviewed last.
    pub reviewed_at: Option<Timestamp>,
    /// Where it is on.
    pub on: BTreeSet<Environment>,
    /// When it was retired.
    pub retired_at: Option<Timestamp>,
}

impl Flag {
    /// When it becomes stale; `None` for a kill switch.
    #[must_use]
    pub fn expires_at(&self, kind: FlagKind, policy: &FlagPolicy) -> Option<Timestamp> {
        match kind {
            FlagKind::Release => Some(self.since + policy.release_lasts),
            FlagKind::Experiment => Some(self.since + policy.experiment_lasts),
            FlagKind::Operational => Some(self.reviewed_at.unwrap_or(self.since) + policy.review_every),
            FlagKind::KillSwitch => None,
        }
    }

    /// Whether it is past its end, by rule F03. A flag that nothing declares has no end that could be known.
    #[must_use]
    pub fn staleness(&self, policy: &FlagPolicy, now: Timestamp) -> Finding {
        let id = &self.id;
        if self.retired_at.is_some() {
            return NOT_STALE.not_applicable(format!("`{id}` is retired"));
        }
        let Some(declared) = policy.flags.get(id) else {
            let message = format!("`{id}` isn't declared, so nobody knows when it ends");
            return NOT_STALE.undetermined(message, format!("declare [flag.{id}], or retire it"));
        };
        let remedy = match declared.kind {
            FlagKind::Operational => "review it",
            FlagKind::Release | FlagKind::Experiment | FlagKind::KillSwitch => {
                "remove it from the code, then retire it"
            }
        };
        let finding = match self.expires_at(declared.kind, policy) {
            Some(end) if now > end => NOT_STALE.fail(format!("`{id}` is past its end, {end}"), remedy),
            Some(end) => NOT_STALE.pass(format!("`{id}` ends at {end}")),
            None => NOT_STALE.pass(format!("`{id}` is a kill switch and has no end")),
        };
        finding.owned_by(&declared.owner)
    }

    fn apply(&mut self, event: FlagEvent) {
        if self.retired_at.is_some() {
            return;
        }
        match event {
            FlagEvent::Introduced { .. } => {}
            FlagEvent::Turned { environment, on: true, .. } => drop(self.on.insert(environment)),
            FlagEvent::Turned { environment, on: false, .. } => drop(self.on.remove(&environment)),
            FlagEvent::Reviewed { at, .. } => self.reviewed_at = self.reviewed_at.max(Some(at)),
            FlagEvent::Retired { at, .. } => {
                self.retired_at = Some(at);
                self.on.clear();
            }
        }
    }
}

impl Aggregate for Flag {
    type Command = FlagCommand;
    type Event = FlagEvent;
    type Policy = Policy;

    fn decide(
        state: Option<&Self>,
        command: FlagCommand,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<FlagEvent>, Refused> {
        let id = match (state, &command) {
            (Some(flag), _) => Some(&flag.id),
            (None, FlagCommand::Introduce { flag, .. }) => Some(flag),
            (None, _) => None,
        };
        let mut findings = in_use(state, &command);
        findings.extend(recorded(command.record(), policy));
        findings.extend(id.into_iter().flat_map(|id| managed(id, &command, policy)));
        findings.extend(state.into_iter().flat_map(|flag| usable(flag, &command, policy, now)));
        Refused::when_any(findings)?;
        let at = now;
        Ok(vec![match command {
            FlagCommand::Introduce { flag, record } => FlagEvent::Introduced { flag, record, at },
            FlagCommand::Turn { environment, on, record, .. } => {
                FlagEvent::Turned { environment, on, record, at }
            }
            FlagCommand::Review { record } => FlagEvent::Reviewed { record, at },
            FlagCommand::Retire { record } => FlagEvent::Retired { record, at },
        }])
    }

    fn evolve(state: Option<Self>, event: FlagEvent) -> Option<Self> {
        match (state, event) {
            (None, FlagEvent::Introduced { flag, at, .. }) => {
                Some(Self { id: flag, since: at, reviewed_at: None, on: BTreeSet::new(), retired_at: None })
            }
            (None, _) => None,
            (Some(mut flag), event) => {
                flag.apply(event);
                Some(flag)
            }
        }
    }
}

fn in_use(state: Option<&Flag>, command: &FlagCommand) -> Vec<Finding> {
    let finding = match (state, command) {
        (None, FlagCommand::Introduce { .. }) => return Vec::new(),
        (None, _) => IN_USE.fail("the flag isn't in use", "introduce it first"),
        (Some(Flag { retired_at: Some(at), .. }), _) => {
            IN_USE.fail(format!("it was retired at {at}"), "introduce a flag of another name")
        }
        (Some(flag), FlagCommand::Introduce { .. }) => {
            IN_USE.fail(format!("it is in use since {}", flag.since), "nothing has to be done")
        }
        (Some(flag), FlagCommand::Turn { environment, on, .. }) if flag.on.contains(environment) == *on => {
            let is = if *on { "on" } else { "off" };
            IN_USE.fail(format!("it is {is} in {environment} already"), "nothing has to be done")
        }
        (Some(_), _) => return Vec::new(),
    };
    vec![finding]
}

fn recorded(record: &Record, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    let by = &record.by;
    if policy.roster.people.get(by).is_none_or(|person| !person.active) {
        let message = format!("`{by}` is no active person of the roster");
        findings.push(RECORDED.fail(message, "let somebody act who is"));
    }
    for (what, text, most) in [("reason", &record.reason, MAX_REASON), ("ticket", &record.ticket, MAX_TICKET)]
    {
        let characters = text.trim().chars().count();
        if characters == 0 || characters > most {
            let message = format!("the {what} has {characters} characters");
            findings.push(RECORDED.fail(message, format!("write 1 to {most} characters")));
        }
    }
    findings
}

/// Turning off is free: in an emergency whoever is there may do it.
fn managed(id: &FlagId, command: &FlagCommand, policy: &Policy) -> Vec<Finding> {
    if matches!(command, FlagCommand::Turn { on: false, .. }) {
        return Vec::new();
    }
    let by = &command.record().by;
    let Some(declared) = policy.flags.flags.get(id) else {
        // One that is no longer declared can still be cleared away.
        let clears = matches!(command, FlagCommand::Retire { .. });
        let finding = DECLARED.fail(format!("no flag is called `{id}`"), format!("declare [flag.{id}]"));
        return if clears { Vec::new() } else { vec![finding] };
    };
    let teams = [declared.owner.as_str(), PRODUCT_ARCHITECTURE];
    if teams.iter().any(|team| policy.roster.is_member(by, team)) {
        return Vec::new();
    }
    let message = format!("`{by}` is neither of `{}` nor of Product & Architecture", declared.owner);
    vec![MANAGED.fail(message, "ask somebody who is").owned_by(&declared.owner)]
}

fn usable(flag: &Flag, command: &FlagCommand, policy: &Policy, now: Timestamp) -> Vec<Finding> {
    let FlagCommand::Turn { environment, on: true, open_phases, .. } = command else { return Vec::new() };
    let Some(declared) = policy.flags.flags.get(&flag.id) else { return Vec::new() };
    let mut findings = Vec::new();
    if !declared.environments.contains(environment) {
        let message = format!("`{}` isn't declared for {environment}", flag.id);
        findings.push(WHERE.fail(message, format!("add {environment} to [flag.{}]", flag.id)));
    }
    let staleness = flag.staleness(&policy.flags, now);
    if staleness.outcome >= crate::finding::Outcome::Undetermined {
        findings.push(staleness);
    }
    let closed = declared.phase.as_ref().filter(|phase| !open_phases.contains(*phase));
    if let (Some(phase), Environment::Production) = (closed, environment) {
        let message = format!("`{}` belongs to phase `{phase}`, which isn't open", flag.id);
        findings.push(PHASE_OPEN.fail(message, "let Product & Architecture open the phase first"));
    }
    findings
}

#[cfg(test)]
mod tests;
