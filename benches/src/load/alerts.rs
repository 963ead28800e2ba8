//! Alerts by Alertmanager's API, against Debian's Alertmanager in the same run: how many are accepted a second, how long
//! one takes to its webhook, and what becomes of a storm. Ours are on disk before they are acknowledged, Alertmanager's in
//! memory.

#![allow(clippy::print_stdout, reason = "the page that is measured")]

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::link::Link;
use super::measure::{Latencies, Usage, load_average, mib};
use super::product::{Product, terminate};

/// Alerts in one push, as Prometheus sends them.
const BATCH: usize = 64;
/// Different alerts.
const DISTINCT: usize = 10_000;
/// Connections that push.
const CONNECTIONS: usize = 8;
/// How long Alertmanager may take to answer after its start.
const READY: Duration = Duration::from_secs(30);

/// What to run.
#[derive(Debug, clap::Args)]
pub struct Alerts {
    /// How long alerts are pushed, each time
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often each is measured, in turn; 0 leaves that out
    #[arg(long, default_value_t = 3)]
    tries: usize,
    /// Only the storm
    #[arg(long)]
    storm: bool,
}

/// A webhook that keeps when the first message about each alert came, and how many messages there were.
#[derive(Debug, Clone, Default)]
struct Hook(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    /// Names of alerts with the moment of the first message about each.
    first: std::collections::HashMap<String, Instant>,
    messages: usize,
    last: Option<Instant>,
}

impl Hook {
    async fn listen(&self) -> anyhow::Result<SocketAddr> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/hook", post(hear)).with_state(self.clone());
        // Ends with the process.
        drop(tokio::spawn(async move { axum::serve(listener, router).await }));
        Ok(address)
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn hear(State(hook): State<Hook>, body: bytes::Bytes) -> StatusCode {
    let now = Instant::now();
    let Ok(told) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
    let alerts = told.pointer("/data/alerts").or_else(|| told.get("alerts")).and_then(Value::as_array);
    let mut heard = hook.heard();
    for alert in alerts.into_iter().flatten() {
        let name = alert.pointer("/labels/instance").and_then(Value::as_str).unwrap_or_default();
        heard.first.entry(name.to_owned()).or_insert(now);
    }
    heard.messages += 1;
    heard.last = Some(now);
    StatusCode::OK
}

/// A server that takes alerts.
struct Target {
    name: &'static str,
    child: Running,
    address: SocketAddr,
    head: String,
}

enum Running {
    Alertmanager(Child),
    Product(Product),
}

impl Target {
    async fn alertmanager(dir: &Path, hook: SocketAddr) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let config = dir.join("alertmanager.yml");
        let text = format!(
            "route:\n  receiver: hook\n  group_by: [alertname]\n  group_wait: 0s\n  group_interval: 1s\n\
             receivers:\n- name: hook\n  webhook_configs:\n  - url: http://{hook}/hook\n"
        );
        std::fs::write(&config, text)?;
        let log = std::fs::File::create(dir.join("log"))?;
        let child = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", dir.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--cluster.listen-address=", "--log.level=error"])
            .stdout(log.try_clone()?)
            .stderr(log)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let begun = Instant::now();
        while !is_ready(address).await {
            ensure!(begun.elapsed() < READY, "Alertmanager doesn't answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let head = head(address, "");
        Ok(Self { name: "Alertmanager", child: Running::Alertmanager(child), address, head })
    }

    async fn product(dir: &Path, hook: SocketAddr) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let (runbook, config, key) = (dir.join("runbook.toml"), dir.join("server.toml"), dir.join("key"));
        let text = "[[owner]]\nmatch = { owner = \"platform-operations\" }\nteam = \"platform-operations\"\n\
             runbook = \"disk-full\"\n[[route]]\nreceivers = [\"hook\"]\ngroup_by = [\"alertname\"]\n\
             group_wait = \"0s\"\ngroup_interval = \"1s\"\n[noise]\nflood_over = 1000000\n";
        std::fs::write(&runbook, text)?;
        std::fs::write(&key, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
        std::os::unix::fs::PermissionsExt::set_mode(&mut std::fs::metadata(&key)?.permissions(), 0o600);
        let text = format!(
            "runbook = {runbook:?}\n[receiver.hook]\nurl = \"http://{hook}/hook\"\nsecret = {{ file = {key:?} }}\n"
        );
        std::fs::write(&config, text)?;
        let product = Product::with_config(&dir.join("data"), Some(&config)).await?;
        let head = head(product.web, &format!("authorization: Bearer {}\r\n", product.token()));
        Ok(Self { name: "EAVIP ops", address: product.web, child: Running::Product(product), head })
    }

    fn usage(&self) -> anyhow::Result<Usage> {
        match &self.child {
            Running::Alertmanager(child) => Usage::of(child.id().context("it ended")?),
            Running::Product(product) => product.usage(),
        }
    }

    async fn stop(self) -> anyhow::Result<()> {
        match self.child {
            Running::Alertmanager(mut child) => terminate(&mut child).await,
            Running::Product(product) => product.stop().await.map(drop),
        }
    }

    async fn push(&self, link: &mut Link<tokio::net::TcpStream>, body: &[u8]) -> anyhow::Result<()> {
        let answer = link.exchange(&self.head, &[body]).await?;
        let told = || String::from_utf8_lossy(answer.body);
        ensure!(answer.status == 200, "{} gave {}: {}", self.name, answer.status, told());
        Ok(())
    }
}

