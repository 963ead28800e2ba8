//! The statistics under judgements and forecasts: plain functions of numbers, each with the source of its formula.
//!
//! What a number means and what follows from it is said where it is used (`release::judge`, `capacity`). Every function
//! answers `None` outside its domain (not a number, infinite, too few, too many) and never anything made up.

pub mod beta;
pub mod normal;
pub mod rank;
pub mod sequential;
pub mod slope;

/// Largest magnitude of a measured value: differences and sums of such values stay finite and keep their digits.
pub const LARGEST_VALUE: f64 = 1e15;

/// Whether every value can be calculated with.
fn usable(values: &[f64]) -> bool {
    values.iter().all(|value| value.abs() <= LARGEST_VALUE)
}

/// The median; of an even number of values the mean of the middle two. Reorders the values.
fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len().checked_sub(1)? / 2;
    let is_even = values.len().is_multiple_of(2);
    let (_, lower, above) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = *lower;
    let upper = if is_even { above.iter().copied().min_by(f64::total_cmp)? } else { lower };
    Some(lower + (upper - lower) / 2.0)
}

#[cfg(test)]
mod tests;
