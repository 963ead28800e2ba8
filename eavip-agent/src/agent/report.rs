//! From what was measured to reports in the spool.

use std::future::Future;
use std::sync::Arc;

use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::Timestamp;
use eavip_core::wire::v1::{Body, Dropped};
use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;

use super::status::Own;
use crate::clock;
use crate::collect::Collectors;
use crate::push::Meter;
use crate::shutdown::Shutdown;
use crate::spool::{Class, DropRange, Durability, Spool, SpoolError};

/// Where an agent's reports come from: its collectors, or what an embedder brings instead.
pub trait Source: Send {
    /// Waits for the next report. Nothing is lost when the future is dropped.
    fn next_body(&mut self) -> impl Future<Output = Body> + Send;

    /// Everything since the last report: asked for once more when the agent ends.
    fn report(&mut self, at: Timestamp) -> Body;
}

impl Source for Collectors {
    fn next_body(&mut self) -> impl Future<Output = Body> + Send {
        Self::next_body(self)
    }

    fn report(&mut self, at: Timestamp) -> Body {
        Self::report(self, at)
    }
}

/// Spools what a source reports.
#[derive(Debug)]
pub(super) struct Reporter<S> {
    source: S,
    spool: Arc<Spool>,
    meter: Meter,
    own: Arc<watch::Sender<Own>>,
    failing: bool,
}

impl<S: Source> Reporter<S> {
    pub(super) fn new(source: S, spool: Arc<Spool>, meter: Meter, own: Arc<watch::Sender<Own>>) -> Self {
        Self { source, spool, meter, own, failing: false }
    }

    /// Spools each report and says so; a last one when the end is asked for.
    pub(super) async fn run(&mut self, spooled: &Notify, shutdown: &mut Shutdown) {
        loop {
            let body = tokio::select! {
                body = self.source.next_body() => body,
                () = shutdown.requested() => break,
            };
            self.keep(body).await;
            spooled.notify_one();
        }
        let last = self.source.report(clock::now());
        self.keep(last).await;
    }

    async fn keep(&mut self, mut body: Body) {
        body.readings.extend([self.meter.clock(), self.meter.audit(clock::now())]);
        let (spool, meter) = (Arc::clone(&self.spool), self.meter.clone());
        let kept = spawn_blocking(move || {
            let stored = store(&spool, body);
            meter.measure(&spool);
            stored
        })
        .await;
        match kept.unwrap_or(Err(SpoolError::Store(crate::durable::DurableError::Panicked))) {
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    tracing::info!("reports are spooled again");
                }
                self.own.send_modify(|own| own.reported_at = Some(clock::now()));
            }
            Err(error) => {
                metrics::counter!("eavip_agent_reports_unspooled_total").increment(1);
                // A full disk stays full for a while: said once, counted each time.
                if !std::mem::replace(&mut self.failing, true) {
                    let cause =
                        std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                    tracing::error!(%error, cause, "a report can't be spooled and is lost");
                }
            }
        }
    }
}

/// Adds what the spool says of itself, and appends. A report that is too large for one becomes two.
pub(super) fn store(spool: &Spool, mut body: Body) -> Result<(), SpoolError> {
    let (pending, bytes) = spool.backlog();
    let durable = spool.durability() == Durability::Durable;
    body.readings.extend([
        Reading::exact(Metric::SpoolPending, pending as f64),
        Reading::exact(Metric::SpoolBytes, bytes as f64),
        Reading::exact(Metric::SpoolDurable, f64::from(durable)),
    ]);
    let drops = spool.drops();
    body.dropped = drops.iter().copied().map(dropped).collect();
    append(spool, body, &drops)
}

fn append(spool: &Spool, mut body: Body, drops: &[DropRange]) -> Result<(), SpoolError> {
    let Ok(bytes) = body.encode() else {
        tracing::error!("a report can't be written as JSON and is lost");
        return Ok(());
    };
    match spool.append_carrying(Class::Metrics, &bytes, drops, clock::now_ms()) {
        Ok(_) => Ok(()),
        // It is there and will be sent; that it may not survive a power cut is a reading of the reports to come.
        Err(SpoolError::NotDurable { source, .. }) => {
            tracing::error!(error = %source, "the spool's disk fails; reports may not survive a power cut");
            Ok(())
        }
        Err(SpoolError::TooLarge { .. }) if body.readings.len() > 1 => {
            let rest = body.readings.split_off(body.readings.len() / 2);
            let second = Body {
                readings: rest,
                facts: None,
                dropped: Vec::new(),
                at: body.at,
                interval: body.interval,
            };
            append(spool, body, drops)?;
            append(spool, second, &[])
        }
        Err(error) => Err(error),
    }
}

fn dropped(range: DropRange) -> Dropped {
    Dropped { epoch: range.epoch, from: range.from, to: range.to, count: range.count }
}
