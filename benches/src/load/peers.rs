//! The peers as Debian ships them, each taking remote writes of as many samples as our reports have readings, over as
//! many connections. Neither syncs what it acknowledges, and neither speaks TLS here: both have the easier task.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use eavip_core::time::{Span, Timestamp};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

use super::drive::{Push, Pushed, Sent};
use super::link::Link;
use super::measure::Latencies;
use super::product::terminate;
use super::remote_write::WriteRequest;

/// Time between two samples of a series: many times denser than agents report, so that a short run stays within the
/// first block of either and none compacts.
const STEP: Span = Span::from_millis(100);
/// How long a peer may take to answer after its start.
const READY: Duration = Duration::from_secs(60);

/// A peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Prometheus with its remote write receiver.
    Prometheus,
    /// VictoriaMetrics, single node.
    VictoriaMetrics,
}

impl Peer {
    /// Both.
    pub const ALL: [Self; 2] = [Self::VictoriaMetrics, Self::Prometheus];

    /// Its program.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus",
            Self::VictoriaMetrics => "victoria-metrics",
        }
    }

    /// Its program and the version that Debian's package has; none when it isn't installed.
    pub async fn version(self) -> Option<String> {
        let output = Command::new("dpkg-query").args(["-W", "-f=${Version}", self.program()]).output().await;
        let output = output.ok().filter(|output| output.status.success())?;
        Some(format!("{} {}", self.program(), String::from_utf8_lossy(&output.stdout)))
    }

    async fn start(self, dir: &Path) -> anyhow::Result<(Child, SocketAddr)> {
        std::fs::create_dir_all(dir)?;
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let data = dir.join("data");
        let mut command = Command::new(self.program());
        match self {
            Self::Prometheus => {
                let config = dir.join("empty.yml");
                std::fs::write(&config, "")?;
                command
                    .arg(format!("--config.file={}", config.display()))
                    .arg(format!("--storage.tsdb.path={}", data.display()))
                    .arg(format!("--web.listen-address={address}"))
                    .args(["--web.enable-remote-write-receiver", "--log.level=warn"])
            }
            Self::VictoriaMetrics => command
                .arg(format!("-storageDataPath={}", data.display()))
                .arg(format!("-httpListenAddr={address}"))
                .arg("-loggerLevel=WARN"),
        };
        let log = std::fs::File::create(dir.join("log"))?;
        let child =
            command.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).kill_on_drop(true).spawn()?;
        let begun = Instant::now();
        while !answers(address, self).await {
            ensure!(begun.elapsed() < READY, "{} doesn't answer", self.program());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok((child, address))
    }
}

async fn answers(address: SocketAddr, peer: Peer) -> bool {
    let Ok(mut link) = Link::plain(address).await else { return false };
    let path = if peer == Peer::Prometheus { "/-/ready" } else { "/health" };
    let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n");
    link.exchange(&head, &[]).await.is_ok_and(|answer| answer.status == 200)
}

/// A peer that runs.
#[derive(Debug)]
pub struct Running {
    peer: Peer,
    child: Child,
    address: SocketAddr,
}

impl Running {
    /// Starts it in a directory of its own.
    ///
    /// # Errors
    /// When it doesn't answer.
    pub async fn start(peer: Peer, dir: &Path) -> anyhow::Result<Self> {
        let (child, address) = peer.start(dir).await?;
        Ok(Self { peer, child, address })
    }

    /// Its process.
    ///
    /// # Errors
    /// When it ended.
    pub fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().context("the peer ended")
    }

    /// Writes over `connections` until the time is over; a write of 50 samples counts as a report.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn push(&self, connections: usize, push: Push) -> anyhow::Result<Pushed> {
        let places = Arc::new(Semaphore::new(push.in_flight));
        let (begun, start) = (Instant::now(), eavip_agent::clock::now() - Span::from_secs(3_600));
        let mut running = tokio::task::JoinSet::new();
        for instance in 0..connections {
            let (peer, address, places) = (self.peer, self.address, Arc::clone(&places));
            running.spawn(async move { one(peer, address, instance, places, begun, start, push.time).await });
        }
        let mut pushed = Pushed::default();
        while let Some(ended) = running.join_next().await {
            let (acknowledged, latencies) = ended??;
            let node = eavip_core::id::NodeId(uuid::Uuid::nil());
            pushed.agents.push(Sent { node, tape: 0, sent: acknowledged, acknowledged });
            pushed.latencies.merge(latencies);
        }
        pushed.took = begun.elapsed();
        Ok(pushed)
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it doesn't end well.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        terminate(&mut self.child).await
    }
}

async fn one(
    peer: Peer,
    address: SocketAddr,
    instance: usize,
    places: Arc<Semaphore>,
    begun: Instant,
    start: Timestamp,
    time: Duration,
) -> anyhow::Result<(u64, Latencies)> {
    let mut link = Link::plain(address).await?;
    let mut request = WriteRequest::new(instance)?;
    let head = format!(
        "POST /api/v1/write HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-protobuf\r\ncontent-encoding: snappy\r\nx-prometheus-remote-write-version: 0.1.0\r\n"
    );
    let (mut written, mut latencies) = (0, Latencies::default());
    loop {
        let body = request.next(start + STEP.times(written))?;
        let _place = places.acquire().await?;
        if begun.elapsed() >= time {
            return Ok((written, latencies));
        }
        let since = Instant::now();
        let answer = link.exchange(&head, &[&body]).await?;
        ensure!(
            answer.status < 300,
            "{} gave {}: {}",
            peer.program(),
            answer.status,
            String::from_utf8_lossy(answer.body)
        );
        latencies.note(since);
        written += 1;
    }
}
