//! The declared keys: which exist, which may differ between environments, which change by themselves, which are secret.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ConfigKey;
use crate::finding::Finding;

crate::rules! {
    /// A key is in use that the schema doesn't know: nobody says what it is for, whether it may differ, or whether it is a
    /// secret. Declare [config.KEY], or remove the key.
    DECLARED = "EAVIP-C20", "every key in use is declared", "Configuration externalized";
}

/// What is declared of a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySpec {
    /// Whether its value may differ between environments.
    pub differs: bool,
    /// Whether an environment may do without it.
    pub optional: bool,
    /// Whether the platform changes it by itself, so that a change without a record is no drift.
    pub dynamic: bool,
    /// Whether it is a secret, so that only a reference may stand in its place.
    pub secret: bool,
}

/// Every declared key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// What is declared, by key.
    pub keys: BTreeMap<ConfigKey, KeySpec>,
}

impl Schema {
    /// What is declared of a key.
    #[must_use]
    pub fn get(&self, key: &ConfigKey) -> Option<&KeySpec> {
        self.keys.get(key)
    }
}

/// Looks for keys in use that aren't declared: a failure for each, or one pass.
///
/// ```
/// use std::collections::BTreeSet;
///
/// use eavip_core::config::schema::{Schema, undeclared};
///
/// let in_use = BTreeSet::from(["db.pool".parse().unwrap()]);
/// let findings = undeclared(&Schema::default(), &in_use);
/// assert_eq!(findings[0].message, "`db.pool` is in use and isn't declared");
/// ```
#[must_use]
pub fn undeclared(schema: &Schema, in_use: &BTreeSet<ConfigKey>) -> Vec<Finding> {
    let unknown = in_use.iter().filter(|key| schema.get(key).is_none());
    let found: Vec<Finding> = unknown
        .map(|key| {
            DECLARED.fail(
                format!("`{key}` is in use and isn't declared"),
                format!("declare [config.\"{key}\"], or remove it"),
            )
        })
        .collect();
    if found.is_empty() {
        return vec![DECLARED.pass(format!("all {} keys in use are declared", in_use.len()))];
    }
    found
}

#[cfg(test)]
mod tests;
