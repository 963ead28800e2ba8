//! `load start`: from the start of the process to this host's own readings, and from a reading to whoever asks for it.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Args;
use eavip_core::id::Digest128;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use serde_json::Value;

use super::agents;
use super::drive::{acknowledged, reports_head};
use super::measure::load_average;
use super::product::{Api, Product};
use super::tape::{self, EPOCH};
use crate::report;

/// How often the API is asked: what the figures are accurate to.
const ASK: Duration = Duration::from_millis(5);
/// When to give up.
const PATIENCE: Duration = Duration::from_secs(60);
/// The golden signals.
const SIGNALS: usize = 5;

/// How soon things can be seen.
#[derive(Debug, Clone, Args)]
pub struct Start {
    /// Starts that are measured.
    #[arg(long, default_value_t = 5)]
    times: usize,
    /// Readings that are measured.
    #[arg(long, default_value_t = 50)]
    readings: usize,
}

/// Runs it in a directory.
///
/// # Errors
/// When something can't be started or is never shown.
pub async fn run(start: &Start, dir: &Path) -> anyhow::Result<()> {
    let (mut link, mut host, mut signals) = (Vec::new(), Vec::new(), Vec::new());
    let mut shown = Vec::new();
    for time in 0..start.times {
        let product = Product::start(&dir.join(format!("start-{time}"))).await?;
        link.push(product.started.elapsed());
        let mut api = product.api().await?;
        host.push(until(&mut api, product.started, "/api/v1/overview", has_node).await?);
        signals.push(until(&mut api, product.started, "/api/v1/overview", has_signals).await?);
        if time + 1 == start.times {
            shown = readings(&product, start.readings).await?;
        }
        product.stop().await?;
    }
    let mut out = std::io::stdout();
    writeln!(out, "{} starts over an empty directory, {} readings.\n", start.times, start.readings)?;
    writeln!(
        out,
        "Load average at the end: {:.1}.\n\n| what | least | middle | most |\n|---|---|---|---|",
        load_average()
    )?;
    line("process start to the sign-in link", &mut link)?;
    line("process start to an overview with this host's readings", &mut host)?;
    line("process start to an overview with all five golden signals measured", &mut signals)?;
    line("an agent's report sent to its reading in the API", &mut shown)
}

fn line(what: &str, times: &mut [Duration]) -> anyhow::Result<()> {
    times.sort_unstable();
    let at = |at: usize| times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    let (least, middle, most) = (at(0), at(times.len() / 2), at(times.len().saturating_sub(1)));
    Ok(writeln!(std::io::stdout(), "| {what} | {least:.0} ms | {middle:.0} ms | {most:.0} ms |")?)
}

/// Asks until the answer is as wanted; how long that took since `began`.
async fn until(
    api: &mut Api,
    began: Instant,
    path: &str,
    wanted: impl Fn(&Value) -> bool,
) -> anyhow::Result<Duration> {
    loop {
        let answer = api.ask("GET", path, None).await?;
        if wanted(&answer) {
            return Ok(began.elapsed());
        }
        ensure!(began.elapsed() < PATIENCE, "{path} never showed what was waited for: {answer}");
        tokio::time::sleep(ASK).await;
    }
}

fn has_node(overview: &Value) -> bool {
    let seen = overview.pointer("/nodes/0/seen_at");
    seen.is_some_and(|seen| !seen.is_null())
}

fn has_signals(overview: &Value) -> bool {
    let cards = overview.get("signals").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let measured = |card: &&Value| card.get("health").is_some_and(|health| health != "unknown");
    cards.iter().filter(measured).count() == SIGNALS
}

/// Sends reports with one value that nobody sent before, and waits until the API shows it.
async fn readings(product: &Product, count: usize) -> anyhow::Result<Vec<Duration>> {
    let agent = agents::enrol(product, 1).await?.pop().context("no agent")?;
    let (mut link, mut api) = (agent.connect().await?, product.api().await?);
    let (head, first) = (reports_head(agent.server), tape::head(agent.node)?);
    let path = format!("/api/v1/nodes/{}", agent.node);
    let mut times = Vec::with_capacity(count);
    for number in 1..=count {
        let mut body = report(eavip_agent::clock::now()).map_err(|error| anyhow::anyhow!("{error}"))?;
        let marked = Reading::exact(Metric::LoadPerCore, number as f64);
        body.readings.iter_mut().filter(|reading| reading.metric == Metric::LoadPerCore).for_each(
            |reading| {
                reading.clone_from(&marked);
            },
        );
        let bytes = body.encode()?;
        let digest = Digest128::of([bytes.as_slice()]);
        let text =
            [format!(r#"[{{"seq":{number},"digest":"{digest}","body":"#).as_bytes(), &bytes, b"}]}"].concat();
        let began = Instant::now();
        let answer = link.exchange(&head, &[&first, &zstd::bulk::compress(&text, 1)?]).await?;
        acknowledged(answer.status, answer.body, number as u64)
            .with_context(|| format!("report {number} of epoch {EPOCH}"))?;
        times.push(until(&mut api, began, &path, |node| shows(node, number as f64)).await?);
    }
    Ok(times)
}

fn shows(node: &Value, value: f64) -> bool {
    let series = node.get("series").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let same =
        |series: &&Value| series.get("metric").is_some_and(|metric| metric == Metric::LoadPerCore.as_str());
    series.iter().find(same).and_then(|series| series.get("value")?.as_f64()) == Some(value)
}
