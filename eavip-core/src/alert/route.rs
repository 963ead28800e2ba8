//! Where alerts go. Whether they are sent there is decided by [`notice`](super::notice).

use serde::{Deserialize, Serialize};

use super::Category;
use super::group::GroupingPolicy;
use super::matcher::Matchers;
use crate::id::ReceiverId;
use crate::labels::Labels;
use crate::words;

/// A branch that decides where alerts go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Which alerts it takes. Their `owner`, `rule` and `category` count as labels.
    pub matchers: Matchers,
    /// The least urgent category that it takes.
    pub least: Category,
    /// Where matching alerts go.
    pub receivers: Vec<ReceiverId>,
    /// How they are put together: what it says itself, and the rest as the route around it or `[grouping]` has it.
    pub grouping: GroupingPolicy,
    /// Whether later routes beside it are asked as well.
    pub goes_on: bool,
    /// Routes within it: where one of them takes an alert, it decides instead.
    pub routes: Vec<Route>,
}

/// Deepest tree of routes, the outermost counted; nobody follows a deeper one by eye.
pub const MAX_DEPTH: usize = 8;

impl Route {
    /// Every receiver that it or a route within it names.
    pub fn receivers(&self) -> Vec<&ReceiverId> {
        let within = self.routes.iter().flat_map(Self::receivers);
        self.receivers.iter().chain(within).collect()
    }

    fn takes(&self, labels: &Labels, category: Category) -> bool {
        self.least <= category && self.matchers.matches(labels)
    }
}

/// Somebody to tell, and with which other alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Target<'r> {
    /// Who is told.
    pub receiver: &'r ReceiverId,
    /// What goes into one message, and when it is sent.
    pub grouping: &'r GroupingPolicy,
}

/// Who is told, each once and in the order of the routes, and how their alerts are put together: the receivers of the first
/// matching route, and of further ones while a route goes on; within a route the same holds for the routes in it, and its own
/// receivers are told where none of those matches. Where several routes lead to a receiver, the first one's grouping holds.
///
/// ```
/// use eavip_core::alert::Category;
/// use eavip_core::alert::route::targets;
/// use eavip_core::labels::Labels;
/// use eavip_core::policy::{Policy, Source};
///
/// let text = "[[route]]\nreceivers = [\"pager\"]\ngroup_by = [\"alertname\"]\n";
/// let policy = Policy::load(&[Source::new("runbook.toml", text)]).unwrap();
/// let labels = Labels::new([("alertname", "DiskFull"), ("instance", "a")]).unwrap();
/// let found = targets(&policy.routes, &labels, Category::Warning);
/// assert_eq!(found[0].grouping.key(&labels).to_string(), r#"{alertname="DiskFull"}"#);
/// ```
#[must_use]
pub fn targets<'r>(routes: &'r [Route], labels: &Labels, category: Category) -> Vec<Target<'r>> {
    let mut targets: Vec<Target<'r>> = Vec::new();
    ask(routes, labels, category, &mut Vec::new(), &mut |_, route, answer| {
        for receiver in route.receivers.iter().filter(|_| answer == Answer::Tells) {
            if !targets.iter().any(|target| target.receiver == receiver) {
                targets.push(Target { receiver, grouping: &route.grouping });
            }
        }
    });
    targets
}

words! {
    /// What a route that is asked says of an alert.
    #[non_exhaustive]
    pub enum Answer ("route answer") {
        /// It doesn't take it.
        Passes = "passes",
        /// It takes it, and a route within it decides.
        Within = "within",
        /// It takes it and tells its receivers.
        Tells = "tells",
    }
}

/// A route that was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked<'r> {
    /// Where it stands: its number among the outermost routes, then among those within, each from 0.
    pub path: Vec<usize>,
    /// The route.
    pub route: &'r Route,
    /// What it said.
    pub answer: Answer,
}

/// How [`targets`] are found: every route that is asked, in the order of the text. What isn't in it stands behind a route that
/// took the alert and doesn't go on, or within one that didn't take it.
#[must_use]
pub fn explain<'r>(routes: &'r [Route], labels: &Labels, category: Category) -> Vec<Asked<'r>> {
    let mut asked = Vec::new();
    ask(routes, labels, category, &mut Vec::new(), &mut |path, route, answer| {
        asked.push(Asked { path: path.to_vec(), route, answer });
    });
    asked.sort_by(|a, b| a.path.cmp(&b.path));
    asked
}

/// Asks routes beside each other at `path` and tells each answer; whether any of them took the alert.
fn ask<'r>(
    routes: &'r [Route],
    labels: &Labels,
    category: Category,
    path: &mut Vec<usize>,
    tell: &mut impl FnMut(&[usize], &'r Route, Answer),
) -> bool {
    let mut taken = false;
    for (at, route) in routes.iter().enumerate() {
        path.push(at);
        let answer = match route.takes(labels, category) {
            false => Answer::Passes,
            true if ask(&route.routes, labels, category, path, tell) => Answer::Within,
            true => Answer::Tells,
        };
        tell(path, route, answer);
        path.pop();
        taken |= answer != Answer::Passes;
        if answer != Answer::Passes && !route.goes_on {
            break;
        }
    }
    taken
}

#[cfg(test)]
mod tests;
