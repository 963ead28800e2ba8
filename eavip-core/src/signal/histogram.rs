//! A mergeable histogram with base-2 exponential buckets, for latencies.
//!
//! A bucket at scale `s` covers `(b^i, b^(i+1)]` with `b = 2^(2^-s)`. At scale 5 the middle of a bucket is at most
//! 1.09 % away from any value in it: `(b - 1) / (b + 1)`. When values spread over more than [`MAX_BUCKETS`], pairs
//! of buckets are joined and the scale falls by one. The layout is that of OpenTelemetry's exponential histogram
//! and of Prometheus' native histograms, so it maps to both without loss. Percentiles are read from merged
//! histograms, never averaged.

use serde::{Deserialize, Serialize};

/// Buckets at the most; with the scale this bounds size and error.
pub const MAX_BUCKETS: usize = 512;
/// Most values of a histogram from outside: sums of many never reach the end of their numbers.
const MAX_COUNT: u64 = 1 << 40;
/// The scale a new histogram starts at.
pub const START_SCALE: i8 = 5;
/// The coarsest scale: one bucket covers 2^256, so that every finite number has a place.
const MIN_SCALE: i8 = -8;

/// Why a histogram from outside can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the histogram is malformed: {0}")]
pub struct InvalidHistogram(&'static str);

/// Counts of positive values in exponential buckets. Zero and negative values count as zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Histogram {
    scale: i8,
    zero: u64,
    /// Index of the first bucket in `counts`.
    offset: i32,
    counts: Vec<u64>,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

/// The histogram as it travels; `count` isn't sent because it is the sum of the buckets.
#[derive(Serialize, Deserialize)]
struct Raw {
    scale: i8,
    #[serde(default)]
    zero: u64,
    #[serde(default)]
    offset: i32,
    #[serde(default)]
    counts: Vec<u64>,
    sum: f64,
    min: f64,
    max: f64,
}

impl From<Histogram> for Raw {
    fn from(h: Histogram) -> Self {
        let Histogram { scale, zero, offset, counts, sum, min, max, count: _ } = h;
        Self { scale, zero, offset, counts, sum, min, max }
    }
}

impl TryFrom<Raw> for Histogram {
    type Error = InvalidHistogram;
    fn try_from(raw: Raw) -> Result<Self, InvalidHistogram> {
        if raw.counts.len() > MAX_BUCKETS {
            return Err(InvalidHistogram("more than 512 buckets"));
        }
        if !(MIN_SCALE..=20).contains(&raw.scale) {
            return Err(InvalidHistogram("scale outside -8 to 20"));
        }
        if !(raw.sum.is_finite() && raw.min.is_finite() && raw.max.is_finite()) {
            return Err(InvalidHistogram("sum, min and max must be finite"));
        }
        if raw.min < 0.0 || raw.min > raw.max || raw.sum < 0.0 {
            return Err(InvalidHistogram("min, max and sum contradict each other"));
        }
        // Buckets where no finite number lies would make a merge reserve room for all those between.
        let reach = reach(raw.scale);
        let end = i64::from(raw.offset) + raw.counts.len() as i64;
        if i64::from(raw.offset) < -reach || end > reach {
            return Err(InvalidHistogram("offset out of range"));
        }
        let count = raw.counts.iter().try_fold(raw.zero, |sum, n| sum.checked_add(*n));
        let Some(count) = count.filter(|count| *count <= MAX_COUNT) else {
            return Err(InvalidHistogram("counts overflow"));
        };
        if count == 0 {
            return Ok(Self::default());
        }
        let Raw { scale, zero, offset, counts, sum, min, max } = raw;
        Ok(Self { scale, zero, offset, counts, count, sum, min, max })
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            scale: START_SCALE,
            zero: 0,
            offset: 0,
            counts: Vec::new(),
            count: 0,
            sum: 0.0,
            min: 0.0,
            max: 0.0,
        }
    }
}

