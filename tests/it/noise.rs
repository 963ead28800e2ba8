//! Noise as a defect: real processes, a probe that really comes and goes, and the real command line.

#![allow(clippy::print_stderr, reason = "what the command line says is worth reading in the test's output")]

mod planted;
