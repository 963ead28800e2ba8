//! `load idle`: what a quickstart and an agent of its own process take when nothing happens.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::measure::{Usage, load_average, mib};
use super::product::{Api, Product, program, terminate};

/// A start has its own costs: what is measured begins after this.
const SETTLE: Duration = Duration::from_secs(20);

/// A server and an agent at rest.
#[derive(Debug, Clone, Args)]
pub struct Idle {
    /// How long it is measured, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Runs it in a directory.
///
/// # Errors
/// When something can't be started.
pub async fn run(idle: &Idle, dir: &Path) -> anyhow::Result<()> {
    let product = Product::start(&dir.join("idle")).await?;
    let mut agent = agent(&mut product.api().await?, &dir.join("agent")).await?;
    let pid = agent.id().context("the agent ended")?;
    tokio::time::sleep(SETTLE).await;
    let before = (product.usage()?, Usage::of(pid)?);
    let time = Duration::from_secs(idle.seconds);
    tokio::time::sleep(time).await;
    let after = [
        ("server of a quickstart, with its agent inside at 5 s", product.usage()?.since(before.0)),
        ("agent of its own process, host collectors, at 15 s", Usage::of(pid)?.since(before.1)),
    ];
    let mut out = std::io::stdout();
    writeln!(out, "Over {} s. Load average at the end: {:.1}.\n", idle.seconds, load_average())?;
    writeln!(out, "| what | RSS MiB | peak MiB | CPU, % of a core | written KiB/s |\n|---|---|---|---|---|")?;
    for (what, usage) in after {
        let (cpu, seconds) = (usage.cpu.as_secs_f64() * 100.0, time.as_secs_f64());
        let (rss, peak) = (mib(usage.rss), mib(usage.peak));
        let written = mib(usage.written) * 1_024.0 / seconds;
        writeln!(out, "| {what} | {rss:.1} | {peak:.1} | {:.2} | {written:.1} |", cpu / seconds)?;
    }
    terminate(&mut agent).await?;
    product.stop().await?;
    Ok(())
}

/// Joins by the command line, as a person would, and runs.
async fn agent(api: &mut Api, state: &Path) -> anyhow::Result<Child> {
    let place = json!({"deployment": "idle", "environment": "production", "mode": "saas"});
    let made = api.ask("POST", "/api/v1/join-tokens", Some(&place)).await?;
    let join = made.get("join").and_then(Value::as_str).context("no join string was made")?;
    let (config, token) = (state.with_extension("toml"), state.with_extension("token"));
    std::fs::write(&config, format!("state_dir = {:?}\ninterval = \"15s\"\n", state.display().to_string()))?;
    std::fs::write(&token, join)?;
    let mut command = Command::new(program("eavip-agent")?);
    command.arg("--config").arg(&config).stdin(Stdio::null()).stdout(Stdio::null());
    let joined = command.arg("join").arg("--token-file").arg(&token).status().await?;
    ensure!(joined.success(), "the agent couldn't join");
    let log = std::fs::File::create(state.with_extension("log"))?;
    let mut command = Command::new(program("eavip-agent")?);
    command.arg("--config").arg(&config).arg("run").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    Ok(command.kill_on_drop(true).spawn()?)
}
