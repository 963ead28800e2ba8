//! What the outside sees: the answers of the API and, from the same structs, the dashboard's pages. Nothing else of
//! the server is serialised for people or clients.
//!
//! A node that was revoked is gone from here; the feed of changes and the ledger tell of it.
//! Values come twice where people read them: the number in its unit, and the text that a page or table shows.

mod alert;
pub mod audit;
mod notify;
mod on_call;
mod silence;

use eavip_core::Vocabulary;
use eavip_core::environment::Environment;
use eavip_core::incident::sev::Sev;
use eavip_core::mode::Mode;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use eavip_core::signal::metric::{Metric, Unit};
use eavip_core::signal::reading::Quality;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::record::Role;

pub use on_call::{
    Contact, Contacts, Coverage, CoverageFinding, Duty, Holder, NextStep, Override, PageEntry, PageView,
    Reached, ScheduleDetail, ScheduleDuty, Shift, StepDuty, TeamDuty,
};

pub use alert::{Acknowledged, Alert, AlertDetail, Delivery, Held, Resolved, Vote};
pub use silence::{Finding, Hidden, Quarantined, RouteTarget, RouteTest, Silence, Step, Why, Window};

pub mod incident;
pub mod noise;
pub mod runbook;
mod secret;
pub mod trends;

pub use notify::{Message, MessageDetail, Receiver};
pub use secret::{NewJoinToken, NewToken};

/// The schema of a closed vocabulary: its words.
pub fn words<V: Vocabulary>() -> Schema {
    Schema::Object(
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(V::WHAT))
            .enum_values(Some(V::WORDS.iter().copied()))
            .build(),
    )
}

/// The whole platform at a glance.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Overview {
    /// When the server put it together, RFC 3339.
    pub generated_at: String,
    /// The worst, in words and numbers.
    pub now: Now,
    /// Open alerts, the most urgent first and of these what nobody has; at most 5. The list of alerts has them all.
    pub alerts: Vec<Alert>,
    /// The five golden signals, in their fixed order.
    pub signals: Vec<SignalCard>,
    /// Nodes, worst first; at most 500, so that the page stays small. The list of nodes has them all.
    pub nodes: Vec<NodeRow>,
    /// What happened last, newest first; at most 20.
    pub changes: Vec<Change>,
}

/// The strip that answers "is anything on fire?".
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Now {
    /// The worst state of anything.
    #[schema(schema_with = words::<Health>)]
    pub health: Health,
    /// The same in a sentence.
    pub headline: String,
    /// Open alerts by category.
    pub firing: Firing,
    /// Open Critical alerts that nobody acknowledged.
    pub unacknowledged_critical: usize,
    /// Enrolled nodes.
    pub nodes: usize,
    /// Open incidents by severity, those that there are.
    #[schema(value_type = BTreeMap<String, usize>)]
    pub incidents: BTreeMap<Sev, usize>,
    /// Nodes that fell silent.
    pub silent_nodes: usize,
    /// Nodes that are simulated by the demo.
    pub demo_nodes: usize,
    /// Notifications that wait or were given up.
    pub undelivered: usize,
    /// When alerts were last evaluated, RFC 3339.
    pub evaluated_at: Option<String>,
    /// Alert rules in force.
    pub rules: usize,
    /// Whether notifications have anywhere to go.
    pub receivers: usize,
}

/// Open alerts by category.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct Firing {
    /// Somebody is needed now.
    pub critical: usize,
    /// Somebody is needed within the working day.
    pub warning: usize,
    /// Worth knowing.
    pub informational: usize,
}

/// One golden signal over all services.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignalCard {
    /// Which signal.
    #[schema(schema_with = words::<Signal>)]
    pub signal: Signal,
    /// The worst of all services; unknown when nothing is measured.
    #[schema(schema_with = words::<Health>)]
    pub health: Health,
    /// The worst service's value as text, such as `99.95 %`; `–` when unknown.
    pub value: String,
    /// What was expected, as text.
    pub objective: String,
    /// What stands behind it, in a sentence.
    pub detail: String,
    /// The services that it is worst for; at most three.
    pub worst: Vec<SignalAt>,
    /// How many services are measured.
    pub services: usize,
    /// The worst service's value over the last hour, oldest first; gaps are null.
    pub trend: Vec<Option<f64>>,
}

/// A signal of one service on one node.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignalAt {
    /// The node.
    pub node: String,
    /// Its host name.
    pub hostname: String,
    /// The service.
    pub service: String,
    /// The team that runs the service, where declared.
    pub owner: Option<String>,
    /// Which signal.
    #[schema(schema_with = words::<Signal>)]
    pub signal: Signal,
    /// How it is.
    #[schema(schema_with = words::<Health>)]
    pub health: Health,
    /// The measured value, in `unit`.
    pub value: Option<f64>,
    /// The value as text.
    pub value_text: String,
    /// The unit.
    #[schema(schema_with = words::<Unit>)]
    pub unit: Unit,
    /// What was expected, in `unit`.
    pub objective: Option<f64>,
    /// The objective as text.
    pub objective_text: String,
    /// How good the value is.
    #[schema(schema_with = words::<Quality>)]
    pub quality: Quality,
    /// What stands behind it.
    pub detail: String,
}

