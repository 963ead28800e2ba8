//! Who is told of an episode, and why (or why not). Every decision has a reason that is kept and shown.

use serde::{Deserialize, Serialize};

use super::Category;
use crate::id::ReceiverId;
use crate::labels::Labels;
use crate::words;

words! {
    /// What a notification tells.
    pub enum NoticeKind ("notice") {
        /// An episode began.
        Firing = "firing",
        /// An episode is over.
        Resolved = "resolved",
    }
}

words! {
    /// Why somebody is told, or not.
    pub enum Reason ("notification reason") {
        /// Told: the episode began.
        First = "first",
        /// Told: the episode is over, and its beginning was told.
        Resolved = "resolved",
        /// Not told: no route leads anywhere for it.
        NoRoute = "no-route",
    }
}

/// A branch that decides where alerts go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Labels that must have these values; all of them. The alert's `owner`, `rule` and `category` count as labels.
    pub matchers: Labels,
    /// The least urgent category that it takes.
    pub least: Category,
    /// Where matching alerts go.
    pub receivers: Vec<ReceiverId>,
    /// Whether later routes are asked as well.
    pub goes_on: bool,
}

/// A decision about one notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it tells.
    pub kind: NoticeKind,
    /// Why.
    pub reason: Reason,
    /// Who is told; empty when nobody is.
    pub receivers: Vec<ReceiverId>,
}

/// Decides who is told: the receivers of the first matching route, and of further ones while a route goes on.
#[must_use]
pub fn decide(routes: &[Route], labels: &Labels, category: Category, kind: NoticeKind) -> Notice {
    let mut receivers: Vec<ReceiverId> = Vec::new();
    for route in routes {
        let matches = route.least <= category
            && route.matchers.iter().all(|(name, value)| labels.get(name) == Some(value));
        if !matches {
            continue;
        }
        for receiver in &route.receivers {
            if !receivers.contains(receiver) {
                receivers.push(receiver.clone());
            }
        }
        if !route.goes_on {
            break;
        }
    }
    let reason = match kind {
        _ if receivers.is_empty() => Reason::NoRoute,
        NoticeKind::Firing => Reason::First,
        NoticeKind::Resolved => Reason::Resolved,
    };
    Notice { kind, reason, receivers }
}

#[cfg(test)]
mod tests;
