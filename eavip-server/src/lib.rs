//! The EAVIP ops server as a library: stores what agents report, evaluates it with the policy library, notifies,
//! answers an API and serves the dashboard.

pub mod admin;
pub mod alertmanager;
pub mod api;
pub mod app;
pub mod audit;
pub mod auth;
pub mod authority;
pub mod book;
pub mod checkpoint;
pub mod cli;
pub mod client;
pub mod commit;
pub mod config;
pub mod csp_report;
mod csv;
pub mod ctl;
pub mod dashboard;
pub mod demo;
pub mod enrolment;
pub mod evaluate;
mod foreign;
pub mod history;
pub mod incidents;
pub mod ingest;
pub mod intake;
pub mod listener;
pub mod log;
pub mod nodes;
pub mod noise;
pub mod notify;
pub mod on_call;
pub mod problem;
pub mod record;
pub mod router;
pub mod runbooks;
pub mod serve;
pub mod shared;
pub mod silencing;
pub mod sse;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod trends;
pub mod value;
pub mod views;
