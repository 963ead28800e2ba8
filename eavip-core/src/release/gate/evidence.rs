//! What the gates look at, summarised by the caller: plain structs, each group with the moment it was seen. Judging is
//! the gates' part.

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::id::{Digest256, PersonId, ReleaseId, ServiceId, TeamId, ValidationId};
use crate::incident::sev::Sev;
use crate::mode::Mode;
use crate::release::approval::Approval;
use crate::release::break_glass::{BreakGlass, Use};
use crate::release::freeze::Freeze;
use crate::release::rollback::Rehearsal;
use crate::release::version::Version;
use crate::time::{Span, Timestamp};
use crate::words;

/// What was seen, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen<T> {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: T,
}

/// Everything the gates look at. What is `None` wasn't seen, and what wasn't seen never passes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GateEvidence {
    /// The environment that the release comes from.
    pub source: Option<Seen<Source>>,
    /// The place it goes to.
    pub target: Option<Seen<Target>>,
    /// Automated checks of artifacts.
    pub validations: Vec<Validation>,
    /// Who said yes.
    pub approvals: Vec<Approval>,
    /// Incidents of the target that aren't closed.
    pub incidents: Option<Seen<Vec<OpenIncident>>>,
    /// Error budgets of the target's services.
    pub budgets: Option<Seen<Vec<Budget>>>,
    /// Backups of the target's data sets.
    pub backups: Option<Seen<Vec<Backup>>>,
    /// Rollbacks that were tried.
    pub rehearsals: Vec<Rehearsal>,
    /// What the configuration of the target shows.
    pub configuration: Option<Seen<ConfigurationFindings>>,
    /// Freezes, holds and uses of break-glass.
    pub holds: Option<Seen<Holds>>,
    /// Whether somebody would be told when it goes wrong.
    pub owners: Option<Seen<OwnerFigures>>,
    /// Gates that are to be set aside.
    pub break_glass: Option<BreakGlass>,
}

/// What runs in the environment that a release comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Which it is.
    pub environment: Environment,
    /// The artifact that was verified there last.
    pub verified: Option<Digest256>,
    /// Since when that artifact has run there without a break.
    pub running_since: Timestamp,
}

/// What runs in the place that a release goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Who runs it, as it is declared.
    pub mode: Mode,
    /// What is installed.
    pub installed: Installed,
    /// The release whose rollout is in flight there.
    pub rollout_in_flight: Option<ReleaseId>,
}

/// What is installed in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Installed {
    /// Nothing yet.
    Nothing,
    /// A release.
    Release {
        /// Its version.
        version: Version,
        /// Whether it was verified after its rollout.
        verified: bool,
    },
}

impl Installed {
    /// The installed version.
    #[must_use]
    pub const fn version(&self) -> Option<&Version> {
        match self {
            Self::Nothing => None,
            Self::Release { version, .. } => Some(version),
        }
    }
}

/// The result of an automated check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// Which check.
    pub name: ValidationId,
    /// The artifact that was checked.
    pub artifact: Digest256,
    /// When it ended.
    pub at: Timestamp,
    /// Whether it passed.
    pub passed: bool,
}

/// An incident that isn't closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIncident {
    /// Its id.
    pub id: String,
    /// How severe it is.
    pub sev: Sev,
    /// Whether somebody has it.
    pub acknowledged: bool,
    /// Who commands the response.
    pub commander: Option<PersonId>,
    /// When its effect was over.
    pub mitigated_at: Option<Timestamp>,
    /// Who looks for its cause.
    pub rca_owner: Option<PersonId>,
}

words! {
    /// How fast an error budget is used up, by the alert that it would raise.
    #[non_exhaustive]
    pub enum Burn ("burn level") {
        /// Slower than any rule.
        None = "none",
        /// Fast enough for a ticket.
        Ticket = "ticket",
        /// Fast enough to page somebody.
        Page = "page",
    }
}

/// A service's error budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// The service.
    pub service: ServiceId,
    /// The share that is left, up to 1; negative when it is overspent.
    pub left: f64,
    /// How fast it goes.
    pub burn: Burn,
}

/// The backups of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The data set.
    pub data_set: String,
    /// When the last backup was made that has been verified.
    pub verified_at: Option<Timestamp>,
    /// How much may be lost.
    pub rpo: Span,
    /// How long a restore may take.
    pub rto: Span,
    /// The last restore drill.
    pub drill: Option<Drill>,
}

/// A restore drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// When.
    pub at: Timestamp,
    /// How long the restore took.
    pub took: Span,
    /// Whether everything was there again.
    pub worked: bool,
}

/// What the target's configuration shows: names of changes, keys and nodes, never values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationFindings {
    /// Differences that no record explains.
    pub unaudited: Vec<String>,
    /// Keys that the schema doesn't declare.
    pub undeclared_keys: Vec<String>,
    /// Keys under which a secret was found.
    pub secrets: Vec<String>,
    /// Open drift that nobody explained.
    pub drift: Vec<String>,
}

/// What stops releases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    /// Freezes and holds that aren't over.
    pub freezes: Vec<Freeze>,
    /// Uses of break-glass that aren't reviewed.
    pub break_glass: Vec<Use>,
}

/// Whether alerts and pages of the target reach somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerFigures {
    /// How many Critical alert rules there are.
    pub critical: u32,
    /// How many of them resolve to an owner.
    pub critical_resolved: u32,
    /// The number of active members of each team that owns an alert or is on call.
    pub groups: Vec<(TeamId, u32)>,
    /// Times without anybody on call, from now to the end of the rollout.
    pub on_call_gaps: u32,
}
