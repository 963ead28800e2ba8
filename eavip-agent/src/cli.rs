//! What the agent's subcommands do; the arguments of each stand beside it. Which subcommand runs is decided in `main`.
//!
//! Data goes to stdout, talk to stderr; the numbers returned are the exit codes of [`exit`].

pub mod collect;
pub mod config;
pub mod doctor;
pub mod job;
pub mod output;

/// Exit codes, the same for every binary.
pub mod exit {
    /// All is well.
    pub const OK: u8 = 0;
    /// It didn't work.
    pub const FAILURE: u8 = 1;
    /// The command line or the configuration is wrong.
    pub const USAGE: u8 = 2;
    /// It worked, and something was found.
    pub const FINDINGS: u8 = 3;
    /// Nobody is there, or doesn't answer in time.
    pub const UNREACHABLE: u8 = 7;
}
