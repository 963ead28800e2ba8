//! Charts of a series over time, laid out here and drawn as SVG by `templates/chart.html`, with a caption, a table of
//! the same numbers, the objective and what happened meanwhile.
//!
//! Positions are shares of the plot, so that a chart fits any width while its text keeps its size. Nothing that isn't
//! finite is ever drawn, and a gap stays a gap. Text is escaped by the template.

mod axis;
pub mod spark;

use askama::Template;
use eavip_core::signal::metric::Unit;
use eavip_core::time::Timestamp;

use super::words::{self, series_title};
use crate::api::view::{Change, History, Point};
use crate::value::value;

/// How large a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// One of several on a page.
    Small,
    /// The one that the page is about.
    Large,
}

impl Size {
    /// Most points that are drawn and listed: more than a screen has room for only make the page slow.
    const fn most_points(self) -> usize {
        match self {
            Self::Small => 96,
            Self::Large => 240,
        }
    }

    const fn ticks(self) -> u32 {
        match self {
            Self::Small => 3,
            Self::Large => 5,
        }
    }
}

/// Values beyond this are drawn at it: no metric comes near, and sums stay finite.
const MOST: f64 = 1e15;
/// Most marks on a chart; a busier span is told in the list of alerts.
const MOST_MARKS: usize = 40;

/// A chart, laid out.
#[derive(Debug, Template)]
#[template(path = "chart.html")]
pub struct Chart {
    title: String,
    service: Option<String>,
    link: Option<String>,
    caption: String,
    large: bool,
    banded: bool,
    value_ticks: Vec<Tick>,
    time_ticks: Vec<Tick>,
    objective: Option<Level>,
    objective_note: Option<String>,
    line: String,
    band: String,
    dots: Vec<(f64, f64)>,
    marks: Vec<Mark>,
    rows: Vec<Row>,
}

/// A place on an axis, in per cent of the plot, and what stands there.
#[derive(Debug)]
struct Tick {
    at: f64,
    text: String,
    /// The moment, for time ticks.
    moment: String,
}

/// A horizontal line.
#[derive(Debug)]
struct Level {
    at: f64,
    text: String,
}

/// Something that happened.
#[derive(Debug)]
struct Mark {
    at: f64,
    class: &'static str,
    word: &'static str,
    text: String,
    clock: String,
    moment: String,
}

/// A drawn point, for the table and for the crosshair.
#[derive(Debug)]
struct Row {
    x: f64,
    y: f64,
    clock: String,
    moment: String,
    text: String,
    range: String,
    /// Whether nothing was measured between the point before and this one.
    gap: bool,
}

/// A point and whether it is the first behind a gap.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    point: Point,
    gap: bool,
}

/// Lays out a chart; `link` leads from its title to the page about the series.
#[must_use]
pub fn chart(history: &History, size: Size, link: Option<String>) -> Chart {
    let unit = history.series.unit;
    let drawn = thin(history, size.most_points());
    let (from, to) = span(history, &drawn);
    let objective = history.objective.filter(|value| value.is_finite());
    let scale = axis::values(unit, bounds(&drawn, objective), size.ticks());
    let x = |ms: i64| percent((ms.saturating_sub(from)) as f64, (to - from) as f64);
    let y = |value: f64| 100.0 - percent(value - scale.low, scale.high - scale.low);
    let banded = drawn.iter().any(|drawn| drawn.point.min < drawn.point.max);
    let shown = objective.filter(|value| (scale.low..=scale.high).contains(value));
    let expected = |value: f64| format!("objective {}", words::objective(&history.series, value));
    Chart {
        title: series_title(&history.series),
        service: history.series.service.clone(),
        link,
        caption: caption(history, &drawn),
        large: size == Size::Large,
        banded,
        value_ticks: scale
            .ticks
            .iter()
            .map(|tick| Tick { at: y(*tick), text: value(unit, *tick), moment: String::new() })
            .collect(),
        time_ticks: axis::times(from, to)
            .into_iter()
            .map(|(ms, text)| Tick { at: x(ms), text, moment: Timestamp::from_millis(ms).to_string() })
            .collect(),
        objective: shown.map(|value| Level { at: y(value), text: expected(value) }),
        objective_note: objective
            .filter(|_| shown.is_none())
            .map(|value| format!("The {} is outside of what is drawn.", expected(value))),
        line: line(&drawn, x, y, unit == Unit::Bool),
        band: if banded { band(&drawn, x, y) } else { String::new() },
        dots: lonely(&drawn).map(|point| (x(point.at_ms), y(point.value))).collect(),
        marks: marks(&history.marks, from, to, x),
        rows: rows(&drawn, unit, x, y),
    }
}

