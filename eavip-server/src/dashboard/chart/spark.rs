//! The small line beside a number: where it went, without axes.

/// A sparkline as a path in a box of 100 by 28; empty when there is nothing to draw. Gaps stay gaps, and the value of
/// now is marked by a dot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spark {
    /// The line.
    pub path: String,
    /// Where the last value stands, in per cent of width and height, when it is known.
    pub last: Option<(f64, f64)>,
}

const WIDTH: f64 = 100.0;
const HEIGHT: f64 = 28.0;
/// Room above and below, so that the line isn't cut at its peaks.
const MARGIN: f64 = 3.0;

/// Draws the values, oldest first.
#[must_use]
pub fn spark(values: &[Option<f64>]) -> Spark {
    let known =
        |value: &Option<f64>| value.filter(|value| value.is_finite()).map(|value| value.clamp(-1e15, 1e15));
    let all = || values.iter().filter_map(known);
    let (Some(low), Some(high)) = (all().reduce(f64::min), all().reduce(f64::max)) else {
        return Spark::default();
    };
    let steps = values.len().saturating_sub(1).max(1) as f64;
    let x = |at: usize| at as f64 / steps * WIDTH;
    let y = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        HEIGHT - MARGIN - share * (HEIGHT - 2.0 * MARGIN)
    };
    let mut path = String::new();
    let mut joined = false;
    for (at, value) in values.iter().map(known).enumerate() {
        match value {
            // A lone value is a line of no length, which round caps show as a dot.
            Some(value) if joined => path += &format!("L{:.1} {:.1}", x(at), y(value)),
            Some(value) => path += &format!("M{0:.1} {1:.1}L{0:.1} {1:.1}", x(at), y(value)),
            None => {}
        }
        joined = value.is_some();
    }
    let last =
        values.last().and_then(known).map(|value| (100.0, (y(value) / HEIGHT * 1000.0).round() / 10.0));
    Spark { path, last }
}

#[cfg(test)]
mod tests;
