//! Parity: the same keys in every environment, and the same values where a key may not differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::schema::{KeySpec, Schema};
use super::{ConfigKey, KeyedDigest};
use crate::environment::Environment;
use crate::finding::Finding;

crate::rules! {
    /// A key is there in some environments and absent in others, so that what was tested isn't what runs. Set it everywhere,
    /// remove it everywhere, or declare it `optional`.
    PRESENT = "EAVIP-C31", "environments have the same keys", "Configuration differs, code does not";
    /// A key that isn't declared to differ has different values. Set the same value everywhere, or declare `differs = true`
    /// when it belongs to the environment.
    EQUAL = "EAVIP-C32", "only keys that may differ do", "Environment-specific values only";
}

/// The keys of each environment with their values, as digests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environments {
    /// `None` for an environment that exists and whose keys nobody reported.
    pub seen: BTreeMap<Environment, Option<BTreeMap<ConfigKey, KeyedDigest>>>,
}

/// Compares environments: first which keys are there, then which values differ; for each rule its problems by key, or
/// one pass. With fewer than two environments there is nothing to compare.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use eavip_core::config::KeyedDigest;
/// use eavip_core::config::parity::{Environments, compare};
/// use eavip_core::config::schema::Schema;
/// use eavip_core::environment::Environment;
/// use eavip_core::id::Digest256;
///
/// let digest = |value: &[u8]| KeyedDigest { key: "site-1".parse().unwrap(), digest: Digest256::of(value) };
/// let keys = |pool: &[u8]| Some(BTreeMap::from([("db.pool".parse().unwrap(), digest(pool))]));
/// let seen = BTreeMap::from([(Environment::Staging, keys(b"10")), (Environment::Production, keys(b"20"))]);
/// let findings = compare(&Schema::default(), &Environments { seen });
/// assert_eq!(findings[1].message, "`db.pool` has another value in production than in staging");
/// ```
#[must_use]
pub fn compare(schema: &Schema, environments: &Environments) -> Vec<Finding> {
    if environments.seen.len() < 2 {
        let message = "there is no second environment to compare with";
        return vec![PRESENT.not_applicable(message), EQUAL.not_applicable(message)];
    }
    let known: BTreeMap<Environment, &BTreeMap<ConfigKey, KeyedDigest>> =
        environments.seen.iter().filter_map(|(one, keys)| keys.as_ref().map(|keys| (*one, keys))).collect();
    let unknown: Vec<Environment> =
        environments.seen.keys().copied().filter(|one| !known.contains_key(one)).collect();
    let keys: BTreeSet<&ConfigKey> =
        known.values().flat_map(|keys| keys.keys()).chain(schema.keys.keys()).collect();
    let (mut present, mut equal) = (Vec::new(), Vec::new());
    for key in keys {
        let spec = schema.get(key).copied().unwrap_or_default();
        present.extend(presence(key, spec, &known));
        equal.extend(equality(key, spec, &known));
    }
    for (rule, found) in [(PRESENT, &mut present), (EQUAL, &mut equal)] {
        if !unknown.is_empty() {
            found.push(rule.undetermined(
                format!("the keys of {} aren't known", list(&unknown)),
                "look whether the agents there report their configuration",
            ));
        }
        if found.is_empty() {
            found.push(rule.pass(format!("{} environments agree", known.len())));
        }
    }
    present.append(&mut equal);
    present
}

fn presence(
    key: &ConfigKey,
    spec: KeySpec,
    known: &BTreeMap<Environment, &BTreeMap<ConfigKey, KeyedDigest>>,
) -> Option<Finding> {
    let absent: Vec<Environment> =
        known.iter().filter(|(_, keys)| !keys.contains_key(key)).map(|(one, _)| *one).collect();
    if spec.optional || absent.is_empty() {
        return None;
    }
    Some(PRESENT.fail(
        format!("`{key}` is absent in {}", list(&absent)),
        format!("set it there, or declare `optional = true` in [config.\"{key}\"]"),
    ))
}

fn equality(
    key: &ConfigKey,
    spec: KeySpec,
    known: &BTreeMap<Environment, &BTreeMap<ConfigKey, KeyedDigest>>,
) -> Option<Finding> {
    let mut values = known.iter().filter_map(|(one, keys)| keys.get(key).map(|value| (*one, value)));
    let (first, expected) = values.next()?;
    if spec.differs {
        return None;
    }
    let (mut differ, mut unclear) = (Vec::new(), Vec::new());
    for (one, value) in values {
        match expected.is_same(value) {
            Some(true) => {}
            Some(false) => differ.push(one),
            None => unclear.push(one),
        }
    }
    if !differ.is_empty() {
        return Some(EQUAL.fail(
            format!("`{key}` has another value in {} than in {first}", list(&differ)),
            format!("set the same value, or declare `differs = true` in [config.\"{key}\"]"),
        ));
    }
    (!unclear.is_empty()).then(|| {
        EQUAL.undetermined(
            format!(
                "`{key}` can't be compared between {first} and {}: their digests have other keys",
                list(&unclear)
            ),
            "make the digests of one deployment with one key",
        )
    })
}

fn list(environments: &[Environment]) -> String {
    environments.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
