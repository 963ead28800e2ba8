//! Incident severity, derived from the declared impact (seed: *Incident Severity Levels*).

use serde::{Deserialize, Serialize};

use crate::words;

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
    pub enum Integrity ("data integrity") {
        /// Checked and intact.
        Intact = "intact",
        /// Not known; counts as a risk.
        Unknown = "unknown",
        /// Wrong or lost data is likely or certain.
        AtRisk = "at-risk",
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
#[must_use]
pub fn classify(impact: Impact) -> Sev {
    match (impact.integrity, impact.scope) {
        (Integrity::AtRisk | Integrity::Unknown, _) | (_, Scope::PlatformUnavailable) => Sev::Sev1,
        (Integrity::Intact, Scope::MajorFunction) => Sev::Sev2,
        (Integrity::Intact, Scope::Partial) => Sev::Sev3,
        (Integrity::Intact, Scope::Minor) => Sev::Sev4,
    }
}

#[cfg(test)]
mod tests;
