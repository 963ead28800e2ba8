//! Reading a stream back in order. Every position asked for comes out exactly once: as a record, or inside the range of a
//! [`Problem`].

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::frame::Salt;
use super::scan::{Scan, Step};
use super::segment::Catalogue;
use super::{Position, Stream, quarantine};

/// Positions that cannot be read, and why.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Damaged bytes stand where they were.
    #[error("{} records at {} are damaged in `{segment}`", positions.end - positions.start, positions.start, segment = segment.display())]
    Corrupt {
        /// Which positions; empty when the damage hit no record.
        positions: Range<u64>,
        /// In which segment.
        segment: PathBuf,
        /// Which of its bytes; a copy is in `quarantine/`.
        bytes: Range<u64>,
    },
    /// Nothing is there: a missing segment or a vanished tail.
    #[error("{} records at {} are missing", positions.end - positions.start, positions.start)]
    Gap {
        /// Which positions.
        positions: Range<u64>,
    },
    /// The segment cannot be read.
    #[error("{} records at {} cannot be read from `{segment}`", positions.end - positions.start, positions.start, segment = segment.display())]
    Unreadable {
        /// Which positions.
        positions: Range<u64>,
        /// In which segment.
        segment: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Problem {
    /// The positions that it takes.
    pub fn positions(&self) -> Range<u64> {
        match self {
            Self::Corrupt { positions, .. }
            | Self::Gap { positions }
            | Self::Unreadable { positions, .. } => positions.clone(),
        }
    }
}

/// Makes replays; cheap to clone, usable from any thread.
#[derive(Debug, Clone)]
pub struct Reader {
    dir: PathBuf,
    salt: Salt,
    catalogue: Arc<Catalogue>,
}

impl Reader {
    pub(super) fn new(dir: PathBuf, salt: Salt, catalogue: Arc<Catalogue>) -> Self {
        Self { dir, salt, catalogue }
    }

    /// Records of a stream from a position on (or from the oldest not pruned), up to what is synced now.
    pub fn replay(&self, stream: Stream, from: Position) -> Replay {
        let at = from.0.max(self.catalogue.first(stream));
        let end = self.catalogue.next(stream);
        Replay { reader: self.clone(), stream, at, end, open: None, ready: None }
    }
}

impl Replay {
    /// Goes on with what was synced since: after the end, further calls of `next` give it.
    pub fn resume(&mut self) {
        let catalogue = &self.reader.catalogue;
        self.end = catalogue.next(self.stream);
        if let Some(open) = &mut self.open {
            let (_, following) = catalogue.segment_for(self.stream, open.first).unzip();
            open.end = following.flatten().unwrap_or(u64::MAX);
        }
    }
}

/// An iterator over records and problems.
#[derive(Debug)]
pub struct Replay {
    reader: Reader,
    stream: Stream,
    /// The next position that comes out.
    at: u64,
    end: u64,
    open: Option<Open>,
    /// A record behind a problem that had to come out first.
    ready: Option<(u64, Vec<u8>)>,
}

#[derive(Debug)]
struct Open {
    scan: Scan,
    path: PathBuf,
    first: u64,
    /// First position that is not of this segment.
    end: u64,
    /// Damaged bytes passed since the last record.
    damage: Option<Range<u64>>,
}

impl Iterator for Replay {
    type Item = Result<(Position, Vec<u8>), Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.end {
            if let Some((position, payload)) = self.ready.take() {
                self.at = position + 1;
                return Some(Ok((Position(position), payload)));
            }
            let Some(open) = self.open.as_mut() else {
                match self.open_segment() {
                    Ok(()) => continue,
                    Err(problem) => return Some(Err(problem)),
                }
            };
            match open.scan.step() {
                // Before the place asked for: not our concern, nor is damage there.
                Ok(Step::Record { position, .. }) if position < self.at => open.damage = None,
                Ok(Step::Record { position, payload }) => {
                    // One that isn't synced yet waits until it is.
                    self.ready = Some((position, payload));
                    if let Some(problem) = self.missing_before(position.min(self.end)) {
                        return Some(Err(problem));
                    }
                }
                Ok(Step::Damage(bytes) | Step::BadTail(bytes)) => {
                    quarantine::keep(&self.reader.dir, &open.path, open.scan.file(), &bytes);
                    open.damage = Some(bytes);
                }
                Ok(Step::End) => {
                    let end = open.end.min(self.end);
                    let problem = self.missing_before(end);
                    self.open = None;
                    if problem.is_some() {
                        return problem.map(Err);
                    }
                }
                Err(source) => {
                    let (positions, segment) = (self.at..open.end.min(self.end), open.path.clone());
                    self.at = positions.end;
                    self.open = None;
                    return Some(Err(Problem::Unreadable { positions, segment, source }));
                }
            }
        }
        None
    }
}

impl Replay {
    /// Opens the segment where `at` belongs. The problem of a missing one covers it whole, so that each call moves on.
    fn open_segment(&mut self) -> Result<(), Problem> {
        let catalogue = &self.reader.catalogue;
        // Pruned meanwhile: not lost.
        self.at = self.at.max(catalogue.first(self.stream)).min(self.end);
        let Some((segment, following)) = catalogue.segment_for(self.stream, self.at) else {
            return Err(self.gap(self.end));
        };
        if segment.first > self.at {
            return Err(self.gap(segment.first));
        }
        let below = following.unwrap_or(u64::MAX);
        match File::open(&segment.path) {
            Ok(file) => {
                let scan = Scan::new(file, self.reader.salt, self.stream, segment.first, below);
                self.open =
                    Some(Open { scan, path: segment.path, first: segment.first, end: below, damage: None });
                Ok(())
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(self.gap(below)),
            Err(source) => {
                let positions = self.at..below.min(self.end);
                self.at = positions.end;
                Err(Problem::Unreadable { positions, segment: segment.path, source })
            }
        }
    }

    fn gap(&mut self, to: u64) -> Problem {
        let positions = self.at..to.min(self.end);
        self.at = positions.end;
        Problem::Gap { positions }
    }

    /// The problem, if any, between the last record and position `to`.
    fn missing_before(&mut self, to: u64) -> Option<Problem> {
        let positions = self.at..to.max(self.at);
        let open = self.open.as_mut()?;
        let damage = open.damage.take();
        self.at = positions.end;
        match damage {
            Some(bytes) => Some(Problem::Corrupt { positions, segment: open.path.clone(), bytes }),
            None if positions.is_empty() => None,
            None => Some(Problem::Gap { positions }),
        }
    }
}
