//! Repository checks: rules of the house that neither the compiler nor clippy can hold.
//!
//! Each check gathers every offence before it fails, so that one run shows all there is to mend. What
//! the product does is tested elsewhere.

mod advisories;
mod configs;
mod core_tree;
mod docs;
mod embedding;
mod manifests;
mod repo;
mod rooms;
mod targets;
mod units;
mod words;
