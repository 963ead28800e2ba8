//! What was added to counters since the last look, series by series.

use std::collections::HashMap;

use super::text::Sample;

/// Most series that are remembered; what comes beyond isn't counted.
const MAX_SERIES: usize = 10_000;

/// Counters at the last look.
#[derive(Debug, Default)]
pub(super) struct Counters {
    last: HashMap<(&'static str, Box<str>), f64>,
    now: HashMap<(&'static str, Box<str>), f64>,
    looked: bool,
}

impl Counters {
    /// Begins a look.
    pub(super) fn begin(&mut self) {
        self.now.clear();
    }

    /// What was added to all these series; `None` at the first look. A series that is new since the last look began
    /// at zero; one that fell began anew, and shows what was added since.
    pub(super) fn added<'s>(
        &mut self,
        of: &'static str,
        samples: impl Iterator<Item = &'s Sample<'s>>,
    ) -> Option<f64> {
        let mut sum = 0.0;
        for sample in samples.filter(|sample| sample.value.is_finite() && sample.value >= 0.0) {
            if self.now.len() >= MAX_SERIES {
                break;
            }
            let key = (of, Box::from(sample.series));
            let last = self.last.get(&key).copied().unwrap_or(0.0);
            sum += if sample.value < last { sample.value } else { sample.value - last };
            self.now.insert(key, sample.value);
        }
        self.looked.then_some(sum)
    }

    /// Ends a look: the next one compares with it.
    pub(super) fn end(&mut self) {
        std::mem::swap(&mut self.last, &mut self.now);
        self.looked = true;
    }
}
