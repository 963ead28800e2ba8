//! Release notes: the four things that an operator has to know (seed: *Release Process*, "Release notes published").
//! How they are shown is the server's part.

use serde::{Deserialize, Serialize};

/// Longest part of release notes, in characters: some pages.
pub const MAX_NOTE: usize = 20_000;

/// What is told to operators with a release. Nothing to tell is written out: "none".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// What is different now.
    pub what_changed: String,
    /// What the operator has to do.
    pub operator_action: String,
    /// How to go back.
    pub rollback: String,
    /// What is known not to work.
    pub known_issues: String,
}

impl Notes {
    fn parts(&self) -> [(&'static str, &str); 4] {
        [
            ("what changed", &self.what_changed),
            ("operator action", &self.operator_action),
            ("rollback", &self.rollback),
            ("known issues", &self.known_issues),
        ]
    }

    /// The parts that say nothing.
    #[must_use]
    pub fn lacks(&self) -> Vec<&'static str> {
        self.parts().into_iter().filter(|(_, text)| text.trim().is_empty()).map(|(name, _)| name).collect()
    }

    /// The parts that are over [`MAX_NOTE`].
    #[must_use]
    pub fn excesses(&self) -> Vec<String> {
        let counted = self.parts().map(|(name, text)| (name, text.chars().count()));
        let over = counted.into_iter().filter(|(_, characters)| *characters > MAX_NOTE);
        over.map(|(name, count)| {
            format!("notes on {name} of {count} characters are over the limit of {MAX_NOTE}")
        })
        .collect()
    }
}
