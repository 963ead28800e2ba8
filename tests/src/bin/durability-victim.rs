//! The process that the durability tests kill: it writes for ever and says on standard output what it was told is durable.
//!
//! `durability-victim log|spool DIR SEED`. Each line is one fact, written only after the call that promises it returned:
//! `log STREAM POSITION DIGEST`, `view N`, `spool EPOCH SEQ DIGEST`. Lines in the future tense come before the call, because
//! it may take effect without being reported: `pruning STREAM POSITION`, `acknowledging EPOCH SEQ`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use eavip_agent::spool::{Class, Limits, Spool};
use eavip_server::log::{Log, Options, PerStream, Position, Stream};
use eavip_server::views::{Loaded, Views};
use eavip_tests::chance::{Chance, checkpoint_entries, digest};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let kind = args.next().unwrap_or_default();
    let dir = PathBuf::from(args.next().unwrap_or_default());
    let mut chance = Chance::new(args.next().unwrap_or_default().parse()?);
    match kind.as_str() {
        "log" => log(&dir, &mut chance),
        "spool" => spool(&dir, &mut chance),
        _ => Err("usage: durability-victim log|spool DIR SEED".into()),
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

fn log(dir: &Path, chance: &mut Chance) -> Result<(), Failure> {
    let mut views = Views::open(&dir.join("views"), 8 << 20)?;
    let (mut checkpoint, known) = match views.load()? {
        Loaded::Some { meta, .. } => read_meta(&meta),
        Loaded::None | Loaded::Quarantined { .. } => (0, PerStream::default()),
    };
    let (mut log, _) =
        Log::open(&dir.join("log"), &Options { segment_bytes: 32 << 10, known, ..Options::default() })?;
    loop {
        let mut facts = Vec::new();
        for stream in Stream::ALL {
            let count = 1 + chance.below(5);
            let payloads: Vec<Vec<u8>> = (0..count).map(|_| some_bytes(chance, 3_000)).collect();
            let range = log.append(stream, &payloads)?;
            let places = (range.start.0..range.end.0).zip(&payloads);
            facts.extend(places.map(|(p, bytes)| format!("log {} {p} {:x}", stream.as_str(), digest(bytes))));
        }
        log.sync()?;
        say(&facts.join("\n"))?;
        if chance.below(8) == 0 {
            checkpoint += 1;
            views.save(&write_meta(checkpoint, &log), checkpoint_entries(checkpoint))?;
            log.note_checkpoint()?;
            say(&format!("view {checkpoint}"))?;
        }
        if chance.below(16) == 0 {
            let before = Position(log.next(Stream::Reports).0.saturating_sub(40));
            say(&format!("pruning reports {}", before.0))?;
            log.prune(Stream::Reports, before)?;
        }
    }
}

fn write_meta(checkpoint: u64, log: &Log) -> Vec<u8> {
    let numbers = [checkpoint, log.next(Stream::Ledger).0, log.next(Stream::Reports).0];
    numbers.into_iter().flat_map(u64::to_le_bytes).collect()
}

fn read_meta(meta: &[u8]) -> (u64, PerStream<Position>) {
    let mut numbers = meta.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
    let mut next = || numbers.next().unwrap_or_default();
    (next(), PerStream { ledger: Position(next()), reports: Position(next()) })
}

fn spool(dir: &Path, chance: &mut Chance) -> Result<(), Failure> {
    let limits = Limits { max_bytes: 256 << 10, keep_acknowledged: Duration::from_secs(20) };
    let mut now_ms = 1_700_000_000_000;
    let (spool, _) = Spool::open(&dir.join("spool"), limits, now_ms)?;
    loop {
        now_ms += 1_000;
        let class = match chance.below(10) {
            0 => Class::Event,
            1 => Class::Evidence,
            _ => Class::Metrics,
        };
        let body = some_bytes(chance, 9_000);
        let number = spool.append(class, &body, now_ms)?;
        say(&format!("spool {} {} {:x}", number.epoch, number.seq, digest(&body)))?;
        if chance.below(12) == 0
            && let Some(entry) = spool.pending(30, usize::MAX)?.last()
        {
            say(&format!("acknowledging {} {}", entry.number.epoch, entry.number.seq))?;
            spool.acknowledge(entry.number, now_ms)?;
        }
    }
}

fn some_bytes(chance: &mut Chance, most: u64) -> Vec<u8> {
    let len = chance.below(most) as usize;
    chance.bytes(len)
}
