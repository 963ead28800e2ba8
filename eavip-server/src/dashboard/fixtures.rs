//! Platforms to render in tests: a healthy one, one on fire, an empty one, one that speaks hostile text, a large one.

mod alert;
mod incidents;
pub(crate) mod noise;
mod on_call;
mod runbooks;
mod settings;
pub(crate) mod silences;

use std::collections::BTreeMap;

use eavip_core::alert::Category;
use eavip_core::alert::episode::{Ending, Status};
use eavip_core::environment::Environment;
use eavip_core::incident::sev::Sev;
use eavip_core::mode::Mode;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use eavip_core::signal::metric::{Metric, Unit};
use eavip_core::signal::reading::Quality;
use eavip_core::time::{Span, Timestamp};

pub(crate) use alert::alert_detail;
pub(crate) use incidents::{hostile_incident, incident, incidents, named, refused};
pub(crate) use on_call::{OnCallData, no_duty, on_call};
pub(super) use runbooks::coverage;
pub(crate) use settings::{audit, dead_letters, joins, receivers, tokens, users};

use super::Chrome;
use crate::api::view::*;
use crate::record::Role;
use crate::value::value;

/// What nobody must be able to bring into a page.
pub(crate) const HOSTILE: &str = "\"><script>alert('x')</script><img src=x onerror=alert(1)>&amp;{{ 7*7 }}";
const LONG: &str = "db-primary-0017.eu-central-1.production.customer-with-a-long-name.internal.example.org";

fn now() -> Timestamp {
    "2026-11-23T07:30:00Z".parse().unwrap()
}

fn ago(seconds: u64) -> String {
    (now() - Span::from_secs(seconds)).to_string()
}

pub(crate) fn chrome() -> Chrome {
    Chrome {
        principal: Some(Principal { name: "mara".into(), role: Role::Admin }),
        base: String::new(),
        path: "/".into(),
        now: now(),
        version: "0.1.0".into(),
    }
}

pub(crate) fn id(number: usize) -> String {
    format!("01936f0a-7b1c-7d2e-8f3a-{number:012x}")
}

fn at(signal: Signal, health: Health, number: f64, objective: f64, detail: &str) -> SignalAt {
    let unit = match signal {
        Signal::Availability | Signal::Errors => Unit::Ratio,
        _ => Unit::Seconds,
    };
    let known = health != Health::Unknown;
    SignalAt {
        node: id(1),
        hostname: "app-01".into(),
        service: "checkout".into(),
        owner: Some("Payments".into()),
        signal,
        health,
        value: known.then_some(number),
        value_text: if known { value(unit, number) } else { "–".into() },
        unit,
        objective: Some(objective),
        objective_text: value(unit, objective),
        quality: if known { Quality::Exact } else { Quality::Unknown },
        detail: detail.into(),
    }
}

fn services(fire: bool) -> Vec<SignalAt> {
    use Health::{Degraded, Failing, Healthy, Unknown};
    if fire {
        vec![
            at(Signal::Availability, Failing, 0.82, 0.999, "probe front door is failing"),
            at(Signal::Errors, Failing, 0.137, 0.01, "4312 requests in the last 5 minutes"),
            at(Signal::Latency, Degraded, 1.84, 1.0, "99 % of 4312 answers; half of them within 210.4 ms"),
            at(Signal::Jobs, Healthy, 0.0, 0.0, "3 jobs in time"),
            at(Signal::Backlog, Unknown, 0.0, 300.0, "connection refused by 127.0.0.1:5672"),
        ]
    } else {
        vec![
            at(Signal::Availability, Healthy, 1.0, 0.999, "all probes pass"),
            at(Signal::Errors, Healthy, 0.0004, 0.01, "3810 requests in the last 5 minutes"),
            at(Signal::Latency, Healthy, 0.184, 1.0, "99 % of 3810 answers; half of them within 12.4 ms"),
            at(Signal::Jobs, Healthy, 0.0, 0.0, "3 jobs in time"),
            at(Signal::Backlog, Healthy, 4.2, 300.0, "12 waiting, the longest in mail"),
        ]
    }
}

fn trend(signal: Signal, fire: bool) -> Vec<Option<f64>> {
    (0..60)
        .map(|minute| {
            let wave = (f64::from(minute) * 0.7).sin() * 0.1 + (f64::from(minute) * 0.23).cos() * 0.06;
            let rise = if fire && minute > 44 { f64::from(minute - 44) * 0.09 } else { 0.0 };
            let gap = signal == Signal::Backlog && fire && minute > 50 || (20..23).contains(&minute) && fire;
            (!gap).then_some(match signal {
                Signal::Availability => {
                    if fire && minute > 46 {
                        0.82
                    } else {
                        1.0
                    }
                }
                Signal::Jobs => 0.0,
                _ => 0.4 + wave + rise,
            })
        })
        .collect()
}

