//! Alerts as the outside sees them: who has one, who was told of it, and who wasn't and why.

use std::collections::BTreeMap;

use eavip_core::alert::Category;
use eavip_core::alert::episode::{Ending, Status};
use eavip_core::alert::noise::AlertOutcome;
use serde::Serialize;
use utoipa::ToSchema;

use super::{TeamName, words};
use crate::record::DeliveryStatus;

/// An alert's episode.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Alert {
    /// The episode's id.
    pub id: String,
    /// Where it stands.
    #[schema(schema_with = words::<Status>)]
    pub status: Status,
    /// How urgent it is.
    #[schema(schema_with = words::<Category>)]
    pub category: Category,
    /// The rule.
    pub rule: String,
    /// Who owns it.
    pub owner: TeamName,
    /// What they do first.
    pub action: String,
    /// The runbook's page or address.
    pub runbook: String,
    /// Where the runbook can be read: a path on this server, or an address.
    pub runbook_url: String,
    /// One sentence that reads alone.
    pub summary: String,
    /// Node, place and series.
    pub labels: BTreeMap<String, String>,
    /// The node, where it is about one.
    pub node: Option<String>,
    /// Its host name.
    pub hostname: Option<String>,
    /// The value that opened it, as text, where a rule on readings did.
    pub value: Option<String>,
    /// What another system that sent it says of it.
    pub annotations: BTreeMap<String, String>,
    /// Since when it was bad, RFC 3339.
    pub since: String,
    /// When it opened, RFC 3339.
    pub opened_at: String,
    /// Who took it.
    pub acknowledged: Option<Acknowledged>,
    /// How and when it ended.
    pub resolved: Option<Resolved>,
}

impl Alert {
    /// Where it is: the host's name, or what another system calls the place.
    #[must_use]
    pub fn place(&self) -> &str {
        let named = || ["instance", "deployment"].iter().find_map(|name| self.labels.get(*name));
        self.hostname.as_ref().or_else(named).map_or("", String::as_str)
    }
}

/// Who took an alert.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Acknowledged {
    /// Who.
    pub by: String,
    /// What they said.
    pub reason: String,
    /// When, RFC 3339.
    pub at: String,
}

/// How an alert ended.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Resolved {
    /// Why.
    #[schema(schema_with = words::<Ending>)]
    pub ending: Ending,
    /// When, RFC 3339.
    pub at: String,
}

/// An alert with its deliveries and its past.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AlertDetail {
    /// The alert.
    #[serde(flatten)]
    pub alert: Alert,
    /// Who was told, and why; newest first.
    pub deliveries: Vec<Delivery>,
    /// Who wasn't told, and why not; newest first.
    pub held: Vec<Held>,
    /// Earlier episodes of the same rule on the same subject, newest first; at most 20.
    pub earlier: Vec<Alert>,
    /// What became of it, as far as noise is concerned; none while it fires and nobody took it.
    #[schema(schema_with = words::<AlertOutcome>)]
    pub outcome: Option<AlertOutcome>,
    /// Who said whether there was something to do.
    pub votes: Vec<Vote>,
    /// What the node's history is asked for with, when the alert is about a series.
    pub series: Option<String>,
}

/// What somebody said an alert was worth.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Vote {
    /// Who.
    pub by: String,
    /// Whether there was something to do.
    pub actionable: bool,
}

/// That somebody wasn't told of an alert.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Held {
    /// Who.
    pub receiver: String,
    /// Why not, as a word such as `silenced`.
    pub reason: &'static str,
    /// Since when, RFC 3339.
    pub at: String,
}

/// One decision to tell somebody.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Delivery {
    /// The message's id: the same over all its attempts.
    pub id: String,
    /// The receiver that carries it.
    pub receiver: String,
    /// The person whom it is for, where it is for one.
    pub person: Option<String>,
    /// Why, as a word such as `first` or `repeat`.
    pub reason: &'static str,
    /// Where it stands.
    #[schema(schema_with = words::<DeliveryStatus>)]
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// What the last failed attempt met.
    pub last_error: Option<String>,
    /// When it was decided, RFC 3339.
    pub decided_at: String,
    /// When the receiver took it, RFC 3339.
    pub delivered_at: Option<String>,
}
