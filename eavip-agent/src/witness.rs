//! This node as a witness of its server's audit log: keeps the last checkpoint that it was shown, demands of each next
//! one that it continues it, and keeps what contradicts (seed: *Configuration changes are auditable*).
//!
//! What contradicts what is decided in `eavip_core::audit::witness`. The key is pinned at the first contact, over the
//! connection that the join string's pin vouched for. Everything stands in one small file of the state directory, by
//! the server's store; nothing that was kept as evidence is ever taken out of it again.

mod key;

use std::path::{Path, PathBuf};

use eavip_core::aggregate::Aggregate as _;
use eavip_core::audit::AuditPolicy;
use eavip_core::audit::note::SignedCheckpoint;
use eavip_core::audit::proof::{Consistency, Subtree};
use eavip_core::audit::witness::{Look, MAX_CONFLICTS, Witness, WitnessEvent};
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::Timestamp;
use eavip_core::wire::v1::AuditHead;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use key::{InvalidVerifierKey, VerifierKey};

use crate::private::{self, PrivateError};

/// Longest checkpoint and key that are looked at. Our own have some hundred bytes; longer ones would only make evidence that
/// status and file can't hold.
const MAX_NOTE: usize = 4 * 1024;
/// Longest file: every conflict with two notes and a proof, many times over.
const MAX_FILE: u64 = 4 << 20;

/// The name of a store's audit log: checkpoints carry it as their origin, keys as their name. It doesn't change when
/// the server's host or address does.
#[must_use]
pub fn log_name(store: Uuid) -> String {
    format!("eavip-audit/{store}")
}

/// A checkpoint that the pinned key didn't sign: evidence of another key, or of a forger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stranger {
    /// When it was shown.
    pub at: Timestamp,
    /// The key that was told with it.
    pub key: String,
    /// The checkpoint with its signatures.
    pub checkpoint: String,
    /// Why it wasn't believed.
    pub reason: String,
}

/// What the witness's file holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Testimony {
    /// The key that was pinned at the first contact.
    pub key: Option<VerifierKey>,
    /// What was seen and what contradicted it.
    pub witness: Option<Witness>,
    /// Checkpoints that the pinned key didn't sign.
    #[serde(default)]
    pub strangers: Vec<Stranger>,
}

/// How the witness is doing, for status, doctor and reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessStatus {
    /// The last checkpoint that goes with all earlier ones, a signed note.
    pub checkpoint: Option<String>,
    /// How many events it covers.
    pub events: Option<u64>,
    /// When the server last showed a log that goes with it.
    pub looked_at: Option<Timestamp>,
    /// What contradicted, one line each, the first one first.
    pub conflicts: Vec<String>,
    /// Why the last look told nothing.
    pub problem: Option<String>,
}

impl WitnessStatus {
    /// What was found, as a reading. A look that is too old is no evidence that all is well.
    #[must_use]
    pub fn reading(&self, now: Timestamp) -> Reading {
        let limit = AuditPolicy::default().stale_after;
        if !self.conflicts.is_empty() {
            return Reading::exact(Metric::AuditConflict, 1.0);
        }
        match self.looked_at {
            Some(at) if now.since(at) <= limit => Reading::exact(Metric::AuditConflict, 0.0),
            _ => Reading::unknown(Metric::AuditConflict, "the server showed no sound checkpoint of late"),
        }
    }
}

/// Judges what the server shows and keeps it on disk.
#[derive(Debug)]
pub struct Keeper {
    path: PathBuf,
    name: String,
    testimony: Testimony,
    looked_at: Option<Timestamp>,
    problem: Option<String>,
}

/// Where the witness of a store keeps what it saw.
#[must_use]
pub fn file(state: &Path, store: Uuid) -> PathBuf {
    state.join(format!("audit-witness-{store}.json"))
}

/// Reads what a witness kept, without changing anything; `None` when it saw nothing yet.
///
/// # Errors
/// The file system's, or [`Unreadable::Damaged`].
pub fn read(path: &Path) -> Result<Option<Testimony>, Unreadable> {
    let Some(bytes) = private::read(path, MAX_FILE)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|_| Unreadable::Damaged(path.to_owned()))
}

/// Why a witness's file can't be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file or its permissions.
    #[error(transparent)]
    File(#[from] PrivateError),
    /// It isn't what a witness writes.
    #[error("`{}` is damaged; keep it, and look for what the disk says", .0.display())]
    Damaged(PathBuf),
}

impl Testimony {
    /// The size of the log at the last checkpoint that goes with all earlier ones.
    #[must_use]
    pub fn seen(&self) -> Option<u64> {
        self.witness.as_ref().map(|witness| witness.seen.unverified().size())
    }

    /// How many contradictions were kept.
    #[must_use]
    pub fn conflicts(&self) -> usize {
        self.strangers.len() + self.witness.as_ref().map_or(0, |witness| witness.conflicts.len())
    }
}

