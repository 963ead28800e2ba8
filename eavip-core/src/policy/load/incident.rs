//! `[incident.sev-1]` to `[incident.sev-4]`: the deadlines of incidents.

use crate::document::{CONTRADICTION, Section, WRONG_VALUE};
use crate::incident::{Deadlines, IncidentPolicy};
use crate::time::Span;

/// Longest time without an update: a week, after which nobody remembers whom to tell.
const MAX_UPDATE: Span = Span::from_secs(7 * 86_400);

pub(super) fn read(root: &Section<'_>) -> IncidentPolicy {
    let section = root.section("incident");
    let default = IncidentPolicy::default();
    let found = IncidentPolicy {
        sev_1: deadlines(section.section("sev-1"), &default.sev_1),
        sev_2: deadlines(section.section("sev-2"), &default.sev_2),
        sev_3: deadlines(section.section("sev-3"), &default.sev_3),
        sev_4: deadlines(section.section("sev-4"), &default.sev_4),
    };
    let updates = [found.sev_1.update, found.sev_2.update, found.sev_3.update, found.sev_4.update];
    if !updates.is_sorted() {
        let message = "a more severe incident is told of less often than a lighter one";
        section.problem(None, CONTRADICTION, message, "let `update` grow from sev-1 to sev-4");
    }
    section.finish();
    found
}

fn deadlines(section: Section<'_>, default: &Deadlines) -> Deadlines {
    let update = section.text("update").filter(|update| {
        let fits = *update > Span::ZERO && *update <= MAX_UPDATE;
        if !fits {
            let remedy = "write a duration of up to 7 days";
            section.problem(Some("update"), WRONG_VALUE, format!("`update` is {update}"), remedy);
        }
        fits
    });
    let update = update.unwrap_or(default.update);
    let found = Deadlines { update, review: section.text("review").unwrap_or(default.review) };
    section.finish();
    found
}
