//! How old evidence is, told the same way in every room. What counts as too old is the rooms' own part.

use crate::time::{Span, Timestamp};

/// How far two clocks may be apart before evidence "from the future" says nothing.
pub(crate) const MAX_SKEW: Span = Span::from_secs(5);

/// How old evidence from `at` is; `None` when it lies in the future by more than [`MAX_SKEW`]: somebody's clock is wrong,
/// and nobody knows how old it is.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> Option<Span> {
    (at.since(now) <= MAX_SKEW).then(|| now.since(at))
}

/// Whether evidence from `at` is known to be at most `limit` old.
pub(crate) fn is_within(at: Timestamp, now: Timestamp, limit: Span) -> bool {
    age(at, now).is_some_and(|age| age <= limit)
}

#[cfg(test)]
mod tests;
