//! Taking the simulated fleet away: exactly the nodes that the ledger knows as simulated, then their directories.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use eavip_core::id::NodeId;
use eavip_core::policy::Policy;

use super::DemoError;
use crate::book::Book;
use crate::commit::{self, Committer, MutateError};
use crate::record::{Actor, Event, LedgerRecord, NodeEvent, VERSION};
use crate::shared::Shared;
use crate::store::embedded::EmbeddedStore;
use crate::store::{Store, StoreError};

/// Removes the fleet from the data of a server that doesn't run; how many nodes that were. Their alerts end with the next
/// start, as those of any node that was revoked.
///
/// # Errors
/// [`DemoError::InUse`] while the server runs; else what can't be read or written.
pub async fn remove(data: &Path) -> Result<usize, DemoError> {
    if !data.join("IDENTITY").exists() {
        return Ok(0);
    }
    let store = EmbeddedStore::open(data).map_err(|error| match error {
        StoreError::Io(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            DemoError::InUse(data.to_owned())
        }
        error => DemoError::Store(error),
    })?;
    let store: Arc<dyn Store> = Arc::new(store);
    let mut recovered = commit::recover(store.as_ref()).map_err(DemoError::Store)?;
    let state = recovered.take_state();
    let known: BTreeSet<NodeId> = state.book.demo_nodes().collect();
    let count = known.len();
    // Nothing is evaluated here; any policy will do.
    let shared = Shared::new(state, Policy::builtin());
    let (committer, thread) = commit::spawn(store, shared, recovered).map_err(DemoError::Thread)?;
    let revoked = revoke(&committer, known, "the demo was removed").await;
    committer.stop().await;
    let ended = tokio::task::spawn_blocking(move || thread.join()).await;
    revoked?;
    ended.ok().and_then(Result::ok).unwrap_or(Err(StoreError::NotDurable)).map_err(DemoError::Store)?;
    // Only now: without their directories the nodes could not go on.
    directory(&super::directory(data))?;
    Ok(count)
}

/// Takes back the identities of simulated nodes; any other is left alone.
pub(super) async fn revoke(
    committer: &Committer,
    nodes: BTreeSet<NodeId>,
    reason: &'static str,
) -> Result<(), MutateError> {
    let decide = move |book: &Book, at| {
        let known = book.demo_nodes().filter(|node| nodes.contains(node));
        let events = known.map(|id| Event::Node { id, event: NodeEvent::Revoked }).collect();
        let reason = Some(reason.to_owned());
        Ok(LedgerRecord { v: VERSION, at, actor: Actor::demo(), reason, events })
    };
    committer.mutate(decide).await
}

/// Removes a directory of the demo's with everything in it; an absent one is fine.
pub(super) fn directory(path: &Path) -> Result<(), DemoError> {
    match std::fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(DemoError::Remove { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
