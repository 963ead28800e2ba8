//! HTTP probes: whether a service answers as it should, how long each part takes, and when its certificate runs out.
//!
//! A target that is down is a result, not a failure of the collector. Before a target is called down it is asked once
//! more, so that one lost packet doesn't wake anybody.

use std::time::Duration;

use eavip_core::signal::histogram::Histogram;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Reading, SeriesKey};
use eavip_core::time::{Span, Timestamp};
use tokio::time::{Instant, timeout_at};

use super::http::{Ask, FetchError, Fetched, Phases, fetch};
use super::{Collect, Failure, named, series};
use crate::config::probe::ProbeConfig;

/// Most bytes of a body that are looked at.
const MAX_BODY: usize = 256 * 1024;
/// How long after a first miss the target is asked again.
const RETRY: Duration = Duration::from_millis(500);
/// How long before the collector's deadline an answer is given up, so that the result is "down" and not "unknown".
const SPARE: Span = Span::from_millis(50);

/// One probe.
#[derive(Debug)]
pub struct Probe {
    config: ProbeConfig,
}

/// What one request found.
struct Outcome {
    up: bool,
    status: u16,
    took: Option<Duration>,
    phases: Phases,
    certificate_expires: Option<Timestamp>,
}

impl Probe {
    /// A probe as it is configured.
    #[must_use]
    pub fn new(config: ProbeConfig) -> Self {
        Self { config }
    }

    async fn ask(&self, until: Instant) -> Outcome {
        let started = Instant::now();
        let ask = Ask { head: self.config.head, limit: MAX_BODY, cut: true, authorization: None };
        let Ok(fetched) = timeout_at(until, fetch(&self.config.target, ask)).await else {
            tracing::debug!(probe = self.config.watch.name.as_str(), "no answer within the deadline");
            return Outcome {
                up: false,
                status: 0,
                took: None,
                phases: Phases::default(),
                certificate_expires: None,
            };
        };
        let took = fetched.answer.is_ok().then(|| started.elapsed());
        let (up, status) = self.judge(&fetched);
        Outcome { up, status, took, phases: fetched.phases, certificate_expires: fetched.certificate_expires }
    }

    fn judge(&self, fetched: &Fetched) -> (bool, u16) {
        match &fetched.answer {
            Ok(answer) => {
                let contains =
                    self.config.contains.as_deref().is_none_or(|text| contains(&answer.body, text));
                (self.config.accepts(answer.status) && contains, answer.status)
            }
            Err(error) => {
                tracing::debug!(probe = self.config.watch.name.as_str(), %error, "probe has no answer: {error}");
                (false, 0)
            }
        }
    }

    fn readings(&self, outcome: &Outcome, now: Timestamp) -> Vec<Reading> {
        let name = self.config.watch.name.as_str();
        let labels = named("probe", name);
        let mut readings = vec![
            Reading::exact(Metric::ProbeUp, f64::from(u8::from(outcome.up))),
            Reading::exact(Metric::ProbeStatus, f64::from(outcome.status)),
        ];
        let mut durations = Histogram::default();
        if let Some(took) = outcome.took {
            durations.record(took.as_secs_f64());
        }
        readings.push(Reading::distribution(Metric::ProbeDuration, durations));
        if let Some(expires) = outcome.certificate_expires {
            let seconds = (expires.as_millis() - now.as_millis()) as f64 / 1_000.0;
            readings.push(Reading::exact(Metric::CertificateExpires, seconds));
        }
        let mut readings: Vec<Reading> =
            readings.into_iter().map(|reading| reading.labelled(labels.clone())).collect();
        let phases = &outcome.phases;
        for (phase, took) in [
            ("dns", phases.dns),
            ("connect", phases.connect),
            ("tls", phases.tls),
            ("first_byte", phases.first_byte),
            ("transfer", phases.transfer),
        ] {
            let labels = labels.with([("phase", phase)]);
            readings.extend(
                took.map(|took| Reading::exact(Metric::ProbePhase, took.as_secs_f64()).labelled(labels)),
            );
        }
        readings.into_iter().map(|reading| reading.of(self.config.watch.service.as_ref())).collect()
    }

    /// Asks once and says what is wrong, for `doctor`; `None` when the answer is as it should be.
    pub async fn trouble(&self) -> Option<String> {
        let ask = Ask { head: self.config.head, limit: MAX_BODY, cut: true, authorization: None };
        let limit = self.config.watch.deadline.into();
        let Ok(fetched) = tokio::time::timeout(limit, fetch(&self.config.target, ask)).await else {
            return Some(format!("no answer within {}", self.config.watch.deadline));
        };
        match (&fetched.answer, self.judge(&fetched)) {
            (_, (true, _)) => None,
            (Err(error), _) => Some(Failure::of(error).0),
            (Ok(_), (_, status)) if self.config.accepts(status) => {
                Some("the body lacks the expected text".to_owned())
            }
            (Ok(_), (_, status)) => Some(format!("status {status} isn't an expected one")),
        }
    }
}

impl Collect for Probe {
    fn expected(&self) -> Vec<SeriesKey> {
        vec![series(Metric::ProbeUp, &self.config.watch, "probe")]
    }

    async fn collect(&mut self, now: Timestamp) -> Result<Vec<Reading>, Failure> {
        // A missing secret is our own fault: the target's state isn't known then.
        if let Some(reference) = &self.config.target.authorization {
            reference.resolve().map_err(|error| Failure::of(&FetchError::Secret(error)))?;
        }
        let deadline = Duration::from(self.config.watch.deadline);
        let until = Instant::now() + deadline.saturating_sub(SPARE.into());
        let mut outcome = self.ask(until).await;
        if !outcome.up && Instant::now() + RETRY < until {
            tokio::time::sleep(RETRY).await;
            outcome = self.ask(until).await;
        }
        Ok(self.readings(&outcome, now))
    }
}

fn contains(body: &[u8], text: &str) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text.as_bytes())
}

#[cfg(test)]
mod tests;
