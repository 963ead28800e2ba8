//! The page about noise: which rules cost people more than they are worth, and what is to be mended until when; for those who
//! own rules.

use askama::Template;
use eavip_core::alert::noise::defect::DefectStatus;
use eavip_core::finding::Outcome;

use super::chrome::Chrome;
use super::words::counted;
use super::{Main, Rendered};
use crate::api::view::noise::{Noise, NoiseDefect, NoiseScore};
use crate::noise::Whose;
use crate::value::coarse;

/// What the form of a defect knows of the last attempt.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// Of which defect.
    pub defect: String,
    /// What was wrong with it.
    pub problem: String,
    /// What was given.
    pub how: String,
}

#[derive(Template)]
#[template(path = "noise.html")]
struct NoiseMain<'a> {
    chrome: &'a Chrome,
    noise: &'a Noise,
    open: Vec<&'a NoiseDefect>,
    mended: Vec<&'a NoiseDefect>,
    tables: [ScoreTable<'a>; 3],
    attempt: Option<&'a Attempt>,
}

/// The scores of rules, teams or people.
struct ScoreTable<'a> {
    id: &'static str,
    title: &'static str,
    head: &'static str,
    none: &'static str,
    scores: Vec<&'a NoiseScore>,
}

/// Most rows of one table: the worst stand first, and the export has them all.
const MAX_ROWS: usize = 100;

/// Scores against the budget, the defects, and a runbook that was refused.
///
/// # Errors
/// See [`Rendered`].
pub fn noise(noise: &Noise, attempt: Option<&Attempt>, chrome: &Chrome) -> Rendered {
    let table = |whose: Whose, id, title, head, none| ScoreTable {
        id,
        title,
        head,
        none,
        scores: noise.scores.iter().filter(|score| score.whose == whose).take(MAX_ROWS).collect(),
    };
    let tables = [
        table(Whose::Rule, "rules", "By rule", "Rule", "No rule told of anything."),
        table(Whose::Team, "teams", "By owning team", "Team", "No team owned an alert."),
        table(Whose::Responder, "people", "By responder", "Person", "Nobody was told by name."),
    ];
    let (mended, open) = noise.defects.iter().partition(|defect| defect.status == DefectStatus::Mended);
    let page = NoiseMain { chrome, noise, open, mended, tables, attempt };
    Ok(Main::new("Noise", &page)?.live("/fragments/noise".into(), "noise alert settings", String::new()))
}

fn failed(score: &NoiseScore) -> impl Iterator<Item = &str> {
    score.findings.iter().filter(|found| found.outcome == Outcome::Fail).map(|found| found.message.as_str())
}

/// A share in per cent.
fn share(share: &Option<f64>) -> String {
    share.map_or_else(|| "none".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

/// A share of a budget in per cent, as exact as it was declared.
fn limit(share: &f64) -> String {
    format!("{} %", share * 100.0)
}

/// The last attempt, where it was of this defect.
fn attempted<'a>(attempt: &Option<&'a Attempt>, defect: &NoiseDefect) -> Option<&'a Attempt> {
    attempt.filter(|attempt| attempt.defect == defect.id)
}

/// How often a defect came back.
fn came_back(defect: &NoiseDefect) -> String {
    counted(defect.reopened as usize, "time", "times")
}
