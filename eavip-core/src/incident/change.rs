//! What can be asked of an incident, and what happened to it. How the one becomes the other is decided in `decide`.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::phase::Phase;
use super::review::ReviewText;
use super::sev::{Impact, Sev, Signals};
use super::{Actor, Incident};
use crate::alert::episode::Opening;
use crate::alert::rule::Runbook;
use crate::environment::Environment;
use crate::id::{AlertRuleId, DeploymentId, Digest128, IncidentId, PersonId, ServiceId, TeamId};
use crate::mode::Mode;
use crate::node::Place;
use crate::signal::Signal;
use crate::signal::health::Health;
use crate::time::Timestamp;
use crate::words;

words! {
    /// A part that a person has in an incident.
    #[non_exhaustive]
    pub enum Role ("incident role") {
        /// Decides and coordinates.
        Commander = "commander",
        /// Keeps the timeline.
        Scribe = "scribe",
        /// Tells those who are affected.
        Comms = "comms",
    }
}

/// The alert that an incident was declared from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its episode.
    pub episode: Digest128,
    /// Its rule.
    pub rule: AlertRuleId,
}

/// An incident as it is declared: from an alert's episode, or by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// Its name, which the caller chooses.
    pub id: IncidentId,
    /// What is wrong, in one line.
    pub title: String,
    /// The team whose incident it is.
    pub owner: TeamId,
    /// Where it happens.
    pub environment: Environment,
    /// Who runs the installation.
    pub mode: Mode,
    /// The installation, where it is one.
    pub deployment: Option<DeploymentId>,
    /// What is affected, as far as it is known.
    pub services: BTreeSet<ServiceId>,
    /// How bad it is.
    pub impact: Impact,
    /// Whether a security event is part of it.
    pub security: bool,
    /// When it began to be bad.
    pub began_at: Timestamp,
    /// The alert that told of it; none when people noticed first.
    pub alert: Option<Alert>,
}

impl Declaration {
    /// The declaration of an incident from an alert's episode at a place, with what signals say of its impact.
    #[must_use]
    pub fn from_alert(id: IncidentId, opening: &Opening, place: &Place, signals: Signals) -> Self {
        let service = opening.labels.get("service").and_then(|service| service.parse().ok());
        Self {
            id,
            title: opening.summary.clone(),
            owner: opening.owner.clone(),
            environment: place.environment,
            mode: place.mode,
            deployment: Some(place.deployment.clone()),
            services: service.into_iter().collect(),
            impact: signals.impact(),
            security: signals.security,
            began_at: opening.since,
            alert: Some(Alert { episode: opening.id, rule: opening.rule.clone() }),
        }
    }
}

/// A signal that shows that an action worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Which signal.
    pub signal: Signal,
    /// Of which service; none for a host.
    pub service: Option<ServiceId>,
    /// What it says.
    pub health: Health,
    /// When it was measured.
    pub at: Timestamp,
}

/// Something beside the incident that belongs into its timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Happening {
    /// An alert that belongs to it opened.
    AlertOpened(Alert),
    /// Somebody took one of its alerts.
    AlertAcknowledged {
        /// The alert's episode.
        episode: Digest128,
        /// Who.
        by: String,
    },
    /// One of its alerts is over.
    AlertResolved {
        /// The alert's episode.
        episode: Digest128,
    },
    /// A release reached the place.
    Released {
        /// Which.
        release: String,
    },
    /// The configuration of the place changed.
    ConfigChanged {
        /// The change's record.
        change: String,
    },
}

/// What keeps an incident from coming back, as it is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What is to be done.
    pub what: String,
    /// Which team does it.
    pub owner: TeamId,
    /// Until when.
    pub due: Timestamp,
    /// How one will see that it works.
    pub verification: String,
}

/// What an incident hands over to the one that absorbs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absorbed {
    /// Its name.
    pub id: IncidentId,
    /// How bad it is.
    pub impact: Impact,
    /// Whether a security event is part of it.
    pub security: bool,
    /// What it affects.
    pub services: BTreeSet<ServiceId>,
    /// The alerts that belong to it.
    pub episodes: BTreeSet<Digest128>,
    /// When it began to be bad.
    pub began_at: Timestamp,
}

impl From<&Incident> for Absorbed {
    fn from(incident: &Incident) -> Self {
        Self {
            id: incident.declaration.id.clone(),
            impact: incident.impact,
            security: incident.security,
            services: incident.services.clone(),
            episodes: incident.episodes.keys().copied().collect(),
            began_at: incident.began_at,
        }
    }
}

/// The incident that a duplicate points at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survivor {
    /// Its name.
    pub id: IncidentId,
    /// How severe it is.
    pub sev: Sev,
    /// Whether it is a security event.
    pub security: bool,
    /// What it absorbed.
    pub absorbed: BTreeSet<IncidentId>,
    /// What it is itself a duplicate of.
    pub duplicate_of: Option<IncidentId>,
}

impl From<&Incident> for Survivor {
    fn from(incident: &Incident) -> Self {
        Self {
            id: incident.declaration.id.clone(),
            sev: incident.sev,
            security: incident.security,
            absorbed: incident.absorbed.clone(),
            duplicate_of: incident.duplicate_of.clone(),
        }
    }
}

/// What somebody asks of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentCommand {
    /// Who asks.
    pub by: Actor,
    /// For what.
    pub request: Request,
}

