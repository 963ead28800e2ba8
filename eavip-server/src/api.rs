//! The HTTP API, version 1.

pub mod build;
pub mod view;
