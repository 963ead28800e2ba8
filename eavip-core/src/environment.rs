//! The standard environments and their one direction (seed: *Environment Model*).

use crate::words;

words! {
    /// An environment; the order is the order of promotion.
    pub enum Environment ("environment") {
        /// Where changes are made.
        Development = "development",
        /// Where they meet each other.
        Integration = "integration",
        /// Where a release is rehearsed.
        Staging = "staging",
        /// What customers use.
        Production = "production",
    }
}

impl Environment {
    /// The next environment in the order of promotion; none after production.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Development => Some(Self::Integration),
            Self::Integration => Some(Self::Staging),
            Self::Staging => Some(Self::Production),
            Self::Production => None,
        }
    }
}
