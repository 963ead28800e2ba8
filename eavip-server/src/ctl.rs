//! The operators' command line `eavipctl`. It asks a server through [`crate::client`]; runbooks and releases are checked
//! without one, by the policy library. It decides nothing of its own. Data goes to stdout, talk to stderr.
//!
//! It is a room of the library, so that the binary stays one line and the tests run the same code as a process.

mod alerts;
mod args;
mod audit;
mod check;
mod explain;
mod failure;
mod gate;
mod given;
mod import;
mod incidents;
mod login;
mod nodes;
mod noise;
mod notify;
mod on_call;
mod output;
mod policy;
mod reasons;
mod route;
mod runbooks;
mod session;
mod silences;
mod status;
mod text;
mod tokens;
mod trends;
mod users;

use std::process::ExitCode;

use clap::Parser as _;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let args = args::Args::parse();
    let done = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(args::run(args)),
        Err(error) => Err(error.into()),
    };
    ExitCode::from(done.unwrap_or_else(|failure| failure.tell()))
}
