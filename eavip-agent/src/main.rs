//! The `eavip-agent` program: reads its command line, does what it says, ends with a code that scripts can use.
//!
//! Everything it does is in the library.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use eavip_agent::cli;

/// Threads for one node's work: two are plenty and keep the agent small.
const THREADS: usize = 2;
/// How long blocked work may take to end: a hung disk must not keep the process.
const PATIENCE: Duration = Duration::from_secs(1);

fn main() -> anyhow::Result<ExitCode> {
    let cli = cli::Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let code = runtime.block_on(cli::run(cli));
    runtime.shutdown_timeout(PATIENCE);
    Ok(code.into())
}
