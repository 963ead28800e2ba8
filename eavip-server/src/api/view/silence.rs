//! Silences as the outside sees them, what waits for an owner, and why somebody is told or isn't.

use std::collections::BTreeMap;

use eavip_core::alert::Category;
use eavip_core::alert::silence::SilenceStatus;
use eavip_core::finding::Outcome;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Delivery, Held, words};

/// A silence.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Silence {
    /// Its id, a UUID; the same in Alertmanager's API.
    pub id: String,
    /// Where it stands.
    #[schema(schema_with = words::<SilenceStatus>)]
    pub status: SilenceStatus,
    /// Which alerts it means: all of these hold.
    pub matchers: Vec<String>,
    /// Why.
    pub reason: String,
    /// Where the cause is being mended.
    pub ticket: String,
    /// Who asked.
    pub by: String,
    /// When it begins, RFC 3339.
    pub from: String,
    /// When it ends by itself, RFC 3339.
    pub until: String,
    /// Whether it needs a second person.
    pub needs_approval: bool,
    /// The teams that own silenced rules.
    pub owners: Vec<String>,
    /// Who approved it.
    pub approved: Option<Step>,
    /// Who ended it early.
    pub ended: Option<Step>,
    /// Open alerts that it means, at most 20.
    pub hides: Vec<Hidden>,
    /// How many open alerts it means.
    pub hides_count: usize,
}

/// That somebody did something.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Step {
    /// Who.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
}

/// An alert that a silence means.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hidden {
    /// The alert's id.
    pub id: String,
    /// One sentence that reads alone.
    pub summary: String,
}

/// A declared maintenance window.
#[derive(Debug, Clone)]
pub struct Window {
    /// Its name.
    pub id: String,
    /// Which alerts it means.
    pub matchers: String,
    /// When it is, in words.
    pub when: String,
    /// The change under which the work is done.
    pub change: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when it is open now, RFC 3339.
    pub open_until: Option<String>,
    /// When it opens next, RFC 3339.
    pub next: Option<String>,
}

/// An alert from elsewhere that isn't let in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Quarantined {
    /// What identifies it: what Alertmanager's clients know it by.
    pub fingerprint: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What its sender says of it.
    pub annotations: BTreeMap<String, String>,
    /// Since when it fires, RFC 3339.
    pub since: String,
    /// When it came last, RFC 3339.
    pub updated_at: String,
    /// What it lacks, each with what mends it.
    pub lacks: Vec<Finding>,
}

/// What a rule found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Finding {
    /// The rule's code, such as `EAVIP-A21`.
    pub rule: String,
    /// What it says.
    #[schema(schema_with = words::<Outcome>)]
    pub outcome: Outcome,
    /// What was found.
    pub message: String,
    /// What to do; empty where nothing is to be done.
    pub remedy: String,
    /// When it clears by itself, RFC 3339.
    pub clears_at: Option<String>,
}

/// Why somebody is told of an alert, or isn't.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Why {
    /// The reason that decides now, as a word such as `first` or `silenced`.
    pub reason: &'static str,
    /// Who would be told now.
    pub receivers: Vec<String>,
    /// What each rule says now.
    pub findings: Vec<Finding>,
    /// Who was told, newest first.
    pub deliveries: Vec<Delivery>,
    /// Who wasn't told, newest first.
    pub held: Vec<Held>,
}

/// Where an alert with certain labels would go.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RouteTest {
    /// How urgent it would be.
    #[schema(schema_with = words::<Category>)]
    pub category: Category,
    /// Who would be told, in the order of the routes.
    pub targets: Vec<RouteTarget>,
}

/// Somebody who would be told, and with which other alerts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RouteTarget {
    /// Who.
    pub receiver: String,
    /// What the alerts of its group have in common.
    pub group: BTreeMap<String, String>,
    /// How long the first message waits for others, such as `30s`.
    pub group_wait: String,
    /// How long after a message the next one tells what changed.
    pub group_interval: String,
    /// How long after a message all is told again.
    pub repeat_interval: String,
}
