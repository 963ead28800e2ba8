//! The process of `eavipctl`: hands its command line over to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    eavip_server::ctl::main()
}