fn cards(fire: bool) -> Vec<SignalCard> {
    let services = services(fire);
    let card = |at: SignalAt| SignalCard {
        signal: at.signal,
        health: at.health,
        value: at.value_text.clone(),
        objective: at.objective_text.clone(),
        detail: at.detail.clone(),
        trend: trend(at.signal, fire),
        services: 7,
        worst: ["checkout", "catalogue", "mail-sender"]
            .iter()
            .zip(["app-01", "app-02", LONG])
            .zip([at.health, at.health.min(Health::Degraded), Health::Healthy])
            .map(|((service, host), health)| SignalAt {
                service: (*service).into(),
                hostname: host.into(),
                health,
                ..at.clone()
            })
            .collect(),
    };
    services.into_iter().map(card).collect()
}

pub(crate) fn row(number: usize, health: Health) -> NodeRow {
    let failing = health == Health::Failing;
    NodeRow {
        id: id(number),
        hostname: if number == 3 { LONG.into() } else { format!("app-{number:02}") },
        deployment: ["eu-saas", "acme-cloud", "acme-plant-7"][number % 3].into(),
        environment: if number % 5 == 4 { Environment::Staging } else { Environment::Production },
        mode: Mode::ALL[number % 3],
        labels: Default::default(),
        health,
        signals: Signal::GOLDEN
            .into_iter()
            .enumerate()
            .filter(|(at, _)| health != Health::Healthy || !(at + number).is_multiple_of(4))
            .map(|(at, signal)| (signal, if at < 2 { health } else { Health::Healthy }))
            .collect(),
        firing: Firing {
            critical: failing.into(),
            warning: (health == Health::Degraded).into(),
            informational: 0,
        },
        seen_at: Some(ago(7)),
        silent_seconds: if health == Health::Unknown { 754.0 } else { 7.0 },
        stale: health == Health::Unknown,
        agent_version: "0.1.0".into(),
        cpu: Some(0.23 + 0.05 * (number % 9) as f64),
        memory: Some(0.61),
        disk: if health == Health::Unknown { None } else { Some(0.44) },
    }
}

fn change(seq: u64, seconds: u64, kind: &str, text: &str, actor: &str, path: Option<String>) -> Change {
    Change { seq, at: ago(seconds), kind: kind.into(), text: text.into(), actor: actor.into(), path }
}

fn changes() -> Vec<Change> {
    let alert = Some(format!("/alerts/{}", alert(1, Status::Firing, Category::Critical).id));
    vec![
        change(
            812,
            95,
            "alert-opened",
            "probe-down opened on app-01: probe front door is failing",
            "server (evaluate)",
            alert.clone(),
        ),
        change(
            811,
            410,
            "alert-acknowledged",
            "mara took latency-high on app-02: scaling out the read replicas",
            "mara",
            alert.clone(),
        ),
        change(
            805,
            2900,
            "alert-resolved",
            "disk-filling resolved on app-07 after 1 h 12 min",
            "server (evaluate)",
            alert,
        ),
        change(
            790,
            4200,
            "node-enrolled",
            "app-09 joined acme-cloud",
            "node app-09",
            Some(format!("/nodes/{}", id(9))),
        ),
        change(
            771,
            90_000,
            "server-started",
            "the server started with version 0.1.0",
            "server (start)",
            None,
        ),
    ]
}

fn overview_of(headline: &str, health: Health, nodes: Vec<NodeRow>, signals: Vec<SignalCard>) -> Overview {
    let count = |wanted: Health| nodes.iter().filter(|row| row.health == wanted).count();
    let firing =
        Firing { critical: count(Health::Failing), warning: count(Health::Degraded), informational: 0 };
    Overview {
        generated_at: now().to_string(),
        now: Now {
            health,
            headline: headline.into(),
            firing,
            unacknowledged_critical: firing.critical,
            incidents: if firing.critical > 0 { [(Sev::Sev1, 1), (Sev::Sev3, 2)].into() } else { [].into() },
            nodes: nodes.len(),
            silent_nodes: count(Health::Unknown),
            demo_nodes: 0,
            undelivered: 0,
            evaluated_at: Some(ago(3)),
            rules: 21,
            receivers: 1,
        },
        alerts: Vec::new(),
        signals,
        changes: if nodes.is_empty() { Vec::new() } else { changes() },
        nodes,
    }
}

