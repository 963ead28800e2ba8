//! Somebody who takes some of the fleet's alerts, so that there are both kinds to look at. The most urgent one is left to
//! whoever looks at the demo.

use std::collections::BTreeSet;
use std::sync::Arc;

use eavip_agent::shutdown::Shutdown;
use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::episode::{Episode, EpisodeCommand, Status};
use eavip_core::id::{Digest128, NodeId};
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::book::Book;
use crate::commit::MutateError;
use crate::record::{Actor, Event, LedgerRecord, VERSION};
use crate::shared::ChangeKind;

/// Who takes alerts; a name that says what it is.
const WHO: &str = "Dana (demo)";
/// The rules whose alerts are taken, and what is said.
const TAKEN: [(&str, &str); 2] = [
    ("job-failed", "Reading the export's output; it is run again by hand after lunch."),
    ("node-silent", "The plant's uplink is being replaced; back in the afternoon."),
];

/// Takes alerts of these nodes until the end is asked for.
pub(super) async fn run(app: App, nodes: BTreeSet<NodeId>, mut shutdown: Shutdown) {
    let mut changes = app.shared.follow();
    let nodes = Arc::new(nodes);
    loop {
        if let Err(MutateError::Stopped(_)) = take(&app, &nodes).await {
            return;
        }
        let alert = async {
            loop {
                match changes.recv().await {
                    Ok(changed) if changed.kind != ChangeKind::Alert => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return true,
                    Err(RecvError::Closed) => return false,
                }
            }
        };
        tokio::select! {
            goes_on = alert => if !goes_on { return },
            () = shutdown.requested() => return,
        }
    }
}

/// Takes what is to be taken and nobody has.
async fn take(app: &App, nodes: &Arc<BTreeSet<NodeId>>) -> Result<(), MutateError> {
    if wanted(&app.shared.book(), nodes).is_empty() {
        return Ok(());
    }
    let nodes = Arc::clone(nodes);
    let decide = move |book: &Book, at| {
        let mut events = Vec::new();
        for (id, reason) in wanted(book, &nodes) {
            let command = EpisodeCommand::Acknowledge { by: WHO.to_owned(), reason: reason.to_owned() };
            let taken = Episode::decide(book.alerts.get(id), command, &(), at)?;
            events.extend(taken.into_iter().map(|event| Event::Episode { id, event, groups: Vec::new() }));
        }
        Ok(LedgerRecord { v: VERSION, at, actor: Actor::demo(), reason: None, events })
    };
    app.committer.mutate(decide).await
}

fn wanted(book: &Book, nodes: &BTreeSet<NodeId>) -> Vec<(Digest128, &'static str)> {
    let firing = book.alerts.open().filter(|episode| episode.status() == Status::Firing);
    firing
        .filter(|episode| episode.opening.origin.node().is_some_and(|node| nodes.contains(&node)))
        .filter_map(|episode| {
            let (_, reason) = TAKEN.iter().find(|(rule, _)| *rule == episode.opening.rule.as_str())?;
            Some((episode.opening.id, *reason))
        })
        .collect()
}
