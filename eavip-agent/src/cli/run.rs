//! `run`: the agent as a service, with logs, metrics, the admin listener, systemd and signals around it.

use std::io::IsTerminal as _;

use crate::agent::{Agent, Status};
use crate::systemd::Notifier;
use crate::{admin, clock, shutdown, telemetry};
use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::failure::Failure;
use super::{Settings, exit};

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// How logs are written to stderr
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One JSON document per line
    Json,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}` for /metrics; set `admin.listen`, or end what listens there: {error}")]
struct NoListener {
    address: std::net::SocketAddr,
    error: std::io::Error,
}

impl Run {
    pub(crate) async fn run(self, settings: &Settings) -> Result<u8, Failure> {
        let config = settings.load()?;
        self.log(settings.no_color);
        let metrics = telemetry::metrics().map_err(|error| Failure::new(exit::FAILURE, error))?;
        let address = config.admin;
        let agent = Agent::open(config)?;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| Failure::new(exit::FAILURE, NoListener { address, error }))?;
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (trigger, shutdown) = shutdown::channel();
        let status = agent.status();
        let notifier = Notifier::from_environment();
        let serving = tokio::spawn(admin::serve(listener, metrics, status.clone(), shutdown.clone()));
        let asked = async {
            tokio::select! {
                never = supervise(&notifier, status) => match never {},
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            notifier.stopping();
            trigger.request();
        };
        tokio::join!(agent.run(shutdown), asked);
        // The listener ends by the same request; a panic in it has been told by the runtime.
        let _ended = serving.await;
        Ok(exit::OK)
    }

    fn log(&self, no_color: bool) {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let plain = no_color || std::env::var_os("NO_COLOR").is_some() || !std::io::stderr().is_terminal();
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        // A subscriber that is set already stays.
        let _set = match self.log {
            LogFormat::Text => logs.with_ansi(!plain).try_init(),
            LogFormat::Json => logs.json().flatten_event(true).try_init(),
        };
    }
}

/// Tells systemd that the service is up once the first report is spooled, and then that it still works, as long as it
/// does.
async fn supervise(notifier: &Notifier, mut status: Status) -> std::convert::Infallible {
    status.ready().await;
    notifier.ready();
    let Some(every) = notifier.every() else { return std::future::pending().await };
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        if status.is_alive(clock::now()) {
            notifier.alive();
        }
    }
}
