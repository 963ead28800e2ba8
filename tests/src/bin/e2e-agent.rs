//! `eavip-agent` for the end-to-end tests: Cargo builds a test's own binaries only, and this one is the same library.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use eavip_agent::cli;

fn main() -> anyhow::Result<ExitCode> {
    let cli = cli::Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let code = runtime.block_on(cli::run(cli));
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(code.into())
}
