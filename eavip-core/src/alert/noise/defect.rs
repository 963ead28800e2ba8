//! A noise defect: opened by a breach of the budget, with an owner, evidence and a due date, and reopened when the breach
//! recurs.

use serde::{Deserialize, Serialize};

use super::Scope;
use crate::aggregate::Aggregate;
use crate::alert::episode::MAX_REASON;
use crate::decision::Refused;
use crate::finding::{Finding, Outcome};
use crate::id::{Digest128, PersonId, TeamId};
use crate::policy::Policy;
use crate::time::Timestamp;
use crate::words;

crate::rules! {
    /// A defect is opened by at least one finding that fails: the budget's. Judge the noise first.
    HAS_EVIDENCE = "EAVIP-N20", "a defect has evidence", "Alert noise is treated as a defect";
    /// Whoever mends a defect says in 1 to 1000 characters what was changed, for the day on which it recurs.
    SAYS_HOW = "EAVIP-N21", "whoever mends a defect says how", "Alert noise is treated as a defect";
    /// Only an open defect can be mended; nothing has to be done.
    OPEN = "EAVIP-N22", "an open defect is mended once", "Alert noise is treated as a defect";
    /// A defect is mended by an active person of the roster. Declare the person, or let somebody else say so.
    KNOWN = "EAVIP-N23", "a person mends a defect", "No alert without an owner";
}

/// Most findings that a defect keeps: one for each budget, twice over.
pub const MAX_EVIDENCE: usize = 12;

/// What somebody asks of a defect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DefectCommand {
    /// The budget was judged and is breached.
    Breach {
        /// Whose noise.
        scope: Scope,
        /// Who owns it.
        owner: TeamId,
        /// What [`judge`](super::budget::judge) found.
        findings: Vec<Finding>,
    },
    /// A person mended the cause.
    Mend {
        /// Who.
        by: PersonId,
        /// What they changed.
        how: String,
    },
}

/// What happened to a defect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DefectEvent {
    /// The budget was breached.
    Opened {
        /// Whose noise.
        scope: Scope,
        /// Who owns it.
        owner: TeamId,
        /// The findings that failed.
        evidence: Vec<Finding>,
        /// When.
        at: Timestamp,
        /// Until when it is to be mended.
        due: Timestamp,
    },
    /// A person mended the cause.
    Mended {
        /// Who.
        by: PersonId,
        /// What they changed.
        how: String,
        /// When.
        at: Timestamp,
    },
    /// It was mended, and the budget is breached again.
    Reopened {
        /// Who owns it now.
        owner: TeamId,
        /// The findings that failed.
        evidence: Vec<Finding>,
        /// When.
        at: Timestamp,
        /// Until when it is to be mended.
        due: Timestamp,
    },
}

words! {
    /// Where a defect stands at a moment.
    #[non_exhaustive]
    pub enum DefectStatus ("defect status") {
        /// It is to be mended.
        Open = "open",
        /// It should have been mended by now.
        Overdue = "overdue",
        /// It was mended.
        Mended = "mended",
    }
}

/// A defect as its events made it.
///
/// ```
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::alert::noise::budget::PRECISION;
/// use eavip_core::alert::noise::defect::{Defect, DefectCommand};
/// use eavip_core::alert::noise::Scope;
/// use eavip_core::policy::Policy;
/// use eavip_core::time::Timestamp;
///
/// let (policy, now) = (Policy::builtin(), Timestamp::default());
/// let breach = DefectCommand::Breach {
///     scope: Scope::Rule("disk-full".parse().unwrap()),
///     owner: "platform-operations".parse().unwrap(),
///     findings: vec![PRECISION.fail("one alert of four was worth it", "raise the threshold")],
/// };
/// let defect = Defect::replay(Defect::decide(None, breach, &policy, now).unwrap()).unwrap();
/// assert_eq!(defect.due, now + policy.alerting.noise.due, "its owner has 14 days");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Defect {
    /// Whose noise.
    pub scope: Scope,
    /// Who owns it.
    pub owner: TeamId,
    /// The findings that failed, those of the last breach.
    pub evidence: Vec<Finding>,
    /// When it was opened, or last reopened.
    pub opened_at: Timestamp,
    /// Until when it is to be mended.
    pub due: Timestamp,
    /// Who mended it last, what they changed and when.
    pub mended: Option<(PersonId, String, Timestamp)>,
    /// How often it was reopened.
    pub reopened: u32,
    open: bool,
}

