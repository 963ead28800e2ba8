//! The shapes of Alertmanager's API v2, field by field as its clients read them. What fills them stands beside.

use std::collections::BTreeMap;

use eavip_core::labels::Labels;
use eavip_core::words;
use serde::Serialize;

words! {
    /// Where an alert stands.
    pub(super) enum AlertState ("alert state") {
        /// It fires and is told.
        Active = "active",
        /// Something stands in the way of telling.
        Suppressed = "suppressed",
        /// It isn't let in: owner or runbook is missing.
        Unprocessed = "unprocessed",
    }
}

words! {
    /// Where a silence stands.
    pub(super) enum SilenceState ("silence state") {
        /// It begins later, or waits for a second person.
        Pending = "pending",
        /// It holds.
        Active = "active",
        /// It is over.
        Expired = "expired",
    }
}

/// An alert.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    pub annotations: BTreeMap<String, String>,
    pub ends_at: String,
    pub fingerprint: String,
    pub receivers: Vec<Receiver>,
    pub starts_at: String,
    pub status: AlertStatus,
    pub updated_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    pub generator: Option<String>,
    pub labels: Labels,
}

/// Where an alert stands, and why.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AlertStatus {
    pub inhibited_by: Vec<String>,
    pub silenced_by: Vec<String>,
    pub state: AlertState,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Receiver {
    pub name: String,
}

/// Alerts that are told together.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AlertGroup {
    pub alerts: Vec<Alert>,
    pub labels: Labels,
    pub receiver: Receiver,
}

/// A silence.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Silence {
    pub id: String,
    pub status: SilenceStatus,
    pub updated_at: String,
    pub comment: String,
    pub created_by: String,
    pub ends_at: String,
    pub matchers: Vec<Matcher>,
    pub starts_at: String,
}

/// Where a silence stands.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SilenceStatus {
    pub state: SilenceState,
}

/// A comparison of a label.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Matcher {
    pub is_equal: bool,
    pub is_regex: bool,
    pub name: String,
    pub value: String,
}

/// That a silence was made.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Created {
    #[serde(rename = "silenceID")]
    pub id: String,
}

/// The server.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    pub cluster: Cluster,
    pub config: Config,
    pub uptime: String,
    pub version_info: Version,
}

/// There is none.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Cluster {
    pub peers: [(); 0],
    pub status: &'static str,
}

/// Routes, receivers and inhibitions as Alertmanager's YAML.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Config {
    pub original: String,
}

/// Whose API this is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    pub branch: &'static str,
    pub build_date: &'static str,
    pub build_user: &'static str,
    pub go_version: &'static str,
    pub revision: &'static str,
    pub version: &'static str,
}
