//! `load fleet`: a large fleet that reports at its interval, each agent over its own connection.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use super::agents::{self, Agent};
use super::drive::{Sent, acknowledged, reports_head};
use super::measure::{Latencies, Usage, load_average, mib};
use super::oracle;
use super::product::Product;
use super::tape::{self, INTERVAL, Tape};

/// Different contents that agents send.
const TAPES: u32 = 8;
/// Handshakes under way at the same time while the fleet connects.
const CONNECTING: usize = 32;
/// An acknowledgement later than this counts as late: no agent would have reported again by then.
const LATE: Duration = Duration::from_secs(15);

/// A fleet at its interval of 15 seconds.
#[derive(Debug, Clone, Args)]
pub struct Fleet {
    /// Simulated agents, each with its own certificate and connection.
    #[arg(long, default_value_t = 10_000)]
    agents: usize,
    /// For how long, in minutes.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
}

/// One agent's run.
struct Ran {
    part: Sent,
    latencies: Latencies,
    reconnects: u64,
    late: u64,
}

/// Runs it in a directory.
///
/// # Errors
/// When something can't be started, or what was acknowledged isn't there.
pub async fn run(fleet: &Fleet, dir: &Path) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let product = Product::start(&dir.join("fleet")).await?;
    let begun = Instant::now();
    let agents = agents::enrol(&product, fleet.agents).await?;
    let enrolled = begun.elapsed();
    let ticks = usize::try_from(fleet.minutes * 60_000 / INTERVAL.as_millis())?;
    let first = eavip_agent::clock::now();
    let tapes: anyhow::Result<Vec<Tape>> =
        (0..TAPES).map(|variant| Tape::record(variant, first, ticks, 1)).collect();
    let tapes = Arc::new(tapes?);
    let (server, own) = (product.usage()?, Usage::of(std::process::id())?);
    let begun = Instant::now();
    let ran = report(&agents, &tapes).await?;
    let took = begun.elapsed();
    let (server, own) = (product.usage()?.since(server), Usage::of(std::process::id())?.since(own));
    let (shown, stopping) = (nodes(&product).await?, Instant::now());
    let data = product.stop().await?;
    let stopped = stopping.elapsed();
    let mut latencies = Latencies::default();
    let (mut parts, mut reconnects, mut late) = (Vec::new(), 0, 0);
    for one in ran {
        parts.push(one.part);
        latencies.merge(one.latencies);
        (reconnects, late) = (reconnects + one.reconnects, late + one.late);
    }
    let found = oracle::check(&data, &parts, &tapes)?;
    let (sent, acknowledged) =
        parts.iter().fold((0, 0), |(sent, acked), part| (sent + part.sent, acked + part.acknowledged));
    let [p50, p90, p99, max] = latencies.summary();
    writeln!(out, "| what | figure |\n|---|---|")?;
    writeln!(out, "| agents, each enrolled by a join token of its own | {} |", agents.len())?;
    writeln!(out, "| enrolling them | {:.1} s |", enrolled.as_secs_f64())?;
    writeln!(out, "| interval, time | {INTERVAL}, {:.1} min |", took.as_secs_f64() / 60.0)?;
    writeln!(out, "| reports sent, acknowledged | {sent}, {acknowledged} |")?;
    writeln!(out, "| in the log after the server stopped | {} |", found.stored)?;
    writeln!(out, "| **lost, doubled, wrong** | **{}, {}, {}** |", found.lost, found.doubled, found.wrong)?;
    writeln!(out, "| connections made again, acknowledgements later than 15 s | {reconnects}, {late} |")?;
    writeln!(
        out,
        "| acknowledgement after the planned moment: p50, p90, p99, max | {p50:.1}, {p90:.1}, {p99:.1}, {max:.1} ms |"
    )?;
    writeln!(out, "| overview at the end: nodes, silent | {}, {} |", shown.0, shown.1)?;
    writeln!(out, "| server: CPU | {:.1} % of a core |", percent(server, took))?;
    writeln!(out, "| server: memory now, peak | {:.0}, {:.0} MiB |", mib(server.rss), mib(server.peak))?;
    writeln!(out, "| server: written | {:.1} MiB/s |", mib(server.written) / took.as_secs_f64())?;
    writeln!(out, "| server: stopping, with its last checkpoint | {:.1} s |", stopped.as_secs_f64())?;
    writeln!(out, "| load program: CPU | {:.1} % of a core |", percent(own, took))?;
    writeln!(out, "| load average at the end | {:.1} |", load_average())?;
    anyhow::ensure!(found.is_clean() && sent == acknowledged, "not every report is there once");
    Ok(())
}

