//! What a simulated node measures at a moment: waves over the day with a jitter that follows from the member's seed. The
//! same moment gives the same readings, whoever asks and however often.

use std::f64::consts::TAU;

use eavip_core::id::{Digest128, ServiceId};
use eavip_core::labels::Labels;
use eavip_core::signal::histogram::Histogram;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::{Span, Timestamp};

use super::fleet::{Flow, Member, Service};

const DAY_S: f64 = 86_400.0;
/// A faster wave, so that an hour's chart isn't a straight line.
const RIPPLE_S: f64 = 1_020.0;
const GIB: f64 = 1_073_741_824.0;
/// Size of each simulated disk.
const DISK_BYTES: f64 = 200.0 * GIB;
/// How an answer's time lies to the middle one, and the share of answers of that kind: 99 % are within eight times.
const SPREAD: [(f64, f64); 6] = [(1.0, 0.2), (0.5, 0.25), (0.8, 0.3), (1.6, 0.15), (3.0, 0.08), (8.0, 0.02)];
/// Certificates close to their end have between this and twice this left: a warning, never more.
const CERTIFICATE_S: f64 = 6.0 * DAY_S;
/// How old the oldest message of a stuck queue is at the least, and how often somebody takes it out by hand.
const STUCK_S: f64 = 5_400.0;
const TAKEN_S: f64 = 7_200.0;
/// Something is given up this often, and put back after this long.
const GIVEN_UP_S: f64 = 720.0;
const PUT_BACK_S: f64 = 240.0;

/// One moment of one member.
struct Moment<'m> {
    member: &'m Member,
    /// Seconds since 1970.
    at_s: f64,
    /// Seconds since the last report.
    since_s: f64,
    /// How much is going on, above 0 to 1.
    load: f64,
}

/// Everything that a member reports at a moment; counts cover the time `since` the last report.
pub(super) fn readings(member: &Member, at: Timestamp, since: Span) -> Vec<Reading> {
    let at_s = at.as_millis() as f64 / 1e3;
    let mut moment = Moment { member, at_s, since_s: since.as_secs_f64(), load: 0.0 };
    let day = 0.5 - 0.5 * (at_s / DAY_S * TAU).cos();
    let ripple = 0.1 * (at_s / RIPPLE_S * TAU + moment.chance("phase of the ripple") * TAU).sin();
    moment.load = (0.3 + 0.5 * day + ripple + 0.04 * moment.jitter("load")).clamp(0.05, 1.0);
    let mut all = moment.host();
    for service in member.services {
        let Ok(id) = service.name.parse::<ServiceId>() else { continue };
        let of_service = moment.probe(service).into_iter();
        let of_service = of_service.chain(moment.requests(service));
        let of_service = of_service.chain(moment.job(service)).chain(moment.queue(service));
        all.extend(of_service.map(|reading| reading.of(Some(&id))));
    }
    all
}

