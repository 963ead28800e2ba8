//! Recorded series as lines of JSON, each line one track of the policy library.

use std::path::Path;

use eavip_core::alert::backtest::{Point, Stretch, Track};
use eavip_core::document::Problem;
use eavip_core::id::Digest128;
use eavip_core::labels::Labels;
use eavip_core::signal::indicator::Indicator;
use eavip_core::time::Timestamp;
use serde::Deserialize;

use crate::ctl::given::{self, Given};

/// Largest file in bytes: a year of one rule on a hundred nodes at a value every hour.
const MAX_FILE: u64 = 64 * 1024 * 1024;
/// Most times that something was wrong, over all series: each is held against each alert of its series.
const MAX_WRONG: usize = 2_000;
/// Most problems that are told; a file of another form has one in each line.
const MAX_TOLD: usize = 20;
/// What to do about a line that can't be used.
const REMEDY: &str = "write it as `eavipctl policy backtest --help` shows";

/// What rules are tried on.
#[derive(Debug)]
pub(super) struct History {
    pub(super) tracks: Vec<Track>,
    /// Identifies the file.
    pub(super) digest: Digest128,
}

/// A line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    indicator: Indicator,
    labels: Labels,
    points: Vec<Recorded>,
    wrong: Vec<Wrong>,
}

/// A value; null wasn't known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    at: Timestamp,
    value: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrong {
    from: Timestamp,
    until: Timestamp,
}

impl From<Line> for Track {
    fn from(line: Line) -> Self {
        let Line { indicator, labels, points, wrong } = line;
        let point = |Recorded { at, value }| Point { at, value: value.unwrap_or(f64::NAN) };
        let stretch = |Wrong { from, until }| Stretch { from, until };
        Self {
            indicator,
            labels,
            points: points.into_iter().map(point).collect(),
            wrong: wrong.into_iter().map(stretch).collect(),
        }
    }
}

pub(super) fn read(path: &Path) -> Result<History, Vec<Problem>> {
    let bytes = given::read(path, MAX_FILE)?;
    let file = given::name(path);
    let mut tracks: Vec<Track> = Vec::new();
    let mut problems: Vec<Problem> = Vec::new();
    for (above, text) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if text.trim_ascii().is_empty() {
            continue;
        }
        if problems.len() >= MAX_TOLD {
            if let Some(last) = problems.last_mut() {
                last.remedy +=
                    &format!("; the first {MAX_TOLD} problems are told, what follows wasn't looked at");
            }
            break;
        }
        match line(Given { file: &file, line: above + 1, text, remedy: REMEDY }) {
            Ok(track) => tracks.push(track),
            Err(found) => problems.extend(found),
        }
    }
    let wrong: usize = tracks.iter().map(|track| track.wrong.len()).sum();
    if wrong > MAX_WRONG {
        let message = format!("{wrong} times of `wrong` are over the limit of {MAX_WRONG}");
        problems.push(given::problem(given::WRONG_VALUE, &file, message, "try the rule on a shorter time"));
    }
    if problems.is_empty() { Ok(History { tracks, digest: Digest128::of([&*bytes]) }) } else { Err(problems) }
}

fn line(given: Given<'_>) -> Result<Track, Vec<Problem>> {
    let mut json = serde_json::Deserializer::from_slice(given.text);
    let read = serde_path_to_error::deserialize::<_, Line>(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." { "" } else { &path };
        vec![given::unusable(given, at, error.inner())]
    })?;
    json.end().map_err(|error| vec![given::unusable(given, "", &error)])?;
    if let Some(back) = read.wrong.iter().find(|wrong| wrong.until < wrong.from) {
        let message = format!("`wrong` ends at {}, before it begins at {}", back.until, back.from);
        let mut problem = given::problem(given::WRONG_VALUE, given.file, message, REMEDY);
        problem.position = Some((given.line, 1));
        return Err(vec![problem]);
    }
    Ok(read.into())
}

#[cfg(test)]
mod tests;
