//! What the API's answers hold, as far as programs here read them; fields that a newer server adds are passed over.
//! The whole schema is the server's `/api/v1/openapi.json`; what each field means is said there.

use std::collections::BTreeMap;

use eavip_core::alert::Category;
use eavip_core::alert::episode::{Ending, Status};
use eavip_core::alert::noise::defect::DefectStatus;
use eavip_core::alert::silence::SilenceStatus;
use eavip_core::environment::Environment;
use eavip_core::finding::Outcome;
use eavip_core::incident::phase::Phase;
use eavip_core::incident::sev::{Integrity, Scope, Sev};
use eavip_core::incident::timeline::Topic;
use eavip_core::mode::Mode;
use eavip_core::policy::runbooks::Standing;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use eavip_core::trend::feedback::Remedy;
use serde::{Deserialize, Serialize};

use crate::api::view::trends::{ProposalStatus, ReviewStatus};
use crate::noise::Whose;
use crate::record::{DeliveryStatus, Role};

macro_rules! answers {
    ($( $(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident: $kind:ty ),+ $(,)? } )+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        pub struct $name { $( #[doc = concat!("`", stringify!($field), "` of the answer.")] $(#[$field_meta])* pub $field: $kind ),+ }
    )+};
}

answers! {
    /// A person's account.
    User { name: String, role: Role }

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

    /// What a limit of noise says.
    NoiseFinding { rule: String, outcome: Outcome, message: String, remedy: String }

    /// What one rule, team or responder had to bear.
    NoiseScore {
        whose: Whose, name: String, owner: Option<Team>, over: bool, alerts: u64, decided: u64, worth: u64,
        precision: Option<f64>, recall: Option<f64>, pages: u64, worst_shift: u64, chatter: u64, stale: u64,
        silence_hours: f64,
    }

    /// Noise that has to be mended, or was.
    NoiseDefect {
        id: String, whose: Whose, name: String, owner: Team, status: DefectStatus, evidence: Vec<NoiseFinding>,
        opened_at: String, due_at: String, reopened: u32,
    }

    /// A runbook that wasn't put in force.
    RefusedRunbook { at: String, findings: Vec<NoiseFinding> }

    /// The noise of the last 30 days.
    Noise {
        from: Option<String>, until: Option<String>, incomplete: bool, scores: Vec<NoiseScore>,
        defects: Vec<NoiseDefect>, refused_runbook: Option<RefusedRunbook>,
    }

    /// A runbook page in a list.
    Runbook { name: String, title: Option<String>, revision: String, step_count: usize, cited_by: Vec<String> }

    /// An alert that leads to a page.
    RunbookCitation { by: String, runbook: Option<String>, standing: Standing }

    /// Every page, and what leads to pages.
    Runbooks { items: Vec<Runbook>, citations: Vec<RunbookCitation> }

    /// A page as it is written.
    RunbookDetail { name: String, revision: String, steps: Vec<String>, text: String }

    /// What durations amount to.
    Durations { n: usize, median_seconds: Option<f64>, p90_seconds: Option<f64> }

    /// The clocks of the incidents of one severity.
    ResponseTimes {
        sev: Sev, incidents: usize, detect: Durations, acknowledge: Durations, mitigate: Durations,
        resolve: Durations, auto_resolved: usize,
    }

    /// What the month amounts to.
    Trends { month: String, generated_at: String, response: Vec<ResponseTimes>, markdown: String }

    /// Who signed a review.
    SignOff { by: String, remark: String, at: String }

    /// A month's review in a list.
    ReviewRow { month: String, status: ReviewStatus, due_at: String, signed: Option<SignOff> }

    /// What a trend asks for.
    Proposal {
        id: String, remedy: Remedy, title: String, pattern: String, owner: Team, status: ProposalStatus,
        due_at: String,
    }

    /// An action item that isn't done.
    OpenItem {
        incident: String, what: String, owner: Team, due_at: String, late_seconds: Option<f64>,
    }

    /// An incident in a list.
    Incident {
        id: String, title: String, sev: Sev, phase: Phase, open: bool, security: bool, owner: Team,
        commander: Option<String>, acknowledged_by: Option<String>, deployment: Option<String>,
        environment: Environment, services: Vec<String>, began_at: String, declared_at: String,
        closed_at: Option<String>, duplicate_of: Option<String>, update_due_at: Option<String>,
        review_due_at: Option<String>, overdue: usize,
    }

    /// Who did something, and when.
    IncidentMark { by: String, at: String }

    /// What a rule says of an incident.
    IncidentFinding { rule: String, outcome: Outcome, message: String, remedy: String }

    /// A phase and what it must leave.
    IncidentPhase { phase: Phase, leaves: Vec<IncidentFinding> }

    /// A signal over all nodes that measure it.
    SignalNow { signal: Signal, service: Option<String>, health: Health, at: String }

    /// An alert of an incident.
    IncidentAlert { id: String, summary: String, resolved_at: Option<String> }

    /// A step of a runbook page.
    IncidentStep { text: String, ticked: Option<IncidentMark> }

    /// A runbook page with its steps.
    IncidentRunbook { page: String, title: String, revision: String, steps: Vec<IncidentStep> }

    /// A draft of the next update.
    UpdateDraft { audience: String, text: String }

    /// The review of an incident.
    IncidentReview {
        digest: String, summary: String, consequences: String, cause: Option<String>, explanation: String,
        factors: Vec<String>, detection_gap: String, lessons: String, runbook_revision: Option<String>,
        completed: Option<IncidentMark>, signed: Option<IncidentMark>,
    }

    /// An action item.
    IncidentItem { number: u16, what: String, owner: Team, due_at: String, late: bool, done: Option<IncidentMark> }

    /// An entry of a timeline.
    IncidentEntry { at: String, by: String, topic: Topic, text: String }

    /// An incident, whole.
    IncidentDetail {
        #[serde(flatten)] incident: Incident, scope: Scope, integrity: Integrity, sev_by: String,
        roles: BTreeMap<String, String>, duties: Vec<IncidentFinding>, phases: Vec<IncidentPhase>,
        before_closing: Vec<IncidentFinding>, alerts: Vec<IncidentAlert>, proposed_alerts: Vec<IncidentAlert>,
        signals: Vec<SignalNow>, runbooks: Vec<IncidentRunbook>, updates: Vec<UpdateDraft>,
        review: IncidentReview, items: Vec<IncidentItem>, timeline: Vec<IncidentEntry>, entries: usize,
    }

    /// That somebody did something.
    Step { by: String, at: String }

    /// A silence.
    Silence {
        id: String, status: SilenceStatus, matchers: Vec<String>, reason: String, ticket: String, by: String,
        from: String, until: String, needs_approval: bool, owners: Vec<String>, approved: Option<Step>,
        ended: Option<Step>, hides_count: usize,
    }

    /// What a rule found.
    Finding { rule: String, outcome: Outcome, message: String, remedy: String }

    /// Why somebody is told of an alert, or isn't.
    Why { reason: String, receivers: Vec<String>, findings: Vec<Finding> }

    /// An API token, without its secret.
    Token {
        id: String, name: String, role: Role, created_by: String, created_at: String, expires_at: String,
        last_used_at: Option<String>,
    }
}

/// A list that comes whole.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Items<T> {
    /// The items.
    pub items: Vec<T>,
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
