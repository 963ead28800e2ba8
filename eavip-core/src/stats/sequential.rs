//! Counts of two groups compared while they grow: one-sided tests that stay valid however often somebody looks.
//!
//! Given that an event happened, it happened in the canary with probability `p`; when both rates are the same, `p` is the
//! canary's share of the exposure, `p0`. A mixture of the likelihoods of all larger `p` over that of `p0` is a
//! non-negative supermartingale with mean at most 1 for every `p <= p0` (Robbins 1970, *Statistical methods related to
//! the law of the iterated logarithm*), so that by Ville's inequality it ever reaches `1 / alpha` with probability at most
//! `alpha`. That is exact while the canary's share of the traffic stays as it is, as it does within a stage.

use serde::{Deserialize, Serialize};

use super::beta::ln_scaled;

/// Most events that are judged, of both groups together: as far as the arithmetic is checked.
pub const MAX_EVENTS: u64 = 1_000_000_000;

/// One group's bad events and what they happened in: failed requests of all requests, failed jobs of all jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many went wrong.
    pub events: u64,
    /// How many there were.
    pub exposure: u64,
}

/// A comparison that can be calculated: events as numbers, and the odds of the canary by exposure.
struct Compared {
    canary: f64,
    baseline: f64,
    odds: f64,
}

impl Compared {
    fn new(canary: Tally, baseline: Tally) -> Option<Self> {
        let events = canary.events.checked_add(baseline.events)?;
        if events > MAX_EVENTS || canary.exposure == 0 || baseline.exposure == 0 {
            return None;
        }
        let odds = canary.exposure as f64 / baseline.exposure as f64;
        Some(Self { canary: canary.events as f64, baseline: baseline.events as f64, odds })
    }
}

/// `ln E`, the evidence that the canary's rate is the higher one: reject "it isn't" at `E >= 1 / alpha`, at any look.
///
/// The mixture is Beta(1, (1 - p0) / p0) cut to `p > p0`. With S of n events in the canary,
/// `E = [B(1+S, b+n-S) / B(1, b)] / [p0^S (1-p0)^(n-S)] * [1 - I_p0(1+S, b+n-S)] / [1 - I_p0(1, b)]`; as `1 - I_p0(1, b)` is
/// `(1 - p0)^b` and `B(1, b)` is `1 / b`, all powers meet in one scaled integral. `None` without exposure on either side
/// or beyond [`MAX_EVENTS`].
#[must_use]
pub fn ln_evidence_of_more(canary: Tally, baseline: Tally) -> Option<f64> {
    let Compared { canary, baseline, odds } = Compared::new(canary, baseline)?;
    let (share, rest) = (odds / (1.0 + odds), 1.0 / (1.0 + odds));
    Some(rest.ln() + ln_scaled(baseline + 1.0 / odds, canary + 1.0, rest, share)?)
}

/// The upper bound of the canary's rate over the baseline's, with confidence `1 - alpha` over all looks together. `None`
/// while there is no bound: without exposure, or without enough events in the baseline.
///
/// It is the least ratio that the mirrored test rejects: the mixture is uniform over all smaller `p`, and its evidence
/// rises with the ratio, so that halving finds the place. Rounded up by less than 1 in 10,000.
#[must_use]
pub fn rate_ratio_bound(canary: Tally, baseline: Tally, alpha: f64) -> Option<f64> {
    /// Natural logarithm of the odds that are looked through; e^40 events are more than there are.
    const WIDEST: f64 = 40.0;
    const HALVINGS: u32 = 20;
    let Compared { canary, baseline, odds } = Compared::new(canary, baseline)?;
    let rejected = |ln_odds: f64| {
        let (share, rest) = (1.0 / (1.0 + (-ln_odds).exp()), 1.0 / (1.0 + ln_odds.exp()));
        let evidence = ln_scaled(canary + 1.0, baseline + 1.0, share, rest).map(|scaled| scaled + rest.ln());
        evidence.is_some_and(|evidence| evidence >= -alpha.ln())
    };
    let (mut kept, mut bound) = (-WIDEST, WIDEST);
    if !rejected(bound) {
        return None;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(kept, bound);
        if rejected(middle) { bound = middle } else { kept = middle }
    }
    Some(bound.exp() / odds)
}

#[cfg(test)]
mod tests;
