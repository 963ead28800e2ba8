//! Background jobs: they announce their runs on a local socket, and their schedules say when they are late.
//!
//! What is known of a job survives a restart of the agent: it is on disk before an announcement is answered.

mod book;
pub mod client;
pub mod line;
pub mod listen;

use std::sync::Arc;

use eavip_core::labels::Labels;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Reading, SeriesKey};
use eavip_core::time::{Span, Timestamp};

pub use self::book::{Book, BookError};
use super::{Collect, Failure, series};

/// How often the ages of jobs are worked out; a failed run is known that soon.
pub const INTERVAL: Span = Span::from_secs(2);
/// How long that may take: it waits for nothing but a lock.
pub const DEADLINE: Span = Span::from_secs(2);

/// Every declared job.
#[derive(Debug)]
pub struct Jobs {
    book: Arc<Book>,
}

impl Jobs {
    /// The jobs of a book.
    #[must_use]
    pub fn new(book: Arc<Book>) -> Self {
        Self { book }
    }
}

impl Collect for Jobs {
    fn expected(&self) -> Vec<SeriesKey> {
        self.book.jobs().iter().map(|job| series(Metric::JobOk, &job.watch, "job")).collect()
    }

    async fn collect(&mut self, now: Timestamp) -> Result<Vec<Reading>, Failure> {
        let readings = self.book.jobs().iter().flat_map(|job| {
            let known = self.book.known(&job.watch.name);
            let labels: Labels = super::named("job", job.watch.name.as_str());
            let mut readings = vec![match known.ok {
                Some(ok) => Reading::exact(Metric::JobOk, f64::from(u8::from(ok))),
                None => Reading::unknown(Metric::JobOk, "no run has ended since it is declared"),
            }];
            if let Some(last) = known.succeeded_at {
                readings.push(Reading::exact(Metric::JobSuccessAge, now.since(last).as_secs_f64()));
            }
            // A job that never succeeded is due since it is known.
            let due = job.schedule.due_after(known.succeeded_at.unwrap_or(known.since));
            let late = due.map_or(0.0, |due| now.since(due + job.grace).as_secs_f64());
            readings.push(Reading::exact(Metric::JobLate, late));
            readings.extend(known.took.map(|took| Reading::exact(Metric::JobDuration, took.as_secs_f64())));
            let service = job.watch.service.clone();
            readings.into_iter().map(move |reading| reading.of(service.as_ref()).labelled(labels.clone()))
        });
        Ok(readings.collect())
    }
}

#[cfg(test)]
mod tests;
