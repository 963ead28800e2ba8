//! The agent's configuration.

pub mod layers;