fn percent(usage: Usage, took: Duration) -> f64 {
    usage.cpu.as_secs_f64() * 100.0 / took.as_secs_f64()
}

/// How many nodes the overview knows, and how many of them are silent.
async fn nodes(product: &Product) -> anyhow::Result<(u64, u64)> {
    let overview = product.api().await?.ask("GET", "/api/v1/overview", None).await?;
    let number = |name: &str| overview.pointer(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
    Ok((number("/now/nodes"), number("/now/silent_nodes")))
}

/// Connects all, then lets each report at its own phase of the interval.
async fn report(agents: &[Agent], tapes: &Arc<Vec<Tape>>) -> anyhow::Result<Vec<Ran>> {
    let connecting = Arc::new(Semaphore::new(CONNECTING));
    let interval = Duration::from_millis(INTERVAL.as_millis());
    let gate = tokio::sync::watch::Sender::new(None::<Instant>);
    let mut running = tokio::task::JoinSet::new();
    let ready = Arc::new(Semaphore::new(0));
    for (at, agent) in agents.iter().cloned().enumerate() {
        let (tapes, connecting, ready) = (Arc::clone(tapes), Arc::clone(&connecting), Arc::clone(&ready));
        let mut gate = gate.subscribe();
        let phase = interval.mul_f64(at as f64 / agents.len() as f64);
        running.spawn(async move {
            let place = connecting.acquire().await?;
            let link = agent.connect().await?;
            drop(place);
            ready.add_permits(1);
            let start = gate.wait_for(Option::is_some).await?.context("no start")?;
            one(&agent, link, at % tapes.len().max(1), &tapes, start + phase, interval).await
        });
    }
    // A connection that can't be made ends its task without a permit; the task says why.
    tokio::select! {
        all = ready.acquire_many(u32::try_from(agents.len())?) => drop(all?),
        Some(ended) = running.join_next() => {
            ended??;
        }
    }
    gate.send_replace(Some(Instant::now()));
    let mut ran = Vec::with_capacity(agents.len());
    while let Some(ended) = running.join_next().await {
        ran.push(ended??);
    }
    Ok(ran)
}

type Tls = super::link::Link<tokio_rustls::client::TlsStream<tokio::net::TcpStream>>;

async fn one(
    agent: &Agent,
    mut link: Tls,
    number: usize,
    tapes: &[Tape],
    start: Instant,
    interval: Duration,
) -> anyhow::Result<Ran> {
    let tape = tapes.get(number).context("there is no tape")?;
    let (head, first) = (reports_head(agent.server), tape::head(agent.node)?);
    let part = Sent { node: agent.node, tape: number, sent: 0, acknowledged: 0 };
    let mut ran = Ran { part, latencies: Latencies::default(), reconnects: 0, late: 0 };
    for (tick, batch) in tape.batches.iter().enumerate() {
        let planned = start + interval * u32::try_from(tick)?;
        sleep_until(planned).await;
        ran.part.sent = batch.last;
        loop {
            match link.exchange(&head, &[&first, &batch.frame]).await {
                Ok(answer) if answer.status != 503 => {
                    acknowledged(answer.status, answer.body, batch.last)?;
                    break;
                }
                // Busy, or the connection is gone: like an agent, come again with the same reports.
                Ok(_) => tokio::time::sleep(Duration::from_secs(2)).await,
                Err(_) => {
                    ran.reconnects += 1;
                    link = agent.connect().await?;
                }
            }
        }
        ran.part.acknowledged = batch.last;
        ran.latencies.note(planned.into_std());
        ran.late += u64::from(planned.elapsed() > LATE);
    }
    Ok(ran)
}
