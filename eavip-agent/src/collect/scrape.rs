//! A service's own metrics as Prometheus text: its requests, errors and latency, and jobs and queues it keeps itself.

mod counters;
pub mod selector;
pub mod text;

use eavip_core::signal::histogram::Histogram;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Reading, SeriesKey};
use eavip_core::time::Timestamp;

use self::counters::Counters;
use self::selector::Selector;
use self::text::Sample;
use super::http::{Ask, document};
use super::{Collect, Failure, named, series};
use crate::config::scrape::{ScrapeConfig, ScrapedJob, ScrapedQueue};

/// Largest text in bytes: that of a service with tens of thousands of series.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// One scrape.
#[derive(Debug)]
pub struct Scrape {
    config: ScrapeConfig,
    counters: Counters,
}

impl Scrape {
    /// A scrape as it is configured.
    #[must_use]
    pub fn new(config: ScrapeConfig) -> Self {
        Self { config, counters: Counters::default() }
    }

    fn read(&mut self, text: &str, now: Timestamp) -> Vec<Reading> {
        let samples: Vec<Sample<'_>> = text::samples(text).flatten().collect();
        self.counters.begin();
        let mut readings = Vec::new();
        for (metric, selector) in
            [(Metric::Requests, &self.config.requests), (Metric::RequestErrors, &self.config.errors)]
        {
            let Some(selector) = selector else { continue };
            let mut chosen = samples.iter().filter(|sample| selector.matches(sample)).peekable();
            // A service that hasn't failed yet often has no series of failures.
            if metric == Metric::Requests && chosen.peek().is_none() {
                readings.push(missing(metric, selector));
                continue;
            }
            let added: Option<f64> = self.counters.added(metric.as_str(), chosen);
            readings.extend(added.map(|added| Reading::exact(metric, added)));
        }
        if let Some(selector) = &self.config.latency {
            match latency(&mut self.counters, selector, &samples) {
                Latency::Missing => readings.push(missing(Metric::RequestDuration, selector)),
                Latency::First => {}
                Latency::Added(histogram) => {
                    readings.push(Reading::distribution(Metric::RequestDuration, histogram).estimated());
                }
            }
        }
        self.counters.end();
        let jobs = self.config.jobs.iter().flat_map(|job| job_readings(job, &samples, now));
        let queues = self.config.queues.iter().flat_map(|queue| queue_readings(queue, &samples));
        readings.extend(jobs.chain(queues));
        let service = self.config.watch.service.as_ref();
        let mut readings: Vec<Reading> = readings.into_iter().map(|reading| reading.of(service)).collect();
        for reading in readings.iter_mut().filter(|reading| reading.labels.is_empty()) {
            reading.labels = named("scrape", self.config.watch.name.as_str());
        }
        readings
    }
}

enum Latency {
    /// The service has no such histogram.
    Missing,
    /// Nothing to compare with yet.
    First,
    /// What was added since the last look.
    Added(Histogram),
}

/// A classic histogram: what was added to each bucket counts at the bucket's upper bound, and what is beyond the
/// last finite one counts there, as Prometheus' `histogram_quantile` has it.
fn latency(counters: &mut Counters, selector: &Selector, samples: &[Sample<'_>]) -> Latency {
    let is_bucket = |sample: &&Sample<'_>| {
        sample.name.strip_suffix("_bucket") == Some(selector.name()) && selector.accepts(sample)
    };
    let mut bounds: Vec<(f64, Vec<&Sample<'_>>)> = Vec::new();
    for sample in samples.iter().filter(is_bucket) {
        let Some(bound) = sample.label("le").and_then(|bound| bound.parse::<f64>().ok()) else { continue };
        match bounds.iter_mut().find(|(known, _)| *known == bound) {
            Some((_, list)) => list.push(sample),
            None => bounds.push((bound, vec![sample])),
        }
    }
    if bounds.is_empty() {
        return Latency::Missing;
    }
    bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut histogram, mut below, mut last, mut first) = (Histogram::default(), 0.0, 0.0, false);
    for (bound, samples) in bounds {
        let Some(added) = counters.added("latency", samples.into_iter()) else {
            first = true;
            continue;
        };
        if bound.is_finite() {
            last = bound;
        }
        // Buckets are cumulative.
        histogram.record_many(last, (added - below).max(0.0) as u64);
        below = added.max(below);
    }
    if first { Latency::First } else { Latency::Added(histogram) }
}

