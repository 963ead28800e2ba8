//! Puts the answers of the API together from the present state: pure functions of book, nodes, policy and moment.
//! Pages and API share them; none of them asks who looks.

pub mod alert;
pub mod history;
pub mod incident;
pub mod node;
pub mod noise;
pub mod notify;
pub mod on_call;
pub mod overview;
pub mod signal;
pub mod silence;
pub mod trends;

use std::collections::BTreeMap;

use eavip_core::alert::Category;
use eavip_core::id::{Digest128, NodeId, TeamId};
use eavip_core::labels::Labels;
use eavip_core::policy::Policy;
use eavip_core::signal::reading::SeriesKey;

pub use alert::alert;

use super::view::{Change, Firing, TeamName};
use crate::book::{self, Book};
use crate::nodes::Nodes;
use crate::record::Actor;

/// What a series' history is asked for with: derived from what it measures, so that it stays over restarts.
#[must_use]
pub fn series_id(key: &SeriesKey) -> Digest128 {
    let service = key.service.as_ref().map_or("", |service| service.as_str());
    let own = [key.metric.as_str().as_bytes(), service.as_bytes()];
    let labels = key.labels.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    Digest128::of(own.into_iter().chain(labels))
}

/// A team by its id, and by its name where it is declared.
#[must_use]
pub fn team(id: &TeamId, policy: &Policy) -> TeamName {
    let known = policy.roster.teams.get(id);
    TeamName { id: id.to_string(), name: known.map_or_else(|| id.to_string(), |team| team.name.clone()) }
}

/// A change as the outside sees it.
#[must_use]
pub fn change(nodes: &Nodes, change: &book::Change) -> Change {
    let of_node = change.node.filter(|node| change.actor == Actor::Node(*node).to_string());
    Change {
        seq: change.seq,
        at: change.at.to_string(),
        kind: change.kind.clone(),
        text: change.text.clone(),
        actor: of_node
            .map_or_else(|| change.actor.clone(), |node| format!("node {}", alert::hostname(nodes, node))),
        path: change.path.clone(),
    }
}

/// Open alerts by node.
#[must_use]
pub fn firing(book: &Book) -> BTreeMap<NodeId, Firing> {
    let mut found: BTreeMap<NodeId, Firing> = BTreeMap::new();
    for episode in book.alerts.open() {
        if let Some(node) = episode.opening.origin.node() {
            count(found.entry(node).or_default(), episode.opening.category);
        }
    }
    found
}

pub(super) fn count(firing: &mut Firing, category: Category) {
    match category {
        Category::Critical => firing.critical += 1,
        Category::Warning => firing.warning += 1,
        Category::Informational => firing.informational += 1,
    }
}

pub(crate) fn labels(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests;
