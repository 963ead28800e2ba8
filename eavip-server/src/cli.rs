//! The command line of `eavip-server`. Data goes to stdout, talk to stderr; what is wrong is said with its place and
//! its remedy.

mod audit;
mod check;
mod quickstart;
mod run;

pub(crate) use run::reload;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use eavip_core::document::Problem;

use crate::serve::StartError;

/// How a command ended; the same numbers for every binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// It failed.
    Failure = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Something was found.
    Findings = 3,
    /// Something is used by another process, or is in another state than needed.
    Conflict = 6,
    /// It can't be reached, or didn't answer in time.
    Unreachable = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The EAVIP ops server: stores what agents report, evaluates it, notifies, answers an API, serves the dashboard.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a server with an agent for this host, with nothing to configure.
    Quickstart(quickstart::Quickstart),
    /// Run the server with its configuration.
    Run {
        /// The configuration; `/etc/eavip/server.toml` where it exists.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Check configuration and runbook; exits 3 when something is wrong.
    Check {
        /// The configuration; `/etc/eavip/server.toml` where it exists.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Verify, prove and export the audit log, from files alone.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Print the API's description (OpenAPI 3.1, JSON).
    Openapi,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Show what is configured, each value with the place it comes from.
    Show {
        /// The configuration; `/etc/eavip/server.toml` where it exists.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let exit = match cli.command {
        Command::Quickstart(quickstart) => with_runtime(|| quickstart::run(quickstart)),
        Command::Run { config } => with_runtime(|| run::run(config)),
        Command::Check { config } => check::check(config.as_deref()),
        Command::Config(ConfigCommand::Show { config }) => check::show(config.as_deref()),
        Command::Audit(audit) => audit::run(audit),
        Command::Openapi => say(&crate::api::openapi_json()),
    };
    exit.into()
}

fn with_runtime<F: Future<Output = Exit>>(work: impl FnOnce() -> F) -> Exit {
    crate::telemetry::logs();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let exit = runtime.block_on(work());
            // What is still under way by then was told to stop long ago.
            runtime.shutdown_timeout(std::time::Duration::from_secs(2));
            exit
        }
        Err(error) => {
            complain(&format!("the async runtime can't be started: {error}"));
            Exit::Failure
        }
    }
}

/// Writes data to stdout. A reader that went away has seen enough.
fn say(text: &str) -> Exit {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        Ok(()) => Exit::Ok,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Ok,
        Err(_) => Exit::Failure,
    }
}

/// Writes talk to stderr; when that is closed nobody listens.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn complain_of(problems: &[Problem]) {
    for problem in problems {
        complain(&format!("{problem}\n"));
    }
    let plural = if problems.len() == 1 { "" } else { "s" };
    complain(&format!("{} problem{plural} found; nothing was changed", problems.len()));
}

/// Says why a server didn't start, with every cause once.
fn complain_of_start(error: &StartError) -> Exit {
    if let StartError::Config(problems) = error {
        complain_of(problems);
        return Exit::Usage;
    }
    let mut text = format!("eavip-server: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    complain(&text);
    if matches!(error, StartError::Listen { .. }) { Exit::Conflict } else { Exit::Failure }
}
