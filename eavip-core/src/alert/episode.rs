//! An alert's episode: from the first evidence that counts until it is over. Firing again later is a new episode.

use serde::{Deserialize, Serialize};

use super::Category;
use super::intake::Annotations;
use super::rule::{Action, AlertRule, Runbook};
use crate::aggregate::Aggregate;
use crate::decision::Refused;
use crate::id::{AlertRuleId, Digest128, NodeId, ServiceId, TeamId};
use crate::labels::{Labels, MAX_LABELS};
use crate::node::Node;
use crate::signal::indicator::Indicator;
use crate::signal::metric::Unit;
use crate::signal::reading::SeriesKey;
use crate::time::Timestamp;
use crate::words;

crate::rules! {
    /// An alert that is resolved can't be acknowledged any more; nothing has to be done. When the condition returns, a new
    /// alert is opened and can be taken.
    OVER = "EAVIP-A01", "an alert that is over needs nobody", "Alerts must be actionable";
    /// Another person acknowledged it; the message says who and when. Talk to them. The acknowledgement stays with the alert
    /// until it is resolved, lapses or is handed over.
    TAKEN = "EAVIP-A02", "one person has an alert", "Alerts must be actionable";
    /// Acknowledging needs a reason of 1 to 1000 characters: what you are about to do, for those who look at the alert after
    /// you. It is kept in the ledger.
    SAYS_WHY = "EAVIP-A03", "whoever takes an alert says what they are about to do", "Alerts must be actionable";
}

/// Longest reason that a person gives, in characters.
pub const MAX_REASON: usize = 1_000;

words! {
    /// Why an episode is over.
    pub enum Ending ("episode ending") {
        /// The value came back and stayed.
        Recovered = "recovered",
        /// The rule was removed or now matches something else.
        RuleChanged = "rule-changed",
        /// The node is no longer enrolled.
        NodeRemoved = "node-removed",
        /// The thing that was measured is gone from the node's reports.
        SeriesGone = "series-gone",
        /// Who sent it no longer does, without having said that it is over.
        Lapsed = "lapsed",
    }
}

/// What on a node an episode is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The node itself: its silence.
    Node,
    /// One series.
    Series(SeriesKey),
    /// A service's window.
    Service(ServiceId),
}

/// A [`Subject`] where it stands: asking about it copies nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectRef<'a> {
    /// The node itself.
    Node,
    /// One series.
    Series(&'a SeriesKey),
    /// A service's window.
    Service(&'a ServiceId),
}

impl From<SubjectRef<'_>> for Subject {
    fn from(subject: SubjectRef<'_>) -> Self {
        match subject {
            SubjectRef::Node => Self::Node,
            SubjectRef::Series(key) => Self::Series(key.clone()),
            SubjectRef::Service(service) => Self::Service(service.clone()),
        }
    }
}

/// What told of an alert. The fields of each stand beside those of the [`Opening`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Origin {
    /// A rule of the runbook found it in what a node reported.
    Node(Observed),
    /// Another system sent it.
    Sent {
        /// What that system says besides the labels.
        annotations: Annotations,
        /// Where that system shows the rule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        generator: Option<String>,
        /// Those of its labels in whose place the ones that are [added](ADDED) here stand.
        #[serde(default, skip_serializing_if = "Labels::is_empty")]
        replaced: Labels,
    },
    /// The server states it of its own work.
    Server {
        /// The page that shows what it is about, such as `/incidents/inc-7`.
        path: String,
    },
}

/// What a rule found in what a node reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// The node.
    pub node: NodeId,
    /// What on the node.
    pub subject: Subject,
    /// What is compared.
    pub indicator: Indicator,
    /// The unit of the value.
    pub unit: Unit,
    /// The value that counted.
    pub value: f64,
}

impl Origin {
    /// What a rule found on a node; none for what came another way.
    #[must_use]
    pub fn observed(&self) -> Option<&Observed> {
        match self {
            Self::Node(observed) => Some(observed),
            Self::Sent { .. } | Self::Server { .. } => None,
        }
    }

    /// The node that it is about, where it is one's.
    #[must_use]
    pub fn node(&self) -> Option<NodeId> {
        self.observed().map(|observed| observed.node)
    }
}

