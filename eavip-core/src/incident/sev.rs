//! Incident severity, derived from the declared impact or from signals, and the ratchet that holds it (seed: *Incident
//! Severity Levels*). Who declares and when belongs to the incident.

use serde::{Deserialize, Serialize};

use super::Actor;
use crate::finding::Finding;
use crate::roster::Roster;
use crate::signal::health::Health;
use crate::words;

crate::rules! {
    /// A severity rises whenever somebody or a signal says so. It falls only when an active person of the roster says so and
    /// why, in 1 to 1000 characters: declare the new impact with a reason.
    FALLS = "EAVIP-I20", "a severity rises freely and falls only by a person with a reason",
        "SEV-1: Platform unavailable or data integrity risk";
    /// The flag brings in Security & Compliance and keeps the incident at SEV-2 or above. It is set once; nothing takes it
    /// away, so that nobody can quietly end an escalation. When it was wrong, say so in a note and in the review.
    SECURITY = "EAVIP-I21", "a security flag is set once and stays", "Incident escalation for security events";
}

words! {
    /// How severe an incident is; the most severe first.
    pub enum Sev ("incident severity") {
        /// Platform unavailable or data integrity risk.
        Sev1 = "SEV-1",
        /// Major functionality impaired.
        Sev2 = "SEV-2",
        /// Partial degradation.
        Sev3 = "SEV-3",
        /// Minor issue or anomaly.
        Sev4 = "SEV-4",
    }
}

words! {
    /// How much of what the platform does is affected.
    #[non_exhaustive]
    pub enum Scope ("impact scope") {
        /// Nobody can use the platform.
        PlatformUnavailable = "platform-unavailable",
        /// A major function doesn't work.
        MajorFunction = "major-function",
        /// Something works, but worse than it should.
        Partial = "partial",
        /// Hardly anybody notices.
        Minor = "minor",
    }
}

words! {
    /// What is known of the data's integrity.
    #[non_exhaustive]
    pub enum Integrity ("data integrity") {
        /// Checked and intact.
        Intact = "intact",
        /// Not known; counts as a risk.
        Unknown = "unknown",
        /// Wrong or lost data is likely or certain.
        AtRisk = "at-risk",
    }
}

impl Sev {
    /// Whether it is SEV-1 or SEV-2: a full review and a revision of the runbook follow.
    #[must_use]
    pub const fn is_major(self) -> bool {
        matches!(self, Self::Sev1 | Self::Sev2)
    }
}

words! {
    /// How much of the platform signals say is affected.
    #[non_exhaustive]
    pub enum Reach ("reach") {
        /// All of it.
        Platform = "platform",
        /// A major function.
        MajorFunction = "major-function",
        /// Some part.
        Part = "part",
        /// Next to nothing.
        Little = "little",
    }
}

/// An incident's impact as somebody declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// How much is affected.
    pub scope: Scope,
    /// What is known of the data.
    pub integrity: Integrity,
}

/// The severity of an impact: data integrity that is at risk or unknown is SEV-1, whatever else works.
///
/// ```
/// use eavip_core::incident::sev::{Impact, Integrity, Scope, Sev, classify};
///
/// assert_eq!(classify(Impact { scope: Scope::MajorFunction, integrity: Integrity::Intact }), Sev::Sev2);
/// assert_eq!(classify(Impact { scope: Scope::Minor, integrity: Integrity::Unknown }), Sev::Sev1);
/// ```
#[must_use]
pub fn classify(impact: Impact) -> Sev {
    match (impact.integrity, impact.scope) {
        (Integrity::AtRisk | Integrity::Unknown, _) | (_, Scope::PlatformUnavailable) => Sev::Sev1,
        (Integrity::Intact, Scope::MajorFunction) => Sev::Sev2,
        (Integrity::Intact, Scope::Partial) => Sev::Sev3,
        (Integrity::Intact, Scope::Minor) => Sev::Sev4,
    }
}

impl Impact {
    /// The worse of two impacts in each respect.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        Self { scope: self.scope.min(other.scope), integrity: self.integrity.max(other.integrity) }
    }
}

/// The severity of an impact with or without a security event, which is at least SEV-2.
#[must_use]
pub fn severity(impact: Impact, security: bool) -> Sev {
    let sev = classify(impact);
    if security { sev.min(Sev::Sev2) } else { sev }
}

/// What signals say of an incident before a person has looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signals {
    /// How the availability of what is affected is.
    pub availability: Health,
    /// How much is affected.
    pub reach: Reach,
    /// What is known of the data.
    pub integrity: Integrity,
    /// Whether a security event is part of it.
    pub security: bool,
}

impl Signals {
    /// The impact that availability and reach amount to. What can't be seen counts as failing; what is degraded is one step
    /// less bad than what fails, where there is a step.
    #[must_use]
    pub fn impact(self) -> Impact {
        let scope = match (self.availability, self.reach) {
            (Health::Failing | Health::Unknown, Reach::Platform) => Scope::PlatformUnavailable,
            (Health::Failing | Health::Unknown, Reach::MajorFunction) => Scope::MajorFunction,
            (Health::Failing | Health::Unknown, Reach::Part) => Scope::Partial,
            (Health::Degraded, Reach::Platform) => Scope::MajorFunction,
            (Health::Degraded, Reach::MajorFunction | Reach::Part) => Scope::Partial,
            (_, Reach::Little) | (Health::Healthy, _) => Scope::Minor,
        };
        Impact { scope, integrity: self.integrity }
    }

    /// The severity that the signals amount to.
    #[must_use]
    pub fn severity(self) -> Sev {
        severity(self.impact(), self.security)
    }
}

/// Why a severity may not change like this; empty when it may.
#[must_use]
pub fn change(from: Sev, to: Sev, by: &Actor, reason: &str, roster: &Roster) -> Vec<Finding> {
    let mut findings = Vec::new();
    if to <= from {
        return findings;
    }
    if by.person(roster).is_none() {
        let message = format!("{by} can't lower {from} to {to}");
        findings.push(FALLS.fail(message, "an active person of the roster lowers a severity"));
    }
    if reason.trim().is_empty() {
        let message = format!("nobody says why {from} becomes {to}");
        findings.push(FALLS.fail(message, "give a reason: what shows that the impact is smaller"));
    }
    findings
}

#[cfg(test)]
mod tests;