/// At most 0 and 100, never NaN.
fn percent(part: f64, whole: f64) -> f64 {
    let share = part / whole;
    if share.is_finite() { (share * 10_000.0).round().clamp(0.0, 10_000.0) / 100.0 } else { 0.0 }
}

fn finite(point: &Point) -> Option<Point> {
    let clamp = |value: f64| value.clamp(-MOST, MOST);
    let Point { at_ms, value, min, max } = *point;
    if !value.is_finite() {
        return None;
    }
    let value = clamp(value);
    let min = if min.is_finite() { clamp(min).min(value) } else { value };
    let max = if max.is_finite() { clamp(max).max(value) } else { value };
    Some(Point { at_ms, value, min, max })
}

/// The points in order, joined in groups when there are more than `most`; a group never spans a gap.
fn thin(history: &History, most: usize) -> Vec<Drawn> {
    let mut points: Vec<Point> = history.points.iter().filter_map(finite).collect();
    points.sort_by_key(|point| point.at_ms);
    let group = points.len().div_ceil(most).max(1);
    let gap_ms = history.gap_seconds * 1000.0;
    let mut runs: Vec<Vec<Point>> = Vec::new();
    let mut last: Option<i64> = None;
    for point in points {
        let gap =
            last.is_some_and(|last| gap_ms.is_finite() && (point.at_ms.saturating_sub(last)) as f64 > gap_ms);
        last = Some(point.at_ms);
        match runs.last_mut() {
            Some(run) if !gap => run.push(point),
            _ => runs.push(vec![point]),
        }
    }
    let mut drawn = Vec::new();
    for (number, run) in runs.iter().enumerate() {
        for (at, points) in run.chunks(group).enumerate() {
            if let Some(point) = join(points) {
                drawn.push(Drawn { point, gap: at == 0 && number > 0 });
            }
        }
    }
    drawn
}

fn join(points: &[Point]) -> Option<Point> {
    let (first, last) = (points.first()?, points.last()?);
    Some(Point {
        at_ms: first.at_ms + last.at_ms.saturating_sub(first.at_ms) / 2,
        value: points.iter().map(|point| point.value / points.len() as f64).sum(),
        min: points.iter().map(|point| point.min).fold(f64::INFINITY, f64::min),
        max: points.iter().map(|point| point.max).fold(f64::NEG_INFINITY, f64::max),
    })
}

/// What was asked for; what is there when that can't be read. Never empty.
fn span(history: &History, drawn: &[Drawn]) -> (i64, i64) {
    let asked = |text: &str| text.parse().ok().map(Timestamp::as_millis);
    let from = asked(&history.from).or(drawn.first().map(|drawn| drawn.point.at_ms)).unwrap_or_default();
    let to = asked(&history.to).or(drawn.last().map(|drawn| drawn.point.at_ms)).unwrap_or_default();
    (from, to.max(from.saturating_add(1000)))
}

/// How much larger than what was measured an objective may be and still be drawn: beyond, the line would be flat.
const OBJECTIVE_IN_SIGHT: f64 = 4.0;

fn bounds(drawn: &[Drawn], objective: Option<f64>) -> Option<(f64, f64)> {
    let low = drawn.iter().map(|drawn| drawn.point.min).reduce(f64::min)?;
    let high = drawn.iter().map(|drawn| drawn.point.max).reduce(f64::max)?;
    match objective {
        Some(line) if line.abs() <= high.abs() * OBJECTIVE_IN_SIGHT => Some((low.min(line), high.max(line))),
        _ => Some((low, high)),
    }
}

