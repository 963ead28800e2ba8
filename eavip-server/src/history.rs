//! A series over time, bounded: every point of the last while, and five-minute roll-ups of the last day.

use std::collections::VecDeque;
use std::ops::Range;

use eavip_core::time::{Span, Timestamp};

/// Points kept as they came: an hour at 15 seconds.
const MAX_POINTS: usize = 240;
/// What one roll-up covers.
pub const ROLL_UP: Span = Span::from_secs(300);
/// Roll-ups kept: a day of them.
const MAX_ROLL_UPS: usize = 288;

/// What a span of time amounts to. Values are kept to seven digits: charts need no more, and it halves the memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RollUp {
    /// The span's number: milliseconds since 1970 over [`ROLL_UP`].
    pub slot: u32,
    /// The least value.
    pub min: f32,
    /// The largest value.
    pub max: f32,
    /// The sum of the values.
    pub sum: f32,
    /// How many values there were.
    pub count: u32,
}

/// A point for a chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// The value, or the mean of a roll-up.
    pub value: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

/// The bounded history of one series.
#[derive(Debug, Clone, Default)]
pub struct History {
    points: VecDeque<(i64, f32)>,
    rolled: VecDeque<RollUp>,
}

impl History {
    /// Adds a value. Values come in the order of their time; an older one is added to its roll-up alone. Roll-ups of
    /// slots before `rolled_before` are whole already and stay as they are.
    pub fn push(&mut self, at: Timestamp, value: f64, rolled_before: u32) {
        // Beyond seven digits nothing is plotted, and an infinite one could not be kept.
        let value = (value as f32).clamp(f32::MIN, f32::MAX);
        if self.points.back().is_none_or(|(last, _)| *last <= at.as_millis()) {
            if self.points.len() >= MAX_POINTS {
                self.points.pop_front();
            }
            self.points.push_back((at.as_millis(), value));
        }
        if slot(at) < rolled_before {
            return;
        }
        self.roll_up(RollUp { slot: slot(at), min: value, max: value, sum: value, count: 1 });
    }

    /// Adds a roll-up, for instance one that was kept on disk.
    pub fn roll_up(&mut self, more: RollUp) {
        let known = self.rolled.iter_mut().rev().take_while(|known| known.slot >= more.slot);
        if let Some(known) = known.last().filter(|known| known.slot == more.slot) {
            known.min = known.min.min(more.min);
            known.max = known.max.max(more.max);
            known.sum = (known.sum + more.sum).clamp(f32::MIN, f32::MAX);
            known.count = known.count.saturating_add(more.count);
            return;
        }
        match self.rolled.back() {
            Some(last) if last.slot > more.slot => {
                let place = self.rolled.partition_point(|known| known.slot < more.slot);
                self.rolled.insert(place, more);
            }
            _ => self.rolled.push_back(more),
        }
        if self.rolled.len() > MAX_ROLL_UPS {
            self.rolled.pop_front();
        }
    }

    /// The roll-ups of some spans, oldest first. It costs what there is, however many spans are asked for.
    pub fn rolled(&self, slots: Range<u32>) -> impl Iterator<Item = RollUp> {
        let place = |slot| self.rolled.partition_point(|known| known.slot < slot);
        let (first, end) = (place(slots.start), place(slots.end));
        self.rolled.range(first..end.max(first)).copied()
    }

    /// The points from a moment on, oldest first: roll-ups where single points are no longer kept.
    pub fn since(&self, from: Timestamp) -> Vec<Point> {
        let first = self.points.front().map_or(i64::MAX, |(at, _)| *at);
        let middle = ROLL_UP.as_millis() as i64 / 2;
        let rolled = self.rolled.iter().filter_map(|rolled| {
            let at = i64::from(rolled.slot) * ROLL_UP.as_millis() as i64 + middle;
            let mean = f64::from(rolled.sum) / f64::from(rolled.count.max(1));
            let point = Point {
                at: Timestamp::from_millis(at),
                value: mean,
                min: f64::from(rolled.min),
                max: f64::from(rolled.max),
            };
            (at + middle <= first && point.at >= from).then_some(point)
        });
        let single = self.points.iter().filter(|(at, _)| *at >= from.as_millis()).map(|(at, value)| {
            let value = f64::from(*value);
            Point { at: Timestamp::from_millis(*at), value, min: value, max: value }
        });
        rolled.chain(single).collect()
    }
}

/// The number of the span that a moment lies in.
#[must_use]
pub fn slot(at: Timestamp) -> u32 {
    u32::try_from(at.as_millis().max(0) / ROLL_UP.as_millis() as i64).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
