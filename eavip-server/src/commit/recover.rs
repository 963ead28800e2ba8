//! From what is on disk to the state that the server had.

use std::collections::BTreeMap;

use eavip_core::evaluate::Waiting;
use eavip_core::id::NodeId;
use eavip_core::node::Node;
use eavip_core::time::Span;
use eavip_core::wire::v1::Body;

use crate::alertmanager::post;
use crate::book::Book;
use crate::checkpoint::{Admission, Checkpoint, Mark, Numbered, Places};
use crate::evaluate::flaps::Flaps;
use crate::intake::Intake;
use crate::nodes::Nodes;
use crate::shared::State;
use crate::store::{Received, ReportRecord, Store, StoreError};

/// Reports of this long before the last one are read again: enough for every window and for what is stale.
const LOOK_BACK: Span = Span::from_secs(600);

/// What the server knew when it stopped.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The state of every aggregate.
    pub book: Book,
    /// The latest of every node.
    pub nodes: Nodes,
    /// What other systems sent.
    pub intake: Intake,
    /// What the last evaluation left waiting.
    pub waiting: Waiting,
    /// Which alerts come and go.
    pub flaps: Flaps,
    /// Reports that were read again.
    pub replayed: u64,
    pub(super) marks: BTreeMap<NodeId, Mark>,
    pub(super) places: Places,
    pub(super) ledger: u64,
    pub(super) reports: u64,
    pub(super) rolled_before: u32,
}

impl Recovered {
    /// The state to look at; marks and positions stay for the commit thread.
    pub fn take_state(&mut self) -> State {
        let Self { book, nodes, intake, waiting, flaps, .. } = self;
        State {
            book: std::mem::take(book),
            nodes: std::mem::take(nodes),
            intake: std::mem::take(intake),
            waiting: std::mem::take(waiting),
            flaps: std::mem::take(flaps),
        }
    }
}

/// The nodes that may speak, with what their marks know of them.
fn enrolled(book: &Book, marks: &BTreeMap<NodeId, Mark>) -> Nodes {
    let nodes = Nodes::default();
    for (id, enrolment) in book.nodes.iter().filter(|(_, enrolment)| !enrolment.revoked) {
        let mut node = Node::new(*id, enrolment.place.clone(), enrolment.enrolled_at);
        if let Some(mark) = marks.get(id) {
            node.facts = mark.facts.clone();
            node.seen_at = mark.seen_at;
        }
        nodes.change(*id, || node, |_| ());
    }
    nodes
}

/// Takes the last checkpoint, applies what the logs hold beyond it, and reads the last reports again.
///
/// # Errors
/// When the store can't be read; damage was dealt with when it was opened.
pub fn recover(store: &dyn Store) -> Result<Recovered, StoreError> {
    let checkpoint = store.load_checkpoint()?.unwrap_or_default();
    let Checkpoint {
        ledger,
        reports,
        mut book,
        waiting,
        flaps,
        intake,
        mut marks,
        mut places,
        rolled_before,
    } = checkpoint;
    let intake = Intake::restored(intake);
    let mut next_ledger = ledger;
    for entry in store.ledger(ledger) {
        let (position, record) = entry?;
        book.apply(position, &record);
        next_ledger = position + 1;
    }
    let nodes = enrolled(&book, &marks);
    for (node, key, roll_up) in store.load_roll_ups(rolled_before.saturating_sub(288))? {
        nodes.change_known(node, |known| known.restore(key, roll_up));
    }
    let from = places.last().map_or(0, |last| places.before(last - LOOK_BACK)).min(reports);
    let (mut replayed, mut next_report) = (0, reports);
    for entry in store.reports(from) {
        let (position, received) = entry?;
        next_report = next_report.max(position + 1);
        let record = match received {
            Received::Report(record) => record,
            Received::Alerts(record) => {
                if position >= reports {
                    places.note(record.received_at, position);
                    intake.take(post::read(&record).unwrap_or_default().known);
                }
                continue;
            }
        };
        // It was read when it was taken; a newer server may have stopped understanding it, which loses no more than
        // what a chart shows of it.
        let body = Body::decode(&record.body, "").ok();
        let ReportRecord { node, epoch, seq, digest, received_at, .. } = record;
        let made_at = body.as_ref().map_or(received_at, |body| body.at);
        let numbered = Numbered { epoch, seq, digest, made_at };
        let mark = marks.entry(node).or_default();
        if mark.admit(&numbered) == Admission::New {
            mark.advance(&numbered, received_at);
        }
        if position >= reports {
            places.note(received_at, position);
        }
        if let Some(body) = body {
            if let Some(facts) = &body.facts {
                mark.facts = facts.clone();
            }
            nodes.change_known(node, |known| known.observe(&body, received_at, rolled_before));
            replayed += 1;
        }
    }
    Ok(Recovered {
        book,
        nodes,
        intake,
        waiting,
        flaps,
        replayed,
        marks,
        places,
        ledger: next_ledger,
        reports: next_report,
        rolled_before,
    })
}
