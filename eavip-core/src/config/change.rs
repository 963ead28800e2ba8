//! A change of configuration as a record: declared with all that an auditor asks for, then applied or withdrawn. It is
//! in the ledger before it is applied.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ConfigKey, ConfigPolicy, KeyedDigest, MAX_KEYS, is_same};
use crate::aggregate::Aggregate;
use crate::alert::episode::MAX_REASON;
use crate::decision::Refused;
use crate::environment::Environment;
use crate::finding::Finding;
use crate::id::{ChangeId, DeploymentId, PersonId};
use crate::time::Timestamp;
use crate::words;

crate::rules! {
    /// A change says why it is made, in 1 to 1000 characters, for those who ask months later.
    SAYS_WHY = "EAVIP-C21", "a change of configuration has a reason", "Configuration changes are auditable";
    /// A change names the ticket or the incident that it belongs to, in 1 to 200 characters.
    HAS_TICKET = "EAVIP-C22", "a change of configuration has a ticket", "Configuration changes are auditable";
    /// A change names at least one key and at most 10000, each declared in the schema, and each with a value after that
    /// isn't the value before.
    CHANGES = "EAVIP-C23", "a change of configuration changes declared keys", "Configuration changes are auditable";
    /// A change is declared once, then applied or withdrawn once. Declare another change for what comes after.
    ONCE = "EAVIP-C24", "a change is declared before it is applied, and applied once",
        "No manual production changes without traceability";
}

/// Longest ticket, in characters: an address.
pub const MAX_TICKET: usize = 200;

/// A key's value before and after, as digests; `None` is an absent key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Before.
    pub before: Option<KeyedDigest>,
    /// After.
    pub after: Option<KeyedDigest>,
}

/// What somebody declares that they change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// The record's name.
    pub id: ChangeId,
    /// Who changes.
    pub actor: PersonId,
    /// Why.
    pub reason: String,
    /// The ticket or incident it belongs to.
    pub ticket: String,
    /// In which deployment.
    pub deployment: DeploymentId,
    /// In which of its environments.
    pub environment: Environment,
    /// What.
    pub edits: BTreeMap<ConfigKey, Edit>,
}

/// What happened to a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChangeEvent {
    /// It was declared.
    Declared {
        /// What.
        declaration: Box<Declaration>,
        /// When.
        at: Timestamp,
    },
    /// It was put in place.
    Applied {
        /// By whom.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// It won't be put in place.
    Withdrawn {
        /// By whom.
        by: PersonId,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

/// What somebody asks of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ChangeCommand {
    /// Declare it.
    Declare(Box<Declaration>),
    /// It is in place now.
    Apply {
        /// Who put it there.
        by: PersonId,
    },
    /// It won't be put in place.
    Withdraw {
        /// Who says so.
        by: PersonId,
        /// Why.
        reason: String,
    },
}

words! {
    /// Where a change stands.
    #[non_exhaustive]
    pub enum Status ("change status") {
        /// Declared.
        Declared = "declared",
        /// In place.
        Applied = "applied",
        /// Given up.
        Withdrawn = "withdrawn",
    }
}

/// A change as its events made it.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::config::ConfigPolicy;
/// use eavip_core::config::change::{ChangeCommand, ConfigChange, Declaration};
/// use eavip_core::environment::Environment;
/// use eavip_core::time::Timestamp;
///
/// let declaration = Declaration {
///     id: "cfg-17".parse().unwrap(),
///     actor: "ana".parse().unwrap(),
///     reason: String::new(),
///     ticket: String::new(),
///     deployment: "eu".parse().unwrap(),
///     environment: Environment::Production,
///     edits: BTreeMap::new(),
/// };
/// let command = ChangeCommand::Declare(Box::new(declaration));
/// let refused = ConfigChange::decide(None, command, &ConfigPolicy::default(), Timestamp::default()).unwrap_err();
/// let rules: Vec<&str> = refused.findings.iter().map(|finding| &*finding.rule).collect();
/// assert_eq!(rules, ["EAVIP-C21", "EAVIP-C22", "EAVIP-C23"], "no reason, no ticket, no key: all at once");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConfigChange {
    /// What was declared.
    pub declaration: Declaration,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// Where it stands.
    pub status: Status,
    /// Who brought it there, and when; `None` while it is only declared.
    pub ended: Option<(PersonId, Timestamp)>,
}

