//! Phases of the product: what belongs to a later one stays off in Production until Product & Architecture opens it
//! (seed: Product & Architecture, "Phase boundary enforcement"). What flags do with that is in [`crate::flag`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::alert::episode::MAX_REASON;
use crate::decision::Refused;
use crate::flag::FlagPolicy;
use crate::id::{PersonId, PhaseId};
use crate::roster::PRODUCT_ARCHITECTURE;
use crate::time::Timestamp;

crate::rules! {
    /// A phase is declared under [phase.NAME] with its place in the order before it is opened.
    DECLARED = "EAVIP-F11", "a phase is declared before it is opened", "Phase boundary enforcement";
    /// Phases are opened by an active member of Product & Architecture, with a reason of 1 to 1000 characters.
    OPENED_BY = "EAVIP-F12", "Product & Architecture opens phases, and says why", "Phase boundary enforcement";
    /// Phases are opened one after the other, each once. Open those before it first.
    IN_ORDER = "EAVIP-F13", "phases are opened in their order, each once", "Phase boundary enforcement";
}

/// Most phases of one policy; a product has a handful.
pub const MAX_PHASES: usize = 100;

/// A declared phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredPhase {
    /// What people call it.
    pub name: String,
    /// Its place among the phases, from 1.
    pub order: u64,
}

/// That a phase was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Who.
    pub by: PersonId,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What somebody asks of the phases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum PhaseCommand {
    /// A phase begins in Production.
    Open {
        /// Which.
        phase: PhaseId,
        /// Why.
        reason: String,
        /// Who.
        by: PersonId,
    },
}

/// What happened to the phases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PhaseEvent {
    /// One was opened.
    Opened {
        /// Which.
        phase: PhaseId,
        /// By whom, why and when.
        opening: Opening,
    },
}

/// The phases of the product that are open.
///
/// ```
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::phase::{PhaseCommand, Phases};
/// use eavip_core::policy::{Policy, Source};
/// use eavip_core::time::Timestamp;
///
/// let text = "[person.pia]\nteams = [\"product-architecture\"]\n[phase.visibility]\norder = 1\n";
/// let policy = Policy::load(&[Source::new("runbook.toml", text)]).unwrap();
/// let open = |by: &str| PhaseCommand::Open {
///     phase: "visibility".parse().unwrap(),
///     reason: "the pilots are done".into(),
///     by: by.parse().unwrap(),
/// };
/// assert!(Phases::decide(None, open("pia"), &policy, Timestamp::default()).is_ok());
/// assert!(Phases::decide(None, open("ana"), &policy, Timestamp::default()).is_err(), "not Product & Architecture");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Phases {
    /// How each was opened.
    pub opened: BTreeMap<PhaseId, Opening>,
}

impl Phases {
    /// The names of those that are open.
    #[must_use]
    pub fn open(&self) -> BTreeSet<PhaseId> {
        self.opened.keys().cloned().collect()
    }
}

impl Aggregate for Phases {
    type Command = PhaseCommand;
    type Event = PhaseEvent;
    type Policy = crate::policy::Policy;

    fn decide(
        state: Option<&Self>,
        command: PhaseCommand,
        policy: &Self::Policy,
        now: Timestamp,
    ) -> Result<Vec<PhaseEvent>, Refused> {
        let PhaseCommand::Open { phase, reason, by } = command;
        let mut findings = Vec::new();
        let opened = |phase: &PhaseId| state.and_then(|phases| phases.opened.get(phase));
        if !policy.flags.phases.contains_key(&phase) {
            let message = format!("no phase is called `{phase}`");
            findings.push(DECLARED.fail(message, format!("declare [phase.{phase}]")));
        }
        if !policy.roster.is_member(&by, PRODUCT_ARCHITECTURE) {
            let message = format!("`{by}` is no active member of Product & Architecture");
            findings.push(OPENED_BY.fail(message, "ask somebody of Product & Architecture"));
        }
        let reason = reason.trim();
        let characters = reason.chars().count();
        if characters == 0 || characters > MAX_REASON {
            let message = format!("the reason has {characters} characters");
            findings.push(OPENED_BY.fail(message, format!("say in 1 to {MAX_REASON} characters why")));
        }
        if let Some(known) = opened(&phase) {
            let message = format!("`{}` opened it at {}", known.by, known.at);
            findings.push(IN_ORDER.fail(message, "nothing has to be done"));
        }
        if let Some(earlier) = before(&policy.flags, &phase).find(|earlier| opened(earlier).is_none()) {
            let message = format!("`{earlier}` comes before it and isn't open");
            findings.push(IN_ORDER.fail(message, format!("open `{earlier}` first")));
        }
        Refused::when_any(findings)?;
        let opening = Opening { by, reason: reason.to_owned(), at: now };
        Ok(vec![PhaseEvent::Opened { phase, opening }])
    }

    fn evolve(state: Option<Self>, event: PhaseEvent) -> Option<Self> {
        let PhaseEvent::Opened { phase, opening } = event;
        let mut phases = state.unwrap_or_default();
        phases.opened.entry(phase).or_insert(opening);
        Some(phases)
    }
}

/// The phases that come before one.
fn before<'p>(policy: &'p FlagPolicy, phase: &PhaseId) -> impl Iterator<Item = &'p PhaseId> {
    let order = policy.phases.get(phase).map(|declared| declared.order);
    let earlier =
        move |(_, declared): &(&PhaseId, &DeclaredPhase)| order.is_some_and(|order| declared.order < order);
    policy.phases.iter().filter(earlier).map(|(id, _)| id)
}

#[cfg(test)]
mod tests;
