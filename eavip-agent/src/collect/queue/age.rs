//! How long the oldest message of a queue has waited, worked out from how many ever arrived.
//!
//! A queue is first in, first out: when `A` messages have arrived by now and `n` of them still wait, the oldest is
//! arrival number `A - n + 1`, and it came when the count of arrivals passed that number. Between two samples
//! arrivals are taken as even. Where nothing counts arrivals the age isn't known: a depth alone looks the same whether
//! the same messages wait for hours or new ones pass within seconds.

use std::collections::VecDeque;

use eavip_core::signal::reading::Quality;
use eavip_core::time::Timestamp;

use super::Figure;

/// Most samples kept. When they are full every second one is forgotten: the older a message, the coarser its age.
const MAX_SAMPLES: usize = 512;

/// How many had arrived, over time.
#[derive(Debug, Default)]
pub(super) struct Ages {
    samples: VecDeque<(Timestamp, f64)>,
}

impl Ages {
    /// Takes a sample of messages that wait and arrivals ever, and says how long the oldest has waited in seconds.
    pub(super) fn oldest(&mut self, now: Timestamp, ready: Option<f64>, arrived: Option<f64>) -> Figure {
        if let Some(arrived) = arrived {
            self.take(now, arrived);
        }
        match (ready, arrived) {
            (Some(0.0), _) => Figure::exact(0.0),
            (Some(ready), Some(arrived)) => {
                let came = self.came(arrived - ready + 1.0).unwrap_or(now);
                Figure::Known(now.since(came).as_secs_f64(), Quality::Estimated)
            }
            (Some(_), None) => Figure::Unknown("the source doesn't count arrivals".to_owned()),
            (None, _) => Figure::Unknown("how many wait isn't known".to_owned()),
        }
    }

    fn take(&mut self, now: Timestamp, arrived: f64) {
        // A count or a clock that went back begins anew: what was known doesn't fit any more.
        if self.samples.back().is_some_and(|(at, count)| arrived < *count || now < *at) {
            self.samples.clear();
        }
        if self.samples.len() >= MAX_SAMPLES {
            let mut keep = false;
            self.samples.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.samples.push_back((now, arrived));
    }

    /// When arrival `number` came. One from before the first sample came then at the latest.
    fn came(&self, number: f64) -> Option<Timestamp> {
        let after = self.samples.iter().position(|(_, count)| *count >= number)?;
        let (to, high) = self.samples.get(after).copied()?;
        let Some((from, low)) = after.checked_sub(1).and_then(|before| self.samples.get(before)).copied()
        else {
            return Some(to);
        };
        let share = if high > low { (number - low) / (high - low) } else { 1.0 };
        let millis = (to.since(from).as_millis() as f64 * share.clamp(0.0, 1.0)) as u64;
        Some(from + eavip_core::time::Span::from_millis(millis))
    }
}

#[cfg(test)]
mod tests;