impl Aggregate for ConfigChange {
    type Command = ChangeCommand;
    type Event = ChangeEvent;
    type Policy = ConfigPolicy;

    fn decide(
        state: Option<&Self>,
        command: ChangeCommand,
        policy: &ConfigPolicy,
        now: Timestamp,
    ) -> Result<Vec<ChangeEvent>, Refused> {
        let mut findings = Vec::new();
        let event = match command {
            ChangeCommand::Declare(declaration) => {
                if state.is_some() {
                    let message = format!("`{}` is declared already", declaration.id);
                    findings.push(ONCE.fail(message, "declare another change"));
                }
                findings.extend(problems(&declaration, policy));
                ChangeEvent::Declared { declaration, at: now }
            }
            ChangeCommand::Apply { by } => {
                findings.extend(not_open(state));
                ChangeEvent::Applied { by, at: now }
            }
            ChangeCommand::Withdraw { by, reason } => {
                findings.extend(not_open(state));
                findings.extend(unexplained(&reason));
                ChangeEvent::Withdrawn { by, reason, at: now }
            }
        };
        Refused::when_any(findings)?;
        Ok(vec![event])
    }

    fn evolve(state: Option<Self>, event: ChangeEvent) -> Option<Self> {
        let (by, at, status) = match (&state, event) {
            (None, ChangeEvent::Declared { declaration, at }) => {
                let declaration = *declaration;
                return Some(Self { declaration, declared_at: at, status: Status::Declared, ended: None });
            }
            (Some(_), ChangeEvent::Applied { by, at }) => (by, at, Status::Applied),
            (Some(_), ChangeEvent::Withdrawn { by, at, .. }) => (by, at, Status::Withdrawn),
            _ => return state,
        };
        state.map(|change| match change.status {
            Status::Declared => Self { status, ended: Some((by, at)), ..change },
            Status::Applied | Status::Withdrawn => change,
        })
    }
}

fn not_open(state: Option<&ConfigChange>) -> Option<Finding> {
    let Some(change) = state else {
        return Some(ONCE.fail("the change was never declared", "declare it first"));
    };
    (change.status != Status::Declared).then(|| {
        let message = format!("`{}` is {} already", change.declaration.id, change.status);
        ONCE.fail(message, "declare another change")
    })
}

fn unexplained(reason: &str) -> Option<Finding> {
    let length = reason.trim().chars().count();
    (!(1..=MAX_REASON).contains(&length)).then(|| {
        let message = format!("the reason has {length} characters");
        SAYS_WHY.fail(message, format!("say why in 1 to {MAX_REASON} characters"))
    })
}

fn problems(declaration: &Declaration, policy: &ConfigPolicy) -> Vec<Finding> {
    let mut findings: Vec<Finding> = unexplained(&declaration.reason).into_iter().collect();
    let length = declaration.ticket.trim().chars().count();
    if !(1..=MAX_TICKET).contains(&length) {
        let message = format!("the ticket has {length} characters");
        findings.push(HAS_TICKET.fail(message, format!("name it in 1 to {MAX_TICKET} characters")));
    }
    let count = declaration.edits.len();
    if !(1..=MAX_KEYS).contains(&count) {
        let message = format!("the change names {count} keys");
        findings.push(CHANGES.fail(message, format!("name 1 to {MAX_KEYS}")));
        return findings;
    }
    for (key, edit) in &declaration.edits {
        if policy.schema.get(key).is_none() {
            let remedy = format!("declare [config.\"{key}\"]");
            findings.push(CHANGES.fail(format!("`{key}` isn't a declared key"), remedy));
        }
        match is_same(edit.before.as_ref(), edit.after.as_ref()) {
            Some(false) => {}
            Some(true) => findings
                .push(CHANGES.fail(format!("`{key}` has the same value before and after"), "leave it out")),
            None => findings.push(CHANGES.fail(
                format!("`{key}` has digests of two keys before and after, which can't be compared"),
                "make both digests with the site's present key",
            )),
        }
    }
    findings
}

#[cfg(test)]
mod tests;
