//! `eavipctl`: the operators' command line. It asks a server through [`eavip_server::client`] and checks runbooks
//! without one; it decides nothing. Data goes to stdout, talk to stderr.

mod alerts;
mod args;
mod explain;
mod failure;
mod login;
mod nodes;
mod output;
mod policy;
mod session;
mod status;
mod text;
mod tokens;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let done = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(args::run(args)),
        Err(error) => Err(error.into()),
    };
    ExitCode::from(done.unwrap_or_else(|failure| failure.tell()))
}
