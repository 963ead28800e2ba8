//! Silent configuration changes: drift, and records that don't say who, why or for what.

use serde::{Deserialize, Serialize};

use super::or_pass;
use crate::config::ConfigPolicy;
use crate::config::drift::{KeyEvidence, judge};
use crate::finding::{Finding, Outcome};
use crate::time::Timestamp;

crate::rules! {
    /// A value changed and no record within 5 minutes either way explains it, or a record lacks its actor, its reason or its
    /// ticket. Declare the change, or put the audited value back. Keys that are declared dynamic and recorded rotations
    /// are no silent changes.
    RECORDED = "EAVIP-AP2", "every change of configuration is recorded", "Silent configuration changes";
}

/// A record of a change, as whatever wrote it left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRecord {
    /// What it is called.
    pub id: String,
    /// Who changed.
    pub actor: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// For which ticket or incident.
    pub ticket: Option<String>,
}

/// Looks at keys and records: what drifted or can't be told, then which records lack something; or one pass.
///
/// ```
/// use eavip_core::anti_pattern::silent_change::{ChangeRecord, detect};
/// use eavip_core::config::ConfigPolicy;
/// use eavip_core::time::Timestamp;
///
/// let record = ChangeRecord { id: "cfg-17".into(), actor: Some("ana".into()), reason: None, ticket: None };
/// let findings = detect(&[], &[record], &ConfigPolicy::default(), Timestamp::default());
/// assert_eq!(findings[0].message, "the change `cfg-17` has no reason and no ticket");
/// ```
#[must_use]
pub fn detect(
    keys: &[KeyEvidence],
    records: &[ChangeRecord],
    policy: &ConfigPolicy,
    now: Timestamp,
) -> Vec<Finding> {
    if keys.is_empty() && records.is_empty() {
        return vec![RECORDED.undetermined(
            "no configuration is watched, so nobody would see a change",
            "let the agents watch the configuration's files",
        )];
    }
    let drift = keys.iter().map(|key| judge(key, policy, now)).filter(|one| one.outcome >= Outcome::Warn);
    let drifted = drift.map(|finding| Finding { rule: RECORDED.code.into(), ..finding });
    let found: Vec<Finding> = drifted.chain(records.iter().filter_map(lacking)).collect();
    or_pass(RECORDED, found, || format!("{} keys and {} records are in order", keys.len(), records.len()))
}

fn lacking(record: &ChangeRecord) -> Option<Finding> {
    let parts = [("actor", &record.actor), ("reason", &record.reason), ("ticket", &record.ticket)];
    let is_empty = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    let lacks: Vec<&str> = parts.iter().filter(|(_, text)| is_empty(text)).map(|(name, _)| *name).collect();
    (!lacks.is_empty()).then(|| {
        RECORDED
            .fail(
                format!("the change `{}` has no {}", record.id, lacks.join(" and no ")),
                "ask who made it, and declare it again with all of it",
            )
            .evidence([&record.id])
    })
}

#[cfg(test)]
mod tests;
