//! The load program: real agents' traffic against a real server, with figures as Markdown on standard output. The
//! modes are the library's.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use eavip_benches::load::{alerts, bare, fleet, idle, ingest, measure, start};

/// Measures EAVIP ops under load; run it by `benches/run`.
#[derive(Debug, Parser)]
#[command(name = "load")]
struct Cli {
    /// Where data goes while it runs; must be on the disk that is measured [default: the system's temporary directory]
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    mode: Mode,
}

#[derive(Debug, Subcommand)]
enum Mode {
    /// Reports as fast as they become durable, beside the bare floor and the peers
    Ingest(ingest::Ingest),
    /// A large fleet at its interval
    Fleet(fleet::Fleet),
    /// A server and an agent at rest
    Idle(idle::Idle),
    /// From the start of the process, and from a reading, to the API
    Start(start::Start),
    /// Alerts by Alertmanager's API, beside Debian's Alertmanager
    Alerts(alerts::Alerts),
    /// The bare floor's server; started by `ingest`
    #[command(hide = true)]
    BareServer {
        /// The data directory of a stopped server, for its certificate authority
        data: PathBuf,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    measure::raise_open_files()?;
    let parent = cli.dir.unwrap_or_else(std::env::temp_dir);
    let dir = tempfile::Builder::new().prefix("eavip-load-").tempdir_in(parent)?;
    match cli.mode {
        Mode::Ingest(ingest) => ingest::run(&ingest, dir.path()).await,
        Mode::Fleet(fleet) => fleet::run(&fleet, dir.path()).await,
        Mode::Idle(idle) => idle::run(&idle, dir.path()).await,
        Mode::Start(start) => start::run(&start, dir.path()).await,
        Mode::Alerts(alerts) => alerts::run(&alerts, dir.path()).await,
        Mode::BareServer { data } => bare::run(&data).await,
    }
}
