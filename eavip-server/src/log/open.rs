//! Opening a log in whatever state its directory is: which segments are there, what is missing, where each stream ends.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eavip_agent::durable::{Mark, MarkState, files};

use super::frame::Salt;
use super::mark::Facts;
use super::reserve::Reserve;
use super::scan::{Scan, Step};
use super::segment::{self, Catalogue, Header};
use super::writer::Writer;
use super::{Log, LogError, Opened, Options, PerStream, Stream, io_error, quarantine};

/// Segments of one stream by their first position.
type Segments = BTreeMap<u64, (PathBuf, Option<Header>)>;

pub(super) fn open(dir: &Path, options: &Options) -> Result<(Log, Opened), LogError> {
    files::create_dir(dir).map_err(|e| io_error("create", dir, e))?;
    let lock = files::lock_dir(dir).map_err(|e| match e.kind() {
        io::ErrorKind::WouldBlock => LogError::InUse(dir.to_owned()),
        _ => io_error("lock", dir, e),
    })?;
    let mark_path = dir.join("MARK");
    let (mark, found) = Mark::open(&mark_path).map_err(|e| io_error("open", &mark_path, e))?;
    let facts = match &found {
        MarkState::Found(payload) => Facts::decode(payload),
        MarkState::Missing | MarkState::Damaged => None,
    };
    let mut opened = Opened::default();
    let candidates = list(dir)?;
    opened.mark_lost = facts.is_none() && (found != MarkState::Missing || !candidates.is_empty());
    let salt =
        match facts.as_ref().map(|f| f.salt).or_else(|| candidates.iter().find_map(|c| Some(c.header?.salt)))
        {
            Some(salt) => salt,
            None => fresh_salt()?,
        };
    let mut segments = identify(dir, candidates, salt, &mut opened)?;
    let catalogue = Arc::new(Catalogue::default());
    let mut end = |stream| {
        let mut opening = Opening { dir, salt, stream, opened: &mut opened, catalogue: &catalogue };
        let promised = facts.as_ref().map(|f| (*f.first.of(stream), *f.next.of(stream)));
        opening.run(std::mem::take(segments.of_mut(stream)), promised, options)
    };
    let writers = PerStream { ledger: end(Stream::Ledger)?, reports: end(Stream::Reports)? };
    let reserve = Reserve::open(dir, options.reserve_bytes);
    let mut log =
        Log { dir: dir.to_owned(), salt, mark, writers, reserve, catalogue, poisoned: false, _lock: lock };
    // Both slots: falling back to the older one must not bring an older beginning back.
    log.write_mark(true)?;
    log.write_mark(true)?;
    Ok((log, opened))
}

fn fresh_salt() -> Result<Salt, LogError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|e| io_error("read randomness from", Path::new("/dev/urandom"), e.into()))?;
    Ok(Salt(bytes))
}

/// A file that may be a segment.
struct Candidate {
    path: PathBuf,
    name: Option<(Stream, u64)>,
    header: Option<Header>,
}

fn list(dir: &Path) -> Result<Vec<Candidate>, LogError> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| io_error("list", dir, e))? {
        let path = entry.map_err(|e| io_error("list", dir, e))?.path();
        match path.extension().and_then(|e| e.to_str()) {
            Some("seg" | "fix") => {
                let file = File::open(&path).map_err(|e| io_error("open", &path, e))?;
                // Unreadable counts as damaged; what can be read of the rest is.
                let header = Header::read(&file).unwrap_or(None);
                let name = path.file_name().and_then(|n| n.to_str()).and_then(segment::parse_name);
                out.push(Candidate { path, name, header });
            }
            // A segment whose making was interrupted: nothing was ever written to it.
            Some("new") => fs::remove_file(&path).map_err(|e| io_error("remove", &path, e))?,
            _ => {}
        }
    }
    out.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(out)
}

/// Decides which file is which segment: its header says, or its name where the header is damaged. Files under a false
/// name get the right one; what is of another log, or there twice, goes to quarantine.
fn identify(
    dir: &Path,
    candidates: Vec<Candidate>,
    salt: Salt,
    opened: &mut Opened,
) -> Result<PerStream<Segments>, LogError> {
    let mut out = PerStream::<Segments>::default();
    let (sound, damaged): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|c| c.header.is_some());
    let (right, wrong): (Vec<_>, Vec<_>) =
        sound.into_iter().partition(|c| c.header.map(|h| (h.stream, h.first)) == c.name);
    let mut renames = Vec::new();
    for Candidate { path, name, header } in right.into_iter().chain(wrong).chain(damaged) {
        let alien = header.is_some_and(|h| h.salt != salt);
        let identity = header.map(|h| (h.stream, h.first)).or(name).filter(|_| !alien);
        match identity {
            Some((stream, first)) if !out.of(stream).contains_key(&first) => {
                let at = if name == Some((stream, first)) {
                    path
                } else {
                    let proper = dir.join(segment::file_name(stream, first));
                    let interim = proper.with_extension("fix");
                    renames.push((path, interim.clone(), proper.clone()));
                    proper
                };
                out.of_mut(stream).insert(first, (at, header));
            }
            _ => {
                tracing::warn!(path = %path.display(), "this segment does not belong to the log and is moved aside");
                opened.strangers.push(quarantine::move_in(dir, &path)?);
            }
        }
    }
    // Two steps, because two swapped files have each other's names.
    let steps = renames.iter().map(|(from, interim, _)| (from, interim));
    for (from, to) in steps.chain(renames.iter().map(|(_, interim, proper)| (interim, proper))) {
        fs::rename(from, to).map_err(|e| io_error("rename", from, e))?;
    }
    if !renames.is_empty() {
        files::sync_dir(dir).map_err(|e| io_error("sync", dir, e))?;
    }
    Ok(out)
}

