//! What the API's answers hold, as far as programs here read them; fields that a newer server adds are passed over.
//! The whole schema is the server's `/api/v1/openapi.json`; what each field means is said there.

use std::collections::BTreeMap;

use eavip_core::alert::Category;
use eavip_core::alert::episode::{Ending, Status};
use eavip_core::environment::Environment;
use eavip_core::mode::Mode;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use serde::{Deserialize, Serialize};

use crate::record::{DeliveryStatus, Role};

macro_rules! answers {
    ($( $(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident: $kind:ty ),+ $(,)? } )+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        pub struct $name { $( #[doc = concat!("`", stringify!($field), "` of the answer.")] $(#[$field_meta])* pub $field: $kind ),+ }
    )+};
}

answers! {
    /// Who is signed in.
    Principal { name: String, role: Role }

    /// Open alerts by category.
    Firing { critical: usize, warning: usize, informational: usize }

    /// The strip that answers "is anything on fire?".
    Now {
        health: Health, headline: String, firing: Firing, unacknowledged_critical: usize, nodes: usize,
        silent_nodes: usize, undelivered: usize, evaluated_at: Option<String>, rules: usize, receivers: usize,
    }

    /// One golden signal over all services.
    SignalCard {
        signal: Signal, health: Health, value: String, objective: String, detail: String, services: usize,
    }

    /// One node in a list.
    Node {
        id: String, hostname: String, deployment: String, environment: Environment, mode: Mode, health: Health,
        firing: Firing, seen_at: Option<String>, stale: bool, agent_version: String, cpu: Option<f64>,
        memory: Option<f64>, disk: Option<f64>,
    }

    /// The whole platform at a glance.
    Overview { generated_at: String, now: Now, signals: Vec<SignalCard>, nodes: Vec<Node> }

    /// A signed checkpoint of the audit log.
    AuditCheckpoint { at: String, size: u64, root: String, note: String }

    /// How the audit log stands.
    AuditLog {
        log: String, key: String, records: u64, checkpoint: Option<AuditCheckpoint>, nodes: usize, witnesses: usize,
        up_to_date: usize, conflicting: Vec<String>, contradiction: Option<String>,
    }

    /// That the audit log of one size continues that of a smaller one.
    AuditGrowth { from: u64, to: u64, path: Vec<String> }

    /// A golden signal of one service on a node.
    SignalAt {
        service: String, signal: Signal, health: Health, value_text: String, objective_text: String,
        detail: String,
    }

    /// The latest of one series.
    Series { id: String, metric: String, service: Option<String>, labels: BTreeMap<String, String>, text: String }

    /// One node, whole.
    NodeDetail {
        #[serde(flatten)] node: Node, os: String, kernel: String, cores: u32, enrolled_at: String,
        dropped_reports: u64, services: Vec<SignalAt>, series: Vec<Series>, alerts: Vec<Alert>,
    }

    /// A team.
    Team { id: String, name: String }

    /// Who took an alert.
    Acknowledged { by: String, reason: String, at: String }

    /// How an alert ended.
    Resolved { ending: Ending, at: String }

    /// An alert.
    Alert {
        id: String, status: Status, category: Category, rule: String, owner: Team, action: String,
        runbook: String, runbook_url: String, summary: String, labels: BTreeMap<String, String>,
        node: Option<String>, hostname: Option<String>, value: Option<String>,
        annotations: BTreeMap<String, String>, since: String, opened_at: String, acknowledged: Option<Acknowledged>,
        resolved: Option<Resolved>,
    }

    /// One decision to tell somebody.
    Delivery {
        receiver: String, person: Option<String>, reason: String, status: DeliveryStatus, attempts: u32,
        last_error: Option<String>, decided_at: String,
    }

    /// A receiver of messages.
    Receiver {
        id: String, #[serde(rename = "type")] kind: String, host: String, fallback: Option<String>,
        last_success_at: Option<String>, waiting: usize, given_up: usize,
    }

    /// A message to a receiver.
    Message {
        id: String, receiver: String, status: DeliveryStatus, attempts: u32, last_error: Option<String>,
        decided_at: String, title: String,
    }

    /// That somebody wasn't told.
    Held { receiver: String, reason: String, at: String }

    /// An alert with its deliveries.
    AlertDetail { #[serde(flatten)] alert: Alert, deliveries: Vec<Delivery>, held: Vec<Held> }

    /// An API token, without its secret.
    Token {
        id: String, name: String, role: Role, created_by: String, created_at: String, expires_at: String,
        last_used_at: Option<String>,
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; none at the end.
    #[serde(default = "Option::default")]
    pub next_cursor: Option<String>,
}

/// A new API token; it has no `Debug`, because it holds the secret.
#[derive(Clone, Deserialize)]
pub struct NewToken {
    /// The token.
    #[serde(flatten)]
    pub token: Token,
    /// What goes into the Authorization header.
    pub secret: String,
}

/// A new join token; it has no `Debug`, because it holds the secret.
#[derive(Clone, Deserialize)]
pub struct JoinToken {
    /// Its id.
    pub id: String,
    /// When it ends.
    pub expires_at: String,
    /// What `eavip-agent join` reads.
    pub join: String,
}

/// Where the nodes that a join token lets in belong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewNodes {
    /// The installation.
    pub deployment: String,
    /// The environment.
    pub environment: Environment,
    /// Who runs the installation.
    pub mode: Mode,
    /// Labels of their alerts.
    pub labels: BTreeMap<String, String>,
    /// After how many minutes the token ends.
    pub expires_in_minutes: u32,
}
