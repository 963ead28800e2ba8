//! A straight line through points that doesn't follow single outliers: up to 29 % of the points can be anything.

use super::{median, normal, usable};

/// Most points: all pairs are looked at, half a million at most.
pub const MAX_POINTS: usize = 1_000;

/// A line through points, and how far its slope is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// The median of the slopes of all pairs.
    pub slope: f64,
    /// The slope's lower bound.
    pub low: f64,
    /// The slope's upper bound.
    pub high: f64,
    /// The line's height at x = 0: the median of what the slope leaves over.
    pub height: f64,
}

/// Fits a line to points (x, y). `None` when the points are too few for the confidence, over [`MAX_POINTS`], all at one
/// x, or not numbers.
///
/// Slope of Theil 1950; interval of Sen 1968 (*Estimates of the regression coefficient based on Kendall's tau*, 6), with the
/// variance of Kendall's S corrected for ties in x and y; its ranks are rounded outwards.
#[must_use]
pub fn theil_sen(points: &[(f64, f64)], confidence: f64) -> Option<Line> {
    let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    if points.len() > MAX_POINTS || !usable(&xs) || !usable(&ys) {
        return None;
    }
    let z = normal::quantile(0.5 + confidence / 2.0)?;
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (at, (x, y)) in points.iter().enumerate() {
        let pairs = points.iter().skip(at + 1).filter(|(other, _)| other != x);
        slopes.extend(pairs.map(|(x2, y2)| (y2 - y) / (x2 - x)));
    }
    slopes.sort_unstable_by(f64::total_cmp);
    let variance = (pairs_spread(points.len() as f64) - ties(&mut xs) - ties(&mut ys)) / 18.0;
    let half = z * variance.max(0.0).sqrt() / 2.0;
    let middle = slopes.len() as f64 / 2.0;
    // Ranks count from 1: the lower is ⌊(N - C) / 2⌋, the upper ⌈(N + C) / 2⌉ + 1.
    let lower = (middle - half).floor();
    if lower < 1.0 {
        return None;
    }
    let low = *slopes.get(lower as usize - 1)?;
    let high = *slopes.get((middle + half).ceil() as usize)?;
    let slope = median(&mut slopes)?;
    let mut rests: Vec<f64> = points.iter().map(|(x, y)| y - slope * x).collect();
    Some(Line { slope, low, high, height: median(&mut rests)? })
}

/// `n (n - 1) (2n + 5)`, 18 times the variance of Kendall's S.
fn pairs_spread(n: f64) -> f64 {
    n * (n - 1.0) * (2.0 * n + 5.0)
}

/// What groups of the same value take from that variance.
fn ties(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.chunk_by(|a, b| a == b).map(|same| pairs_spread(same.len() as f64)).sum()
}

#[cfg(test)]
mod tests;
