//! Incidents as people take them: real processes, a probe that really fails, and the real command line.

#![allow(clippy::print_stderr, reason = "what the command line says is worth reading in the test's output")]

mod command_line;
