//! `[[job]]`: a background job that announces its runs, and when it should succeed.

use eavip_core::document::{CONTRADICTION, MISSING, Section};
use eavip_core::time::Span;

use super::{Watch, watch};
use crate::collect::jobs;
use crate::schedule::{Schedule, Zone};

/// The socket's name in the state directory.
pub const SOCKET: &str = "jobs.sock";
/// How late a job may be by default: a run takes its time.
const GRACE: Span = Span::from_secs(300);

/// One job.
#[derive(Debug, Clone)]
pub struct JobConfig {
    /// Name and service.
    pub watch: Watch,
    /// When it runs.
    pub schedule: Schedule,
    /// How long after the scheduled moment it must have succeeded.
    pub grace: Span,
}

impl JobConfig {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let watch = Watch::named(section, jobs::INTERVAL, jobs::DEADLINE);
        let grace = watch::span(section, "grace", 0..=7 * 86_400_000).unwrap_or(GRACE);
        let schedule = schedule(section);
        Some(Self { watch: watch?, schedule: schedule?, grace })
    }
}

/// Reads `cron` with `time_zone`, or `every`.
fn schedule(section: &Section<'_>) -> Option<Schedule> {
    let zone: Option<Zone> = section.text("time_zone");
    let cron: Option<Schedule> = section.text("cron");
    let every = watch::span(section, "every", 1_000..=366 * 86_400_000);
    match (section.has("cron"), section.has("every")) {
        (true, false) => Some(cron?.in_zone(zone.unwrap_or_else(Zone::of_host))),
        (false, true) => {
            if section.has("time_zone") {
                let message = "`time_zone` means nothing to a job that runs `every` so often";
                section.problem(Some("time_zone"), CONTRADICTION, message, "remove it, or write `cron`");
            }
            every.map(Schedule::every)
        }
        (true, true) => {
            let message = "the job has both `cron` and `every`";
            section.problem(Some("every"), CONTRADICTION, message, "keep one of the two");
            None
        }
        (false, false) => {
            let remedy = "write cron = \"30 2 * * *\" or every = \"1h\"";
            section.problem(None, MISSING, "the job has no schedule", remedy);
            None
        }
    }
}
