//! Routes that lead Critical alerts past everybody, and routes that nothing reaches.

use super::{Lint, NEVER_REACHED, NO_ROUTE};
use crate::alert::Category;
use crate::alert::route::Route;

pub(super) fn look(lint: &Lint<'_>) {
    let routes = &lint.policy.routes;
    if !routes.iter().any(|route| route.matchers.is_match_all()) {
        let message = "a Critical alert may lead to nobody: no route takes every one";
        let remedy = "end with a [[route]] that has `receivers` and no `match`";
        lint.problem(&["route"], NO_ROUTE, message, remedy);
    }
    beside_each_other(lint, routes, &["route".to_owned()]);
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
