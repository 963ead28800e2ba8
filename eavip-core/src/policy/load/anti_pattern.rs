//! `[anti_pattern]`: the numbers of the detectors.

use std::collections::BTreeSet;

use crate::anti_pattern::AntiPatternPolicy;
use crate::document::{Section, WRONG_VALUE};
use crate::time::Span;

/// Most words that say that a credential is nobody's own.
const MAX_NAMES: usize = 100;

pub(super) fn read(section: Section<'_>) -> AntiPatternPolicy {
    const MINUTE: Span = Span::from_secs(60);
    const HOUR: Span = MINUTE.times(60);
    const DAY: Span = HOUR.times(24);
    let default = AntiPatternPolicy::default();
    let within = |key, least, most| section.span(key, least..=most);
    let days = |key| within(key, DAY, DAY.times(366));
    let count = |key, most| section.integer(key, 1..=most);
    let small = |key, most| count(key, most).and_then(|number| usize::try_from(number).ok());
    let policy = AntiPatternPolicy {
        hotfix_reports: small("hotfix_reports", 100).unwrap_or(default.hotfix_reports),
        reports_stale_after: within("reports_stale_after", MINUTE, DAY)
            .unwrap_or(default.reports_stale_after),
        hotfix_release_within: within("hotfix_release_within", HOUR, DAY.times(30))
            .unwrap_or(default.hotfix_release_within),
        credential_window: days("credential_window").unwrap_or(default.credential_window),
        shared_names: shared_names(&section).unwrap_or(default.shared_names),
        least_members: small("least_members", 100).unwrap_or(default.least_members),
        confirmed_within: days("confirmed_within").unwrap_or(default.confirmed_within),
        experiment_within: days("experiment_within").unwrap_or(default.experiment_within),
        revised_within: days("revised_within").unwrap_or(default.revised_within),
        rehearsed_within: days("rehearsed_within").unwrap_or(default.rehearsed_within),
        repeat_within: days("repeat_within").unwrap_or(default.repeat_within),
        least_cases: count("least_cases", 1_000).unwrap_or(default.least_cases),
        least_precision: section.number("least_precision", 0.01..=1.0).unwrap_or(default.least_precision),
    };
    section.finish();
    policy
}

/// Names are compared word by word and in small letters, so that is what they must be.
fn shared_names(section: &Section<'_>) -> Option<BTreeSet<String>> {
    let names: Vec<String> = section.list("shared_names");
    let is_word = |name: &String| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if let Some(bad) = names.iter().find(|name| name.is_empty() || !is_word(name)) {
        let message = format!("`{bad}` isn't one word in small letters");
        section.problem(Some("shared_names"), WRONG_VALUE, message, "write words such as `root`");
    }
    if names.len() > MAX_NAMES {
        let message = format!("{} shared names are too many", names.len());
        section.problem(Some("shared_names"), WRONG_VALUE, message, &format!("keep at most {MAX_NAMES}"));
    }
    section.has("shared_names").then(|| names.into_iter().collect())
}

#[cfg(test)]
mod tests;