impl Moment<'_> {
    /// A number from 0 to below 1 that the member's seed, the moment and a purpose fix.
    fn chance(&self, purpose: &str) -> f64 {
        let moment = if purpose.starts_with("phase") { 0.0 } else { self.at_s };
        let parts = [&self.member.seed.to_be_bytes()[..], &moment.to_be_bytes(), purpose.as_bytes()];
        let [a, b, c, d, ..] = Digest128::of(parts).0;
        f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
    }

    /// A number from -1 to 1.
    fn jitter(&self, purpose: &str) -> f64 {
        2.0 * self.chance(purpose) - 1.0
    }

    /// How far a period that repeats since 1970 has come, in seconds.
    fn within(&self, period_s: f64) -> f64 {
        self.at_s.rem_euclid(period_s)
    }

    fn host(&self) -> Vec<Reading> {
        let cpu = (0.06 + 0.6 * self.load + 0.03 * self.jitter("cpu")).clamp(0.01, 0.9);
        let used = self.member.disk + 0.03 * self.within(DAY_S) / DAY_S;
        let network = 4e6 * self.load * f64::from(self.member.cores);
        let (disk, interface) = (label("mount", "/"), label("interface", "eth0"));
        vec![
            Reading::exact(Metric::CpuBusy, cpu),
            Reading::exact(Metric::LoadPerCore, cpu * 1.1),
            Reading::exact(Metric::MemoryUsed, 0.42 + 0.2 * self.load),
            Reading::exact(Metric::PressureCpu, 0.1 * self.load * self.load),
            Reading::exact(Metric::PressureIo, 0.02 * self.chance("io")),
            Reading::exact(Metric::DiskUsed, used).labelled(disk.clone()),
            Reading::exact(Metric::DiskFree, DISK_BYTES * (1.0 - used)).labelled(disk.clone()),
            Reading::exact(Metric::InodesUsed, used / 5.0).labelled(disk.clone()),
            Reading::exact(Metric::DiskReadOnly, 0.0).labelled(disk),
            Reading::exact(Metric::NetworkReceive, network).labelled(interface.clone()),
            Reading::exact(Metric::NetworkTransmit, network * 1.6).labelled(interface),
            Reading::exact(Metric::ClockSynchronised, 1.0),
            Reading::exact(Metric::ClockOffset, 0.002 * self.chance("clock")),
            Reading::exact(Metric::Uptime, self.within(40.0 * DAY_S)),
            Reading::exact(Metric::CollectorUp, 1.0).labelled(label("collector", "demo")),
        ]
    }

    fn probe(&self, service: &Service) -> Vec<Reading> {
        let left = CERTIFICATE_S - self.within(CERTIFICATE_S);
        let left = CERTIFICATE_S + if service.old_certificate { left } else { left + 60.0 * DAY_S };
        let mut answered = Histogram::default();
        answered.record(service.latency_s * (1.2 + 0.3 * self.load + 0.2 * self.jitter(service.name)));
        [
            Reading::exact(Metric::ProbeUp, 1.0),
            Reading::exact(Metric::ProbeStatus, 200.0),
            Reading::distribution(Metric::ProbeDuration, answered),
            Reading::exact(Metric::CertificateExpires, left),
        ]
        .map(|reading| reading.labelled(label("probe", service.name)))
        .into()
    }

    fn requests(&self, service: &Service) -> Vec<Reading> {
        let count = (service.rate * self.load * self.since_s).round();
        let failed = (count * service.errors + self.chance(service.name)).floor().min(count);
        let slow = service.latency_s * (0.9 + 0.25 * self.load + 0.05 * self.jitter(service.name));
        let (mut durations, mut left) = (Histogram::default(), count);
        // From the rarest on, of which there is always one; whoever is left over took the middle time.
        for (factor, share) in SPREAD.into_iter().rev() {
            let of_kind = if factor == 1.0 { left } else { (count * share).ceil().min(left) };
            durations.record_many(slow * factor, of_kind as u64);
            left -= of_kind;
        }
        vec![
            Reading::exact(Metric::Requests, count),
            Reading::exact(Metric::RequestErrors, failed),
            Reading::distribution(Metric::RequestDuration, durations),
        ]
    }

    fn job(&self, service: &Service) -> Vec<Reading> {
        let (name, ok) = service.job;
        let age = if ok { self.within(3_600.0) } else { DAY_S + self.within(DAY_S) };
        [
            Reading::exact(Metric::JobOk, f64::from(ok)),
            Reading::exact(Metric::JobSuccessAge, age),
            Reading::exact(Metric::JobLate, 0.0),
            Reading::exact(Metric::JobDuration, 45.0 + 10.0 * self.load),
        ]
        .map(|reading| reading.labelled(label("job", name)))
        .into()
    }

    fn queue(&self, service: &Service) -> Vec<Reading> {
        let (name, flow) = service.queue;
        let put_in = (service.rate * self.load * self.since_s / 4.0).round();
        let waiting = (3.0 * self.load * (1.0 + self.jitter(name))).round();
        let stuck_s = STUCK_S + self.within(TAKEN_S);
        let (ready, age, taken, consumers): (f64, f64, f64, f64) = match flow {
            Flow::Stuck => ((stuck_s * service.rate / 8.0).round(), stuck_s, 0.0, 0.0),
            Flow::Drained | Flow::DeadLetters => (waiting, waiting.min(1.0) * 4.0 * self.load, put_in, 4.0),
        };
        let given_up = flow == Flow::DeadLetters && self.within(GIVEN_UP_S) < PUT_BACK_S;
        [
            Reading::exact(Metric::QueueReady, ready),
            Reading::exact(Metric::QueueInFlight, consumers.min(waiting)),
            Reading::exact(Metric::QueueOldestAge, age),
            Reading::exact(Metric::QueueConsumers, consumers),
            Reading::exact(Metric::QueueDeadLetter, if given_up { 3.0 } else { 0.0 }),
            Reading::exact(Metric::QueueEnqueued, put_in),
            Reading::exact(Metric::QueueDequeued, taken),
        ]
        .map(|reading| reading.labelled(label("queue", name)))
        .into()
    }
}

/// One label; the names of the fleet are all good ones.
fn label(name: &str, value: &str) -> Labels {
    Labels::new([(name, value)]).unwrap_or_default()
}
