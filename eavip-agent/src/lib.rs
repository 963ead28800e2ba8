//! x

pub mod cli;
pub mod collect;
pub mod config;
pub mod schedule;
pub mod secret;
