//! `job start|ok|fail NAME` and `job run NAME -- COMMAND`: how a job tells the agent of its runs.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use eavip_core::id::CollectorId;

use super::exit;
use crate::collect::jobs::client::{AnnounceError, announce};
use crate::collect::jobs::line::{Announcement, What};
use crate::config::Config;

/// Arguments of `job`.
#[derive(Debug, clap::Args)]
pub struct JobArgs {
    /// The agent's socket, in place of the configured one
    #[arg(long, global = true)]
    pub socket: Option<PathBuf>,
    /// What happened
    #[command(subcommand)]
    pub command: JobCommand,
}

/// What happened to a job.
#[derive(Debug, clap::Subcommand)]
pub enum JobCommand {
    /// A run begins
    Start {
        /// The job's declared name
        name: CollectorId,
    },
    /// A run has succeeded
    Ok {
        /// The job's declared name
        name: CollectorId,
    },
    /// A run has failed
    Fail {
        /// The job's declared name
        name: CollectorId,
        /// The exit code it failed with
        #[arg(long, allow_negative_numbers = true)]
        exit: Option<i32>,
    },
    /// Run a command, and tell how it went
    Run {
        /// The job's declared name
        name: CollectorId,
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

/// Announces what happened. `job run` exits as the command does, whether the agent could be told or not: a job is
/// more important than its watcher.
pub async fn run(args: &JobArgs, config: &Config, talk: &mut impl Write) -> u8 {
    let socket = args.socket.as_deref().unwrap_or(&config.job_socket);
    let (name, what) = match &args.command {
        JobCommand::Start { name } => (name, What::Start),
        JobCommand::Ok { name } => (name, What::Ok),
        JobCommand::Fail { name, exit } => (name, What::Fail(*exit)),
        JobCommand::Run { name, command } => return run_command(socket, name, command, talk).await,
    };
    tell(socket, name, what, talk).await
}

async fn tell(socket: &Path, name: &CollectorId, what: What, talk: &mut impl Write) -> u8 {
    let Err(error) = announce(socket, &Announcement { name: name.clone(), what }).await else {
        return exit::OK;
    };
    // With nowhere to talk to, the exit code still tells.
    let _ = writeln!(talk, "{error}");
    match error {
        AnnounceError::Refused(_) => exit::FAILURE,
        AnnounceError::Unreachable { .. } | AnnounceError::Silent(_) => exit::UNREACHABLE,
    }
}

async fn run_command(socket: &Path, name: &CollectorId, command: &[OsString], talk: &mut impl Write) -> u8 {
    let Some((program, arguments)) = command.split_first() else { return exit::USAGE };
    tell(socket, name, What::Start, talk).await;
    let status = match tokio::process::Command::new(program).args(arguments).status().await {
        Ok(status) => status,
        Err(error) => {
            let _ = writeln!(talk, "`{}` can't be run: {error}", program.display());
            tell(socket, name, What::Fail(None), talk).await;
            return exit::FAILURE;
        }
    };
    let what = if status.success() { What::Ok } else { What::Fail(status.code()) };
    tell(socket, name, what, talk).await;
    // A command that a signal ended has no code.
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(command: &[&str]) -> JobArgs {
        let command = command.iter().map(OsString::from).collect();
        JobArgs { socket: None, command: JobCommand::Run { name: "backup".parse().unwrap(), command } }
    }

    #[tokio::test]
    async fn a_command_runs_and_its_code_counts_even_without_an_agent() {
        let directory = tempfile::tempdir().unwrap();
        let config = Config { job_socket: directory.path().join("none.sock"), ..Config::default() };
        let mut talk = Vec::new();
        assert_eq!(run(&args(&["sh", "-c", "exit 9"]), &config, &mut talk).await, 9);
        assert_eq!(run(&args(&["true"]), &config, &mut talk).await, exit::OK);
        assert_eq!(run(&args(&["/nonexistent/x"]), &config, &mut talk).await, exit::FAILURE);
        assert!(String::from_utf8(talk).unwrap().contains("no agent listens on"));
    }
}
