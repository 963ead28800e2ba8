//! What is to be released: the artifact, its version, what it changes and who wrote it (seed: *Release Types*). The same
//! candidate goes through every environment; where to is a [request](super::gate::GateRequest).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::notes::Notes;
use super::version::{Kind, Version};
use crate::id::{Digest256, PersonId, ReleaseId};
use crate::words;

/// Most changes of one release; more can't be reviewed by a person.
pub const MAX_CHANGES: usize = 500;
/// Most authors of one release: every person of a large organisation.
pub const MAX_AUTHORS: usize = 200;
/// Most incidents that one release fixes; more would be a list of everything.
pub const MAX_FIXES: usize = 50;
/// Longest summary of a change, step, or id of another room, in characters: a line or two.
pub const MAX_LINE: usize = 500;

words! {
    /// What kind of change it is.
    #[non_exhaustive]
    pub enum ChangeKind ("kind of change") {
        /// Something works that didn't.
        Fix = "fix",
        /// A weakness is closed.
        Security = "security",
        /// Something can be done that couldn't.
        Feature = "feature",
        /// Something that worked has to be done in another way.
        Breaking = "breaking",
    }
}

impl ChangeKind {
    /// The least release type that may carry it.
    #[must_use]
    pub const fn requires(self) -> Kind {
        match self {
            Self::Fix | Self::Security => Kind::Patch,
            Self::Feature => Kind::Minor,
            Self::Breaking => Kind::Major,
        }
    }
}

words! {
    /// What of an installation a change touches, and a rollback has to bring back.
    #[non_exhaustive]
    pub enum Surface ("surface") {
        /// The programs that run.
        Binary = "binary",
        /// Their configuration.
        Config = "config",
        /// The form of the stored data.
        Schema = "schema",
        /// The feature flags.
        Flags = "flags",
    }
}

/// One declared change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What kind it is.
    pub kind: ChangeKind,
    /// What it does, in a line.
    pub summary: String,
    /// What it touches besides the binary.
    pub touches: BTreeSet<Surface>,
    /// Whether steps backwards can't bring back what was: a dropped column, a rewritten record.
    pub irreversible: bool,
}

/// What is to be released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The release's name.
    pub id: ReleaseId,
    /// Its version.
    pub version: Version,
    /// Its declared type.
    pub kind: Kind,
    /// The artifact; the same in every environment.
    pub artifact: Digest256,
    /// Who wrote it.
    pub authors: BTreeSet<PersonId>,
    /// What it changes.
    pub changes: Vec<Change>,
    /// What is told to operators.
    pub notes: Notes,
    /// Ids of open incidents that it is to end.
    pub fixes: BTreeSet<String>,
}

impl Candidate {
    /// The least release type that may carry its changes; `None` when none is declared.
    #[must_use]
    pub fn required_kind(&self) -> Option<Kind> {
        self.changes.iter().map(|change| change.kind.requires()).max()
    }

    /// Whether a change touches a surface. The binary is always touched.
    #[must_use]
    pub fn touches(&self, surface: Surface) -> bool {
        surface == Surface::Binary || self.changes.iter().any(|change| change.touches.contains(&surface))
    }

    /// Whether steps backwards can't bring a surface back.
    #[must_use]
    pub fn is_irreversible(&self, surface: Surface) -> bool {
        // A change that touches nothing else and can't be undone is one of the binary.
        let concerns = |change: &&Change| match surface {
            Surface::Binary => change.touches.iter().all(|touched| *touched == Surface::Binary),
            _ => change.touches.contains(&surface),
        };
        self.changes.iter().filter(concerns).any(|change| change.irreversible)
    }

    /// What is longer or more than its bound.
    #[must_use]
    pub fn excesses(&self) -> Vec<String> {
        let counts = [
            ("changes", self.changes.len(), MAX_CHANGES),
            ("authors", self.authors.len(), MAX_AUTHORS),
            ("fixed incidents", self.fixes.len(), MAX_FIXES),
        ];
        let lines = self.changes.iter().map(|change| &change.summary).chain(&self.fixes);
        let longest = lines.map(|line| line.chars().count()).max().unwrap_or(0);
        let mut found: Vec<String> = counts
            .into_iter()
            .filter(|(_, count, most)| count > most)
            .map(|(what, count, most)| format!("{count} {what} are over the limit of {most}"))
            .collect();
        if longest > MAX_LINE {
            found.push(format!("a line of {longest} characters is over the limit of {MAX_LINE}"));
        }
        found.extend(self.notes.excesses());
        found
    }
}
