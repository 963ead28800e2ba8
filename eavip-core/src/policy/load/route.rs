//! `[[route]]`: where alerts go, and how those that go there are put together.

use std::collections::BTreeSet;

use super::alerting;
use crate::alert::Category;
use crate::alert::group::GroupingPolicy;
use crate::alert::route::{MAX_DEPTH, Route};
use crate::document::{MISSING, Section, UNRESOLVED, WRONG_VALUE};
use crate::id::ReceiverId;
use crate::vocabulary::nearest;

/// What a route has from around it, where it says nothing itself.
struct Around<'a> {
    receivers: &'a [ReceiverId],
    grouping: &'a GroupingPolicy,
    /// How many routes lie around it.
    depth: usize,
}

pub(super) fn read(
    root: &Section<'_>,
    grouping: &GroupingPolicy,
    known: Option<&BTreeSet<ReceiverId>>,
) -> Vec<Route> {
    let around = Around { receivers: &[], grouping, depth: 0 };
    let sections = root.listed_sections("route").into_iter();
    sections.filter_map(|section| route(section, &around, known)).collect()
}

/// A route and those within it.
fn route(section: Section<'_>, around: &Around<'_>, known: Option<&BTreeSet<ReceiverId>>) -> Option<Route> {
    let mut receivers = section.list::<ReceiverId>("receivers");
    if !section.has("receivers") {
        receivers = around.receivers.to_vec();
    }
    let grouping = alerting::grouping_of_route(&section, around.grouping);
    let within = section.listed_sections("routes");
    let depth = around.depth + 1;
    if depth >= MAX_DEPTH && !within.is_empty() {
        let message = format!("routes lie in routes more than {MAX_DEPTH} deep");
        section.problem(Some("routes"), WRONG_VALUE, message, "flatten them");
        return None;
    }
    let here = Around { receivers: &receivers, grouping: &grouping, depth };
    let routes = within.into_iter().filter_map(|section| route(section, &here, known)).collect();
    let found = Route {
        matchers: alerting::matchers(&section, "match"),
        least: section.text("least").unwrap_or(Category::Informational),
        goes_on: section.flag("continue").unwrap_or(false),
        routes,
        receivers,
        grouping,
    };
    let empty = found.receivers.is_empty();
    if empty {
        let remedy = "name at least one receiver: `receivers = [\"pager\"]`";
        section.problem(Some("receivers"), MISSING, "the route leads to nobody", remedy);
    }
    for id in found.receivers.iter().filter(|id| known.is_some_and(|known| !known.contains(*id))) {
        let known = || known.into_iter().flatten().map(ReceiverId::as_str);
        let remedy = match nearest(known(), id.as_str()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("add [receiver.{id}] to the server's configuration"),
        };
        section.problem(Some("receivers"), UNRESOLVED, format!("no receiver is called `{id}`"), &remedy);
    }
    section.finish();
    (!empty).then_some(found)
}