/// One node in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NodeRow {
    /// Its identity, a UUID.
    pub id: String,
    /// Its host name; the id when it never said.
    pub hostname: String,
    /// The installation it is part of.
    pub deployment: String,
    /// The environment it serves.
    #[schema(schema_with = words::<Environment>)]
    pub environment: Environment,
    /// Who runs the installation.
    #[schema(schema_with = words::<Mode>)]
    pub mode: Mode,
    /// What its join token said more about it; its alerts carry the same.
    pub labels: BTreeMap<String, String>,
    /// The worst of its signals and alerts.
    #[schema(schema_with = words::<Health>)]
    pub health: Health,
    /// Each golden signal that is measured there.
    #[schema(value_type = BTreeMap<String, String>)]
    pub signals: BTreeMap<Signal, Health>,
    /// Its open alerts.
    pub firing: Firing,
    /// When its last report arrived, RFC 3339.
    pub seen_at: Option<String>,
    /// How long ago that is, in seconds.
    pub silent_seconds: f64,
    /// Whether it fell silent.
    pub stale: bool,
    /// The agent's version.
    pub agent_version: String,
    /// Busy share of its CPUs, 0 to 1.
    pub cpu: Option<f64>,
    /// Used share of its memory, 0 to 1.
    pub memory: Option<f64>,
    /// Used share of its fullest file system, 0 to 1.
    pub disk: Option<f64>,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Change {
    /// The event's number in the ledger.
    pub seq: u64,
    /// When, RFC 3339.
    pub at: String,
    /// What kind of event, such as `alert-opened`.
    pub kind: String,
    /// One sentence.
    pub text: String,
    /// Who did it: a person, a token, a node by its host name, the server itself.
    pub actor: String,
    /// Where it can be looked at, a path on this server.
    pub path: Option<String>,
}

/// One node, whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NodeDetail {
    /// The same as in the list.
    #[serde(flatten)]
    pub row: NodeRow,
    /// Its operating system.
    pub os: String,
    /// Its kernel.
    pub kernel: String,
    /// CPU cores.
    pub cores: u32,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// When it was enrolled, RFC 3339.
    pub enrolled_at: String,
    /// How often it reports, in seconds.
    pub interval_seconds: f64,
    /// Reports that it had to drop, since it was enrolled.
    pub dropped_reports: u64,
    /// The golden signals of the services it watches.
    pub services: Vec<SignalAt>,
    /// The latest of each series.
    pub series: Vec<SeriesLatest>,
    /// Its alerts: open ones first, then the latest resolved.
    pub alerts: Vec<Alert>,
}

/// The latest of one series.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SeriesLatest {
    /// What its history is asked for with.
    pub id: String,
    /// What is measured.
    #[schema(schema_with = words::<Metric>)]
    pub metric: Metric,
    /// The signal it speaks for.
    #[schema(schema_with = words::<Signal>)]
    pub signal: Signal,
    /// The service; none for the host.
    pub service: Option<String>,
    /// Which one, where there are several.
    pub labels: BTreeMap<String, String>,
    /// The value in `unit`; for a distribution its 99th percentile.
    pub value: Option<f64>,
    /// The value as text; `unknown` and why.
    pub text: String,
    /// The unit.
    #[schema(schema_with = words::<Unit>)]
    pub unit: Unit,
    /// How good the value is by now.
    #[schema(schema_with = words::<Quality>)]
    pub quality: Quality,
    /// When it was measured, RFC 3339.
    pub at: String,
}

/// A series over time.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct History {
    /// The series.
    pub series: SeriesLatest,
    /// Host name of the node.
    pub hostname: String,
    /// From when, RFC 3339.
    pub from: String,
    /// Until when, RFC 3339.
    pub to: String,
    /// How far points are apart at the most before it is a gap, in seconds.
    pub gap_seconds: f64,
    /// The points, oldest first.
    pub points: Vec<Point>,
    /// What was expected, in the series' unit, where that is known.
    pub objective: Option<f64>,
    /// What happened meanwhile: alerts opened and resolved.
    pub marks: Vec<Change>,
}

/// A point of a series.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Point {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// The value, or the mean of a rolled-up span.
    pub value: f64,
    /// The least of a rolled-up span.
    pub min: f64,
    /// The most of a rolled-up span.
    pub max: f64,
}

/// A team.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TeamName {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What the next page is asked for with; none at the end.
    pub next_cursor: Option<String>,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Principal {
    /// Their name.
    pub name: String,
    /// What they may do.
    #[schema(schema_with = words::<Role>)]
    pub role: Role,
}

/// A person's account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct User {
    /// The user name.
    pub name: String,
    /// What they may do.
    #[schema(schema_with = words::<Role>)]
    pub role: Role,
}

/// A join token that can still be used, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JoinToken {
    /// Its id.
    pub id: String,
    /// The installation its nodes become part of.
    pub deployment: String,
    /// The environment they serve.
    #[schema(schema_with = words::<Environment>)]
    pub environment: Environment,
    /// Who runs the installation.
    #[schema(schema_with = words::<Mode>)]
    pub mode: Mode,
    /// Who made it.
    pub created_by: String,
    /// When it ends, RFC 3339.
    pub expires_at: String,
}

/// An API token, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    #[schema(schema_with = words::<Role>)]
    pub role: Role,
    /// The team that owns the alerts that are sent with it and have no other owner.
    pub team: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// The account for which it acts.
    pub account: Option<String>,
    /// When, RFC 3339.
    pub created_at: String,
    /// When it ends, RFC 3339.
    pub expires_at: String,
    /// When it was used last, to the minute, RFC 3339.
    pub last_used_at: Option<String>,
}