fn head(address: SocketAddr, more: &str) -> String {
    format!("POST /api/v2/alerts HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n{more}")
}

async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut link) = Link::plain(address).await else { return false };
    let head = format!("GET /-/ready HTTP/1.1\r\nhost: {address}\r\n");
    link.exchange(&head, &[]).await.is_ok_and(|answer| answer.status == 200)
}

/// An alert as Prometheus sends it.
fn alert(name: &str, instance: usize) -> Value {
    json!({
        "labels": {
            "alertname": name, "instance": format!("node-{instance:05}.eu.example.org:9100"), "job": "node",
            "severity": "warning", "owner": "platform-operations", "cluster": "eu-central-1",
        },
        "annotations": {
            "summary": format!("the disk of node-{instance:05} is nearly full"),
            "description": "/var has less than 5 % left for 15 minutes",
            "runbook_url": "https://wiki.example.org/runbooks/disk-full",
        },
        "startsAt": "2026-01-31T13:05:00.123Z",
        "endsAt": "2099-01-31T13:09:00.123Z",
        "generatorURL": "http://prometheus.example.org:9090/graph?g0.expr=node_filesystem_avail_bytes&g0.tab=1",
    })
}

fn batches(name: impl Fn(usize) -> String) -> Vec<Vec<u8>> {
    let all: Vec<Value> = (0..DISTINCT).map(|n| alert(&name(n), n)).collect();
    all.chunks(BATCH).map(|batch| Value::from(batch.to_vec()).to_string().into_bytes()).collect()
}

/// Pushes the same alerts over and over; how many were accepted a second.
async fn accepted(target: &Arc<Target>, time: Duration) -> anyhow::Result<f64> {
    let bodies = Arc::new(batches(|_| "DiskNearlyFull".to_owned()));
    let begun = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let (target, bodies) = (Arc::clone(target), Arc::clone(&bodies));
        running.spawn(async move {
            let mut link = Link::plain(target.address).await?;
            let mut pushed = 0;
            for body in bodies.iter().cycle().skip(connection * bodies.len() / CONNECTIONS) {
                if begun.elapsed() >= time {
                    break;
                }
                target.push(&mut link, body).await?;
                pushed += 1;
            }
            anyhow::Ok(pushed)
        });
    }
    let mut pushed = 0;
    while let Some(ended) = running.join_next().await {
        pushed += ended??;
    }
    Ok((pushed * BATCH) as f64 / begun.elapsed().as_secs_f64())
}

/// A thousand alerts a minute, each of its own group: how long each takes from its push to the webhook.
async fn to_webhook(target: &Target, hook: &Hook, time: Duration) -> anyhow::Result<[f64; 4]> {
    const EVERY: Duration = Duration::from_millis(60);
    let mut link = Link::plain(target.address).await?;
    let (begun, mut sent) = (Instant::now(), Vec::new());
    let mut tick = tokio::time::interval(EVERY);
    while begun.elapsed() < time {
        tick.tick().await;
        let number = 20_000 + sent.len();
        let alert = alert(&format!("Single{number}"), number);
        let name = alert.pointer("/labels/instance").and_then(Value::as_str).unwrap_or_default().to_owned();
        let body = Value::from(vec![alert]).to_string();
        sent.push((name, Instant::now()));
        target.push(&mut link, body.as_bytes()).await?;
    }
    until(Duration::from_secs(30), || sent.iter().all(|(name, _)| hook.heard().first.contains_key(name)))
        .await
        .context("not every alert reached the webhook")?;
    let mut latencies = Latencies::default();
    for (name, at) in &sent {
        let heard = hook.heard().first.get(name).copied().unwrap_or(*at);
        latencies.took(heard.saturating_duration_since(*at));
    }
    Ok(latencies.summary())
}

