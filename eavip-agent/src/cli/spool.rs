//! `spool show`, `flush` and `export`: for an agent that doesn't run, because the spool has one user at a time.

use std::io::Write;
use std::sync::Arc;

use crate::agent::{spool_dir, spool_limits};
use crate::config::Config;
use crate::enrol;
use crate::identity::StateDir;
use crate::push::{Pusher, Step};
use crate::{clock, spool};
use clap::Subcommand;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::failure::Failure;
use super::output::{Format, one, talk};
use super::{Settings, exit};

/// Reports exported at a time: bounds memory.
const PAGE: usize = 100;
const PAGE_BYTES: usize = 4 << 20;

#[derive(Debug, Subcommand)]
pub(crate) enum Spool {
    /// Say what waits
    Show {
        /// How to print
        #[arg(short, long, value_enum, default_value_t)]
        output: Format,
    },
    /// Push what waits, once, without collecting
    Flush,
    /// Write what waits as JSON lines; it stays in the spool
    Export,
}

impl Spool {
    pub(crate) async fn run(self, settings: &Settings, out: &mut impl Write) -> Result<u8, Failure> {
        let config = settings.load()?;
        let state = StateDir::open(&config.state_dir)?;
        match self {
            Self::Show { output } => show(output, &open(&config)?, out),
            Self::Export => export(&open(&config)?, out),
            Self::Flush => flush(&state, open(&config)?).await,
        }
    }
}

fn open(config: &Config) -> Result<spool::Spool, Failure> {
    let dir = spool_dir(&config.state_dir);
    if !dir.exists() {
        return Err(Failure::new(exit::NOT_FOUND, NoSpool { dir: dir.display().to_string() }));
    }
    Ok(spool::Spool::open(&dir, spool_limits(config), clock::now_ms())?.0)
}

#[derive(Debug, thiserror::Error)]
#[error("there is no spool in `{dir}`; the agent makes it when it first runs")]
struct NoSpool {
    dir: String,
}

fn show(format: Format, spool: &spool::Spool, out: &mut impl Write) -> Result<u8, Failure> {
    let (pending, bytes) = spool.backlog();
    let (last, acknowledged) = (spool.last(), spool.acknowledged());
    let dropped: u64 = spool.drops().iter().map(|range| range.count).sum();
    let rows = [
        ("pending", pending.to_string()),
        ("bytes", bytes.to_string()),
        ("epoch", last.epoch.to_string()),
        ("last", last.seq.to_string()),
        ("acknowledged", acknowledged.seq.to_string()),
        ("dropped, untold", dropped.to_string()),
    ];
    let value = serde_json::json!({
        "pending": pending, "bytes": bytes, "epoch": last.epoch, "last": last.seq,
        "acknowledged": acknowledged.seq, "dropped_untold": dropped,
    });
    one(out, format, &rows, &value)?;
    Ok(exit::OK)
}

#[derive(Serialize)]
struct Line<'a> {
    epoch: u64,
    seq: u64,
    body: &'a RawValue,
}

fn export(spool: &spool::Spool, out: &mut impl Write) -> Result<u8, Failure> {
    let mut after = None;
    let mut left_out = 0_u64;
    loop {
        let page = spool.pending_after(after, PAGE, PAGE_BYTES)?;
        let Some(last) = page.last().map(|entry| entry.number) else { break };
        for entry in &page {
            let Ok(body) = serde_json::from_slice::<&RawValue>(&entry.body) else {
                left_out += 1;
                continue;
            };
            let line = Line { epoch: entry.number.epoch, seq: entry.number.seq, body };
            writeln!(out, "{}", serde_json::to_string(&line).map_err(std::io::Error::from)?)?;
        }
        after = Some(last);
    }
    if left_out > 0 {
        talk(&format!("{left_out} entries aren't JSON and were left out"));
        return Ok(exit::FINDINGS);
    }
    Ok(exit::OK)
}

async fn flush(state: &StateDir, spool: spool::Spool) -> Result<u8, Failure> {
    let identity = state.identity()?;
    let credentials = identity.credentials().map_err(enrol::EnrolError::Tls)?;
    let client = enrol::agent_client(&credentials)?;
    let spool = Arc::new(spool);
    let servers = watch::Sender::new(identity.servers.agents.clone());
    let mut pusher = Pusher::new(identity.node, Arc::clone(&spool), client, servers.subscribe());
    let step = loop {
        match pusher.step().await {
            Step::More => {}
            step => break step,
        }
    };
    let (pending, _) = spool.backlog();
    if step == Step::Idle || pending == 0 {
        talk("everything is delivered");
        return Ok(exit::OK);
    }
    let status = pusher.status().borrow().clone();
    talk(&format!("{pending} reports still wait; {}: {}", status.state.as_str(), status.reason));
    Ok(exit::UNREACHABLE)
}
