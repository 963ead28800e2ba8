//! Declared deployments: which installation runs in which mode, for whom, with which services (seed: *Supported
//! Deployment Modes*). Nodes belong to one by their place; who does what in it is [`crate::responsibility`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::id::{DeploymentId, ServiceId, TeamId};
use crate::mode::Mode;
use crate::responsibility::{Activity, Matrix, vendor_team};
use crate::roster::Party;

/// Most deployments of one policy: one for each customer of a large vendor.
pub const MAX_DEPLOYMENTS: usize = 5_000;

/// A declared deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// What people call it.
    pub name: String,
    /// Who runs it.
    pub mode: Mode,
    /// The environments that it has; never empty once loaded.
    pub environments: BTreeSet<Environment>,
    /// The services that run in it; empty means all of the declared ones.
    pub services: BTreeSet<ServiceId>,
    /// The customer's team. BYOC and On-Prem always have one; SaaS has one where it serves a single customer.
    pub customer: Option<TeamId>,
}

/// Deployments by name.
pub type Deployments = BTreeMap<DeploymentId, Deployment>;

impl Deployment {
    /// The team that is accountable for an activity here: the vendor's team of that activity, or the customer's. `None`
    /// when the customer is accountable and no team of theirs is declared.
    #[must_use]
    pub fn accountable_team(&self, matrix: &Matrix, activity: Activity) -> Option<TeamId> {
        match matrix.cell(activity, self.mode).accountable {
            Party::Vendor => vendor_team(activity).parse().ok(),
            Party::Customer => self.customer.clone(),
        }
    }

    /// Whether a service runs here.
    #[must_use]
    pub fn runs(&self, service: &ServiceId) -> bool {
        self.services.is_empty() || self.services.contains(service)
    }
}

#[cfg(test)]
mod tests;