/// What is told when an episode opens; it stays as it was, whatever happens to rule and node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// The episode's id.
    pub id: Digest128,
    /// The same for every episode of this rule and what it is about.
    pub fingerprint: Digest128,
    /// The rule.
    pub rule: AlertRuleId,
    /// How urgent it is.
    pub category: Category,
    /// Who owns it.
    pub owner: TeamId,
    /// What they do first.
    pub action: Action,
    /// Where it is written.
    pub runbook: Runbook,
    /// What told of it.
    #[serde(flatten)]
    pub origin: Origin,
    /// What identifies it, `rule`, `category` and `owner` among them.
    pub labels: Labels,
    /// One sentence that reads alone.
    pub summary: String,
    /// When it began to be bad.
    pub since: Timestamp,
    /// When it counted.
    pub at: Timestamp,
}

/// What happened to an episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EpisodeEvent {
    /// It began.
    Opened(Box<Opening>),
    /// A person took it.
    Acknowledged {
        /// Who.
        by: String,
        /// What they said.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Who had it doesn't any more: their acknowledgement lapsed, or they handed it over.
    Released {
        /// When.
        at: Timestamp,
    },
    /// It is over.
    Resolved {
        /// Why.
        ending: Ending,
        /// When.
        at: Timestamp,
    },
}

/// What somebody asks of an episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum EpisodeCommand {
    /// A person takes it.
    Acknowledge {
        /// Who.
        by: String,
        /// Why, or what they are about to do.
        reason: String,
    },
    /// Who has it is to have it no more.
    Release,
    /// The evaluation found it over.
    Resolve(Ending),
}

impl EpisodeEvent {
    /// What it says of the alert, where it is the beginning.
    #[must_use]
    pub fn opening(&self) -> Option<&Opening> {
        match self {
            Self::Opened(opening) => Some(opening),
            _ => None,
        }
    }
}

/// A person's acknowledgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// What they said.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// An episode as its events made it.
///
/// ```
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::alert::episode::{Episode, EpisodeCommand};
/// use eavip_core::time::Timestamp;
///
/// let command = EpisodeCommand::Acknowledge { by: "ana".into(), reason: "looking".into() };
/// let refused = Episode::decide(None, command, &(), Timestamp::default()).unwrap_err();
/// assert_eq!(refused.findings[0].message, "the alert is already resolved", "only an evaluation opens one");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Episode {
    /// How it began.
    pub opening: Opening,
    /// Who took it.
    pub acknowledged: Option<Acknowledgement>,
    /// How and when it ended.
    pub resolved: Option<(Ending, Timestamp)>,
}

words! {
    /// Where an episode stands.
    pub enum Status ("episode status") {
        /// Bad, and nobody has it.
        Firing = "firing",
        /// Bad, and somebody has it.
        Acknowledged = "acknowledged",
        /// Over.
        Resolved = "resolved",
    }
}

impl Episode {
    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        match (&self.resolved, &self.acknowledged) {
            (Some(_), _) => Status::Resolved,
            (None, Some(_)) => Status::Acknowledged,
            (None, None) => Status::Firing,
        }
    }
}

impl Aggregate for Episode {
    type Command = EpisodeCommand;
    type Event = EpisodeEvent;
    type Policy = ();

    fn decide(
        state: Option<&Self>,
        command: EpisodeCommand,
        (): &(),
        now: Timestamp,
    ) -> Result<Vec<EpisodeEvent>, Refused> {
        let open = state.filter(|episode| episode.resolved.is_none());
        match (open, command) {
            (None, _) => Err(OVER.fail("the alert is already resolved", "nothing has to be done").into()),
            (Some(_), EpisodeCommand::Resolve(ending)) => {
                Ok(vec![EpisodeEvent::Resolved { ending, at: now }])
            }
            (Some(episode), EpisodeCommand::Release) => {
                let released = episode.acknowledged.as_ref().map(|_| EpisodeEvent::Released { at: now });
                Ok(released.into_iter().collect())
            }
            (Some(episode), EpisodeCommand::Acknowledge { by, reason }) => {
                let mut findings = Vec::new();
                if let Some(known) = &episode.acknowledged {
                    let message = format!("{} acknowledged it already at {}", known.by, known.at);
                    findings.push(TAKEN.fail(message, "talk to them"));
                }
                let reason = reason.trim();
                let characters = reason.chars().count();
                if characters == 0 || characters > MAX_REASON {
                    let message = format!("the reason has {characters} characters");
                    findings
                        .push(SAYS_WHY.fail(message, "say in 1 to 1000 characters what you are about to do"));
                }
                Refused::when_any(findings)?;
                Ok(vec![EpisodeEvent::Acknowledged { by, reason: reason.to_owned(), at: now }])
            }
        }
    }

