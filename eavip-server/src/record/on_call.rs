//! What happens around duty that the policy library has no event for: who takes whose place, and how people are reached.

use eavip_core::id::{PersonId, ReceiverId, ScheduleId};
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened to an override.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum OverrideEvent {
    /// It was made; the record's reason says why.
    Added {
        /// In which schedule.
        schedule: ScheduleId,
        /// Who has duty instead of whoever would.
        person: PersonId,
        /// From when on.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
    },
    /// It was taken back.
    Removed,
}

/// What happened to a way to reach a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ContactEvent {
    /// It was named; nothing is sent to it before it is verified.
    Added {
        /// The receiver of the configuration that carries messages.
        receiver: ReceiverId,
        /// Their address with that receiver, where it has many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// A code was sent through it.
    CodeSent {
        /// SHA-256 of the code, hexadecimal.
        hash: String,
        /// Until when the code counts.
        until: Timestamp,
    },
    /// A wrong code was given.
    CodeMissed,
    /// The right code was given: what is sent through it reaches them.
    Verified,
    /// A test message was sent through it.
    Tested,
    /// It was removed.
    Removed,
}
