//! What a job says on the socket: one line, `start NAME`, `ok NAME` or `fail NAME [EXIT]`, answered by `done` or by
//! `refused` and the reason.

use std::fmt;
use std::str::FromStr;

use eavip_core::id::CollectorId;

/// Longest line in bytes: a name has at most 63.
pub const MAX_LINE: usize = 128;

/// What happened to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A run began.
    Start,
    /// A run succeeded.
    Ok,
    /// A run failed, with its exit code where there is one.
    Fail(Option<i32>),
}

/// An announcement of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Which job.
    pub name: CollectorId,
    /// What happened.
    pub what: What,
}

/// A line that isn't an announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an announcement; send start NAME, ok NAME or fail NAME [EXIT]")]
pub struct InvalidLine;

impl FromStr for Announcement {
    type Err = InvalidLine;
    fn from_str(text: &str) -> Result<Self, InvalidLine> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let (name, what) = match words.as_slice() {
            ["start", name] => (name, What::Start),
            ["ok", name] => (name, What::Ok),
            ["fail", name] => (name, What::Fail(None)),
            ["fail", name, exit] => (name, What::Fail(Some(exit.parse().map_err(|_| InvalidLine)?))),
            _ => return Err(InvalidLine),
        };
        Ok(Self { name: name.parse().map_err(|_| InvalidLine)?, what })
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Start => write!(f, "start {}", self.name),
            What::Ok => write!(f, "ok {}", self.name),
            What::Fail(None) => write!(f, "fail {}", self.name),
            What::Fail(Some(exit)) => write!(f, "fail {} {exit}", self.name),
        }
    }
}
