//! The server's process: reads the command line and hands over to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    eavip_server::cli::main()
}