/// Ten thousand alerts in ten seconds, of ten groups: messages sent, alerts told, and how long it took after the last push.
async fn storm(target: &Target, hook: &Hook) -> anyhow::Result<(usize, usize, Duration)> {
    let bodies = batches(|n| format!("Storm{}", n % 10));
    let each = Duration::from_secs(10) / u32::try_from(bodies.len())?;
    let mut link = Link::plain(target.address).await?;
    let before = hook.heard().messages;
    let mut tick = tokio::time::interval(each);
    for body in &bodies {
        tick.tick().await;
        target.push(&mut link, body).await?;
    }
    let pushed = Instant::now();
    let told = || hook.heard().first.len();
    let all = until(Duration::from_secs(120), || told() >= DISTINCT).await;
    // What is missing after that time is missing from the figure.
    drop(all);
    let heard = hook.heard();
    let drained = heard.last.unwrap_or(pushed).saturating_duration_since(pushed);
    Ok((heard.messages - before, heard.first.len(), drained))
}

async fn until(most: Duration, done: impl Fn() -> bool) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !done() {
        ensure!(begun.elapsed() < most, "it took longer than {most:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Runs all three and prints the page.
///
/// # Errors
/// When a server doesn't start or refuses something.
pub async fn run(alerts: &Alerts, dir: &Path) -> anyhow::Result<()> {
    let started = load_average();
    if !alerts.storm {
        measure_accepted(alerts, dir).await?;
        measure_to_webhook(alerts, dir).await?;
    }
    measure_storm(dir).await?;
    println!("\nLoad average: {started:.1} at the start, {:.1} at the end.", load_average());
    Ok(())
}

async fn measure_accepted(alerts: &Alerts, dir: &Path) -> anyhow::Result<()> {
    let time = Duration::from_secs(alerts.seconds);
    println!(
        "| accepted in batches of {BATCH}, {DISTINCT} different alerts, {CONNECTIONS} connections | alerts/s | memory (MiB) |"
    );
    println!("|---|---:|---:|");
    let mut best = [0.0_f64; 2];
    for round in 0..alerts.tries {
        for peer in [true, false] {
            let hook = Hook::default().listen().await?;
            let target = Arc::new(target(peer, &dir.join(format!("accept-{round}-{peer}")), hook).await?);
            let rate = accepted(&target, time).await?;
            let usage = target.usage()?;
            println!("| {} | {rate:.0} | {:.0} |", target.name, mib(usage.rss));
            let slot = best.get_mut(usize::from(!peer)).context("there are two")?;
            *slot = slot.max(rate);
            Arc::into_inner(target).context("a push still runs")?.stop().await?;
        }
    }
    let [peer, ours] = best;
    println!(
        "\nBest of {}: ours, fsynced, accepts **{:.2}** times what Alertmanager accepts in memory.\n",
        alerts.tries,
        ours / peer
    );
    Ok(())
}

async fn measure_to_webhook(alerts: &Alerts, dir: &Path) -> anyhow::Result<()> {
    let time = Duration::from_secs(alerts.seconds.max(30));
    println!("| from push to webhook at 1,000 alerts/min, ms | p50 | p90 | p99 | max |");
    println!("|---|---:|---:|---:|---:|");
    for peer in [true, false] {
        let hook = Hook::default();
        let target = target(peer, &dir.join(format!("latency-{peer}")), hook.listen().await?).await?;
        let [p50, p90, p99, max] = to_webhook(&target, &hook, time).await?;
        println!("| {} | {p50:.0} | {p90:.0} | {p99:.0} | {max:.0} |", target.name);
        target.stop().await?;
    }
    Ok(())
}

async fn measure_storm(dir: &Path) -> anyhow::Result<()> {
    println!(
        "\n| {DISTINCT} alerts of 10 groups in 10 s | messages | alerts told | drained after (s) | memory (MiB) |"
    );
    println!("|---|---:|---:|---:|---:|");
    for peer in [true, false] {
        let hook = Hook::default();
        let target = target(peer, &dir.join(format!("storm-{peer}")), hook.listen().await?).await?;
        let (messages, told, drained) = storm(&target, &hook).await?;
        let usage = target.usage()?;
        println!(
            "| {} | {messages} | {told} | {:.1} | {:.0} |",
            target.name,
            drained.as_secs_f64(),
            mib(usage.rss)
        );
        target.stop().await?;
    }
    Ok(())
}

async fn target(peer: bool, dir: &Path, hook: SocketAddr) -> anyhow::Result<Target> {
    if peer { Target::alertmanager(dir, hook).await } else { Target::product(dir, hook).await }
}
