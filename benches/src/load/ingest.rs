//! `load ingest`: how many reports a second become durable, beside the bare floor and the peers.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use eavip_core::time::Span;

use super::agents::{self, Agent};
use super::bare;
use super::drive::{self, Push, Pushed};
use super::measure::{Usage, load_average, machine_cpu, mib};
use super::oracle;
use super::peers::{Peer, Running};
use super::product::Product;
use super::tape::{INTERVAL, Tape};
use crate::READINGS;

/// Different contents that agents send.
const TAPES: u32 = 2;
/// No run is expected to take more reports a second; tapes are this long.
const MOST_A_SECOND: usize = 60_000;

/// Reports as fast as they are acknowledged.
#[derive(Debug, Clone, Args)]
pub struct Ingest {
    /// Simulated agents, each with its own certificate and connection.
    #[arg(long, default_value_t = 32)]
    agents: usize,
    /// Requests under way at the same time.
    #[arg(long, default_value_t = 12)]
    in_flight: usize,
    /// Reports in a request, one figure for each.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 1])]
    reports: Vec<usize>,
    /// How long each figure is measured, in seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Each figure is measured anew, up to so many times, while other programs take more than a tenth of a core from it;
    /// the least disturbed one counts.
    #[arg(long, default_value_t = 3)]
    tries: usize,
    /// Measure the bare floor and the peers too.
    #[arg(long)]
    peers: bool,
}

/// The share of a core that other programs may take from a figure, and the kernel for all.
const QUIET: f64 = 0.1;

/// What the table shows of one run.
struct Row {
    who: String,
    pushed: Pushed,
    server: Usage,
    own: Duration,
    others: Duration,
}

/// Runs it in a directory.
///
/// # Errors
/// When something can't be started, refuses, or what was acknowledged isn't there.
pub async fn run(ingest: &Ingest, dir: &Path) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for reports in &ingest.reports {
        let mut best = Vec::new();
        for round in 0..ingest.tries.max(1) {
            let dir = dir.join(format!("ingest-{reports}-{round}"));
            std::fs::create_dir_all(&dir)?;
            keep_quieter(&mut best, ours(ingest, *reports, &dir).await?);
            std::fs::remove_dir_all(&dir)?;
            if disturbance(&best) < QUIET {
                break;
            }
        }
        rows.append(&mut best);
    }
    for peer in Peer::ALL.into_iter().filter(|_| ingest.peers) {
        let mut best = Vec::new();
        for round in 0..ingest.tries.max(1) {
            let dir = dir.join(format!("{}-{round}", peer.program()));
            let Some(row) = peer_row(ingest, peer, &dir).await? else { break };
            keep_quieter(&mut best, vec![row]);
            if disturbance(&best) < QUIET {
                break;
            }
        }
        rows.append(&mut best);
    }
    show(ingest, &mut rows)
}

fn keep_quieter(best: &mut Vec<Row>, rows: Vec<Row>) {
    if best.is_empty() || disturbance(&rows) < disturbance(best) {
        *best = rows;
    }
}

/// The largest share of a core that others took from one of these.
fn disturbance(rows: &[Row]) -> f64 {
    rows.iter().map(Row::disturbance).fold(0.0, f64::max)
}

impl Row {
    fn disturbance(&self) -> f64 {
        self.others.as_secs_f64() / self.pushed.took.as_secs_f64()
    }
}

/// The product, and its floor with the same agents.
async fn ours(ingest: &Ingest, reports: usize, dir: &Path) -> anyhow::Result<Vec<Row>> {
    let product = Product::start(&dir.join("data")).await?;
    let agents = agents::enrol(&product, ingest.agents).await?;
    let tapes = Arc::new(tapes(ingest, reports)?);
    let what = if reports == 1 { "1 report a request" } else { &format!("{reports} reports a request") };
    let watch = Watch::start(product.pid()?)?;
    let pushed = drive::push(&agents, &tapes, ingest.push(), true).await?;
    let row = watch.row(format!("EAVIP ops, {what}"), pushed)?;
    let data = product.stop().await?;
    let found = oracle::check(&data, &row.pushed.agents, &tapes)?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "- {what}: {} acknowledged, {} in the log, {} lost, {} doubled, {} wrong; others took {:.0} % of a core.",
        row.pushed.reports(),
        found.stored,
        found.lost,
        found.doubled,
        found.wrong,
        row.disturbance() * 100.0
    )?;
    anyhow::ensure!(found.is_clean(), "the log doesn't hold what was acknowledged");
    let mut rows = vec![row];
    if ingest.peers {
        let (mut child, address) = bare::start(&data).await?;
        let agents: Vec<Agent> = agents.iter().map(|agent| agent.at(address)).collect();
        let watch = Watch::start(child.id().unwrap_or_default())?;
        let pushed = drive::push(&agents, &tapes, ingest.push(), false).await?;
        rows.push(watch.row(format!("bare floor, {what}: same TLS, nothing read or kept"), pushed)?);
        child.kill().await?;
    }
    Ok(rows)
}

