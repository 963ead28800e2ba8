//! Routes that lead Critical alerts past everybody, routes that nothing reaches, and groups that repeat too soon.

use super::{Lint, NEVER_REACHED, NO_ROUTE, REPEATS_TOO_SOON};
use crate::alert::Category;
use crate::alert::group::GroupingPolicy;
use crate::alert::route::Route;

pub(super) fn look(lint: &Lint<'_>) {
    let routes = &lint.policy.routes;
    if !routes.iter().any(|route| route.matchers.is_match_all()) {
        let message = "a Critical alert may lead to nobody: no route takes every one";
        let remedy = "end with a [[route]] that has `receivers` and no `match`";
        lint.problem(&["route"], NO_ROUTE, message, remedy);
    }
    beside_each_other(lint, routes, &["route".to_owned()]);
    let grouping = &lint.policy.alerting.grouping;
    repeats(lint, grouping, &["grouping", "repeat"]);
    for (at, route) in routes.iter().enumerate() {
        repeats_within(lint, route, grouping, &["route".to_owned(), at.to_string()]);
    }
}

/// Told once, at the route that makes it so.
fn repeats_within(lint: &Lint<'_>, route: &Route, around: &GroupingPolicy, path: &[String]) {
    let pace = |grouping: &GroupingPolicy| (grouping.interval, grouping.repeat);
    if pace(&route.grouping) != pace(around) {
        let path = path.iter().map(String::as_str).chain(["repeat_interval"]);
        repeats(lint, &route.grouping, &path.collect::<Vec<_>>());
    }
    for (at, inner) in route.routes.iter().enumerate() {
        repeats_within(
            lint,
            inner,
            &route.grouping,
            &[path, &["routes".to_owned(), at.to_string()]].concat(),
        );
    }
}

fn repeats(lint: &Lint<'_>, grouping: &GroupingPolicy, path: &[&str]) {
    let (interval, repeat) = (grouping.interval, grouping.repeat);
    if repeat < interval {
        let message =
            format!("a group is told again after {repeat}, sooner than its changes after {interval}");
        lint.problem(path, REPEATS_TOO_SOON, message, "repeat less often than changes are told");
    }
}

fn beside_each_other(lint: &Lint<'_>, routes: &[Route], path: &[String]) {
    let last = routes.iter().position(takes_all).unwrap_or(routes.len());
    for (at, route) in routes.iter().enumerate() {
        let place = [path, &[at.to_string()]].concat();
        if at > last {
            let place: Vec<&str> = place.iter().map(String::as_str).collect();
            let message = "no alert comes to this route: the one before takes every one and doesn't go on";
            lint.problem(&place, NEVER_REACHED, message, "move it up, or say `continue = true` before it");
        } else {
            beside_each_other(lint, &route.routes, &[&place[..], &["routes".to_owned()]].concat());
        }
    }
}

/// Whether surely nothing comes past: whoever matches by a pattern, or by what a label isn't, may leave something over.
fn takes_all(route: &Route) -> bool {
    route.matchers.is_empty() && route.least == Category::Informational && !route.goes_on
}