fn line(drawn: &[Drawn], x: impl Fn(i64) -> f64, y: impl Fn(f64) -> f64, steps: bool) -> String {
    let mut path = String::new();
    for (at, Drawn { point, gap }) in drawn.iter().enumerate() {
        let (px, py) = (x(point.at_ms) * 10.0, y(point.value) * 10.0);
        path += &match (at == 0 || *gap, steps) {
            (true, _) => format!("M{px:.1} {py:.1}"),
            (false, true) => format!("H{px:.1}V{py:.1}"),
            (false, false) => format!("L{px:.1} {py:.1}"),
        };
    }
    path
}

/// Between the least and the most, one closed shape for each run without a gap.
fn band(drawn: &[Drawn], x: impl Fn(i64) -> f64, y: impl Fn(f64) -> f64) -> String {
    let mut path = String::new();
    for run in drawn.chunk_by(|_, next| !next.gap) {
        let over = run.iter().map(|drawn| (drawn.point.at_ms, drawn.point.max));
        let back = run.iter().rev().map(|drawn| (drawn.point.at_ms, drawn.point.min));
        for (at, (ms, value)) in over.chain(back).enumerate() {
            let command = if at == 0 { 'M' } else { 'L' };
            path += &format!("{command}{:.1} {:.1}", x(ms) * 10.0, y(value) * 10.0);
        }
        path.push('Z');
    }
    path
}

/// Points that no line touches.
fn lonely(drawn: &[Drawn]) -> impl Iterator<Item = Point> {
    drawn.chunk_by(|_, next| !next.gap).filter_map(|run| match run {
        [only] => Some(only.point),
        _ => None,
    })
}

fn marks(changes: &[Change], from: i64, to: i64, x: impl Fn(i64) -> f64) -> Vec<Mark> {
    let moment = |change: &Change| change.at.parse::<Timestamp>().ok();
    changes
        .iter()
        .filter_map(|change| moment(change).map(|at| (change, at)))
        .filter(|(_, at)| (from..=to).contains(&at.as_millis()))
        .take(MOST_MARKS)
        .map(|(change, at)| {
            let (class, word) = match change.kind.as_str() {
                kind if kind.contains("resolved") => ("resolved", "resolved"),
                kind if kind.contains("opened") => ("opened", "opened"),
                _ => ("other", "change"),
            };
            Mark {
                at: x(at.as_millis()),
                class,
                word,
                text: change.text.clone(),
                clock: axis::clock(at.as_millis()),
                moment: at.to_string(),
            }
        })
        .collect()
}

fn rows(drawn: &[Drawn], unit: Unit, x: impl Fn(i64) -> f64, y: impl Fn(f64) -> f64) -> Vec<Row> {
    drawn
        .iter()
        .map(|Drawn { point, gap }| Row {
            x: x(point.at_ms),
            y: y(point.value),
            clock: axis::clock(point.at_ms),
            moment: Timestamp::from_millis(point.at_ms).to_string(),
            text: value(unit, point.value),
            range: format!("{} to {}", value(unit, point.min), value(unit, point.max)),
            gap: *gap,
        })
        .collect()
}

/// What the chart shows, in a sentence that stands for it.
fn caption(history: &History, drawn: &[Drawn]) -> String {
    let unit = history.series.unit;
    let Some((low, high)) = bounds(drawn, None) else {
        return "Nothing was measured in this time.".to_owned();
    };
    let gaps = match drawn.iter().filter(|drawn| drawn.gap).count() {
        0 => String::new(),
        1 => "; one gap without readings".to_owned(),
        count => format!("; {count} gaps without readings"),
    };
    if unit == Unit::Bool {
        let no = drawn.iter().filter(|drawn| drawn.point.value < 0.5).count();
        return match no {
            0 => format!("Yes all the time{gaps}."),
            _ if no == drawn.len() => format!("No all the time{gaps}."),
            _ => format!("Now {}; not always the same{gaps}.", history.series.text),
        };
    }
    let now = history.series.value.map_or_else(|| history.series.text.clone(), |now| value(unit, now));
    let (low, high) = (value(unit, low), value(unit, high));
    if now == low && low == high {
        return format!("{now} all the time{gaps}.");
    }
    format!("Now {now}; between {low} and {high}{gaps}.")
}

#[cfg(test)]
mod tests;
