//! A spool directory: each file is a message, and its modification time says since when it waits.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use eavip_core::signal::reading::Quality;
use eavip_core::time::Timestamp;

use super::super::Failure;
use super::{Figure, Sample};
use crate::config::queue;

/// Most entries that are looked at; with more the count is a least one, and said to be estimated.
const MAX_ENTRIES: usize = 100_000;
/// How deep below the directory files are looked for: spools sort theirs into a few levels.
const MAX_DEPTH: usize = 4;

/// A directory of messages.
#[derive(Debug)]
pub struct Directory {
    config: queue::Directory,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    files: usize,
    oldest: Option<SystemTime>,
    cut: bool,
}

impl Directory {
    /// A directory as it is configured.
    #[must_use]
    pub fn new(config: queue::Directory) -> Self {
        Self { config }
    }

    /// Counts what is there, on a thread that may wait for the disk.
    pub(super) async fn sample(&mut self, now: Timestamp) -> Result<Sample, Failure> {
        let config = self.config.clone();
        let walked = tokio::task::spawn_blocking(move || walk(&config.path, config.suffix.as_deref())).await;
        let found = walked
            .map_err(|error| Failure::of(&error))?
            .map_err(|error| Failure(format!("`{}` can't be read: {error}", self.config.path.display())))?;
        let quality = if found.cut { Quality::Estimated } else { Quality::Exact };
        let age = found.oldest.map_or(0.0, |oldest| age(oldest, now));
        Ok(Sample {
            ready: Figure::Known(found.files as f64, quality),
            oldest_age: Figure::Known(age, quality),
            ..Sample::default()
        })
    }
}

fn age(modified: SystemTime, now: Timestamp) -> f64 {
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let modified = Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    now.since(modified).as_secs_f64()
}

/// Links aren't followed. What vanishes while it is looked at was just taken, and doesn't count.
fn walk(root: &Path, suffix: Option<&str>) -> std::io::Result<Found> {
    let mut found = Found::default();
    let mut looked = 0_usize;
    let mut open: Vec<(PathBuf, usize)> = vec![(root.to_owned(), 0)];
    while let Some((directory, depth)) = open.pop() {
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if depth > 0 && error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            looked += 1;
            if looked > MAX_ENTRIES {
                found.cut = true;
                return Ok(found);
            }
            let entry = entry?;
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                if depth + 1 < MAX_DEPTH {
                    open.push((entry.path(), depth + 1));
                }
                continue;
            }
            let named = suffix.is_none_or(|suffix| entry.file_name().to_string_lossy().ends_with(suffix));
            if metadata.is_file() && named {
                found.files += 1;
                let modified = metadata.modified()?;
                found.oldest = Some(found.oldest.map_or(modified, |oldest| oldest.min(modified)));
            }
        }
    }
    Ok(found)
}
