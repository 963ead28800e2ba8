//! Access: who and what can reach the platform, when somebody last looked at it, and whether it is used at all (seed:
//! *Access reviews*). The review as a record is [`campaign`]; who signs in, and how, is the server's part.

pub mod campaign;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::freshness::age;
use crate::id::PersonId;
use crate::rule::Rule;
use crate::signal::metric::Unit;
use crate::time::{Span, Timestamp};
use crate::words;

crate::rules! {
    /// Every principal, token, node certificate and backup key is looked at every 90 days, by somebody who says whether it
    /// is still needed. Open an access review and decide on it.
    REVIEWED = "EAVIP-V01", "every access is reviewed every 90 days", "Access reviews";
    /// Access that nobody used for 90 days is only a risk. Revoke it; it can be granted again.
    USED = "EAVIP-V02", "no access lies unused", "Access reviews";
}

words! {
    /// What gives access.
    #[non_exhaustive]
    pub enum GrantKind ("kind of access") {
        /// A person's or a service's account.
        Principal = "principal",
        /// A token.
        Token = "token",
        /// A node's certificate.
        NodeCertificate = "node-certificate",
        /// A key that opens backups.
        BackupKey = "backup-key",
    }
}

/// Names one access.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GrantId {
    /// What it is.
    pub kind: GrantKind,
    /// What it is called; never the secret itself.
    pub name: String,
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)
    }
}

/// When an access was last used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "used", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Usage {
    /// At a moment.
    Last {
        /// When.
        at: Timestamp,
    },
    /// Not since it was granted.
    Never,
    /// Nobody keeps count.
    Unknown,
}

/// One access as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Which.
    pub id: GrantId,
    /// Whose it is, where it is one person's.
    pub holder: Option<PersonId>,
    /// When it was granted, which somebody decided.
    pub granted_at: Timestamp,
    /// When somebody last decided to keep it.
    pub reviewed_at: Option<Timestamp>,
    /// When it was last used.
    pub usage: Usage,
}

/// How often access is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessReviewPolicy {
    /// How long a review holds; 90 days.
    pub review_every: Span,
    /// How long an access may lie unused; 90 days.
    pub unused_for: Span,
}

impl Default for AccessReviewPolicy {
    fn default() -> Self {
        const DAYS_90: Span = Span::from_secs(90 * 86_400);
        Self { review_every: DAYS_90, unused_for: DAYS_90 }
    }
}

/// Judges every access: what is wrong by rule and then in the given order, or one pass for each rule. An empty list is
/// not known to be everything.
///
/// ```
/// use eavip_core::access_review::{AccessReviewPolicy, Grant, GrantId, GrantKind, Usage, judge};
/// use eavip_core::time::Timestamp;
///
/// let granted_at: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
/// let grant = Grant {
///     id: GrantId { kind: GrantKind::Token, name: "ci".to_owned() },
///     holder: None,
///     granted_at,
///     reviewed_at: None,
///     usage: Usage::Never,
/// };
/// let in_june = "2026-06-01T00:00:00Z".parse().unwrap();
/// let findings = judge(&[grant], &AccessReviewPolicy::default(), in_june);
/// assert_eq!(findings[0].message, "token `ci` wasn't reviewed for 151d");
/// assert_eq!(findings[1].message, "token `ci` wasn't used for 151d");
/// ```
#[must_use]
pub fn judge(grants: &[Grant], policy: &AccessReviewPolicy, now: Timestamp) -> Vec<Finding> {
    if grants.is_empty() {
        let unknown = |rule: Rule| {
            rule.undetermined("no access is listed, though somebody must have some", "list all of it")
        };
        return vec![unknown(REVIEWED), unknown(USED)];
    }
    let reviewed = grants.iter().filter_map(|grant| unreviewed(grant, policy, now));
    let used = grants.iter().filter_map(|grant| unused(grant, policy, now));
    let mut findings = or_pass(REVIEWED, reviewed.collect(), grants.len());
    findings.extend(or_pass(USED, used.collect(), grants.len()));
    findings
}

fn or_pass(rule: Rule, found: Vec<Finding>, count: usize) -> Vec<Finding> {
    if found.is_empty() { vec![rule.pass(format!("{count} looked at, all in order"))] } else { found }
}

fn unreviewed(grant: &Grant, policy: &AccessReviewPolicy, now: Timestamp) -> Option<Finding> {
    let last = grant.reviewed_at.map_or(grant.granted_at, |at| at.max(grant.granted_at));
    overdue(REVIEWED, grant, "reviewed", last, policy.review_every, now)
}

fn unused(grant: &Grant, policy: &AccessReviewPolicy, now: Timestamp) -> Option<Finding> {
    let last = match grant.usage {
        Usage::Last { at } => at.max(grant.granted_at),
        Usage::Never => grant.granted_at,
        Usage::Unknown => {
            let message = format!("nobody keeps count of the use of {}", grant.id);
            return Some(USED.undetermined(message, "record when it is used, or revoke it"));
        }
    };
    overdue(USED, grant, "used", last, policy.unused_for, now)
}

fn overdue(
    rule: Rule,
    grant: &Grant,
    what: &str,
    last: Timestamp,
    limit: Span,
    now: Timestamp,
) -> Option<Finding> {
    let Some(age) = age(last, now) else {
        let message = format!("{} was last {what} in the future, at {last}", grant.id);
        return Some(rule.undetermined(message, "correct the clock that said so"));
    };
    (age > limit).then(|| {
        let days = Span::from_secs(age.as_millis() / 86_400_000 * 86_400);
        rule.fail(
            format!("{} wasn't {what} for {days}", grant.id),
            "decide on it in an access review, or revoke it",
        )
        .measured(age.as_secs_f64(), limit.as_secs_f64(), Unit::Seconds)
        .evidence([&grant.id.name])
    })
}

#[cfg(test)]
mod tests;
