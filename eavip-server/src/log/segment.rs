//! Segment files: their names, their headers, and the catalogue of those that exist.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use eavip_agent::durable::files;

use super::frame::{Salt, stream_code};
use super::{PerStream, Stream};

/// Bytes before the first record.
pub(super) const HEADER: u64 = 64;
const MAGIC: &[u8; 8] = b"EVAIPLOG";
const VERSION: u8 = 1;
const CHECKED: usize = 50;

/// What a segment says of itself and of the one before, so that a missing or shortened one is seen without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) salt: Salt,
    pub(super) stream: Stream,
    pub(super) first: u64,
    /// First position of the segment before; equal to `first` when there is none.
    pub(super) previous_first: u64,
    /// Length of the segment before.
    pub(super) previous_len: u64,
}

impl Header {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER as usize);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[VERSION, stream_code(self.stream)]);
        out.extend_from_slice(&self.salt.0);
        for n in [self.first, self.previous_first, self.previous_len] {
            out.extend_from_slice(&n.to_le_bytes());
        }
        out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
        out.resize(HEADER as usize, 0);
        out
    }

    pub(super) fn read(file: &File) -> io::Result<Option<Self>> {
        let mut bytes = [0; HEADER as usize];
        match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Ok(Self::decode(&bytes)),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (checked, rest) = bytes.split_at_checked(CHECKED)?;
        let (magic, fields) = checked.split_first_chunk::<8>()?;
        let ([version, code], fields) = fields.split_first_chunk::<2>()?;
        let (salt, numbers) = fields.split_first_chunk::<16>()?;
        let [first, previous_first, previous_len] = *numbers.as_chunks::<8>().0 else { return None };
        let stream = Stream::ALL.into_iter().find(|s| stream_code(*s) == *code)?;
        let sound = magic == MAGIC
            && *version == VERSION
            && crc32fast::hash(checked).to_le_bytes() == *rest.first_chunk::<4>()?;
        sound.then_some(Self {
            salt: Salt(*salt),
            stream,
            first: u64::from_le_bytes(first),
            previous_first: u64::from_le_bytes(previous_first),
            previous_len: u64::from_le_bytes(previous_len),
        })
    }
}

/// Makes a segment file durably: temporary name, header, fsync, rename, fsync of the directory.
pub(super) fn create(dir: &Path, header: &Header) -> io::Result<(File, PathBuf)> {
    let path = dir.join(file_name(header.stream, header.first));
    let temporary = path.with_extension("new");
    let made = (|| {
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).read(true).open(&temporary)?;
        file.write_all(&header.encode())?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        files::sync_dir(dir)?;
        Ok(file)
    })();
    if made.is_err() {
        // Whatever is left of it is also removed at the next opening.
        drop(fs::remove_file(&temporary));
    }
    made.map(|file| (file, path))
}

/// Name of the segment that begins with `first`.
pub(super) fn file_name(stream: Stream, first: u64) -> String {
    format!("{}-{first:020}.seg", stream.as_str())
}

/// Reads a segment's name.
pub(super) fn parse_name(name: &str) -> Option<(Stream, u64)> {
    let (word, rest) = name.split_once('-')?;
    let stream = Stream::ALL.into_iter().find(|s| s.as_str() == word)?;
    let first = rest.strip_suffix(".seg")?.parse().ok()?;
    (file_name(stream, first) == name).then_some((stream, first))
}

/// A segment as the catalogue knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) first: u64,
    pub(super) path: PathBuf,
}

#[derive(Debug, Default)]
struct Extent {
    segments: BTreeMap<u64, PathBuf>,
    first: u64,
    next: u64,
}

/// Which segments exist and how far each stream is synced; shared by the writer and all readers.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    extents: Mutex<PerStream<Extent>>,
}

impl Catalogue {
    pub(super) fn add(&self, stream: Stream, first: u64, path: PathBuf) {
        self.lock().of_mut(stream).segments.insert(first, path);
    }

    pub(super) fn forget(&self, stream: Stream, first: u64) {
        self.lock().of_mut(stream).segments.remove(&first);
    }

    pub(super) fn set_first(&self, stream: Stream, first: u64) {
        self.lock().of_mut(stream).first = first;
    }

    pub(super) fn set_next(&self, stream: Stream, next: u64) {
        self.lock().of_mut(stream).next = next;
    }

    pub(super) fn first(&self, stream: Stream) -> u64 {
        self.lock().of(stream).first
    }

    pub(super) fn next(&self, stream: Stream) -> u64 {
        self.lock().of(stream).next
    }

    /// The segment where `position` belongs, or the first one after it, and the position where the one after that begins.
    pub(super) fn segment_for(&self, stream: Stream, position: u64) -> Option<(Segment, Option<u64>)> {
        let extents = self.lock();
        let segments = &extents.of(stream).segments;
        let (first, path) = segments.range(..=position).next_back().or_else(|| segments.iter().next())?;
        let following = segments.range(first + 1..).next().map(|(first, _)| *first);
        Some((Segment { first: *first, path: path.clone() }, following))
    }

    /// Where the newest segments begin that take at most `bytes` together; the last segment always counts.
    pub(super) fn within(&self, stream: Stream, bytes: u64) -> u64 {
        let extents = self.lock();
        let extent = extents.of(stream);
        let (mut floor, mut total) = (extent.next, 0_u64);
        for (at, (first, path)) in extent.segments.iter().rev().enumerate() {
            // A segment that is being removed takes nothing any more.
            total = total.saturating_add(std::fs::metadata(path).map_or(0, |file| file.len()));
            if at > 0 && total > bytes {
                break;
            }
            floor = *first;
        }
        floor
    }

    /// The segments that lie wholly below `before`, and where the rest begins. The last segment always stays.
    pub(super) fn before(&self, stream: Stream, before: u64) -> (Vec<Segment>, u64) {
        let extents = self.lock();
        let segments = &extents.of(stream).segments;
        let floor = segments.range(..=before).next_back().map_or(0, |(first, _)| *first);
        let doomed =
            segments.range(..floor).map(|(first, path)| Segment { first: *first, path: path.clone() });
        (doomed.collect(), floor.max(extents.of(stream).first))
    }

    fn lock(&self) -> MutexGuard<'_, PerStream<Extent>> {
        // Each change is one assignment: a panic elsewhere leaves nothing half done.
        self.extents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
