//! Space that is kept for the ledger. On a full disk reports are refused first; alerts still open, are delivered and
//! acknowledged, because what has to be written for them takes the place of the reserve.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};

/// A file that holds nothing but space.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    bytes: u64,
    held: bool,
}

impl Reserve {
    /// The reserve in a log's directory, taken if there is room.
    pub(super) fn open(dir: &Path, bytes: u64) -> Self {
        let path = dir.join("RESERVE");
        let held =
            fs::metadata(&path).is_ok_and(|file| file.len() == bytes) || allocate(&path, bytes).is_ok();
        if !held {
            tracing::error!(
                path = %path.display(),
                "no room for the ledger's reserve: reports are refused until {bytes} bytes are free"
            );
        }
        Self { path, bytes, held }
    }

    /// Whether the reserve is there; where it was spent it is taken again as soon as there is room.
    pub(super) fn hold(&mut self) -> bool {
        if !self.held && allocate(&self.path, self.bytes).is_ok() {
            self.held = true;
            tracing::info!("there is room again: the ledger's reserve is whole, reports are taken");
        }
        self.held
    }

    /// Gives its space to the file system; says whether there was any to give.
    pub(super) fn spend(&mut self) -> bool {
        if !std::mem::take(&mut self.held) {
            return false;
        }
        tracing::error!(
            "the disk under the log is full: the ledger's reserve is spent on alerts, reports are refused until there is \
             room"
        );
        fs::remove_file(&self.path).is_ok()
    }
}

/// Not synced: what a power cut takes of it is taken again at the next opening.
fn allocate(path: &Path, bytes: u64) -> io::Result<()> {
    let allocated = File::create(path).and_then(|mut file| {
        match fallocate(&file, FallocateFlags::empty(), 0, bytes) {
            // Some file systems can't; zeros do as well where nothing compresses them.
            Err(rustix::io::Errno::OPNOTSUPP) => {
                io::copy(&mut io::Read::take(io::repeat(0), bytes), &mut file)?;
                file.flush()
            }
            allocated => allocated.map_err(io::Error::from),
        }
    });
    if allocated.is_err() {
        // A part of it would only be in the way.
        drop(fs::remove_file(path));
    }
    allocated
}
