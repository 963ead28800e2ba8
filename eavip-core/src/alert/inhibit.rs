//! Alerts that another one explains: while a node is silent, nobody is told that its disk is full as well.
//!
//! Nothing is remembered: what inhibits is an open episode, and open episodes outlive a restart, so after one nothing is
//! told that was held back before it. Where alerts inhibit each other in a circle, the oldest of them is told.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Alert;
use super::matcher::Matchers;
use crate::id::Digest128;

/// Most inhibitions of one policy: each alert is held against all of them.
pub const MAX_INHIBITIONS: usize = 100;
/// Longest chain of inhibitions that is followed; what lies beyond is told rather than held back.
const LONGEST_CHAIN: usize = 16;

/// One declared `[[inhibit]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inhibition {
    /// What explains.
    pub source: Matchers,
    /// What is explained.
    pub target: Matchers,
    /// Labels whose values must be the same in both.
    pub equal: BTreeSet<String>,
}

impl Inhibition {
    /// The alerts among `firing` that explain `target`. As in Alertmanager, what is source and target at once isn't explained by
    /// its like.
    fn sources<'f>(&self, target: &'f Alert, firing: &'f [Alert]) -> impl Iterator<Item = &'f Alert> {
        let is_target = self.target.matches(&target.labels);
        let is_both = is_target && self.source.matches(&target.labels);
        let value = |alert: &'f Alert, name: &String| alert.labels.get(name);
        let wanted: Vec<_> = self.equal.iter().map(|name| (name, value(target, name))).collect();
        // Each alert is held against all that fire: what costs least and rules out most comes first.
        let explains = move |source: &&Alert| {
            wanted.iter().all(|(name, value)| source.labels.get(name) == *value)
                && source.id != target.id
                && self.source.matches(&source.labels)
                && !(is_both && self.target.matches(&source.labels))
        };
        let firing = if is_target { firing } else { &[] };
        firing.iter().filter(explains)
    }
}

fn explanation<'f>(inhibitions: &[Inhibition], alert: &'f Alert, firing: &'f [Alert]) -> Option<&'f Alert> {
    let sources = inhibitions.iter().flat_map(|one| one.sources(alert, firing));
    sources.min_by_key(|source| (source.since, source.id))
}

/// The firing alert that explains `alert`, the oldest where there are several; `None` when it is to be told.
#[must_use]
pub fn inhibited_by<'f>(
    inhibitions: &[Inhibition],
    alert: &'f Alert,
    firing: &'f [Alert],
) -> Option<&'f Alert> {
    let first = explanation(inhibitions, alert, firing)?;
    let mut chain: Vec<&Alert> = vec![alert];
    let mut next = first;
    while chain.len() < LONGEST_CHAIN {
        if let Some(entry) = chain.iter().position(|one| one.id == next.id) {
            let circle = chain.get(entry..).unwrap_or_default();
            let oldest: Option<Digest128> =
                circle.iter().min_by_key(|one| (one.since, one.id)).map(|one| one.id);
            return (oldest != Some(alert.id)).then_some(first);
        }
        chain.push(next);
        match explanation(inhibitions, next, firing) {
            Some(further) => next = further,
            None => return Some(first),
        }
    }
    None
}

#[cfg(test)]
mod tests;
