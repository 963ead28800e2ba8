//! What the stores owe: every acknowledged id with its digest. It knows nothing of how they keep it.

use std::collections::BTreeMap;
use std::path::Path;

use eavip_agent::spool::{DropRange, Entry, Limits, Number, Spool};
use eavip_server::log::{self, Log, Options, PerStream, Position, Stream};
use eavip_server::views::{Loaded, Views};
use eavip_tests::chance::{checkpoint_entries, digest};

/// Whether damage may be answered by a report, or everything must simply be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    Nothing,
    ReportedLoss,
}

/// Obligations of one directory.
#[derive(Debug, Clone, Default)]
pub(super) struct Oracle {
    pub(super) records: BTreeMap<(Stream, u64), u64>,
    pub(super) reports: BTreeMap<Number, u64>,
    pruning: u64,
    acknowledging: Number,
    checkpoint: u64,
    /// Ids ever acknowledged.
    pub(super) acknowledged: u64,
    /// Ids that were reported as lost instead of returned.
    pub(super) reported: u64,
}

impl Oracle {
    /// One checkpoint is owed, and its loss may be reported.
    pub(super) fn owing_a_checkpoint() -> Self {
        Self { acknowledged: 1, ..Self::default() }
    }

    /// Takes a line of the victim; says whether it was an acknowledgement.
    pub(super) fn hear(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words[at].parse::<u64>().unwrap();
        match words[0] {
            "log" => {
                let stream = Stream::ALL.into_iter().find(|s| s.as_str() == words[1]).unwrap();
                self.owe_record(stream, number(2), u64::from_str_radix(words[3], 16).unwrap());
                return true;
            }
            "spool" => {
                let id = Number { epoch: number(1), seq: number(2) };
                self.owe_report(id, u64::from_str_radix(words[3], 16).unwrap());
                return true;
            }
            "view" => self.checkpoint = number(1),
            "pruning" => self.pruning = number(2),
            "acknowledging" => {
                self.acknowledging = self.acknowledging.max(Number { epoch: number(1), seq: number(2) });
            }
            other => panic!("the victim said `{other}`"),
        }
        false
    }

    pub(super) fn owe_record(&mut self, stream: Stream, position: u64, digest: u64) {
        let before = self.records.insert((stream, position), digest);
        assert_eq!(before, None, "position {position} of {stream:?} was given twice");
        self.acknowledged += 1;
    }

    pub(super) fn owe_report(&mut self, number: Number, digest: u64) {
        let before = self.reports.insert(number, digest);
        assert_eq!(before, None, "{number:?} was given twice");
        self.acknowledged += 1;
    }

    pub(super) fn check_log(&mut self, dir: &Path, options: &Options, allowed: Allowed) -> log::Opened {
        let (log, opened) = Log::open(dir, options).unwrap();
        if allowed == Allowed::Nothing {
            let torn = log::Opened { torn: opened.torn.clone(), ..log::Opened::default() };
            assert_eq!(opened, torn, "more than a torn tail");
        }
        for stream in Stream::ALL {
            let owed = self.records.keys().filter(|(s, _)| *s == stream).map(|(_, position)| *position);
            let mut owed: Vec<u64> = owed.filter(|p| *p >= log.first(stream).0).collect();
            assert!(stream == Stream::Reports || log.first(stream).0 == 0, "the ledger is never pruned");
            assert!(log.first(stream).0 <= self.pruning, "pruned more than asked for");
            for item in log.replay(stream, Position(0)) {
                match item {
                    Ok((position, payload)) => {
                        if let Some(expected) = self.records.get(&(stream, position.0)) {
                            assert_eq!(digest(&payload), *expected, "{position:?} of {stream:?} has changed");
                        }
                        owed.retain(|p| *p != position.0);
                    }
                    Err(problem) => {
                        assert_eq!(allowed, Allowed::ReportedLoss, "{problem}");
                        self.reported +=
                            owed.extract_if(.., |p| problem.positions().contains(p)).count() as u64;
                    }
                }
            }
            assert!(owed.is_empty(), "acknowledged records of {stream:?} are gone without a word");
            // What is pruned is owed no more.
            self.records.retain(|(s, p), _| *s != stream || *p >= log.first(stream).0);
        }
        opened
    }

    pub(super) fn check_views(&mut self, dir: &Path) -> PerStream<Position> {
        let mut views = Views::open(dir, 8 << 20).unwrap();
        match views.load().unwrap() {
            Loaded::Some { meta, entries } => {
                let numbers: Vec<u64> =
                    meta.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
                assert!(numbers[0] >= self.checkpoint, "an older checkpoint came back");
                assert_eq!(entries, checkpoint_entries(numbers[0]));
                PerStream { ledger: Position(numbers[1]), reports: Position(numbers[2]) }
            }
            Loaded::None => {
                assert_eq!(self.checkpoint, 0, "the checkpoint is gone without a word");
                PerStream::default()
            }
            // The very first save may be cut off before it has a name; later ones have one.
            Loaded::Quarantined { reason, .. } => {
                assert_eq!(self.checkpoint, 0, "{reason}");
                PerStream::default()
            }
        }
    }

    pub(super) fn check_spool(&mut self, dir: &Path, limits: Limits, allowed: Allowed) {
        let (spool, opened) = Spool::open(dir, limits, 1_700_000_000_000).unwrap();
        if allowed == Allowed::Nothing {
            assert!(
                opened.lost.is_empty() && opened.quarantined.is_empty() && !opened.mark_lost,
                "{opened:?}"
            );
        }
        let drops = spool.drops();
        let mut owed = self.reports.clone();
        owed.retain(|number, _| *number > self.acknowledging);
        for entry in everything_pending(&spool) {
            if let Some(expected) = self.reports.get(&entry.number) {
                assert_eq!(digest(&entry.body), *expected, "{:?} has changed", entry.number);
            }
            owed.remove(&entry.number);
        }
        let covered = |n: &Number| drops.iter().any(|range: &DropRange| range.covers(*n));
        let total: u64 = drops.iter().map(|range| range.count).sum();
        assert!(
            owed.keys().all(covered),
            "acknowledged reports are gone without a word: {owed:?} {opened:?}"
        );
        assert!(owed.len() as u64 <= total, "{} are gone, {total} are reported", owed.len());
        if allowed == Allowed::ReportedLoss {
            self.reported += owed.len() as u64;
        }
        let last = spool.last();
        let acknowledging = self.acknowledging;
        // What the mark calls acknowledged is owed no more; reading it back is `rewind`'s test.
        self.reports.retain(|number, _| *number > acknowledging);
        assert!(self.reports.keys().all(|number| *number <= last), "a number could be given twice");
    }
}

/// All pending entries, epoch by epoch, without acknowledging the last one.
fn everything_pending(spool: &Spool) -> Vec<Entry> {
    let first = spool.acknowledged();
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let page = spool.pending(usize::MAX, usize::MAX).unwrap();
        let Some(last) = page.last().map(|e| e.number) else { break };
        all.extend(page);
        spool.acknowledge(last, 1_700_000_000_000).unwrap();
    }
    let drops = spool.drops();
    for gone in spool.rewind(first).unwrap() {
        let known = drops.iter().any(|d| d.epoch == gone.epoch && d.from <= gone.from && gone.to <= d.to);
        assert!(known, "what was just acknowledged is kept, but {gone:?} is not");
    }
    all
}