impl Histogram {
    /// Counts one value; what isn't finite is left out.
    pub fn record(&mut self, value: f64) {
        self.record_many(value, 1);
    }

    /// Counts one value `times` times.
    pub fn record_many(&mut self, value: f64, times: u64) {
        if !value.is_finite() || times == 0 {
            return;
        }
        let value = value.max(0.0);
        let first = self.count == 0;
        self.min = if first { value } else { self.min.min(value) };
        self.max = if first { value } else { self.max.max(value) };
        self.sum = (self.sum + value * times as f64).min(f64::MAX);
        self.count = self.count.saturating_add(times);
        if value == 0.0 {
            self.zero = self.zero.saturating_add(times);
        } else {
            let at = self.make_room(index_of(value, self.scale));
            if let Some(bucket) = self.counts.get_mut(at) {
                *bucket = bucket.saturating_add(times);
            }
        }
    }

    /// Adds another histogram's counts; at least the coarser scale of the two remains.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            self.clone_from(other);
            return;
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum = (self.sum + other.sum).min(f64::MAX);
        self.count = self.count.saturating_add(other.count);
        self.zero = self.zero.saturating_add(other.zero);
        let Some(last) = other.last_index() else { return };
        self.coarsen_to(other.scale);
        // Room for both ends first: afterwards no bucket moves any more.
        self.make_room(shifted(other.offset, other.scale, self.scale));
        self.make_room(shifted(last, other.scale, self.scale));
        self.make_room(shifted(other.offset, other.scale, self.scale));
        self.each_bucket_with(other, u64::saturating_add);
    }

    /// Takes away what was merged before. Smallest and largest value stay those of all that was ever merged: they
    /// only bound a quantile within its bucket.
    pub(super) fn take_away(&mut self, other: &Self) {
        self.count = self.count.saturating_sub(other.count);
        self.zero = self.zero.saturating_sub(other.zero);
        self.sum = (self.sum - other.sum).max(0.0);
        self.each_bucket_with(other, u64::saturating_sub);
        if self.count == 0 {
            *self = Self::default();
        }
    }

    /// Changes each bucket by the other's count for it; what lies outside of the buckets is left out.
    fn each_bucket_with(&mut self, other: &Self, change: impl Fn(u64, u64) -> u64) {
        let first = usize::try_from(i64::from(other.offset) - i64::from(self.offset));
        // The usual case, in a form that the compiler turns into a few wide instructions.
        if let (true, Ok(first)) = (self.scale == other.scale, first) {
            let own = self.counts.get_mut(first..).unwrap_or_default();
            own.iter_mut().zip(&other.counts).for_each(|(bucket, n)| *bucket = change(*bucket, *n));
            return;
        }
        for (index, n) in (other.offset..).zip(&other.counts) {
            let at = shifted(index, other.scale, self.scale).saturating_sub(self.offset);
            if let Some(bucket) = usize::try_from(at).ok().and_then(|at| self.counts.get_mut(at)) {
                *bucket = change(*bucket, *n);
            }
        }
    }

    /// Whether buckets were joined.
    pub(super) fn is_coarse(&self) -> bool {
        self.scale < START_SCALE
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all values.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The value below which the share `q` (0 to 1) of all values lies; `None` when there are none.
    ///
    /// The rank is `ceil(q * count)`, at least 1; the answer is the middle of its bucket, held within the smallest
    /// and the largest value seen.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.count == 0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count);
        if rank <= self.zero {
            return Some(0.0);
        }
        let mut below = self.zero;
        for (index, n) in (self.offset..).zip(&self.counts) {
            below = below.saturating_add(*n);
            if below >= rank {
                return Some(middle_of(index, self.scale).clamp(self.min, self.max));
            }
        }
        Some(self.max)
    }

    /// How many values are above `limit`, as far as the buckets tell.
    #[must_use]
    pub fn count_above(&self, limit: f64) -> u64 {
        let above = |(index, n): (i32, &u64)| (middle_of(index, self.scale) > limit).then_some(*n);
        (self.offset..).zip(&self.counts).filter_map(above).fold(0, u64::saturating_add)
    }

    /// The largest relative error of a quantile at the present scale.
    #[must_use]
    pub fn relative_error(&self) -> f64 {
        let base = base(self.scale);
        (base - 1.0) / (base + 1.0)
    }

    fn last_index(&self) -> Option<i32> {
        let last = i32::try_from(self.counts.len()).ok()?.checked_sub(1)?;
        (last >= 0).then(|| self.offset.saturating_add(last))
    }

    /// The place of a bucket in `counts`, after growing, or coarsening where growing would pass the bound.
    fn make_room(&mut self, index: i32) -> usize {
        let known = usize::try_from(i64::from(index) - i64::from(self.offset));
        if let Some(at) = known.ok().filter(|at| *at < self.counts.len()) {
            return at;
        }
        let mut index = index;
        let Some(mut last) = self.last_index() else {
            self.offset = index;
            self.counts.push(0);
            return 0;
        };
        while i64::from(last.max(index)) - i64::from(self.offset.min(index)) >= MAX_BUCKETS as i64
            && self.scale > MIN_SCALE
        {
            self.coarsen_to(self.scale - 1);
            index = index.div_euclid(2);
            last = self.last_index().unwrap_or(index);
        }
        if index < self.offset {
            let missing = self.offset.abs_diff(index) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.offset = index;
        } else if index > last {
            let missing = index.abs_diff(last) as usize;
            self.counts.extend(std::iter::repeat_n(0, missing));
        }
        index.abs_diff(self.offset) as usize
    }

    fn coarsen_to(&mut self, scale: i8) {
        if scale >= self.scale {
            return;
        }
        let (old, first) = (self.scale, shifted(self.offset, self.scale, scale));
        let mut counts: Vec<u64> = Vec::with_capacity(self.counts.len() / 2 + 1);
        for (index, n) in (self.offset..).zip(&self.counts) {
            let at = shifted(index, old, scale).abs_diff(first) as usize;
            counts.resize(at + 1, 0);
            if let Some(bucket) = counts.last_mut() {
                *bucket = bucket.saturating_add(*n);
            }
        }
        (self.scale, self.offset, self.counts) = (scale, first, counts);
    }
}

