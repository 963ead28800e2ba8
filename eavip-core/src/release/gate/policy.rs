//! The gates' numbers (RULES section 6).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::ValidationId;
use crate::mode::Mode;
use crate::release::version::ByKind;
use crate::roster::Party;
use crate::time::Span;

/// The automated checks that every artifact passes unless the runbook names others (seed: "Build and test in lower
/// environments").
pub const VALIDATIONS: [&str; 2] = ["build", "test"];

/// The gates' numbers; the defaults are those of RULES section 6.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatePolicy {
    /// Whose installation decides: an On-Prem boundary binds in the customer's (G14).
    pub installation: Party,
    /// How old a look at a changing state may be: 5 min. RULES name no number; evidence is gathered when the question is
    /// asked, and this leaves time for asking.
    pub evidence_lasts: Span,
    /// How far clocks may be apart: 5 s, as in a rollout's evidence.
    pub skew: Span,
    /// Required automated checks (G03).
    pub validations: BTreeSet<ValidationId>,
    /// How long a check's result counts: 24 h (G03).
    pub validation_lasts: Span,
    /// How long after its mitigation a SEV-1 without an owner of its cause holds releases: 24 h (G05).
    pub rca_owner_within: Span,
    /// The share of an error budget below which a major release waits: 0.25 (G06).
    pub budget_for_major: f64,
    /// How old the last verified backup may be: 24 h, or the RPO when that is less (G07).
    pub backup_age: Span,
    /// The same when the schema changes: 1 h (G07).
    pub backup_age_schema: Span,
    /// How old the last restore drill may be: 90 d (G07).
    pub drill_age: Span,
    /// How long a rehearsed rollback counts: 14 d (G08).
    pub rehearsal_lasts: Span,
    /// How long a rollback may take in SaaS and BYOC: 15 min (G08).
    pub rollback_within: Span,
    /// How long a rollback may take On-Prem: 60 min (G08).
    pub rollback_within_on_prem: Span,
    /// How long a freeze or hold may last: 7 d (G10).
    pub freeze_at_most: Span,
    /// The least active members of a team that owns alerts: 2 (G13).
    pub group_size: u32,
    /// How long a release runs in the environment before: 4 h, 24 h, 72 h (G15).
    pub soak: ByKind<Span>,
    /// How long break-glass may hold: 4 h.
    pub break_glass_at_most: Span,
    /// How soon break-glass is reviewed: 24 h.
    pub break_glass_review: Span,
}

impl Default for GatePolicy {
    fn default() -> Self {
        let minutes = |count: u64| Span::from_secs(count * 60);
        let hours = |count: u64| Span::from_secs(count * 3_600);
        let days = |count: u64| hours(count * 24);
        Self {
            installation: Party::Vendor,
            evidence_lasts: minutes(5),
            skew: Span::from_secs(5),
            validations: VALIDATIONS.iter().filter_map(|name| name.parse().ok()).collect(),
            validation_lasts: hours(24),
            rca_owner_within: hours(24),
            budget_for_major: 0.25,
            backup_age: hours(24),
            backup_age_schema: hours(1),
            drill_age: days(90),
            rehearsal_lasts: days(14),
            rollback_within: minutes(15),
            rollback_within_on_prem: minutes(60),
            freeze_at_most: days(7),
            group_size: 2,
            soak: ByKind { patch: hours(4), minor: hours(24), major: hours(72) },
            break_glass_at_most: hours(4),
            break_glass_review: hours(24),
        }
    }
}

impl GatePolicy {
    /// How long a rollback may take.
    #[must_use]
    pub const fn rollback_limit(&self, mode: Mode) -> Span {
        match mode {
            Mode::Saas | Mode::Byoc => self.rollback_within,
            Mode::OnPrem => self.rollback_within_on_prem,
        }
    }
}
