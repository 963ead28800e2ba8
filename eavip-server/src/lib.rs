//! The EAVIP ops server as a library: stores what agents report, evaluates it with the policy library, notifies,
//! answers an API and serves the dashboard.

pub mod api;
pub mod dashboard;
pub mod record;
