//! Where the ticks of a chart stand: values in steps that suit their unit, moments at round times of UTC.

use eavip_core::signal::metric::Unit;
use eavip_core::time::Timestamp;

use crate::dashboard::chrome::parts;

/// The drawn span of values and its ticks.
#[derive(Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<f64>,
}

/// Most ticks of an axis, whatever the rounding does.
const MOST_TICKS: usize = 12;
/// A share that never falls below this is drawn from just below itself: three nines and two look alike from zero.
const HIGH_SHARE: f64 = 0.9;

/// A scale for values between two bounds; from 0 to 1 without any.
pub(super) fn values(unit: Unit, bounds: Option<(f64, f64)>, ticks: u32) -> Scale {
    let (low, high) = bounds.unwrap_or((0.0, 1.0));
    if unit == Unit::Bool {
        return Scale { low: 0.0, high: 1.0, ticks: vec![0.0, 1.0] };
    }
    let from_zero = !(unit == Unit::Ratio && low >= HIGH_SHARE);
    let low = if from_zero { low.min(0.0) } else { low };
    let high = if unit == Unit::Ratio && !from_zero { high.max(1.0) } else { high.max(0.0) };
    let least = if unit == Unit::Ratio { 0.001 } else { 1e-6 };
    // A flat line still needs room above and below.
    let high = if high - low < least { low + if from_zero { 1.0 } else { least } } else { high };
    let low = if !from_zero && high - low <= least { high - least } else { low };
    let step = step(unit, (high - low) / f64::from(ticks.max(1)), high.abs().max(low.abs()));
    let first = (low / step + 1e-6).floor();
    let last = (high / step - 1e-6).ceil().max(first + 1.0);
    let ticks = std::iter::successors(Some(first), |at| Some(at + 1.0))
        .take_while(|at| *at <= last)
        .take(MOST_TICKS)
        .map(|at| at * step)
        .collect();
    Scale { low: first * step, high: last * step, ticks }
}

const CLOCK_STEPS: [f64; 19] = [
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1800.0,
    3600.0,
    7200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    432_000.0,
    864_000.0,
    1_728_000.0,
    4_320_000.0,
    8_640_000.0,
    17_280_000.0,
];

/// The smallest round step that isn't below `least`.
fn step(unit: Unit, least: f64, largest: f64) -> f64 {
    match unit {
        Unit::Bytes | Unit::BytesPerSecond => {
            let mut unit = 1.0;
            while largest >= unit * 1024.0 {
                unit *= 1024.0;
            }
            if least / unit >= 1.0 { unit * doubled(least / unit) } else { unit * decimal(least / unit) }
        }
        Unit::Seconds if largest >= 120.0 => CLOCK_STEPS
            .into_iter()
            .find(|step| *step >= least)
            .unwrap_or_else(|| 86_400.0 * decimal(least / 86_400.0)),
        Unit::Count if largest >= 4.0 => decimal(least).max(1.0),
        _ => decimal(least),
    }
}

/// 1, 2 or 5 times a power of ten.
fn decimal(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    if !(power.is_finite() && power > 0.0) {
        return 1.0;
    }
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= least * 0.999_999)
        .unwrap_or(power * 10.0)
}

fn doubled(least: f64) -> f64 {
    let mut step = 1.0;
    while step < least && step < f64::from(u32::MAX) {
        step *= 2.0;
    }
    step
}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const TIME_STEPS: [i64; 22] = [
    SECOND,
    5 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    30 * DAY,
    90 * DAY,
    365 * DAY,
];
/// As many as fit beside each other on a narrow screen.
const MOST_TIMES: i64 = 5;

/// Round moments of a span, and how they are written.
pub(super) fn times(from: i64, to: i64) -> Vec<(i64, String)> {
    let span = to.saturating_sub(from).max(1);
    let step = TIME_STEPS.into_iter().find(|step| span / step <= MOST_TIMES).unwrap_or(span);
    let first = from.saturating_add(step - 1).div_euclid(step).saturating_mul(step);
    std::iter::successors(Some(first), |at| at.checked_add(step))
        .take_while(|at| *at <= to)
        .take(MOST_TICKS)
        .map(|at| {
            let iso = Timestamp::from_millis(at).to_string();
            let (date, clock) = parts(&iso);
            let text = if step >= DAY {
                date
            } else if step >= MINUTE {
                clock.get(..5).unwrap_or(clock)
            } else {
                clock
            };
            (at, text.to_owned())
        })
        .collect()
}

/// Date and time of a moment, as tables write it.
pub(super) fn clock(ms: i64) -> String {
    let iso = Timestamp::from_millis(ms).to_string();
    let (date, clock) = parts(&iso);
    format!("{date} {clock} UTC")
}

#[cfg(test)]
mod tests;
