//! Keeping damaged bytes for a person to look at: copied, never moved, bounded in number and size.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use eavip_agent::durable::files;

use super::{LogError, QUARANTINE_BYTES_MAX, QUARANTINE_FILES_MAX, io_error};

/// Copies the bytes of a damaged region to `quarantine/<segment>-<offset>`; one that is there already stays as it is.
/// Failing to copy is logged, not returned: it must not keep the rest from being served.
pub(super) fn keep(dir: &Path, segment: &Path, file: &File, region: &Range<u64>) {
    if let Err(error) = copy(dir, segment, file, region) {
        tracing::warn!(segment = %segment.display(), offset = region.start, %error, "cannot keep damaged bytes");
    }
}

fn copy(dir: &Path, segment: &Path, file: &File, region: &Range<u64>) -> io::Result<()> {
    let place = place(dir)?;
    let stem = segment.file_stem().and_then(|s| s.to_str()).unwrap_or("segment");
    let path = place.join(format!("{stem}-{:012}", region.start));
    if path.exists() || fs::read_dir(&place)?.count() >= QUARANTINE_FILES_MAX {
        return Ok(());
    }
    let len = (region.end - region.start).min(QUARANTINE_BYTES_MAX);
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, region.start)?;
    files::write_whole(&path, &bytes)
}

/// Moves a whole file that belongs nowhere, under its own name and a number.
pub(super) fn move_in(dir: &Path, file: &Path) -> Result<PathBuf, LogError> {
    let place = place(dir).map_err(|e| io_error("create", dir, e))?;
    let name = file.file_name().and_then(|n| n.to_str()).unwrap_or("file");
    let free = (0..u64::MAX).map(|n| place.join(format!("{name}.{n}"))).find(|path| !path.exists());
    let to = free.unwrap_or_else(|| place.join(name));
    fs::rename(file, &to).map_err(|e| io_error("move aside", file, e))?;
    files::sync_dir(dir).map_err(|e| io_error("sync", dir, e))?;
    Ok(to)
}

fn place(dir: &Path) -> io::Result<PathBuf> {
    let place = dir.join("quarantine");
    files::create_dir(&place)?;
    Ok(place)
}