async fn peer_row(ingest: &Ingest, peer: Peer, dir: &Path) -> anyhow::Result<Option<Row>> {
    let Some(version) = peer.version().await else {
        writeln!(std::io::stdout(), "- `{}` isn't installed: no figure.", peer.program())?;
        return Ok(None);
    };
    let running = Running::start(peer, dir).await?;
    let watch = Watch::start(running.pid()?)?;
    let pushed = running.push(ingest.agents, ingest.push()).await?;
    let row = watch.row(format!("{version}, {READINGS} samples a remote write, no TLS, no sync"), pushed)?;
    running.stop().await?;
    std::fs::remove_dir_all(dir)?;
    Ok(Some(row))
}

impl Ingest {
    fn push(&self) -> Push {
        Push { time: Duration::from_secs(self.seconds), in_flight: self.in_flight }
    }
}

fn tapes(ingest: &Ingest, reports: usize) -> anyhow::Result<Vec<Tape>> {
    let seconds = usize::try_from(ingest.seconds)?;
    let batches = MOST_A_SECOND * seconds / ingest.agents.max(1) / reports.max(1) + 1;
    let span = Span::from_millis(INTERVAL.as_millis() * (batches * reports) as u64);
    let start = eavip_agent::clock::now() - span;
    (0..TAPES).map(|variant| Tape::record(variant, start, batches, reports)).collect()
}

/// What the processes had used when a run began.
struct Watch {
    pid: u32,
    server: Usage,
    own: Usage,
    machine: Duration,
}

impl Watch {
    fn start(pid: u32) -> anyhow::Result<Self> {
        let own = Usage::of(std::process::id())?;
        Ok(Self { pid, server: Usage::of(pid)?, own, machine: machine_cpu()? })
    }

    fn row(self, who: String, pushed: Pushed) -> anyhow::Result<Row> {
        let server = Usage::of(self.pid)?.since(self.server);
        let own = Usage::of(std::process::id())?.since(self.own).cpu;
        let others = (machine_cpu()?.saturating_sub(self.machine)).saturating_sub(server.cpu + own);
        Ok(Row { who, pushed, server, own, others })
    }
}

fn show(ingest: &Ingest, rows: &mut [Row]) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(
        out,
        "\n{} agents with a connection each, {} requests under way at most, {} s each. Load average at the end: {:.1}.\n",
        ingest.agents,
        ingest.in_flight,
        ingest.seconds,
        load_average()
    )?;
    writeln!(
        out,
        "| what | reports/s | readings/s | against the first | p50 ms | p90 ms | p99 ms | max ms | server CPU µs a report | load program CPU µs a report | others' CPU, % of a core | server RSS MiB (peak) | written MiB/s |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|---|---|")?;
    let mut first = None;
    for row in rows {
        let disturbed = row.disturbance() * 100.0;
        let Row { who, pushed, server, own, .. } = row;
        let (took, reports) = (pushed.took.as_secs_f64(), pushed.reports() as f64);
        let [p50, p90, p99, max] = pushed.latencies.summary();
        let rate = reports / took;
        let ratio = rate / *first.get_or_insert(rate);
        writeln!(
            out,
            "| {who} | {rate:.0} | {:.0} | {ratio:.2} | {p50:.1} | {p90:.1} | {p99:.1} | {max:.1} | {:.1} | {:.1} | {:.0} | {:.0} ({:.0}) | {:.1} |",
            rate * READINGS as f64,
            server.cpu.as_secs_f64() * 1e6 / reports,
            own.as_secs_f64() * 1e6 / reports,
            disturbed,
            mib(server.rss),
            mib(server.peak),
            mib(server.written) / took,
        )?;
    }
    Ok(())
}
