//! The four clocks of an incident. Medians over many are made in `trend`.

use serde::{Deserialize, Serialize};

use super::Incident;
use crate::time::{Span, Timestamp};

/// How long what took. A clock that ran backwards gives zero; what hasn't happened gives `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// From when it began to be bad until it was declared.
    pub detect: Span,
    /// From declared until somebody took it; `None` too when it was over before.
    pub acknowledge: Option<Span>,
    /// From when it began to be bad until a signal proved an action; of the last time, when it came back.
    pub mitigate: Option<Span>,
    /// From when it began to be bad until those who were affected had the all-clear.
    pub resolve: Option<Span>,
    /// Whether all its alerts were over before anybody took it: then the time until somebody looked says nothing of how fast
    /// people are, and is counted apart.
    pub auto_resolved: bool,
}

impl Clocks {
    /// The clocks of an incident.
    #[must_use]
    pub fn of(incident: &Incident) -> Self {
        let began = |moment: Timestamp| moment.since(incident.began_at);
        let over = recovered_at(incident);
        let taken = incident.acknowledged.as_ref().map(|mark| mark.at);
        let auto_resolved = over.is_some_and(|over| taken.is_none_or(|taken| taken > over));
        Self {
            detect: began(incident.declared_at),
            acknowledge: taken.filter(|_| !auto_resolved).map(|taken| taken.since(incident.declared_at)),
            mitigate: incident.mitigated_at.map(began),
            resolve: incident.resolved_at.map(began),
            auto_resolved,
        }
    }
}

/// When the last of its alerts was over; `None` while one fires, and when it has none.
fn recovered_at(incident: &Incident) -> Option<Timestamp> {
    let over: Option<Vec<Timestamp>> = incident.episodes.values().copied().collect();
    over.and_then(|moments| moments.into_iter().max())
}

#[cfg(test)]
mod tests;
