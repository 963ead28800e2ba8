//! Proofs that stand alone: a record, its place, the path to a signed root, the checkpoint and the key, in one JSON
//! document. Whoever has it needs neither the server nor its files, and no program of ours: RFC 6962 and an Ed25519
//! signature are all there is to it. An export is one such document a line.

use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use eavip_agent::witness::VerifierKey;
use eavip_core::audit::leaf_hash;
use eavip_core::audit::note::SignedCheckpoint;
use eavip_core::audit::proof::{Inclusion, Subtree};
use eavip_core::id::Digest256;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::evidence::{CannotTell, Evidence};
use super::history::Entry;
use super::record::{self, Shown};
use crate::csv;
use crate::log::{self, Stream};

/// The form that this version writes.
const VERSION: u8 = 1;
/// Longest file of documents that is read: an export of a year of a busy site.
pub const MAX_DOCUMENT: u64 = 64 << 30;

/// A proof that a record is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The form of the document.
    pub v: u8,
    /// Whose signature the checkpoint carries. Compare it with the key that was written down at installation.
    pub key: VerifierKey,
    /// The signed checkpoint.
    pub checkpoint: SignedCheckpoint,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// The record's place in the log; the first is 0.
    pub position: u64,
    /// The record, byte for byte; its hash is the leaf. Not there where it holds hashes of secrets, which `shown` leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// What the record says, for people; nothing proves this part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
    /// SHA-256 over `0x00` and the record's bytes.
    pub leaf: Digest256,
    /// The hashes beside the way from the leaf to the root, the lowest first.
    pub path: Vec<Digest256>,
}

/// Why a record can't be proven.
#[derive(Debug, thiserror::Error)]
pub enum CannotProve {
    /// The files can't be read.
    #[error(transparent)]
    Files(#[from] CannotTell),
    /// There is nothing at this place.
    #[error("there is no record {0} that can be read")]
    NoRecord(u64),
    /// No checkpoint covers it.
    #[error("record {0} isn't covered by a signed checkpoint yet; ask again in a minute")]
    NotSigned(u64),
    /// What would be proven isn't what was signed.
    #[error("the ledger doesn't come to the signed root; run `eavip-server audit verify`")]
    Unsound,
    /// It can't be written.
    #[error("the export can't be written")]
    Write(#[from] io::Error),
}

/// Why a document proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disproved {
    /// It isn't a document of this form.
    #[error("it isn't a proof that this version reads: {0}")]
    Form(String),
    /// The signature.
    #[error("{0}")]
    Signature(String),
    /// The key isn't the expected one.
    #[error("it is signed by the key `{0}`, not by the one that was given")]
    OtherKey(String),
    /// The record was changed.
    #[error("the record's bytes don't have the hash of the leaf")]
    Record,
    /// The path leads elsewhere.
    #[error("the path doesn't lead from the leaf to the signed root")]
    Path,
}

impl Document {
    /// Checks everything that a document claims; `key` is the key that is believed, else the document's own.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, key: Option<&VerifierKey>) -> Result<(), Disproved> {
        if self.v != VERSION {
            return Err(Disproved::Form(format!("version {}", self.v)));
        }
        if key.is_some_and(|key| *key != self.key) {
            return Err(Disproved::OtherKey(self.key.to_string()));
        }
        let verified = self
            .key
            .verify(self.checkpoint.clone())
            .map_err(|error| Disproved::Signature(error.to_string()))?;
        if self.record.as_ref().is_some_and(|record| leaf_hash(record.as_bytes()) != self.leaf) {
            return Err(Disproved::Record);
        }
        let checkpoint = verified.checkpoint();
        let subtree = Subtree::first(checkpoint.size());
        let proof = Inclusion { index: self.position, subtree, path: self.path.clone() };
        if proof.proves(self.leaf, checkpoint.root()) { Ok(()) } else { Err(Disproved::Path) }
    }
}

