//! Network interfaces: bytes per second and packets with errors, as differences between reads.

use std::collections::HashMap;

use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::Timestamp;
use sysinfo::Networks;

use crate::collect::named;

/// Most interfaces that are reported: a host with containers has hundreds of no interest.
const MAX_INTERFACES: usize = 16;

/// Totals at the last read.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// Made at the first read, because making it may fail.
    networks: Option<Networks>,
    last: HashMap<String, Totals>,
    at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) errors: u64,
}

impl Network {
    pub(super) fn read(&mut self, now: Timestamp) -> Vec<Reading> {
        if self.networks.is_none() {
            match Networks::new() {
                Ok(networks) => self.networks = Some(networks),
                Err(error) => return vec![Reading::unknown(Metric::NetworkReceive, &error.to_string())],
            }
        }
        let Some(networks) = &mut self.networks else { return Vec::new() };
        networks.refresh(true);
        let mut totals: Vec<(String, Totals)> = networks
            .iter()
            .map(|(name, data)| (name.to_string_lossy().into_owned(), data))
            .filter(|(name, _)| is_of_interest(name))
            .map(|(name, data)| {
                let errors =
                    data.total_errors_on_received().saturating_add(data.total_errors_on_transmitted());
                (name, Totals { received: data.total_received(), sent: data.total_transmitted(), errors })
            })
            .collect();
        totals.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        totals.truncate(MAX_INTERFACES);
        self.rates(totals, now)
    }

    /// Rates since the last read; none at the first, and none when the clock went back.
    pub(super) fn rates(&mut self, totals: Vec<(String, Totals)>, now: Timestamp) -> Vec<Reading> {
        let seconds = self.at.map_or(0.0, |last| now.since(last).as_secs_f64());
        let mut readings = Vec::new();
        for (name, now) in totals.iter().filter(|_| seconds > 0.0) {
            let Some(last) = self.last.get(name) else { continue };
            let labels = named("interface", name);
            // A counter that fell began anew: what it shows is what was added.
            let added = |now: u64, last: u64| now.checked_sub(last).unwrap_or(now) as f64;
            for (metric, value) in [
                (Metric::NetworkReceive, added(now.received, last.received) / seconds),
                (Metric::NetworkTransmit, added(now.sent, last.sent) / seconds),
                (Metric::NetworkErrors, added(now.errors, last.errors)),
            ] {
                readings.push(Reading::exact(metric, value).labelled(labels.clone()));
            }
        }
        self.last = totals.into_iter().collect();
        self.at = Some(now);
        readings
    }
}

/// The loopback and the ends of containers' cables carry what another interface carries too.
fn is_of_interest(name: &str) -> bool {
    name != "lo"
        && !["veth", "docker", "br-", "cali", "cni", "flannel", "virbr"].iter().any(|p| name.starts_with(p))
}
