//! The HTTP API, version 1.

pub mod view;
