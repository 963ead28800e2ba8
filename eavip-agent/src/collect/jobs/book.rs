//! What is known of each declared job, in memory and in one small file.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use eavip_core::id::CollectorId;
use eavip_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::line::{Announcement, What};
use crate::config::job::JobConfig;

/// The file's name in the state directory.
const FILE: &str = "jobs.json";

/// Why an announcement can't be taken.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Nobody declared the job: it has no schedule and no service.
    #[error("job `{0}` isn't declared; add a [[job]] with this name to the agent's configuration")]
    Undeclared(CollectorId),
    /// It can't be kept over a restart.
    #[error("the announcement can't be written to `{path}`; check the state directory")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// What is known of one job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Since when it is declared.
    pub since: Timestamp,
    /// When its running run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Whether its last run succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
    /// When it last succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded_at: Option<Timestamp>,
    /// How long its last run took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Span>,
    /// The exit code of its last failed run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
}

/// The declared jobs and what is known of them.
#[derive(Debug)]
pub struct Book {
    path: PathBuf,
    jobs: Vec<JobConfig>,
    known: Mutex<BTreeMap<CollectorId, Known>>,
}

impl Book {
    /// Opens the book of a state directory. A file that can't be read is set aside: jobs are late from now on, and the
    /// agent starts all the same.
    #[must_use]
    pub fn open(state_dir: &Path, jobs: &[JobConfig], now: Timestamp) -> Self {
        let path = state_dir.join(FILE);
        let mut known: BTreeMap<CollectorId, Known> = match read(&path) {
            Ok(known) => known,
            Err(error) => {
                let aside = path.with_extension("json.damaged");
                let moved = std::fs::rename(&path, &aside).is_ok();
                let path = path.display().to_string();
                tracing::error!(path, moved, "the states of jobs can't be read and begin anew: {error}");
                BTreeMap::new()
            }
        };
        known.retain(|name, _| jobs.iter().any(|job| job.watch.name == *name));
        for job in jobs {
            let fresh = Known { since: now, ..Known::default() };
            known.entry(job.watch.name.clone()).or_insert(fresh);
        }
        if let Err(error) = write(&path, &known) {
            tracing::error!(
                path = path.display().to_string(),
                "the states of jobs can't be written: {error}"
            );
        }
        Self { path, jobs: jobs.to_vec(), known: Mutex::new(known) }
    }

    /// The declared jobs.
    #[must_use]
    pub fn jobs(&self) -> &[JobConfig] {
        &self.jobs
    }

    /// What is known of a job.
    #[must_use]
    pub fn known(&self, name: &CollectorId) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned().unwrap_or_default()
    }

    /// Takes an announcement and keeps it on disk. Blocks for an fsync.
    ///
    /// # Errors
    /// The job isn't declared, or the disk doesn't take it; it counts until a restart then.
    pub fn take(&self, announcement: &Announcement, now: Timestamp) -> Result<(), BookError> {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let undeclared = || BookError::Undeclared(announcement.name.clone());
        let known = all.get_mut(&announcement.name).ok_or_else(undeclared)?;
        match announcement.what {
            What::Start => known.started_at = Some(now),
            What::Ok | What::Fail(_) => {
                known.took = known.started_at.take().map(|started| now.since(started));
                known.ok = Some(announcement.what == What::Ok);
                known.exit = if let What::Fail(exit) = announcement.what { exit } else { None };
                if announcement.what == What::Ok {
                    known.succeeded_at = Some(now);
                }
            }
        }
        write(&self.path, &all).map_err(|source| BookError::Write { path: self.path.clone(), source })
    }
}

fn read(path: &Path) -> std::io::Result<BTreeMap<CollectorId, Known>> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(std::io::Error::other),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

/// The old or the new content is there after a power cut, never a part: written beside, synced, renamed, synced.
fn write(path: &Path, known: &BTreeMap<CollectorId, Known>) -> std::io::Result<()> {
    let bytes = serde_json::to_vec_pretty(known).map_err(std::io::Error::other)?;
    let beside = path.with_extension("json.new");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(directory)?.sync_all()
}
