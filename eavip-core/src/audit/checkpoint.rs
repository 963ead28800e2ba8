//! A checkpoint's text: which log, how many events, which root (C2SP tlog-checkpoint). Reads exactly what it would
//! write; who signed it is in [`note`](super::note).

use std::fmt;
use std::str::FromStr;

use super::{AuditPolicy, base64, empty_root};
use crate::id::Digest256;
use crate::time::Timestamp;

/// Longest line of a checkpoint, in bytes: an origin is a name like `example.com/log42`, an extension a little more.
pub const MAX_LINE: usize = 1_024;
/// Most extension lines: the form discourages any, and what nobody audits has to stay small.
pub const MAX_EXTENSIONS: usize = 16;

/// The head of a log at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Digest256,
    extensions: Vec<String>,
}

/// A text that is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCheckpoint {
    /// The first line doesn't name a log.
    #[error("the origin isn't one line of 1 to 1024 bytes; name the log, such as `ops.example.com/audit`")]
    Origin,
    /// The second line is no size.
    #[error("the size isn't a whole number; write it in decimal digits without leading zeros")]
    Size,
    /// The third line is no root, or not that of a log without events.
    #[error("the root isn't one that a log of this size has; write 32 bytes in standard base64")]
    Root,
    /// A further line can't be one.
    #[error("an extension line is empty or too long, or there are more than 16; leave extensions out")]
    Extension,
    /// The last line doesn't end.
    #[error("the text doesn't end with a line break; end each line with one")]
    Unended,
}

impl Checkpoint {
    /// The head of a log without extensions, as this product writes it.
    ///
    /// # Errors
    /// When the origin isn't a line, or the root of an empty log isn't that of no events.
    pub fn new(origin: &str, size: u64, root: Digest256) -> Result<Self, InvalidCheckpoint> {
        if !is_line(origin) {
            return Err(InvalidCheckpoint::Origin);
        }
        if size == 0 && root != empty_root() {
            return Err(InvalidCheckpoint::Root);
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions: Vec::new() })
    }

    /// Which log it is of.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many events the log had.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over them.
    #[must_use]
    pub fn root(&self) -> Digest256 {
        self.root
    }

    /// Lines that other logs add. They are signed, and mean nothing here.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

/// Not empty, not too long, and without control characters (signed-note: none below U+0020).
fn is_line(text: &str) -> bool {
    (1..=MAX_LINE).contains(&text.len()) && !text.bytes().any(|byte| byte < b' ')
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, base64::encode(&self.root.0))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = InvalidCheckpoint;
    fn from_str(text: &str) -> Result<Self, InvalidCheckpoint> {
        let text = text.strip_suffix('\n').ok_or(InvalidCheckpoint::Unended)?;
        let mut lines = text.split('\n');
        let origin = lines.next().ok_or(InvalidCheckpoint::Origin)?;
        let size = lines.next().and_then(decimal).ok_or(InvalidCheckpoint::Size)?;
        let root = lines.next().and_then(base64::decode_array).ok_or(InvalidCheckpoint::Root)?;
        let mut checkpoint = Self::new(origin, size, Digest256(root))?;
        for line in lines {
            if !is_line(line) || checkpoint.extensions.len() == MAX_EXTENSIONS {
                return Err(InvalidCheckpoint::Extension);
            }
            checkpoint.extensions.push(line.to_owned());
        }
        Ok(checkpoint)
    }
}

fn decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if digits { text.parse().ok() } else { None }
}

/// Whether a log has to be given a new checkpoint: the first one at once, then for every event within
/// [`AuditPolicy::checkpoint_every`] or [`AuditPolicy::checkpoint_events`]. `last` is the size of the last one, and when
/// it was made.
#[must_use]
pub fn is_due(policy: &AuditPolicy, last: Option<(u64, Timestamp)>, size: u64, now: Timestamp) -> bool {
    let Some((before, at)) = last else { return true };
    let waiting = size.saturating_sub(before);
    // A clock that was set back doesn't keep events waiting.
    let waited = now < at || now.since(at) >= policy.checkpoint_every;
    waiting > 0 && (waited || waiting >= policy.checkpoint_events)
}

#[cfg(test)]
mod tests;