/// What can be asked of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// There is one.
    Declare(Box<Declaration>),
    /// Its impact is another, or is confirmed.
    Reclassify {
        /// The impact.
        impact: Impact,
        /// Why; may be empty unless the severity falls.
        reason: String,
    },
    /// It is a security event.
    FlagSecurity {
        /// What shows it.
        reason: String,
    },
    /// More services are affected.
    AddServices(BTreeSet<ServiceId>),
    /// Somebody gets a part in it.
    Assign {
        /// Which.
        role: Role,
        /// Who.
        person: PersonId,
    },
    /// Somebody has it.
    Acknowledge,
    /// Its phase is done.
    Advance,
    /// Something was done to end it.
    RecordAction {
        /// What.
        what: String,
        /// What shows that it worked.
        proof: Option<Proof>,
    },
    /// Those who are affected are told.
    PublishUpdate {
        /// What they are told.
        text: String,
    },
    /// Something worth keeping.
    AddNote {
        /// What.
        text: String,
    },
    /// A step of the runbook was done.
    TickStep {
        /// The runbook.
        runbook: Runbook,
        /// The step.
        step: String,
        /// Whether it isn't written there yet.
        improvised: bool,
    },
    /// Something happened beside it.
    Witness {
        /// What.
        happening: Happening,
        /// When.
        happened_at: Timestamp,
    },
    /// The review's text, in whole; what was completed or signed before has to be again.
    DraftReview(Box<ReviewText>),
    /// The review is complete.
    CompleteReview,
    /// Somebody else read the review and agrees.
    SignReview,
    /// Something is to be done against its return.
    AddItem(Plan),
    /// It is done.
    CompleteItem {
        /// Which, from 1.
        item: u16,
        /// What the verification showed.
        proof: String,
    },
    /// Another incident is part of this one.
    Absorb(Box<Absorbed>),
    /// It is part of another incident, which absorbed it.
    MarkDuplicate(Box<Survivor>),
    /// It is back, or it wasn't a duplicate.
    Reopen {
        /// What shows it.
        reason: String,
    },
    /// It is over, and everything that it must leave is there.
    Close,
}

/// What happened to an incident: the number of the entry in its history, when, by whom, and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentEvent {
    /// Its place in the history, from 0. An event out of turn doesn't fit.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    #[serde(flatten)]
    pub change: Change,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Change {
    /// It was declared.
    Declared {
        /// As what.
        declaration: Box<Declaration>,
        /// The severity that followed.
        sev: Sev,
    },
    /// Its impact was declared again.
    Reclassified {
        /// The impact.
        impact: Impact,
        /// The severity that followed.
        sev: Sev,
        /// Why.
        reason: String,
    },
    /// It became a security event.
    SecurityFlagged {
        /// The severity that followed.
        sev: Sev,
        /// What showed it.
        reason: String,
    },
    /// More services were found affected.
    ServicesAdded {
        /// Which.
        services: BTreeSet<ServiceId>,
    },
    /// Somebody got a part.
    Assigned {
        /// Which.
        role: Role,
        /// Who.
        person: PersonId,
    },
    /// Somebody took it.
    Acknowledged,
    /// A phase was done.
    Advanced {
        /// The phase that began.
        to: Phase,
    },
    /// Something was done to end it.
    ActionTaken {
        /// What.
        what: String,
        /// What showed that it worked.
        proof: Option<Proof>,
    },
    /// Those who are affected were told.
    UpdatePublished {
        /// What they were told.
        text: String,
    },
    /// Something was noted.
    NoteAdded {
        /// What.
        text: String,
    },
    /// A step of the runbook was done.
    StepTicked {
        /// The runbook.
        runbook: Runbook,
        /// The step.
        step: String,
        /// Whether it wasn't written there.
        improvised: bool,
    },
    /// Something happened beside it.
    Witnessed {
        /// What.
        happening: Happening,
        /// When.
        happened_at: Timestamp,
    },
    /// The review's text was written.
    ReviewDrafted {
        /// The text.
        text: Box<ReviewText>,
    },
    /// The review was completed.
    ReviewCompleted,
    /// The review was signed.
    ReviewSigned,
    /// Something was planned against its return.
    ItemAdded {
        /// Its number, from 1.
        item: u16,
        /// What.
        plan: Plan,
    },
    /// What was planned was done.
    ItemCompleted {
        /// Its number.
        item: u16,
        /// What the verification showed.
        proof: String,
    },
    /// Another incident became part of it.
    OtherAbsorbed {
        /// What it handed over.
        other: Box<Absorbed>,
        /// The severity that followed.
        sev: Sev,
    },
    /// It became part of another incident.
    DuplicateMarked {
        /// Which.
        of: IncidentId,
    },
    /// It came back.
    Reopened {
        /// What showed it.
        reason: String,
    },
    /// It was closed.
    Closed,
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlertOpened(alert) => write!(f, "alert {} opened: {}", alert.episode, alert.rule),
            Self::AlertAcknowledged { episode, by } => write!(f, "alert {episode} acknowledged by {by}"),
            Self::AlertResolved { episode } => write!(f, "alert {episode} resolved"),
            Self::Released { release } => write!(f, "released {release}"),
            Self::ConfigChanged { change } => write!(f, "configuration changed: {change}"),
        }
    }
}