impl Document {
    /// Who did what when, for people, from the record where it is there.
    #[must_use]
    pub fn says(&self) -> String {
        let whole = self.record.as_ref().and_then(|record| record::shown(record.as_bytes()));
        match (&whole, &self.shown) {
            (Some(shown), _) => format!("{}, {}: {}", shown.at, shown.actor, record::kinds(shown)),
            (None, Some(shown)) => {
                format!(
                    "{}, {}: {} (as told; the record itself was withheld)",
                    shown.at,
                    shown.actor,
                    record::kinds(shown)
                )
            }
            (None, None) => "what it says isn't told".to_owned(),
        }
    }
}

/// Which records are asked for.
#[derive(Debug, Clone)]
pub enum Asked {
    /// One, whole.
    Position(u64),
    /// Those of a time, without hashes of secrets.
    Period(Range<Timestamp>),
}

/// How they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A proof a line, as JSON.
    Proofs,
    /// A table of who, when, why and what, for people; it proves nothing.
    Csv,
}

/// Writes records with their proofs; how many.
///
/// # Errors
/// [`CannotProve`]; what is written until then is sound.
pub fn prove(
    data: &Path,
    key: Option<VerifierKey>,
    asked: &Asked,
    form: Form,
    out: &mut impl Write,
) -> Result<u64, CannotProve> {
    let evidence = Evidence::read(data, key, |_, _| {})?;
    let newest = evidence.newest().ok_or(CannotTell::NothingSigned)?;
    if evidence.leaves.root(newest.size()) != Some(newest.note.unverified().root()) {
        return Err(CannotProve::Unsound);
    }
    if form == Form::Csv {
        write!(out, "{}\r\n", csv::row(["position", "at", "actor", "reason", "what", "leaf"]))?;
    }
    let (mut written, mut failed, mut found) = (0, None, false);
    // Read a second time instead of keeping a period's records in memory.
    log::inspect(&data.join("log"), Stream::Ledger, |position, stored| {
        let shown = record::shown(stored);
        let wanted = match asked {
            Asked::Position(one) => *one == position,
            Asked::Period(period) => shown.as_ref().is_some_and(|shown| period.contains(&shown.at)),
        };
        if !wanted || failed.is_some() {
            return;
        }
        found = true;
        let whole = matches!(asked, Asked::Position(_));
        // What isn't signed yet can't be proven, and comes with the next export.
        let Some(document) = document(&evidence, newest, position, stored, shown, whole) else { return };
        match write(&document, form, out) {
            Ok(()) => written += 1,
            Err(error) => failed = Some(error),
        }
    })
    .map_err(CannotTell::from)?;
    match (failed, asked) {
        (Some(error), _) => Err(error.into()),
        (None, Asked::Position(one)) if !found => Err(CannotProve::NoRecord(*one)),
        (None, Asked::Position(one)) if written == 0 => Err(CannotProve::NotSigned(*one)),
        _ => Ok(out.flush().map(|()| written)?),
    }
}

fn write(document: &Document, form: Form, out: &mut impl Write) -> io::Result<()> {
    match (form, &document.shown) {
        (Form::Csv, Some(shown)) => {
            let (position, leaf) = (document.position.to_string(), document.leaf.to_string());
            let Shown { at, actor, reason, .. } = shown;
            let (at, reason, what) =
                (at.to_string(), reason.as_deref().unwrap_or_default(), record::kinds(shown));
            write!(out, "{}\r\n", csv::row([&*position, &at, actor, reason, &what, &leaf]))
        }
        _ => {
            serde_json::to_writer(&mut *out, document)?;
            out.write_all(b"\n")
        }
    }
}

fn document(
    evidence: &Evidence,
    newest: &Entry,
    position: u64,
    stored: &[u8],
    shown: Option<Shown>,
    whole: bool,
) -> Option<Document> {
    let proof = Inclusion::of(&evidence.leaves, position, Subtree::first(newest.size()))?;
    let withheld = !whole && shown.as_ref().is_none_or(|shown| shown.withheld);
    let record = if withheld { None } else { String::from_utf8(stored.to_vec()).ok() };
    Some(Document {
        v: VERSION,
        key: evidence.verifier.clone(),
        checkpoint: newest.note.clone(),
        signed_at: newest.at,
        position,
        record,
        shown,
        leaf: leaf_hash(stored),
        path: proof.path,
    })
}

#[cfg(test)]
mod tests;