/// Opening one stream.
struct Opening<'a> {
    dir: &'a Path,
    salt: Salt,
    stream: Stream,
    opened: &'a mut Opened,
    catalogue: &'a Catalogue,
}

impl Opening<'_> {
    fn run(
        &mut self,
        mut segments: Segments,
        promised: Option<(u64, u64)>,
        options: &Options,
    ) -> Result<Writer, LogError> {
        let lowest = segments.keys().next().copied();
        let (floor, promised_next) = promised.unwrap_or((lowest.unwrap_or(0), 0));
        let known = promised_next.max(options.known.of(self.stream).0).max(floor);
        self.finish_pruning(&mut segments, floor)?;
        self.catalogue.set_first(self.stream, floor);
        for (first, (path, _)) in &segments {
            self.catalogue.add(self.stream, *first, path.clone());
        }
        if let Some(first) = segments.keys().next().filter(|first| **first > floor) {
            self.gap(floor..*first);
        }
        self.check_chain(&segments)?;
        let (file, first, len, next) = match segments.pop_last() {
            Some((first, (path, header))) => {
                let (file, len, next) = self.end_of(first, &path, header, known)?;
                (file, first, len, next)
            }
            None => {
                self.gap(floor..known);
                self.begin(known)?
            }
        };
        self.catalogue.set_next(self.stream, next);
        Ok(Writer::new(self.dir.to_owned(), self.salt, file, first, (len, next), options.segment_bytes))
    }

    /// Deletes segments below the floor that a crash kept from being deleted.
    fn finish_pruning(&self, segments: &mut Segments, floor: u64) -> Result<(), LogError> {
        let keep = segments.range(..=floor).next_back().map_or(0, |(first, _)| *first);
        let rest = segments.split_off(&keep);
        for (path, _) in std::mem::replace(segments, rest).into_values() {
            fs::remove_file(&path).map_err(|e| io_error("remove", &path, e))?;
        }
        Ok(())
    }

    /// Each segment says where the one before begins and how long it is; where that is not so, it is read in full.
    fn check_chain(&mut self, segments: &Segments) -> Result<(), LogError> {
        let pairs = segments.iter().zip(segments.iter().skip(1));
        for ((first, (path, _)), (next_first, (_, header))) in pairs {
            let len = fs::metadata(path).map_err(|e| io_error("measure", path, e))?.len();
            let sound = header.is_some_and(|h| h.previous_first == *first && h.previous_len == len);
            if !sound {
                let file = File::open(path).map_err(|e| io_error("open", path, e))?;
                let scan = Scan::new(file, self.salt, self.stream, *first, *next_first);
                let (_, next) = self.walk(scan, path, true)?;
                self.gap(next..*next_first);
            }
        }
        Ok(())
    }

    /// Finds the end of the last segment, cuts a torn tail off, and makes what is left durable.
    fn end_of(
        &mut self,
        first: u64,
        path: &Path,
        header: Option<Header>,
        known: u64,
    ) -> Result<(File, u64, u64), LogError> {
        let open =
            || OpenOptions::new().read(true).write(true).open(path).map_err(|e| io_error("open", path, e));
        let file = open()?;
        let scan = Scan::new(open()?, self.salt, self.stream, first, u64::MAX);
        let (sound, next) = self.walk(scan, path, false)?;
        let len = file.metadata().map_err(|e| io_error("measure", path, e))?.len();
        if len > sound {
            *self.opened.torn.of_mut(self.stream) = len - sound;
            if next < known {
                self.opened.quarantined += 1;
                quarantine::keep(self.dir, path, &file, &(sound..len));
            }
            file.set_len(sound).map_err(|e| io_error("truncate", path, e))?;
        }
        if header.is_none() {
            let (salt, stream) = (self.salt, self.stream);
            let header = Header { salt, stream, first, previous_first: first, previous_len: 0 };
            file.write_all_at(&header.encode(), 0).map_err(|e| io_error("repair", path, e))?;
        }
        file.sync_all().map_err(|e| io_error("sync", path, e))?;
        self.gap(next..known);
        Ok((file, sound, next.max(known)))
    }

    /// Reads a segment through; returns where its last sound record ends and the position after it.
    fn walk(&mut self, mut scan: Scan, path: &Path, sealed: bool) -> Result<(u64, u64), LogError> {
        let (mut sound, mut next) = (scan.offset, scan.expected);
        loop {
            match scan.step().map_err(|e| io_error("read", path, e))? {
                Step::Record { position, .. } => {
                    self.gap(next..position);
                    (sound, next) = (scan.offset, position + 1);
                }
                Step::Damage(bytes) => self.keep(path, &scan, &bytes),
                Step::BadTail(bytes) if sealed => self.keep(path, &scan, &bytes),
                Step::BadTail(_) => {}
                Step::End => return Ok((sound, next)),
            }
        }
    }

    fn keep(&mut self, path: &Path, scan: &Scan, bytes: &Range<u64>) {
        self.opened.quarantined += 1;
        quarantine::keep(self.dir, path, scan.file(), bytes);
    }

    fn begin(&self, first: u64) -> Result<(File, u64, u64, u64), LogError> {
        let (salt, stream) = (self.salt, self.stream);
        let header = Header { salt, stream, first, previous_first: first, previous_len: 0 };
        let (file, path) =
            segment::create(self.dir, &header).map_err(|e| io_error("make a segment in", self.dir, e))?;
        self.catalogue.add(stream, first, path);
        Ok((file, first, segment::HEADER, first))
    }

    fn gap(&mut self, positions: Range<u64>) {
        if !positions.is_empty() {
            self.opened.gaps.of_mut(self.stream).push(positions);
        }
    }
}
