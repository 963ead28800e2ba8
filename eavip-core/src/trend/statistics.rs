//! Durations in sum: always how many, the median and the 90th percentile. A mean says little of times that differ by orders of
//! magnitude, and isn't offered.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// What durations amount to; neither median nor percentile where there were none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How many.
    pub n: usize,
    /// Half of them took no longer; between the middle two when their number is even.
    pub median: Option<Span>,
    /// Nine in ten took no longer (nearest rank: the smallest of which that is so).
    pub p90: Option<Span>,
}

impl Summary {
    /// What durations amount to, in whatever order they come.
    #[must_use]
    pub fn of(durations: impl IntoIterator<Item = Span>) -> Self {
        let mut sorted: Vec<Span> = durations.into_iter().collect();
        sorted.sort_unstable();
        let n = sorted.len();
        let rank = |rank: usize| rank.checked_sub(1).and_then(|place| sorted.get(place)).copied();
        let (low, high) = (rank(n.div_ceil(2)), rank(n / 2 + 1));
        let between =
            |(low, high): (Span, Span)| Span::from_millis(low.as_millis().midpoint(high.as_millis()));
        Self { n, median: low.zip(high).map(between), p90: rank(n.saturating_mul(9).div_ceil(10)) }
    }
}

/// `median 5m, p90 1h (n = 3)`, or `none`.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.median.zip(self.p90) {
            Some((median, p90)) => write!(f, "median {median}, p90 {p90} (n = {})", self.n),
            None => f.write_str("none"),
        }
    }
}

#[cfg(test)]
mod tests;
