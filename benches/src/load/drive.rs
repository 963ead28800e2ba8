//! Drives connections as fast as their answers come, with a bound on how many requests are under way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use eavip_core::id::NodeId;
use eavip_core::wire::v1::Reply;
use tokio::sync::Semaphore;

use super::agents::Agent;
use super::measure::Latencies;
use super::tape::{self, EPOCH, Tape};

/// How hard to push.
#[derive(Debug, Clone, Copy)]
pub struct Push {
    /// For how long.
    pub time: Duration,
    /// Requests under way at the same time.
    pub in_flight: usize,
}

/// What one agent's reports came to.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// The agent.
    pub node: NodeId,
    /// Which tape it sent.
    pub tape: usize,
    /// The last number that was sent.
    pub sent: u64,
    /// The last number that was acknowledged.
    pub acknowledged: u64,
}

/// What a push came to.
#[derive(Debug, Default)]
pub struct Pushed {
    /// Each agent's part.
    pub agents: Vec<Sent>,
    /// How long acknowledgements took.
    pub latencies: Latencies,
    /// How long it took in all.
    pub took: Duration,
}

/// The request line and headers of a batch.
#[must_use]
pub fn reports_head(server: SocketAddr) -> String {
    format!(
        "POST /agent/v1/reports HTTP/1.1\r\nhost: {server}\r\ncontent-type: application/json\r\ncontent-encoding: zstd\r\n"
    )
}

/// Whether an answer acknowledges everything up to `last`.
///
/// # Errors
/// What it says instead.
pub fn acknowledged(status: u16, body: &[u8], last: u64) -> anyhow::Result<()> {
    if status != 200 {
        bail!("a batch was answered with {status}: {}", String::from_utf8_lossy(body));
    }
    let reply: Reply = serde_json::from_slice(body)?;
    ensure!(
        reply.epoch == EPOCH && reply.acknowledged == last,
        "report {last} was sent and {} of epoch {} acknowledged",
        reply.acknowledged,
        reply.epoch
    );
    Ok(())
}

/// Lets every agent send its tape until the time is over. Against a floor that reads nothing, `check` is off.
///
/// # Errors
/// The first refusal, or a tape that was too short.
pub async fn push(
    agents: &[Agent],
    tapes: &Arc<Vec<Tape>>,
    push: Push,
    check: bool,
) -> anyhow::Result<Pushed> {
    let places = Arc::new(Semaphore::new(push.in_flight));
    let mut links = Vec::with_capacity(agents.len());
    for agent in agents {
        links.push(agent.connect().await?);
    }
    let begun = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for (at, (agent, mut link)) in agents.iter().cloned().zip(links).enumerate() {
        let (tapes, places) = (Arc::clone(tapes), Arc::clone(&places));
        running.spawn(async move {
            let number = at % tapes.len().max(1);
            let mut part = Sent { node: agent.node, tape: number, sent: 0, acknowledged: 0 };
            let tape = tapes.get(number).context("there is no tape")?;
            let (head, first) = (reports_head(agent.server), tape::head(agent.node)?);
            let mut latencies = Latencies::default();
            // What isn't checked needs no end: a floor can take a tape many times over.
            let batches = tape.batches.len();
            for at in 0..if check { batches } else { usize::MAX } {
                let batch = tape.batches.get(at % batches).context("the tape is empty")?;
                let last = (at / batches * tape.reports()) as u64 + batch.last;
                let _place = places.acquire().await?;
                if begun.elapsed() >= push.time {
                    return anyhow::Ok((part, latencies));
                }
                let since = Instant::now();
                part.sent = last;
                let answer = link.exchange(&head, &[&first, &batch.frame]).await?;
                latencies.note(since);
                if check {
                    acknowledged(answer.status, answer.body, batch.last)?;
                }
                part.acknowledged = last;
            }
            bail!("the tape of {} reports was too short", tape.reports())
        });
    }
    let mut pushed = Pushed::default();
    while let Some(ended) = running.join_next().await {
        let (part, latencies) = ended??;
        pushed.agents.push(part);
        pushed.latencies.merge(latencies);
    }
    pushed.took = begun.elapsed();
    Ok(pushed)
}

impl Pushed {
    /// Reports that were acknowledged.
    #[must_use]
    pub fn reports(&self) -> u64 {
        self.agents.iter().map(|part| part.acknowledged).sum()
    }
}
