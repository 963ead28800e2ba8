//! The embedded store: one directory with the log's segments, the checkpoint and the history of roll-ups. Nothing
//! needs to be installed or run beside it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use eavip_agent::durable::files;
use eavip_core::id::NodeId;
use eavip_core::signal::reading::SeriesKey;
use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AlertsRecord, Follow, Received, Records, ReportRecord, SeriesRollUp, Store, StoreError, received,
};
use crate::checkpoint::{Checkpoint, Mark, Places};
use crate::history::{ROLL_UP, RollUp};
use crate::log::{Log, LogError, Opened, Options, Position, Reader, Stream};
use crate::record::LedgerRecord;
use crate::views::history::{Day, History};
use crate::views::{Loaded, Views, ViewsError};

/// sled's cache while a checkpoint is written or read; it is closed in between.
const VIEWS_CACHE: u64 = 8 * 1024 * 1024;
/// sled's cache for each open day of the history.
const HISTORY_CACHE: u64 = 2 * 1024 * 1024;
const BOOK: &[u8] = b"book";
const WAITING: &[u8] = b"waiting";
const FLAPS: &[u8] = b"flaps";
const INTAKE: &[u8] = b"intake";
const PLACES: &[u8] = b"places";
const MARK: &[u8] = b"mark/";
/// Longest piece of a part: the views bound a value.
const PIECE: usize = 8 << 20;

/// The embedded store, open. A second process that opens the same directory gets a clear error.
#[derive(Debug)]
pub struct EmbeddedStore {
    identity: Uuid,
    log: Mutex<Log>,
    reader: Reader,
    views: Mutex<Views>,
    history: History,
    repairs: Mutex<Vec<String>>,
}

/// What a checkpoint says beside its entries.
#[derive(Debug, Serialize, Deserialize)]
struct Meta {
    ledger: u64,
    reports: u64,
    rolled_before: u32,
}

impl EmbeddedStore {
    /// Opens the store in a directory, makes it if absent. Damage is repaired and told in [`Store::repairs`].
    ///
    /// # Errors
    /// When another process has it open, or the directory can't be used.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        files::create_dir(directory).map_err(StoreError::Io)?;
        let identity = identity(&directory.join("IDENTITY"))?;
        let views = Views::open(&directory.join("views"), VIEWS_CACHE).map_err(from_views)?;
        let (log, opened) = Log::open(&directory.join("log"), &Options::default()).map_err(from_log)?;
        let history = History::open(&directory.join("history"), HISTORY_CACHE).map_err(from_views)?;
        let reader = log.reader();
        let repairs = Mutex::new(told(&opened));
        Ok(Self { identity, log: Mutex::new(log), reader, views: Mutex::new(views), history, repairs })
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // The log poisons itself when a write was cut short; a panic elsewhere leaves it whole.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn views(&self) -> MutexGuard<'_, Views> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn repaired(&self, what: String) {
        tracing::warn!(repair = %what, "the store was repaired");
        self.repairs.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    fn put(&self, stream: Stream, payload: &[u8]) -> Result<u64, StoreError> {
        let range = self.log().append(stream, &[payload]).map_err(from_log)?;
        Ok(range.start.0)
    }

    /// What a stream holds, damaged positions left out and told.
    fn replay<T>(&self, stream: Stream, from: u64, read: fn(Vec<u8>) -> Option<T>) -> Records<'_, T>
    where
        T: 'static,
    {
        let entries = self.reader.replay(stream, Position(from));
        Box::new(entries.filter_map(move |entry| match entry {
            Ok((position, payload)) => match read(payload) {
                Some(record) => Some(Ok((position.0, record))),
                None => {
                    self.repaired(format!("record {} of the {} can't be read", position.0, stream.as_str()));
                    None
                }
            },
            Err(problem) => {
                self.repaired(format!("the {}: {problem}", stream.as_str()));
                None
            }
        }))
    }
}

