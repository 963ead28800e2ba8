//! How fast incidents were noticed, taken, ended and told to be over, by severity.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::statistics::Summary;
use super::{IncidentRecord, Period};
use crate::incident::clocks::Clocks;
use crate::incident::sev::Sev;
use crate::time::Span;

/// The clocks of the incidents of one severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recovery {
    /// How many incidents were declared.
    pub incidents: usize,
    /// From when it began until it was declared.
    pub detect: Summary,
    /// From declared until taken, of those that somebody took while they lasted.
    pub acknowledge: Summary,
    /// From when it began until a signal proved an action.
    pub mitigate: Summary,
    /// From when it began until the all-clear.
    pub resolve: Summary,
    /// How many were over by themselves before anybody took them.
    pub auto_resolved: usize,
}

/// The clocks of the incidents that were declared in a period; every severity is there.
#[must_use]
pub fn by_sev(records: &[IncidentRecord], period: Period) -> BTreeMap<Sev, Recovery> {
    let of = |sev: Sev| {
        let clocks = || {
            let declared =
                records.iter().filter(move |one| one.sev == sev && period.contains(one.declared_at));
            declared.map(|one| one.clocks)
        };
        let each = |span: fn(Clocks) -> Option<Span>| Summary::of(clocks().filter_map(span));
        let recovery = Recovery {
            incidents: clocks().count(),
            detect: each(|one| Some(one.detect)),
            acknowledge: each(|one| one.acknowledge),
            mitigate: each(|one| one.mitigate),
            resolve: each(|one| one.resolve),
            auto_resolved: clocks().filter(|one| one.auto_resolved).count(),
        };
        (sev, recovery)
    };
    Sev::ALL.iter().copied().map(of).collect()
}

#[cfg(test)]
mod tests;
