//! The whole platform at a glance: one walk over all nodes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use eavip_core::alert::Category;
use eavip_core::alert::episode::{Episode, Status};
use eavip_core::id::NodeId;
use eavip_core::incident::sev::Sev;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use eavip_core::time::Timestamp;

use super::node::row;
use super::signal::Card;
use super::{alert, change, firing};
use crate::api::view::{Change, Firing, NodeRow, Now, Overview};
use crate::book::Book;
use crate::shared::Shared;

/// Nodes on the overview: nobody reads on; the list of nodes has them all.
pub const MAX_NODES: usize = 500;
/// Open alerts on the overview: where to begin; more are a list of their own.
const MAX_ALERTS: usize = 5;
/// Changes on the overview.
const MAX_CHANGES: usize = 20;

/// What is taken from the book, so that it is held for a moment only.
struct FromBook {
    firing: BTreeMap<NodeId, Firing>,
    unacknowledged_critical: usize,
    urgent: Vec<Episode>,
    undelivered: usize,
    incidents: BTreeMap<Sev, usize>,
    demo_nodes: usize,
    changes: Vec<Change>,
}

fn from_book(shared: &Shared) -> FromBook {
    let book = shared.book();
    let nobody = |status| status == Status::Firing;
    FromBook {
        firing: firing(&book),
        unacknowledged_critical: book
            .alerts
            .open()
            .filter(|episode| episode.opening.category == Category::Critical && nobody(episode.status()))
            .count(),
        urgent: urgent(&book),
        undelivered: book.outbox.waiting() + book.outbox.given_up().count(),
        incidents: open_incidents(&book),
        demo_nodes: book.demo_nodes().count(),
        changes: book.changes.newest().take(MAX_CHANGES).map(|known| change(&shared.nodes, known)).collect(),
    }
}

/// Open incidents by severity.
fn open_incidents(book: &Book) -> BTreeMap<Sev, usize> {
    let mut counts = BTreeMap::new();
    book.incidents.open().for_each(|incident| *counts.entry(incident.sev).or_default() += 1);
    counts
}

/// The open episodes to begin with: by category, then what nobody has, then the newest.
fn urgent(book: &Book) -> Vec<Episode> {
    let mut open: Vec<&Episode> = book.alerts.open().collect();
    let order = |episode: &&Episode| {
        let Episode { opening, .. } = episode;
        Reverse((opening.category, episode.status() == Status::Firing, opening.at, opening.id))
    };
    open.sort_unstable_by_key(order);
    open.into_iter().take(MAX_ALERTS).cloned().collect()
}

/// The overview of a state at a moment.
#[must_use]
pub fn overview(shared: &Shared, now: Timestamp) -> Overview {
    let FromBook { firing, unacknowledged_critical, urgent, undelivered, incidents, demo_nodes, changes } =
        from_book(shared);
    let policy = shared.policy.load();
    let mut cards: Vec<Card> = Signal::GOLDEN.into_iter().map(Card::new).collect();
    let mut nodes: Vec<NodeRow> = Vec::new();
    shared.nodes.each(|known| {
        let node = &known.node;
        let services = node.service_health(&policy, now);
        for (service, found) in &services {
            for found in found {
                cards.iter_mut().for_each(|card| card.add(node, service, found, &policy));
            }
        }
        nodes.push(row(node, &services, firing.get(&node.id).copied().unwrap_or_default(), now));
    });
    let mut now_strip = Now {
        health: nodes.iter().map(|row| row.health).max().unwrap_or(Health::Unknown),
        headline: String::new(),
        firing: firing.values().fold(Firing::default(), |sum, more| Firing {
            critical: sum.critical + more.critical,
            warning: sum.warning + more.warning,
            informational: sum.informational + more.informational,
        }),
        unacknowledged_critical,
        incidents,
        nodes: nodes.len(),
        silent_nodes: nodes.iter().filter(|row| row.stale).count(),
        demo_nodes,
        undelivered,
        evaluated_at: shared.evaluated_at().map(|at| at.to_string()),
        rules: policy.rules().len(),
        receivers: policy.receivers().len(),
    };
    now_strip.headline = headline(&now_strip);
    let order = |row: &NodeRow| (Reverse(row.health), Reverse((row.firing.critical, row.firing.warning)));
    nodes.sort_by(|a, b| {
        order(a).cmp(&order(b)).then_with(|| (&a.hostname, &a.id).cmp(&(&b.hostname, &b.id)))
    });
    nodes.truncate(MAX_NODES);
    Overview {
        generated_at: now.to_string(),
        now: now_strip,
        alerts: urgent.iter().map(|episode| alert(shared, &policy, episode)).collect(),
        signals: cards.into_iter().map(|card| card.finish(&shared.nodes, now)).collect(),
        nodes,
        changes,
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// The worst first, in one sentence.
fn headline(now: &Now) -> String {
    let Firing { critical, warning, .. } = now.firing;
    if now.nodes == 0 {
        "No node has joined yet.".to_owned()
    } else if critical > 0 {
        let open = counted(critical, "critical alert is open", "critical alerts are open");
        match now.unacknowledged_critical {
            0 => format!("{open}, and somebody is on it."),
            1 if critical == 1 => format!("{open}, and nobody has acknowledged it."),
            nobody if nobody == critical => format!("{open}, and nobody has acknowledged any of them."),
            nobody => format!("{open}; nobody has acknowledged {nobody} of them."),
        }
    } else if warning > 0 {
        format!("{}; nothing is critical.", counted(warning, "warning is open", "warnings are open"))
    } else if now.silent_nodes > 0 {
        format!(
            "{} silent: what is going on there isn't known.",
            counted(now.silent_nodes, "node is", "nodes are")
        )
    } else {
        match now.health {
            Health::Healthy => format!("All is well on {}.", counted(now.nodes, "node", "nodes")),
            Health::Degraded => "No alert is open; some signals miss their objective.".to_owned(),
            Health::Unknown => "No alert is open; some signals can't be measured.".to_owned(),
            Health::Failing => "No alert is open yet; some signals fail.".to_owned(),
        }
    }
}