fn identity(path: &Path) -> Result<Uuid, StoreError> {
    match std::fs::read_to_string(path) {
        Ok(text) => text.trim().parse().map_err(|_| {
            StoreError::Record(format!("`{}` holds no identity; restore it from the backup", path.display()))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let identity = Uuid::now_v7();
            files::write_whole(path, format!("{identity}\n").as_bytes()).map_err(StoreError::Io)?;
            Ok(identity)
        }
        Err(error) => Err(StoreError::Io(error)),
    }
}

/// What opening the log found, for people.
fn told(opened: &Opened) -> Vec<String> {
    let mut told = Vec::new();
    for stream in Stream::ALL {
        let (name, torn) = (stream.as_str(), *opened.torn.of(stream));
        if torn > 0 {
            told.push(format!(
                "{torn} bytes of an unfinished write were cut off the {name}; nothing of it was acknowledged"
            ));
        }
        for gap in opened.gaps.of(stream) {
            told.push(format!(
                "records {} to {} of the {name} are gone",
                gap.start,
                gap.end.saturating_sub(1)
            ));
        }
    }
    if opened.quarantined > 0 {
        told.push(format!("{} damaged regions of the log were moved to quarantine", opened.quarantined));
    }
    if opened.mark_lost {
        told.push("the log's mark was lost; a vanished tail could not be seen this once".to_owned());
    }
    told.extend(
        opened
            .strangers
            .iter()
            .map(|path| format!("`{}` does not belong to the log and was moved aside", path.display())),
    );
    told
}

impl Store for EmbeddedStore {
    fn identity(&self) -> Uuid {
        self.identity
    }

    fn repairs(&self) -> Vec<String> {
        std::mem::take(&mut *self.repairs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn append(&self, record: &LedgerRecord) -> Result<u64, StoreError> {
        let payload = serde_json::to_vec(record).map_err(|error| StoreError::Record(error.to_string()))?;
        self.put(Stream::Ledger, &payload)
    }

    fn append_report(&self, record: &ReportRecord) -> Result<u64, StoreError> {
        self.put(Stream::Reports, &received::encode(record))
    }

    fn append_alerts(&self, record: &AlertsRecord) -> Result<u64, StoreError> {
        self.put(Stream::Reports, &received::encode_alerts(record))
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.log().sync().map_err(from_log)
    }

    fn ledger(&self, from: u64) -> Records<'_, LedgerRecord> {
        self.replay(Stream::Ledger, from, |payload| serde_json::from_slice(&payload).ok())
    }

    fn ledger_end(&self) -> u64 {
        self.log().next(Stream::Ledger).0
    }

    fn follow_ledger(&self, from: u64) -> Follow<'_> {
        let mut replay = self.reader.replay(Stream::Ledger, Position(from));
        Box::new(std::iter::from_fn(move || {
            loop {
                let next = replay.next().or_else(|| {
                    replay.resume();
                    replay.next()
                });
                // Damage was told when the ledger was recovered.
                if let Ok((position, payload)) = next? {
                    return Some((position.0, payload));
                }
            }
        }))
    }

    fn reports(&self, from: u64) -> Records<'_, Received> {
        self.replay(Stream::Reports, from, |payload| received::decode(&Bytes::from(payload)))
    }

    fn reports_within(&self, bytes: u64) -> u64 {
        self.log().within(Stream::Reports, bytes).0
    }

    fn forget_reports(&self, before: u64) -> Result<(), StoreError> {
        self.log().prune(Stream::Reports, Position(before)).map(|_| ()).map_err(from_log)
    }

    fn save_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let Checkpoint { ledger, reports, book, waiting, flaps, intake, marks, places, rolled_before } =
            checkpoint;
        let meta = json(&Meta { ledger: *ledger, reports: *reports, rolled_before: *rolled_before })?;
        let parts = [
            (BOOK, json(book)?),
            (PLACES, json(places)?),
            (WAITING, json(waiting)?),
            (FLAPS, json(flaps)?),
            (INTAKE, json(intake)?),
        ];
        let mut entries: Vec<_> = parts.iter().flat_map(|(name, value)| pieces(name, value)).collect();
        for (node, mark) in marks {
            entries.push(([MARK, node.0.as_bytes()].concat(), json(mark)?));
        }
        self.views().save(&meta, entries).map_err(from_views)?;
        self.log().note_checkpoint().map_err(from_log)
    }

    fn load_checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        let loaded = self.views().load().map_err(from_views)?;
        match loaded {
            Loaded::None => Ok(None),
            Loaded::Some { meta, entries } => match read_checkpoint(&meta, &entries) {
                Some(checkpoint) => Ok(Some(checkpoint)),
                None => {
                    self.repaired(
                        "the checkpoint is of another version; it is rebuilt from the log".to_owned(),
                    );
                    Ok(None)
                }
            },
            Loaded::Quarantined { reason, .. } => {
                self.repaired(format!(
                    "the checkpoint was quarantined ({reason}); it is rebuilt from the log"
                ));
                Ok(None)
            }
        }
    }

    fn save_roll_ups(&self, roll_ups: &[SeriesRollUp]) -> Result<(), StoreError> {
        let mut days: BTreeMap<u32, BTreeMap<Vec<u8>, Vec<&SeriesRollUp>>> = BTreeMap::new();
        for entry in roll_ups {
            let slot = entry.2.slot;
            let key = [slot.to_be_bytes().as_slice(), entry.0.0.as_bytes()].concat();
            days.entry(slot / SLOTS_A_DAY).or_default().entry(key).or_default().push(entry);
        }
        for (day, nodes) in days {
            let entries: Result<Vec<_>, StoreError> = nodes
                .into_iter()
                .map(|(key, series)| {
                    let kept: Vec<Kept<'_>> = series.into_iter().map(Kept::of).collect();
                    Ok((key, json(&kept)?))
                })
                .collect();
            self.history.put_many(day_of(day)?, entries?).map_err(from_views)?;
        }
        Ok(())
    }

    fn load_roll_ups(&self, from: u32) -> Result<Vec<SeriesRollUp>, StoreError> {
        let mut found = Vec::new();
        let first = day_of(from / SLOTS_A_DAY)?;
        for day in self.history.days().map_err(from_views)?.into_iter().filter(|day| *day >= first) {
            for (key, value) in self.history.range(day, &[]).map_err(from_views)? {
                found.extend(read_roll_ups(&key, &value).filter(|(_, _, roll_up)| roll_up.slot >= from));
            }
        }
        for (day, quarantine) in self.history.take_quarantined() {
            self.repaired(format!("the history of {day} was quarantined ({})", quarantine.reason));
        }
        Ok(found)
    }

    fn forget_roll_ups(&self, before: u32) -> Result<(), StoreError> {
        self.history.prune(day_of(before / SLOTS_A_DAY)?).map(|_| ()).map_err(from_views)
    }
}