/// No finite number's bucket is further than this from 0: the smallest is 2^-1074, the largest below 2^1024.
fn reach(scale: i8) -> i64 {
    (1_076.0 * f64::from(scale).exp2()).ceil() as i64
}

/// `2^exponent`, exact: the exponent is all that the number has.
fn power_of_two(exponent: i8) -> f64 {
    f64::from_bits((1_023 + i64::from(exponent)).unsigned_abs() << 52)
}

fn base(scale: i8) -> f64 {
    (-f64::from(scale)).exp2().exp2()
}

/// The bucket of a positive value. A value on a bucket's upper bound belongs to it, hence the ceiling less one.
fn index_of(value: f64, scale: i8) -> i32 {
    let place = value.log2() * power_of_two(scale);
    // As `place.ceil() as i32 - 1`, without a call: baseline processors have no instruction for it.
    let whole = place as i32;
    if f64::from(whole) < place { whole } else { whole - 1 }
}

/// The value in a bucket's relative middle: `2 * b^i * b / (1 + b)`, equally far from both ends in relative terms.
fn middle_of(index: i32, scale: i8) -> f64 {
    let lower = (f64::from(index) * (-f64::from(scale)).exp2()).exp2();
    let base = base(scale);
    2.0 * lower * base / (1.0 + base)
}

/// A bucket's index after lowering the scale: each step joins two neighbours.
fn shifted(index: i32, from: i8, to: i8) -> i32 {
    index >> u32::from(from.saturating_sub(to).max(0).unsigned_abs()).min(31)
}

#[cfg(test)]
mod tests;
