//! Two samples compared by rank: whether the one tends to be larger, how often, and by how much. Outliers weigh no more
//! than any other value.

use super::{median, usable};

/// Most values of one sample: all pairs are looked at, a million at most.
pub const MAX_VALUES: usize = 1_000;

/// What ranks say of a sample against another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Standard score of Mann-Whitney's U for "the first is larger", ties and continuity corrected.
    pub z: f64,
    /// How often a value of the first is the larger of a pair, ties counted half (common-language effect size).
    pub superiority: f64,
    /// The median of all differences between the first's values and the second's (Hodges-Lehmann).
    pub shift: f64,
    /// The median of the first, as the shift sees it, over the median of the second; `None` where the second's isn't
    /// above zero.
    pub ratio: Option<f64>,
}

/// Compares a sample with another. `None` when one is empty, over [`MAX_VALUES`], or holds what isn't a number.
///
/// Mann & Whitney 1947 with the correction for ties of Lehmann 1975 (*Nonparametrics*, 1.4); shift of Hodges & Lehmann
/// 1963.
#[must_use]
pub fn compare(first: &[f64], second: &[f64]) -> Option<Comparison> {
    let fits = |sample: &[f64]| !sample.is_empty() && sample.len() <= MAX_VALUES && usable(sample);
    if !fits(first) || !fits(second) {
        return None;
    }
    let (m, n) = (first.len() as f64, second.len() as f64);
    let mut ranked: Vec<(f64, bool)> = first.iter().map(|value| (*value, true)).collect();
    ranked.extend(second.iter().map(|value| (*value, false)));
    ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut ties, mut before) = (0.0, 0.0, 0.0);
    for same in ranked.chunk_by(|a, b| a.0 == b.0) {
        let size = same.len() as f64;
        let of_first = same.iter().filter(|(_, is_first)| *is_first).count() as f64;
        ranks += of_first * (before + (size + 1.0) / 2.0);
        ties += size * size * size - size;
        before += size;
    }
    let u = ranks - m * (m + 1.0) / 2.0;
    let all = m + n;
    let variance = m * n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let z = if variance > 0.0 { (u - m * n / 2.0 - 0.5) / variance.sqrt() } else { 0.0 };
    let mut differences: Vec<f64> = first.iter().flat_map(|a| second.iter().map(move |b| a - b)).collect();
    let shift = median(&mut differences)?;
    let usual = median(&mut second.to_vec())?;
    let ratio = (usual > 0.0).then(|| (usual + shift) / usual);
    Some(Comparison { z, superiority: u / (m * n), shift, ratio })
}

#[cfg(test)]
mod tests;
