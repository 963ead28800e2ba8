//! Benchmarks of the audit log over a ledger of a million records: verifying it from files, and what a node is shown with
//! each answer, each beside its floor.

use std::cell::Cell;
use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use criterion::Criterion;
use eavip_benches::{Setup, Stopwatch, compare, start};
use eavip_core::id::Digest256;
use eavip_core::policy::Policy;
use eavip_core::time::Span;
use eavip_server::audit::verify::verify;
use eavip_server::audit::{AuditLog, DIRECTORY};
use eavip_server::record::{Actor, Event, LedgerRecord, Role, UserEvent, VERSION};
use eavip_server::shared::Shared;
use eavip_server::store::Store as _;
use eavip_server::store::embedded::EmbeddedStore;

/// Records of the ledger: a site that writes two a minute, for a year.
const RECORDS: u64 = 1_000_000;
/// Hashes of a proof over so many records.
const PATH: u64 = 20;

fn main() -> Setup<()> {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let dir = tempfile::tempdir()?;
    let log = filled(dir.path())?;
    verifying(&mut criterion, dir.path())?;
    showing(&mut criterion, dir.path(), &log)?;
    criterion.final_summary();
    Ok(())
}

/// A data directory with its ledger, all of it signed a thousand records at a time.
fn filled(data: &Path) -> Setup<Arc<AuditLog>> {
    let store = Arc::new(EmbeddedStore::open(data)?);
    for number in 0..RECORDS {
        let at = start() + Span::from_secs(30 * number);
        let session = format!("{number:064x}");
        let event =
            UserEvent::SignedIn { session, role: Role::Responder, expires_at: at + Span::from_secs(3_600) };
        let events = vec![Event::User { name: "mara".to_owned(), event }];
        let reason = Some("on call this week; took over from ben at the morning's meeting".to_owned());
        store.append(&LedgerRecord {
            v: VERSION,
            at,
            actor: Actor::User("mara".to_owned()),
            reason,
            events,
        })?;
    }
    store.sync()?;
    let policy = Policy::builtin();
    let shared = Shared::new(Default::default(), policy);
    let (log, growing) = AuditLog::start(&data.join(DIRECTORY), store, shared)?;
    growing.finish();
    Ok(log)
}

/// Times a routine that can fail; the first failure ends the benchmark.
fn time(criterion: &mut Criterion, name: &str, mut routine: impl FnMut() -> Setup<()>) -> Setup<Stopwatch> {
    let (watch, failed) = (Stopwatch::new(name), Cell::new(None));
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            watch.run(times, || {
                if let Err(error) = routine() {
                    failed.set(Some(error));
                }
            })
        });
    });
    failed.into_inner().map_or(Ok(watch), Err)
}

/// `audit verify`. The floor reads the same files and hashes them once through.
fn verifying(criterion: &mut Criterion, data: &Path) -> Setup<()> {
    let name = format!("verify a ledger of {RECORDS} records and its checkpoints");
    let figure = time(criterion, &name, || {
        let report = verify(data, None, &[])?;
        if report.findings.is_empty() && report.covered == RECORDS {
            Ok(())
        } else {
            Err("it isn't sound".into())
        }
    })?;
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(data.join("log"))? {
        let path = entry?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("ledger-")) {
            segments.push(path);
        }
    }
    let floor = time(criterion, "floor: read the same files and hash them with SHA-256", || {
        for segment in &segments {
            black_box(Digest256::of(&std::fs::read(segment)?));
        }
        Ok(())
    })?;
    Ok(compare(&figure, &floor)?)
}

/// What an answer to a node carries. The floor reads as many hashes from the same file.
fn showing(criterion: &mut Criterion, data: &Path, log: &AuditLog) -> Setup<()> {
    let seen = RECORDS - 12_345;
    let name = format!("show a node the checkpoint and its proof over {RECORDS} records");
    let figure = time(criterion, &name, || {
        let head = log.shown(Some(seen)).ok_or("nothing is signed")?;
        if black_box(head).proof.is_empty() { Err("there is no proof".into()) } else { Ok(()) }
    })?;
    let file = File::open(data.join(DIRECTORY).join("tree"))?;
    let step = file.metadata()?.len() / 32 / PATH;
    let floor = time(criterion, &format!("floor: read {PATH} hashes of the same file"), || {
        let mut hash = [0_u8; 32];
        for at in 0..PATH {
            file.read_exact_at(&mut hash, at * step * 32)?;
            black_box(hash);
        }
        Ok(())
    })?;
    Ok(compare(&figure, &floor)?)
}