fn missing(metric: Metric, selector: &Selector) -> Reading {
    Reading::unknown(metric, &format!("the service has no series `{selector}`"))
}

/// The only or the worst of the series that a selector chooses.
fn gauge(samples: &[Sample<'_>], selector: &Selector, worst: fn(f64, f64) -> f64) -> Option<f64> {
    samples.iter().filter(|sample| selector.matches(sample)).map(|sample| sample.value).reduce(worst)
}

fn job_readings(job: &ScrapedJob, samples: &[Sample<'_>], now: Timestamp) -> Vec<Reading> {
    let labels = named("job", job.name.as_str());
    let seconds = now.as_millis() as f64 / 1_000.0;
    let last = gauge(samples, &job.last_success, f64::min).filter(|last| *last > 0.0);
    let ok = job.ok.as_ref().map(|selector| (selector, gauge(samples, selector, f64::min)));
    let mut readings = match (ok, last) {
        (Some((_, Some(ok))), _) => vec![Reading::exact(Metric::JobOk, f64::from(u8::from(ok >= 1.0)))],
        (Some((selector, None)), _) => vec![missing(Metric::JobOk, selector)],
        // Without a word on failures, a success is the last that is known.
        (None, Some(_)) => vec![Reading::exact(Metric::JobOk, 1.0).estimated()],
        (None, None) => vec![missing(Metric::JobOk, &job.last_success)],
    };
    match last {
        Some(last) => {
            let age = (seconds - last).max(0.0);
            readings.push(Reading::exact(Metric::JobSuccessAge, age));
            readings.push(Reading::exact(Metric::JobLate, (age - job.every.as_secs_f64()).max(0.0)));
        }
        None => readings.push(missing(Metric::JobLate, &job.last_success)),
    }
    readings.into_iter().map(|reading| reading.labelled(labels.clone())).collect()
}

fn queue_readings(queue: &ScrapedQueue, samples: &[Sample<'_>]) -> Vec<Reading> {
    let labels = named("queue", queue.name.as_str());
    let sum = |selector: &Selector| gauge(samples, selector, |a, b| a + b);
    let read = |metric, selector: &Selector, value: Option<f64>| match value {
        Some(value) => Reading::exact(metric, value),
        None => missing(metric, selector),
    };
    let mut readings = vec![read(Metric::QueueReady, &queue.ready, sum(&queue.ready))];
    if let Some(selector) = &queue.oldest_age {
        readings.push(read(Metric::QueueOldestAge, selector, gauge(samples, selector, f64::max)));
    }
    if let Some(selector) = &queue.dead_letter {
        readings.push(read(Metric::QueueDeadLetter, selector, sum(selector)));
    }
    readings.into_iter().map(|reading| reading.labelled(labels.clone())).collect()
}

impl Collect for Scrape {
    fn expected(&self) -> Vec<SeriesKey> {
        let config = &self.config;
        let own = [
            (Metric::Requests, config.requests.is_some()),
            (Metric::RequestErrors, config.errors.is_some()),
            (Metric::RequestDuration, config.latency.is_some()),
        ];
        let own = own.into_iter().filter(|(_, wanted)| *wanted);
        let own = own.map(|(metric, _)| series(metric, &config.watch, "scrape"));
        let of = |metric, label, name: &str| SeriesKey {
            metric,
            service: config.watch.service.clone(),
            labels: named(label, name),
        };
        let jobs = config.jobs.iter().map(|job| of(Metric::JobOk, "job", job.name.as_str()));
        let queues = config.queues.iter().map(|queue| of(Metric::QueueReady, "queue", queue.name.as_str()));
        own.chain(jobs).chain(queues).collect()
    }

    async fn collect(&mut self, now: Timestamp) -> Result<Vec<Reading>, Failure> {
        let ask = Ask { head: false, limit: MAX_BODY, cut: false, authorization: None };
        let bytes = document(&self.config.target, ask).await.map_err(|error| Failure::of(&error))?;
        let text = String::from_utf8(bytes).map_err(|_| Failure("the metrics aren't UTF-8".to_owned()))?;
        Ok(self.read(&text, now))
    }
}

#[cfg(test)]
mod tests;