/// The id of the one defect that a scope can have.
#[must_use]
pub fn id(scope: &Scope) -> Digest128 {
    Digest128::of_value(scope)
}

impl Defect {
    /// Where it stands.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> DefectStatus {
        match self.open {
            false => DefectStatus::Mended,
            true if now > self.due => DefectStatus::Overdue,
            true => DefectStatus::Open,
        }
    }
}

fn breach(
    state: Option<&Defect>,
    scope: Scope,
    owner: TeamId,
    findings: Vec<Finding>,
    (now, due): (Timestamp, Timestamp),
) -> Result<Vec<DefectEvent>, Refused> {
    let failed = findings.into_iter().filter(|finding| finding.outcome == Outcome::Fail);
    let evidence: Vec<Finding> = failed.take(MAX_EVIDENCE).collect();
    if evidence.is_empty() {
        return Err(HAS_EVIDENCE.fail("no finding fails", "judge the noise first").into());
    }
    match state {
        None => Ok(vec![DefectEvent::Opened { scope, owner, evidence, at: now, due }]),
        Some(defect) if defect.scope != scope => {
            let message = format!("this defect is of {}, not of {scope}", defect.scope);
            Err(HAS_EVIDENCE.fail(message, "open the defect of that scope").into())
        }
        Some(Defect { open: true, .. }) => Ok(Vec::new()),
        Some(_) => Ok(vec![DefectEvent::Reopened { owner, evidence, at: now, due }]),
    }
}

fn mend(
    state: Option<&Defect>,
    by: PersonId,
    how: &str,
    policy: &Policy,
    now: Timestamp,
) -> Result<Vec<DefectEvent>, Refused> {
    let mut findings = Vec::new();
    if !state.is_some_and(|defect| defect.open) {
        findings.push(OPEN.fail("the defect isn't open", "nothing has to be done"));
    }
    let how = how.trim();
    let characters = how.chars().count();
    if characters == 0 || characters > MAX_REASON {
        let message = format!("what was changed has {characters} characters");
        findings.push(SAYS_HOW.fail(message, "say in 1 to 1000 characters what was changed"));
    }
    if !policy.roster.people.get(&by).is_some_and(|person| person.active) {
        let message = format!("`{by}` is not an active person of the roster");
        findings.push(KNOWN.fail(message, "declare the person, or let somebody else say so"));
    }
    Refused::when_any(findings)?;
    Ok(vec![DefectEvent::Mended { by, how: how.to_owned(), at: now }])
}

impl Aggregate for Defect {
    type Command = DefectCommand;
    type Event = DefectEvent;
    type Policy = Policy;

    /// A breach while the defect is open gives no event: it is known.
    fn decide(
        state: Option<&Self>,
        command: DefectCommand,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<DefectEvent>, Refused> {
        match command {
            DefectCommand::Breach { scope, owner, findings } => {
                breach(state, scope, owner, findings, (now, now + policy.alerting.noise.due))
            }
            DefectCommand::Mend { by, how } => mend(state, by, &how, policy, now),
        }
    }

    fn evolve(state: Option<Self>, event: DefectEvent) -> Option<Self> {
        match (state, event) {
            (None, DefectEvent::Opened { scope, owner, evidence, at, due }) => {
                let defect = Self {
                    scope,
                    owner,
                    evidence,
                    opened_at: at,
                    due,
                    mended: None,
                    reopened: 0,
                    open: true,
                };
                Some(defect)
            }
            (Some(defect), DefectEvent::Mended { by, how, at }) if defect.open => {
                Some(Self { mended: Some((by, how, at)), open: false, ..defect })
            }
            (Some(defect), DefectEvent::Reopened { owner, evidence, at, due }) if !defect.open => {
                let reopened = defect.reopened.saturating_add(1);
                Some(Self { owner, evidence, opened_at: at, due, reopened, open: true, ..defect })
            }
            (state, _) => state,
        }
    }
}

#[cfg(test)]
mod tests;