impl Keeper {
    /// The witness of a store. A damaged file is moved aside and told: what it had seen can't be demanded any more.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(state: &Path, store: Uuid) -> Result<Self, PrivateError> {
        let path = file(state, store);
        let mut problem = None;
        let testimony = match read(&path) {
            Ok(found) => found.unwrap_or_default(),
            Err(Unreadable::File(error)) => return Err(error),
            Err(error @ Unreadable::Damaged(_)) => {
                tracing::error!(%error, "what this witness had seen is lost; the damaged file is kept aside");
                private::rename(&path, &path.with_extension("damaged"))?;
                problem = Some(error.to_string());
                Testimony::default()
            }
        };
        let looked_at = testimony.witness.as_ref().map(|witness| witness.at);
        Ok(Self { path, name: log_name(store), testimony, looked_at, problem })
    }

    /// The size of the log at the last checkpoint: what the next proof has to begin at.
    #[must_use]
    pub fn seen(&self) -> Option<u64> {
        self.testimony.seen()
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> WitnessStatus {
        let Testimony { witness, strangers, .. } = &self.testimony;
        let mut conflicts = Vec::new();
        for conflict in witness.iter().flat_map(|witness| &witness.conflicts) {
            let (seen, shown) = (conflict.seen.unverified(), conflict.shown.unverified());
            let (kind, at) = (conflict.contact, conflict.at);
            conflicts.push(format!(
                "{kind} at {at}: {} events were seen, {} shown; {} against {}",
                seen.size(),
                shown.size(),
                seen.root(),
                shown.root()
            ));
        }
        conflicts.extend(strangers.iter().map(|stranger| format!("at {}: {}", stranger.at, stranger.reason)));
        let seen = witness.as_ref().map(|witness| &witness.seen);
        WitnessStatus {
            checkpoint: seen.map(ToString::to_string),
            events: seen.map(|seen| seen.unverified().size()),
            looked_at: self.looked_at,
            conflicts,
            problem: self.problem.clone(),
        }
    }

    /// Judges what the server showed. Blocks while what changed is made durable.
    pub fn look(&mut self, head: &AuditHead, now: Timestamp) {
        let before = self.testimony.clone();
        self.problem = self.judge(head, now).err();
        let conflicts = self.testimony.conflicts();
        let contradicted = conflicts > before.conflicts();
        if contradicted {
            let told = self.status().conflicts.pop().unwrap_or_default();
            tracing::error!(conflict = told, "the server's audit log contradicts what this node was shown");
        }
        let seen = |testimony: &Testimony| testimony.witness.as_ref().map(|one| one.seen.clone());
        // That the same checkpoint was shown again isn't worth a write.
        if contradicted || seen(&before) != seen(&self.testimony) {
            self.keep();
        }
        metrics::gauge!("eavip_agent_audit_conflicts").set(conflicts as f64);
        metrics::gauge!("eavip_agent_audit_seen_events").set(self.seen().unwrap_or_default() as f64);
    }

    fn keep(&mut self) {
        let written = serde_json::to_vec_pretty(&self.testimony).map_err(std::io::Error::other);
        let kept = written
            .map_err(|error| error.to_string())
            .and_then(|json| private::write(&self.path, &json).map_err(|error| error.to_string()));
        if let Err(reason) = kept {
            tracing::error!(
                reason,
                "what this node saw of the audit log can't be kept; a restart forgets it"
            );
        }
    }

    /// Says why the look told nothing, if it did.
    fn judge(&mut self, head: &AuditHead, now: Timestamp) -> Result<(), String> {
        if head.checkpoint.len().max(head.key.len()) > MAX_NOTE {
            return Err(format!("the checkpoint or its key is longer than {MAX_NOTE} bytes"));
        }
        let note: SignedCheckpoint = head.checkpoint.parse().map_err(|error| format!("{error}"))?;
        if note.unverified().origin() != self.name {
            return Err(format!("the checkpoint isn't of the log `{}`", self.name));
        }
        let key = match &self.testimony.key {
            Some(key) => key.clone(),
            None => head.key.parse::<VerifierKey>().map_err(|error| error.to_string())?,
        };
        let shown = match key.verify(note) {
            Ok(shown) => shown,
            Err(reason) => {
                let reason = reason.to_string();
                self.stranger(head, &reason, now);
                return Err(reason);
            }
        };
        self.testimony.key = Some(key);
        let proof = self.seen().filter(|_| !head.proof.is_empty()).map(|seen| Consistency {
            subtree: Subtree::first(seen),
            size: shown.checkpoint().size(),
            path: head.proof.clone(),
        });
        let events = Witness::decide(self.testimony.witness.as_ref(), Look { shown, proof }, &(), now)
            .map_err(|refused| refused.to_string())?;
        for event in events {
            let agrees = matches!(event, WitnessEvent::Saw { .. });
            self.testimony.witness = Witness::evolve(self.testimony.witness.take(), event);
            if agrees {
                self.looked_at = Some(now);
                return Ok(());
            }
        }
        Err("the checkpoint contradicts the one that was seen before".to_owned())
    }

    fn stranger(&mut self, head: &AuditHead, reason: &str, now: Timestamp) {
        let strangers = &mut self.testimony.strangers;
        let known = strangers.iter().any(|one| one.checkpoint == head.checkpoint);
        // The first ones are what an investigation starts from.
        if self.testimony.key.is_some() && !known && strangers.len() < MAX_CONFLICTS {
            let (key, checkpoint) = (head.key.clone(), head.checkpoint.clone());
            strangers.push(Stranger { at: now, key, checkpoint, reason: reason.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests;
