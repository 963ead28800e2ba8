//! Who is accountable for what in which mode, and whether somebody may therefore do it (seed: *Core Operational
//! Responsibilities*, *On-Prem Operational Considerations*).
//!
//! **The table.** Each cell names exactly one accountable party: the type has room for one only. A cell may name the
//! other party as consulted: `vendor+customer` ("V+C" in the table) means that the vendor decides and acts, and hears the
//! customer first, such as for a maintenance window; the customer alone can't do it. `customer+vendor` is the reverse:
//! in a customer-managed incident the customer commands and can call on the vendor. A contract may move a cell in
//! `[responsibility.ACTIVITY]`; it can't leave one empty or give it to two.
//!
//! **Advisory and binding.** A decision is made in somebody's installation. In the customer's own, On-Prem, it binds. The
//! vendor's server decides the same of an On-Prem deployment, but nobody there can be kept from anything by it: it is
//! advice. In SaaS and BYOC the vendor's platform does the work, so its decisions bind.

mod decide;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::decide::{Act, BOUNDARY, CONSULTED, FORCE, Force, RULES, decide, force};

use crate::mode::Mode;
use crate::roster::{PLATFORM_OPERATIONS, PRODUCT_ARCHITECTURE, Party, SECURITY_COMPLIANCE};
use crate::words;

/// The accountable party of a mode, and whether the other one is consulted.
macro_rules! cell {
    (V) => {
        Cell { accountable: Party::Vendor, consulted: false }
    };
    (C) => {
        Cell { accountable: Party::Customer, consulted: false }
    };
    (V + C) => {
        Cell { accountable: Party::Vendor, consulted: true }
    };
    (C + V) => {
        Cell { accountable: Party::Customer, consulted: true }
    };
}