pub(crate) fn healthy() -> Overview {
    let nodes = (1..=24).map(|number| row(number, Health::Healthy)).collect();
    overview_of("All is well on 24 nodes.", Health::Healthy, nodes, cards(false))
}

pub(crate) fn on_fire() -> Overview {
    use Health::{Degraded, Failing, Healthy, Unknown};
    let states = [Failing, Failing, Failing, Unknown, Degraded, Degraded];
    let nodes =
        (1..=24).map(|number| row(number, states.get(number - 1).copied().unwrap_or(Healthy))).collect();
    let headline = "3 critical alerts are open; nobody has acknowledged 2 of them.";
    let mut view = overview_of(headline, Failing, nodes, cards(true));
    view.now.unacknowledged_critical = 2;
    view.alerts = vec![
        alert(1, Status::Firing, Category::Critical),
        alert(2, Status::Firing, Category::Critical),
        alert(3, Status::Acknowledged, Category::Critical),
        alert(5, Status::Firing, Category::Warning),
        alert(6, Status::Firing, Category::Warning),
    ];
    view
}

pub(crate) fn empty() -> Overview {
    let card = |signal| SignalCard {
        signal,
        health: Health::Unknown,
        value: "–".into(),
        objective: String::new(),
        detail: "Nothing measures it yet.".into(),
        worst: Vec::new(),
        services: 0,
        trend: Vec::new(),
    };
    let cards = Signal::GOLDEN.into_iter().map(card).collect();
    let mut view = overview_of("No node has joined yet.", Health::Unknown, Vec::new(), cards);
    (view.now.receivers, view.now.evaluated_at) = (0, None);
    view
}

pub(crate) fn large(nodes: usize) -> Overview {
    let states = [Health::Failing, Health::Degraded, Health::Unknown];
    let nodes = (1..=nodes).map(|number| row(number, states[number % 3])).collect();
    overview_of(
        "167 critical alerts are open, and nobody has acknowledged any of them.",
        Health::Failing,
        nodes,
        cards(true),
    )
}

pub(crate) fn hostile() -> Overview {
    let mut view = on_fire();
    view.now.headline = HOSTILE.into();
    for alert in &mut view.alerts {
        (alert.summary, alert.hostname, alert.owner.name) =
            (HOSTILE.into(), Some(HOSTILE.into()), HOSTILE.into());
    }
    for row in &mut view.nodes {
        (row.hostname, row.deployment, row.agent_version) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
    }
    for card in &mut view.signals {
        (card.value, card.detail, card.objective) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
        card.worst.iter_mut().for_each(|at| (at.service, at.hostname) = (HOSTILE.into(), HOSTILE.into()));
    }
    view.changes.iter_mut().for_each(|change| (change.text, change.actor) = (HOSTILE.into(), HOSTILE.into()));
    view
}

pub(crate) fn alert(number: usize, status: Status, category: Category) -> Alert {
    let taken =
        Acknowledged { by: "mara".into(), reason: "restarting the pods one by one".into(), at: ago(400) };
    Alert {
        id: format!("{number:032x}"),
        status,
        category,
        rule: if category == Category::Critical { "probe-down" } else { "latency-high" }.into(),
        owner: TeamName { id: "platform-operations".into(), name: "Platform Operations".into() },
        action: "Ask the service yourself from another host; if it does not answer, restart it and read its last log lines."
            .into(),
        runbook: "probe-down".into(),
        runbook_url: "/runbooks/probe-down".into(),
        summary: format!("checkout on app-{number:02}: probe front door is failing (probe_up 0, below 1)"),
        labels: [("probe", "front door"), ("service", "checkout"), ("environment", "production")]
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
        node: Some(id(number)),
        hostname: Some(format!("app-{number:02}")),
        value: Some("0".into()),
        annotations: BTreeMap::new(),
        since: ago(780),
        opened_at: ago(770),
        acknowledged: (status != Status::Firing).then_some(taken),
        resolved: (status == Status::Resolved).then(|| Resolved { ending: Ending::Recovered, at: ago(60) }),
    }
}

pub(crate) fn alerts() -> Vec<Alert> {
    vec![
        alert(4, Status::Firing, Category::Warning),
        alert(1, Status::Firing, Category::Critical),
        alert(2, Status::Acknowledged, Category::Critical),
        alert(3, Status::Resolved, Category::Warning),
        alert(5, Status::Resolved, Category::Informational),
    ]
}

