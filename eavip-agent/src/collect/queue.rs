//! Queues: how much waits and for how long, in one shape for every kind of broker.

mod age;
pub mod directory;
pub mod json;
pub mod rabbitmq;
pub mod redis;

use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Quality, Reading, SeriesKey};
use eavip_core::time::Timestamp;

use self::age::Ages;
use super::{Collect, Failure, named, series};
use crate::config::queue::{QueueConfig, QueueSource};

/// One figure of a queue.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Figure {
    /// The source doesn't have it.
    #[default]
    Absent,
    /// The source should have it and doesn't tell, and why.
    Unknown(String),
    /// Its value.
    Known(f64, Quality),
}

impl Figure {
    /// A figure as the source counts it.
    #[must_use]
    pub fn exact(value: f64) -> Self {
        Self::Known(value, Quality::Exact)
    }

    fn value(&self) -> Option<f64> {
        if let Self::Known(value, _) = self { Some(*value) } else { None }
    }
}

/// What a source says of its queue at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// Messages that wait.
    pub ready: Figure,
    /// Handed out and not confirmed.
    pub in_flight: Figure,
    /// Waiting for a later time.
    pub delayed: Figure,
    /// Given up.
    pub dead_letter: Figure,
    /// Who takes from the queue.
    pub consumers: Figure,
    /// How long the oldest has waited in seconds; worked out from the arrivals where it is absent.
    pub oldest_age: Figure,
    /// Put in since the source began to count.
    pub enqueued: Option<f64>,
    /// Taken out since the source began to count.
    pub dequeued: Option<f64>,
}

#[derive(Debug)]
enum Source {
    List(redis::List),
    Stream(redis::Stream),
    RabbitMq(rabbitmq::RabbitMq),
    Directory(directory::Directory),
    Json(json::Json),
}

/// One queue.
#[derive(Debug)]
pub struct Queue {
    config: QueueConfig,
    source: Source,
    ages: Ages,
    last: Option<(Timestamp, Option<f64>, Option<f64>)>,
}

impl Queue {
    /// A queue as it is configured.
    #[must_use]
    pub fn new(config: QueueConfig) -> Self {
        let source = match config.source.clone() {
            QueueSource::RedisList(server, list) => Source::List(redis::List::new(server, list)),
            QueueSource::RedisStream(server, stream) => Source::Stream(redis::Stream::new(server, stream)),
            QueueSource::RabbitMq(queue) => Source::RabbitMq(rabbitmq::RabbitMq::new(queue)),
            QueueSource::Directory(directory) => Source::Directory(directory::Directory::new(directory)),
            QueueSource::Json(json) => Source::Json(json::Json::new(json)),
        };
        Self { config, source, ages: Ages::default(), last: None }
    }

    fn readings(&mut self, sample: Sample, now: Timestamp) -> Vec<Reading> {
        let oldest = match sample.oldest_age {
            Figure::Absent => self.ages.oldest(now, sample.ready.value(), sample.enqueued),
            ref known => known.clone(),
        };
        let (enqueued, dequeued, drain) = self.flow(&sample, now);
        let figures = [
            (Metric::QueueReady, sample.ready),
            (Metric::QueueInFlight, sample.in_flight),
            (Metric::QueueDelayed, sample.delayed),
            (Metric::QueueDeadLetter, sample.dead_letter),
            (Metric::QueueConsumers, sample.consumers),
            (Metric::QueueOldestAge, oldest),
            (Metric::QueueEnqueued, enqueued),
            (Metric::QueueDequeued, dequeued),
            (Metric::QueueDrain, drain),
        ];
        let labels = named("queue", self.config.watch.name.as_str());
        let reading = |(metric, figure)| {
            let reading = match figure {
                Figure::Absent => return None,
                Figure::Unknown(reason) => Reading::unknown(metric, &reason),
                Figure::Known(value, Quality::Exact) => Reading::exact(metric, value),
                Figure::Known(value, _) => Reading::exact(metric, value).estimated(),
            };
            Some(reading.of(self.config.watch.service.as_ref()).labelled(labels.clone()))
        };
        figures.into_iter().filter_map(reading).collect()
    }

    /// What went in and out since the last sample, and how long emptying takes at that rate.
    fn flow(&mut self, sample: &Sample, now: Timestamp) -> (Figure, Figure, Figure) {
        let last = self.last.replace((now, sample.enqueued, sample.dequeued));
        let Some((at, enqueued, dequeued)) = last else {
            return (Figure::Absent, Figure::Absent, Figure::Absent);
        };
        // A total that fell began anew: what it shows is what was added.
        let added = |now: Option<f64>, last: Option<f64>| match (now, last) {
            (Some(now), Some(last)) => Some(if now < last { now } else { now - last }),
            _ => None,
        };
        let (enqueued, dequeued) = (added(sample.enqueued, enqueued), added(sample.dequeued, dequeued));
        let seconds = now.since(at).as_secs_f64();
        let drain = match (sample.ready.value(), enqueued, dequeued) {
            (Some(0.0), ..) => Figure::Known(0.0, Quality::Exact),
            (Some(ready), Some(enqueued), Some(dequeued)) if dequeued > enqueued && seconds > 0.0 => {
                Figure::Known(ready * seconds / (dequeued - enqueued), Quality::Estimated)
            }
            // At this rate it is never empty: there is no such time.
            _ => Figure::Absent,
        };
        let figure = |value: Option<f64>| value.map_or(Figure::Absent, Figure::exact);
        (figure(enqueued), figure(dequeued), drain)
    }
}

impl Collect for Queue {
    fn expected(&self) -> Vec<SeriesKey> {
        vec![series(Metric::QueueReady, &self.config.watch, "queue")]
    }

    async fn collect(&mut self, now: Timestamp) -> Result<Vec<Reading>, Failure> {
        let sample = match &mut self.source {
            Source::List(list) => list.sample().await?,
            Source::Stream(stream) => stream.sample().await?,
            Source::RabbitMq(queue) => queue.sample(now).await?,
            Source::Directory(directory) => directory.sample(now).await?,
            Source::Json(json) => json.sample().await?,
        };
        Ok(self.readings(sample, now))
    }
}

#[cfg(test)]
mod tests;
