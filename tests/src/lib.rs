//! What the test programs and the tests share: reproducible randomness and digests that owe nothing to the product, real
//! processes with their ends, and a small HTTP client and server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests, where failing loudly is the point"
)]

pub mod chance;
pub mod http;
pub mod node;
pub mod process;
pub mod site;
pub mod wait;