fn series(
    number: usize,
    metric: Metric,
    service: Option<&str>,
    label: Option<(&str, &str)>,
    number_value: f64,
) -> SeriesLatest {
    SeriesLatest {
        id: format!("{number:08x}"),
        metric,
        signal: metric.signal(),
        service: service.map(str::to_owned),
        labels: label.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect(),
        value: Some(number_value),
        text: value(metric.unit(), number_value),
        unit: metric.unit(),
        quality: if metric == Metric::ProbeDuration { Quality::Approximate } else { Quality::Exact },
        at: ago(7),
    }
}

/// An hour of a series, one point a minute, with a gap, roll-ups and marks.
pub(crate) fn history(series: SeriesLatest, objective: Option<f64>) -> History {
    let start = (now() - Span::from_secs(3600)).as_millis();
    let latest = series.value.unwrap_or(0.5);
    let points = (0..=60)
        .filter(|minute| !(31..36).contains(minute))
        .map(|minute| {
            let wave = 1.0 + ((minute as f64) * 0.35).sin() * 0.2 + if minute > 47 { 0.9 } else { 0.0 };
            let value = if series.unit == Unit::Bool {
                f64::from(u8::from(minute < 48))
            } else {
                latest * wave / 2.0
            };
            let value = if series.unit == Unit::Ratio { value.min(1.0) } else { value };
            let spread = if series.unit == Unit::Seconds { 0.25 } else { 0.0 };
            Point {
                at_ms: start + minute * 60_000,
                value,
                min: value * (1.0 - spread),
                max: value * (1.0 + spread),
            }
        })
        .collect();
    History {
        series,
        hostname: "app-01".into(),
        from: ago(3600),
        to: now().to_string(),
        gap_seconds: 150.0,
        points,
        objective,
        marks: vec![
            change(700, 2400, "alert-resolved", "latency-high resolved on app-01", "server (evaluate)", None),
            change(812, 690, "alert-opened", "probe-down opened on app-01", "server (evaluate)", None),
        ],
    }
}

pub(crate) fn latency_history() -> History {
    history(
        series(7, Metric::ProbeDuration, Some("checkout"), Some(("probe", "front door")), 1.84),
        Some(1.0),
    )
}

pub(crate) fn node(fire: bool) -> NodeDetail {
    let mut series_list = vec![
        series(1, Metric::CpuBusy, None, None, 0.62),
        series(2, Metric::MemoryUsed, None, None, 0.71),
        series(3, Metric::DiskUsed, None, Some(("mount", "/")), 0.44),
        series(4, Metric::DiskFree, None, Some(("mount", "/")), 48_318_382_080.0),
        series(5, Metric::NetworkReceive, None, Some(("interface", "eth0")), 1_840_000.0),
        series(6, Metric::ProbeUp, Some("checkout"), Some(("probe", "front door")), 1.0),
        series(7, Metric::ProbeDuration, Some("checkout"), Some(("probe", "front door")), 1.84),
        series(8, Metric::QueueOldestAge, Some("checkout"), Some(("queue", "mail")), 4.2),
        series(9, Metric::JobLate, Some("checkout"), Some(("job", "nightly-invoices")), 0.0),
        series(10, Metric::CertificateExpires, Some("checkout"), Some(("probe", "front door")), 5_184_000.0),
        series(11, Metric::Uptime, None, None, 8_640_000.0),
    ];
    if fire {
        let last = &mut series_list[7];
        (last.value, last.text, last.quality) =
            (None, "unknown: connection refused".into(), Quality::Unknown);
    }
    NodeDetail {
        row: row(if fire { 3 } else { 1 }, if fire { Health::Failing } else { Health::Healthy }),
        os: "Debian GNU/Linux 12 (bookworm)".into(),
        kernel: "6.1.0-28-amd64".into(),
        cores: 4,
        memory_bytes: 16_777_216_000,
        enrolled_at: ago(900_000),
        interval_seconds: 15.0,
        dropped_reports: 0,
        services: services(fire),
        series: series_list,
        alerts: if fire { alerts() } else { Vec::new() },
    }
}

pub(crate) fn histories(node: &NodeDetail) -> Vec<History> {
    let wanted = super::pages::main_series(node);
    let of = |id: &str| node.series.iter().find(|series| series.id == id).cloned();
    wanted
        .into_iter()
        .filter_map(of)
        .map(|series| {
            let objective = (series.metric == Metric::ProbeDuration).then_some(1.0);
            history(series, objective)
        })
        .collect()
}