    fn evolve(state: Option<Self>, event: EpisodeEvent) -> Option<Self> {
        match (state, event) {
            (None, EpisodeEvent::Opened(opening)) => {
                Some(Self { opening: *opening, acknowledged: None, resolved: None })
            }
            (Some(mut episode), EpisodeEvent::Acknowledged { by, reason, at })
                if episode.resolved.is_none() =>
            {
                episode.acknowledged.get_or_insert(Acknowledgement { by, reason, at });
                Some(episode)
            }
            (Some(mut episode), EpisodeEvent::Released { .. }) if episode.resolved.is_none() => {
                episode.acknowledged = None;
                Some(episode)
            }
            (Some(mut episode), EpisodeEvent::Resolved { ending, at }) => {
                episode.resolved.get_or_insert((ending, at));
                Some(episode)
            }
            (state, _) => state,
        }
    }
}

/// Labels that every alert gets beside its own. One that another system didn't send is called `alertname` by its rule as well, so
/// that whoever writes matchers for Alertmanager means it too.
pub const ADDED: [&str; 3] = ["rule", "category", "owner"];

impl Opening {
    /// The labels as they were before any was [added](ADDED).
    #[must_use]
    pub fn sent_labels(&self) -> Labels {
        let replaced = match &self.origin {
            Origin::Sent { replaced, .. } => replaced.clone(),
            Origin::Node(_) | Origin::Server { .. } => Labels::default(),
        };
        let own = self.labels.iter().filter(|(name, _)| !ADDED.contains(name));
        Labels::first_of(own.chain(replaced.iter()), MAX_LABELS)
    }
}

/// The labels of an alert: place and node, then service and series. Where the bound is reached, those of the series
/// are left out first: what routes and people look at stays.
#[must_use]
pub fn labels(node: &Node, subject: &Subject) -> Labels {
    let id = node.id.to_string();
    let place = [
        ("deployment", node.place.deployment.as_str()),
        ("environment", node.place.environment.as_str()),
        ("mode", node.place.mode.as_str()),
        ("node", id.as_str()),
    ];
    let (service, own) = match subject {
        Subject::Node => (None, None),
        Subject::Service(service) => (Some(service), None),
        Subject::Series(key) => (key.service.as_ref(), Some(&key.labels)),
    };
    let service = service.map(|service| ("service", service.as_str()));
    // Place and node win over what a series claims of itself.
    let fixed = place.into_iter().chain(service).chain(node.place.labels.iter());
    Labels::first_of(fixed.chain(own.into_iter().flat_map(Labels::iter)), MAX_LABELS - ADDED.len() - 1)
}

/// What identifies a rule and its indicator on a node's subject over all its episodes. Labels of the place aren't part
/// of it: an episode stays the same when a deployment is renamed.
#[must_use]
pub fn fingerprint(rule: &AlertRule, node: NodeId, subject: SubjectRef<'_>) -> Digest128 {
    let indicator = match rule.indicator {
        Indicator::Metric(metric) => metric.as_str(),
        Indicator::Derived(derived) => derived.as_str(),
    };
    let (kind, service, own) = match subject {
        SubjectRef::Node => ("node", None, None),
        SubjectRef::Series(key) => ("series", key.service.as_ref(), Some(&key.labels)),
        SubjectRef::Service(service) => ("service", Some(service), None),
    };
    let head = [
        rule.id.as_str().as_bytes(),
        indicator.as_bytes(),
        node.0.as_bytes().as_slice(),
        kind.as_bytes(),
        service.map_or("", ServiceId::as_str).as_bytes(),
    ];
    let pairs = own.into_iter().flat_map(Labels::iter);
    Digest128::of(head.into_iter().chain(pairs.flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()])))
}

/// The id of the episode that begins at a moment.
#[must_use]
pub fn id(fingerprint: Digest128, at: Timestamp) -> Digest128 {
    Digest128::of([fingerprint.0.as_slice(), &at.as_millis().to_be_bytes()])
}

#[cfg(test)]
mod tests;
