//! Benchmarks of what is written and read on the way of a report: the agent's spool, the server's log, and reading a
//! compressed batch, each beside its floor.

use std::cell::Cell;
use std::fs::File;
use std::hint::black_box;
use std::io::{Read as _, Write as _};

use criterion::Criterion;
use eavip_agent::spool::{Class, Limits, Spool};
use eavip_benches::load::tape::{Tape, head};
use eavip_benches::{Setup, Stopwatch, compare, report, start};
use eavip_core::id::NodeId;
use eavip_core::wire::v1::{Batch, Body};
use eavip_server::log::{Log, Options, Stream};

/// Reports that a busy server makes durable with one sync.
const GROUP: usize = 64;
/// Reports in a batch.
const REPORTS: usize = 10;

fn main() -> Setup<()> {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let dir = tempfile::tempdir()?;
    let body = report(start())?.encode()?;
    spool(&mut criterion, dir.path(), &body)?;
    log(&mut criterion, dir.path(), &body)?;
    ingest(&mut criterion)?;
    criterion.final_summary();
    Ok(())
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

/// Writes to a plain file as often, and syncs it.
fn plain(dir: &std::path::Path, name: &str, body: &[u8], times: usize) -> Setup<impl FnMut() -> Setup<()>> {
    let mut file = File::create(dir.join(name))?;
    let body = body.to_vec();
    Ok(move || {
        for _ in 0..times {
            file.write_all(&body)?;
        }
        Ok(file.sync_data()?)
    })
}

/// A report into the agent's spool, on disk when it returns. The floor writes the same bytes to a file and syncs it.
fn spool(criterion: &mut Criterion, dir: &std::path::Path, body: &[u8]) -> Setup<()> {
    let (spool, _) = Spool::open(&dir.join("spool"), Limits::default(), 0)?;
    let mut now = 0;
    let name = format!("spool a report of {} bytes, durable", body.len());
    let figure = time(criterion, &name, || {
        now += 1;
        let number = spool.append(Class::Metrics, body, now)?;
        // As when a server answers: otherwise the spool fills and makes room instead.
        if number.seq.is_multiple_of(1_000) {
            spool.acknowledge(number, now + 3_600_000)?;
        }
        Ok(())
    })?;
    let floor = time(criterion, "floor: write and sync as many bytes", plain(dir, "spool.floor", body, 1)?)?;
    Ok(compare(&figure, &floor)?)
}

/// A group of reports into the server's log with one sync. The floor writes as many bytes to a file and syncs it.
fn log(criterion: &mut Criterion, dir: &std::path::Path, body: &[u8]) -> Setup<()> {
    let (mut log, _) = Log::open(&dir.join("log"), &Options::default())?;
    let name = format!("log {GROUP} reports with one sync");
    let figure = time(criterion, &name, || {
        for _ in 0..GROUP {
            log.append(Stream::Reports, &[body])?;
        }
        // The oldest segments go, so that the disk doesn't fill; it happens once in ten thousand reports.
        let next = log.next(Stream::Reports);
        log.sync()?;
        if next.0.is_multiple_of(16_384) {
            log.prune(Stream::Reports, next)?;
        }
        Ok(())
    })?;
    let name = "floor: write as much to a plain file with one sync";
    let floor = time(criterion, name, plain(dir, "log.floor", body, GROUP)?)?;
    Ok(compare(&figure, &floor)?)
}

/// A compressed batch until its readings are at hand. The floor inflates it and skips its JSON.
fn ingest(criterion: &mut Criterion) -> Setup<()> {
    let tape = Tape::record(0, start(), 1, REPORTS)?;
    let batch = tape.batches.first().ok_or("the tape is empty")?;
    let sent = [head(NodeId(uuid::Uuid::nil()))?, batch.frame.clone()].concat();
    let inflate = |sent: &[u8]| -> Setup<Vec<u8>> {
        let mut bytes = Vec::with_capacity(sent.len() * 8);
        zstd::stream::read::Decoder::with_buffer(sent)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let name = format!("inflate and decode {REPORTS} reports");
    let figure = time(criterion, &name, || {
        let bytes = inflate(black_box(&sent))?;
        for report in Batch::decode(&bytes)?.reports {
            black_box(Body::decode(report.body.get().as_bytes(), "")?);
        }
        Ok(())
    })?;
    let floor = time(criterion, "floor: inflate and skip the same JSON", || {
        let bytes = inflate(black_box(&sent))?;
        serde_json::from_slice::<serde::de::IgnoredAny>(&bytes)?;
        Ok(())
    })?;
    Ok(compare(&figure, &floor)?)
}
