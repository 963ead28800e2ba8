//! The `eavip-agent` program: reads its command line, does what it says, ends with a code that scripts can use.
//!
//! Everything it does is in the library; what people see is in [`cli`].

mod cli;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Two threads are plenty for one node's work, and keep the agent small.
        .worker_threads(2)
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => {
            let done = runtime.block_on(cli::run(cli));
            // A hung disk or collector must not keep the process from ending.
            runtime.shutdown_timeout(std::time::Duration::from_secs(1));
            done
        }
        Err(error) => Err(cli::Failure::new(cli::Exit::Failure, error)),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.tell();
            failure.exit().into()
        }
    }
}
