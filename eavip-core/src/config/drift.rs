//! Drift: a value that isn't the one that was last audited, without a record that explains it.

use serde::{Deserialize, Serialize};

use super::{ConfigKey, ConfigPolicy, KeyedDigest, is_same};
use crate::environment::Environment;
use crate::finding::Finding;
use crate::freshness::is_within;
use crate::id::DeploymentId;
use crate::time::Timestamp;

crate::rules! {
    /// An agent sees another value than the one that was last audited, and no recorded change or rotation within 5 minutes
    /// either way explains it. Find out who changed it; then declare it as a change, or put the audited value back.
    EXPLAINED = "EAVIP-C30", "every change that is seen has a record", "Configuration changes are auditable";
}

/// A value at a moment, as a digest; `None` is an absent key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The value.
    pub digest: Option<KeyedDigest>,
    /// When it was the value.
    pub at: Timestamp,
}

/// What a record says that a key became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "became", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Became {
    /// A value, or absent.
    Value {
        /// As declared.
        digest: Option<KeyedDigest>,
    },
    /// A new secret, which nobody knew before it was made.
    Rotated,
}

/// A record in the ledger that touches a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What the key became.
    pub became: Became,
    /// When.
    pub at: Timestamp,
}

/// All that is known of one key in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyEvidence {
    /// The key.
    pub key: ConfigKey,
    /// In which deployment.
    pub deployment: DeploymentId,
    /// In which of its environments.
    pub environment: Environment,
    /// The value that was last audited.
    pub audited: Option<Seen>,
    /// The value that an agent saw last.
    pub observed: Option<Seen>,
    /// When an agent saw that value first.
    pub since: Option<Timestamp>,
    /// The records that touch the key.
    pub records: Vec<Record>,
}

/// Judges one key.
///
/// A record explains what is seen when it lies within the tolerance of the first sight and says this very value, or
/// that the secret was rotated. Within the tolerance after a record with another value the change may still be on its
/// way, which is told and decides nothing. A value that differs stays a failure however old the sight is; one that
/// agrees passes only while it is fresh.
///
/// ```
/// use eavip_core::config::drift::{KeyEvidence, judge};
/// use eavip_core::config::ConfigPolicy;
/// use eavip_core::environment::Environment;
/// use eavip_core::finding::Outcome;
/// use eavip_core::time::Timestamp;
///
/// let unseen = KeyEvidence {
///     key: "db.pool".parse().unwrap(),
///     deployment: "eu".parse().unwrap(),
///     environment: Environment::Production,
///     audited: None,
///     observed: None,
///     since: None,
///     records: Vec::new(),
/// };
/// let finding = judge(&unseen, &ConfigPolicy::default(), Timestamp::default());
/// assert_eq!(finding.outcome, Outcome::Undetermined);
/// ```
#[must_use]
pub fn judge(evidence: &KeyEvidence, policy: &ConfigPolicy, now: Timestamp) -> Finding {
    let place = format!("`{}` in {} of {}", evidence.key, evidence.environment, evidence.deployment);
    if policy.schema.get(&evidence.key).is_some_and(|spec| spec.dynamic) {
        return EXPLAINED.not_applicable(format!("{place} changes by itself, as declared"));
    }
    let Some(observed) = &evidence.observed else {
        return EXPLAINED
            .undetermined(format!("{place} isn't seen by any agent"), "add it to the agent's watched files");
    };
    let Some(audited) = &evidence.audited else {
        return EXPLAINED.undetermined(
            format!("{place} was never audited"),
            "declare its present value as a change, so that there is something to compare with",
        );
    };
    let fresh = is_within(observed.at, now, policy.stale_after);
    match is_same(audited.digest.as_ref(), observed.digest.as_ref()) {
        None => EXPLAINED.undetermined(
            format!("{place} has digests of two keys, which can't be compared"),
            "declare its present value as a change, with the site's present key",
        ),
        Some(true) if fresh => EXPLAINED.pass(format!("{place} is as it was audited")),
        Some(true) => EXPLAINED.undetermined(
            format!("{place} was last seen at {}, which says nothing of now", observed.at),
            "look whether the node's agent reports",
        ),
        Some(false) => changed(evidence, observed, &place, policy, now),
    }
}

fn changed(
    evidence: &KeyEvidence,
    observed: &Seen,
    place: &str,
    policy: &ConfigPolicy,
    now: Timestamp,
) -> Finding {
    let since = evidence.since.unwrap_or(observed.at);
    let near = |record: &&Record| {
        record.at.since(since) <= policy.drift_tolerance && since.since(record.at) <= policy.drift_tolerance
    };
    let says_so = |record: &Record| match &record.became {
        Became::Rotated => true,
        Became::Value { digest } => is_same(digest.as_ref(), observed.digest.as_ref()) == Some(true),
    };
    let mut records = evidence.records.iter().filter(near).peekable();
    let last = records.clone().map(|record| record.at).max();
    match (records.peek().is_some(), records.any(says_so), last) {
        (_, true, _) if is_within(observed.at, now, policy.stale_after) => {
            EXPLAINED.pass(format!("{place} changed at {since}, as recorded"))
        }
        (_, true, _) => EXPLAINED.undetermined(
            format!("{place} was last seen at {}, which says nothing of now", observed.at),
            "look whether the node's agent reports",
        ),
        (true, false, Some(at)) if is_within(at, now, policy.drift_tolerance) => EXPLAINED
            .warn(
                format!("{place} isn't yet what the record of {at} says"),
                "wait until the change has arrived",
            )
            .clears_at(at + policy.drift_tolerance),
        _ => EXPLAINED.fail(
            format!("{place} changed at {since} and no record explains it"),
            "declare it as a change, or put the audited value back",
        ),
    }
}

#[cfg(test)]
mod tests;