const SLOTS_A_DAY: u32 = (86_400_000 / ROLL_UP.as_millis()) as u32;

/// The day of a number of days since 1970.
fn day_of(number: u32) -> Result<Day, StoreError> {
    let text = Timestamp::from_millis(i64::from(number) * 86_400_000).to_string();
    let day = text.get(..10).and_then(|day| day.parse().ok());
    day.ok_or_else(|| StoreError::Record(format!("`{text}` is on no day of the history")))
}

/// One series' roll-up as it is kept: key, least, most, sum, count.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<'a>(std::borrow::Cow<'a, SeriesKey>, f32, f32, f32, u32);

impl<'a> Kept<'a> {
    fn of((_, key, rolled): &'a SeriesRollUp) -> Self {
        Self(std::borrow::Cow::Borrowed(key), rolled.min, rolled.max, rolled.sum, rolled.count)
    }
}

fn read_roll_ups(key: &[u8], value: &[u8]) -> impl Iterator<Item = SeriesRollUp> {
    let parts = key.split_first_chunk::<4>().and_then(|(slot, node)| {
        let node = NodeId(Uuid::from_slice(node).ok()?);
        Some((u32::from_be_bytes(*slot), node, serde_json::from_slice::<Vec<Kept<'_>>>(value).ok()?))
    });
    parts.into_iter().flat_map(|(slot, node, kept)| {
        kept.into_iter().map(move |Kept(key, min, max, sum, count)| {
            (node, key.into_owned(), RollUp { slot, min, max, sum, count })
        })
    })
}

/// A part of the checkpoint in pieces that each fit into a value of the views, in the order of their keys.
fn pieces<'a>(name: &'a [u8], value: &'a [u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + 'a {
    let key = move |number: u32| [name, b"/", &number.to_be_bytes()].concat();
    (0..).zip(value.chunks(PIECE)).map(move |(number, piece)| (key(number), piece.to_vec()))
}

fn read_checkpoint(meta: &[u8], entries: &[(Vec<u8>, Vec<u8>)]) -> Option<Checkpoint> {
    let Meta { ledger, reports, rolled_before } = serde_json::from_slice(meta).ok()?;
    let named = |name: &[u8]| {
        let is_of_it = |key: &[u8]| key.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'/'));
        let mut pieces: Vec<&(Vec<u8>, Vec<u8>)> = entries.iter().filter(|(key, _)| is_of_it(key)).collect();
        pieces.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        pieces.into_iter().flat_map(|(_, piece)| piece).copied().collect::<Vec<u8>>()
    };
    let mut marks: BTreeMap<NodeId, Mark> = BTreeMap::new();
    for (key, value) in entries {
        if let Some(node) = key.strip_prefix(MARK) {
            marks.insert(NodeId(Uuid::from_slice(node).ok()?), serde_json::from_slice(value).ok()?);
        }
    }
    let places: Places = serde_json::from_slice(&named(PLACES)).ok()?;
    let book = serde_json::from_slice(&named(BOOK)).ok()?;
    let waiting = serde_json::from_slice(&named(WAITING)).ok()?;
    let flaps = serde_json::from_slice(&named(FLAPS)).ok()?;
    let intake = serde_json::from_slice(&named(INTAKE)).ok()?;
    Some(Checkpoint { ledger, reports, book, waiting, flaps, intake, marks, places, rolled_before })
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Record(error.to_string()))
}

fn from_log(error: LogError) -> StoreError {
    match error {
        LogError::Full(_) => StoreError::Full,
        LogError::SyncFailed(_) | LogError::Poisoned => StoreError::NotDurable,
        LogError::TooLarge { .. } => StoreError::Record(error.to_string()),
        LogError::InUse(_) => StoreError::Io(std::io::Error::new(std::io::ErrorKind::WouldBlock, error)),
        LogError::Io { .. } => StoreError::Io(std::io::Error::other(error)),
    }
}

fn from_views(error: ViewsError) -> StoreError {
    let kind = match error {
        ViewsError::InUse(_) => std::io::ErrorKind::WouldBlock,
        _ => std::io::ErrorKind::Other,
    };
    StoreError::Io(std::io::Error::new(kind, error))
}
