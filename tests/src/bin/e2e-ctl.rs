//! `eavipctl` for the end-to-end tests: Cargo builds a test's own binaries only, and this one is the same library.

use std::process::ExitCode;

fn main() -> ExitCode {
    eavip_server::ctl::main()
}
