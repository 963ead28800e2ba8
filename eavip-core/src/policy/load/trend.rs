//! `[review]`: how the monthly operations review is held and trends are judged.

use crate::document::{Section, WRONG_VALUE};
use crate::time::Span;
use crate::trend::TrendPolicy;

/// Longest span that trends look over: a year.
const MAX_SPAN: Span = Span::from_secs(366 * 86_400);

pub(super) fn read(root: &Section<'_>) -> TrendPolicy {
    let section = root.section("review");
    let default = TrendPolicy::default();
    let after = section.integer("decision_after", 2..=100).and_then(|count| usize::try_from(count).ok());
    let found = TrendPolicy {
        sign_off: section.text("sign_off").unwrap_or(default.sign_off),
        repeats_within: span(&section, "repeats_within", default.repeats_within),
        runbook_change: section.text("runbook_change").unwrap_or(default.runbook_change),
        decision: section.text("decision").unwrap_or(default.decision),
        decision_after: after.unwrap_or(default.decision_after),
        capacity_horizon: span(&section, "capacity_horizon", default.capacity_horizon),
    };
    section.finish();
    found
}

fn span(section: &Section<'_>, key: &'static str, default: Span) -> Span {
    let found = section.text(key).unwrap_or(default);
    if found == Span::ZERO || found > MAX_SPAN {
        let remedy = "write a duration of up to 366 days";
        section.problem(Some(key), WRONG_VALUE, format!("`{key}` is {found}"), remedy);
    }
    found
}
