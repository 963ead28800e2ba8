//! One binary for all integration and repository tests: it links once, and each room below is one subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking; helper functions are outside the `#[test]` items that clippy exempts"
)]

mod alertmanager;
mod audit;
mod ctl;
mod demo;
mod durability;
mod e2e;
mod examples;
mod handbook;
mod incidents;
mod noise;
mod policy_table;
mod queues;
mod quickstart;
mod tidy;
