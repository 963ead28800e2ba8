//! The EAVIP operations runbook as a pure library: the same rules, decided by the same code, on SaaS, BYOC and
//! On-Prem.
//!
//! The crate does no input or output, reads no clock and starts no thread, and neither does anything that it depends on:
//! the caller brings evidence and the time, and gets a decision that carries its reasons. What changes over time follows one pattern, *decide, then
//! evolve*: `decide(&state, command, now)` answers with events or with every reason why not, and
//! `evolve(state, &event)` applies an event and never fails.
//!
//! Where to start:
//!
//! - [`policy::Policy`] loads a declared runbook (`runbook.toml`), every problem at once with line and column.
//! - [`node::Node`] takes what an agent reported and knows the latest of each series.
//! - [`evaluate::evaluate`] looks at everything known at one moment and says which alerts open and resolve, who
//!   owns them and who is told, and why.
//! - [`alert::notice::decide`] says who is told of an alert, or what holds the message back;
//!   [`on_call::coverage::prove`] that somebody would be reached.
//! - [`release::gate::decide`] says whether a release may go to an environment, with a finding of every gate.
//! - [`incident::Incident`] is an incident from detection to its signed review; [`incident::sev::classify`] derives its
//!   severity from the declared impact.
//! - [`backup::assess()`] judges a data set's backups and drills; [`audit`] proves that nothing that was written changed.
//! - [`trend::review::pack`] puts a month's operations review together.
//! - `json::answer` asks any of these with JSON in and JSON out, for services in other languages (feature `json`).
//!
//! ```
//! use eavip_core::policy::{Policy, Source};
//!
//! let text = r#"
//! [team.payments]
//! name = "Payments"
//!
//! [alert.checkout-down]
//! category = "critical"
//! owner = "payments"
//! action = "Fail over to the other site."
//! indicator = "probe_up"
//! below = 1.0
//! "#;
//! let problems = Policy::load(&[Source::new("runbook.toml", text)]).unwrap_err();
//! assert_eq!(problems.len(), 1, "an alert without a runbook can't be loaded");
//! assert_eq!(problems[0].place(), "runbook.toml:5:8");
//! ```
//!
//! # Features
//!
//! - `json`, off by default: the module `json`. It adds no dependency.
//!
//! # What stays as it is
//!
//! Versions follow SemVer. Within a compatible version
//!
//! - codes of rules and problems mean what they mean, and none is used again for another rule; new ones are added.
//!   So are `json`'s questions, and fields of their answers: readers pass over what they don't know.
//! - what was written as JSON is read: events, states, evidence and policies only gain fields that may be missing.
//! - an enum that is `#[non_exhaustive]` may gain words, and a struct that is one may gain fields: what is decided, and
//!   what commands and events there are. Evidence is built by callers, so its structs gain fields in the next
//!   incompatible version only.
//! - other enums keep their words. They are the runbook's own lists (modes, environments, severities, phases, alert
//!   categories, outcomes, verdicts) and what every screen has to show in full (metrics, and how an alert stands): a new
//!   word there is an incompatible version, so that the compiler names each place that has to know it.
//!
//! The numbers that the built-in policy ships with, and the texts of messages, may change in any version; the changelog
//! says so.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod access_review;
pub mod aggregate;
pub mod alert;
pub mod anti_pattern;
pub mod audit;
pub mod backup;
pub mod capacity;
pub mod config;
pub mod decision;
pub mod deployment;
pub mod document;
pub mod environment;
pub mod evaluate;
pub mod finding;
pub mod flag;
mod freshness;
pub mod id;
pub mod incident;
#[cfg(feature = "json")]
pub mod json;
pub mod labels;
pub mod markdown;
pub mod mode;
pub mod node;
pub mod on_call;
pub mod phase;
pub mod policy;
pub mod release;
pub mod responsibility;
pub mod roster;
pub mod rule;
pub mod signal;
pub mod slo;
pub mod stats;
#[cfg(test)]
mod testing;
pub mod time;
pub mod trend;
mod vocabulary;
pub mod wire;

#[doc(hidden)]
pub use serde_json::Value as Json;
#[doc(hidden)]
pub use vocabulary::words_schema;
pub use vocabulary::{UnknownWord, Vocabulary};
