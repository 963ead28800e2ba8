//! The record elsewhere that something belongs to: a ticket of a silence, a change of a maintenance window.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest ticket in characters: longer than any tracker's keys, shorter than an address with a session in it.
const MAX_TICKET: usize = 100;

/// A tracker's key or address; never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(Box<str>);

/// A text that can't be a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ticket is empty, too long or has blanks; write 1 to 100 visible characters such as `OPS-12`")]
pub struct InvalidTicket;

impl Ticket {
    /// The ticket as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl crate::document::Declared for Ticket {}

impl FromStr for Ticket {
    type Err = InvalidTicket;
    fn from_str(text: &str) -> Result<Self, InvalidTicket> {
        let usable = (1..=MAX_TICKET).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
        if usable { Ok(Self(text.into())) } else { Err(InvalidTicket) }
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Ticket {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Ticket {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}
