//! What comes back: incidents by service, rule and cause, from one period to the next, and those that follow each other too
//! soon.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{IncidentRecord, MAX_ROWS, Period};
use crate::id::{AlertRuleId, IncidentId, ServiceId};
use crate::incident::review::Cause;
use crate::time::{Span, Timestamp};

/// What incidents have in common; the most telling first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Pattern {
    /// The alert rule that told of them.
    Rule(AlertRuleId),
    /// A service that they affect.
    Service(ServiceId),
    /// The kind of cause.
    Cause(Cause),
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => write!(f, "rule {rule}"),
            Self::Service(service) => write!(f, "service {service}"),
            Self::Cause(cause) => write!(f, "cause {cause}"),
        }
    }
}

fn patterns(record: &IncidentRecord) -> impl Iterator<Item = Pattern> {
    let services = record.services.iter().cloned().map(Pattern::Service);
    record.rule.clone().map(Pattern::Rule).into_iter().chain(services).chain(record.cause.map(Pattern::Cause))
}

/// The incidents of each pattern, in the order in which they were declared, each once.
fn by_pattern(records: &[IncidentRecord]) -> BTreeMap<Pattern, BTreeSet<(Timestamp, &IncidentId)>> {
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for record in records {
        for pattern in patterns(record) {
            found.entry(pattern).or_default().insert((record.declared_at, &record.id));
        }
    }
    found
}

/// How many incidents of a pattern there were before and are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Count {
    /// What they have in common.
    pub pattern: Pattern,
    /// In the period before.
    pub before: usize,
    /// In this period.
    pub now: usize,
}

/// Incidents by pattern over two periods, the most frequent of now first.
#[must_use]
pub fn counts(records: &[IncidentRecord], before: Period, now: Period) -> Vec<Count> {
    let of = |(pattern, incidents): (Pattern, BTreeSet<(Timestamp, &IncidentId)>)| {
        let within = |period: Period| incidents.iter().filter(|(at, _)| period.contains(*at)).count();
        Count { pattern, before: within(before), now: within(now) }
    };
    let mut counts: Vec<Count> = by_pattern(records).into_iter().map(of).collect();
    counts.retain(|count| count.before + count.now > 0);
    counts.sort_by_key(|count| std::cmp::Reverse((count.now, count.before)));
    counts
}

/// Incidents of one pattern, each of which followed the one before it too soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Repeat {
    /// What they have in common.
    pub pattern: Pattern,
    /// How many incidents, at least two.
    pub count: usize,
    /// The incidents in the order in which they were declared, the first [`MAX_ROWS`] of them.
    pub incidents: Vec<IncidentId>,
    /// When the first was declared.
    pub first_at: Timestamp,
    /// When the last was declared.
    pub last_at: Timestamp,
}

/// Every row of incidents of one pattern in which each followed the one before it within a span, that included; by pattern,
/// then by time.
#[must_use]
pub fn repeats(records: &[IncidentRecord], within: Span) -> Vec<Repeat> {
    let rows = by_pattern(records).into_iter().flat_map(|(pattern, incidents)| {
        let mut rows: Vec<Repeat> = Vec::new();
        for (at, id) in incidents {
            match rows.last_mut().filter(|row| at.since(row.last_at) <= within) {
                Some(row) => {
                    row.count += 1;
                    row.last_at = at;
                    if row.incidents.len() < MAX_ROWS {
                        row.incidents.push(id.clone());
                    }
                }
                None => {
                    let incidents = vec![id.clone()];
                    rows.push(Repeat {
                        pattern: pattern.clone(),
                        count: 1,
                        incidents,
                        first_at: at,
                        last_at: at,
                    });
                }
            }
        }
        rows
    });
    rows.filter(|row| row.count > 1).collect()
}

#[cfg(test)]
mod tests;