/// One row for each activity: word, the vendor's team, and the cells of SaaS, BYOC and On-Prem.
macro_rules! activities {
    ($(
        $(#[$meta:meta])* $name:ident = $word:literal, $team:ident,
        [$($saas:tt)+], [$($byoc:tt)+], [$($on_prem:tt)+];
    )+) => {
        words! {
            /// What has to be done to run an installation.
            #[non_exhaustive]
            pub enum Activity ("activity") { $( $(#[$meta])* $name = $word ),+ }
        }

        /// The vendor's team that answers for an activity wherever the vendor is accountable, and that is called where
        /// the customer is.
        #[must_use]
        pub const fn vendor_team(activity: Activity) -> &'static str {
            match activity { $( Activity::$name => $team ),+ }
        }

        const fn built_in(activity: Activity, mode: Mode) -> Cell {
            match (activity, mode) {
                $(
                    (Activity::$name, Mode::Saas) => cell!($($saas)+),
                    (Activity::$name, Mode::Byoc) => cell!($($byoc)+),
                    (Activity::$name, Mode::OnPrem) => cell!($($on_prem)+),
                )+
            }
        }
    };
}

activities! {
    /// Provide machines, storage and their accounts.
    ProvisionInfrastructure = "provision-infrastructure", PLATFORM_OPERATIONS, [V], [C], [C];
    /// Provide networks, and identity and access of the infrastructure.
    NetworkAndIam = "network-and-iam", PLATFORM_OPERATIONS, [V], [C], [C];
    /// Install the platform.
    Install = "install", PLATFORM_OPERATIONS, [V], [V], [C];
    /// Publish a release with its notes.
    PublishRelease = "publish-release", PLATFORM_OPERATIONS, [V], [V], [V];
    /// Approve a change of production; in BYOC within a window that the customer agrees to.
    ApproveProduction = "approve-production", PRODUCT_ARCHITECTURE, [V], [V + C], [C];
    /// Apply a published release.
    ApplyRelease = "apply-release", PLATFORM_OPERATIONS, [V], [V], [C];
    /// Go back to the release before.
    Rollback = "rollback", PLATFORM_OPERATIONS, [V], [V], [C];
    /// Watch the platform's health signals.
    MonitorPlatformSignals = "monitor-platform-signals", PLATFORM_OPERATIONS, [V], [V], [C];
    /// Watch webhook and queue endpoints.
    WebhookAndQueueEndpoints = "webhook-and-queue-endpoints", PLATFORM_OPERATIONS, [V], [V], [C];
    /// Command an incident; On-Prem the customer can escalate to the vendor.
    IncidentCommand = "incident-command", PLATFORM_OPERATIONS, [V], [V], [C + V];
    /// Lead the response to a security incident.
    SecurityIncident = "security-incident", SECURITY_COMPLIANCE, [V], [V + C], [C];
    /// Run the scheduled backups.
    RunBackups = "run-backups", PLATFORM_OPERATIONS, [V], [V], [C];
    /// Hold the keys of the backups.
    BackupKeys = "backup-keys", SECURITY_COMPLIANCE, [V], [C], [C];
    /// Rehearse a restore.
    RestoreDrill = "restore-drill", PLATFORM_OPERATIONS, [V], [V], [C];
    /// Set the values that differ between environments.
    EnvironmentValues = "environment-values", PLATFORM_OPERATIONS, [V], [V], [C];
    /// Hold and rotate secrets.
    Secrets = "secrets", SECURITY_COMPLIANCE, [V], [C], [C];
    /// Review who has access.
    AccessReview = "access-review", SECURITY_COMPLIANCE, [V], [V + C], [C];
    /// Plan capacity.
    Capacity = "capacity", PLATFORM_OPERATIONS, [V], [V], [C];
    /// Switch feature flags.
    Flags = "flags", PRODUCT_ARCHITECTURE, [V], [V], [C];
    /// Keep the audit log.
    AuditLog = "audit-log", SECURITY_COMPLIANCE, [V], [V], [C];
    /// Patch operating systems.
    OsPatches = "os-patches", PLATFORM_OPERATIONS, [V], [C], [C];
}

/// Who answers for an activity in a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The one party that decides, acts and answers for it.
    pub accountable: Party,
    /// Whether the other party is heard first.
    pub consulted: bool,
}

impl Cell {
    /// The party that is heard first, where one is.
    #[must_use]
    pub const fn consulted(self) -> Option<Party> {
        match (self.consulted, self.accountable) {
            (false, _) => None,
            (true, Party::Vendor) => Some(Party::Customer),
            (true, Party::Customer) => Some(Party::Vendor),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.consulted() {
            None => self.accountable.fmt(f),
            Some(other) => write!(f, "{}+{other}", self.accountable),
        }
    }
}

/// A text that names no one accountable party.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` doesn't name one accountable party; write `vendor` or `customer`, and `vendor+customer` or \
     `customer+vendor` where the other one is consulted"
)]
pub struct InvalidCell {
    /// The text that was found, cut after 80 characters.
    pub found: String,
}

impl crate::document::Declared for Cell {
    fn schema() -> serde_json::Value {
        serde_json::json!({ "enum": ["vendor", "customer", "vendor+customer", "customer+vendor"] })
    }
}

impl FromStr for Cell {
    type Err = InvalidCell;
    fn from_str(text: &str) -> Result<Self, InvalidCell> {
        match text {
            "vendor" => Ok(cell!(V)),
            "customer" => Ok(cell!(C)),
            "vendor+customer" => Ok(cell!(V + C)),
            "customer+vendor" => Ok(cell!(C + V)),
            _ => Err(InvalidCell { found: text.chars().take(80).collect() }),
        }
    }
}

/// The whole table: the built-in one, and what contracts moved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// The cells that differ from the built-in table.
    pub moved: BTreeMap<Activity, BTreeMap<Mode, Cell>>,
}

impl Matrix {
    /// Who answers for an activity in a mode.
    #[must_use]
    pub fn cell(&self, activity: Activity, mode: Mode) -> Cell {
        let moved = self.moved.get(&activity).and_then(|modes| modes.get(&mode));
        moved.copied().unwrap_or(built_in(activity, mode))
    }
}

#[cfg(test)]
mod tests;
