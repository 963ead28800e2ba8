//! Alerts that other systems send, such as Prometheus (seed: *No alert without an owner*): an owner and a runbook are
//! found for each, or it is quarantined: kept, shown, and sent to nobody but those who mend that.
//!
//! How alerts arrive, and until when a sender means them, is the server's part.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::episode::{ADDED, Origin};
use super::rule::{Action, Runbook};
use super::{Category, owner};
use crate::environment::Environment;
use crate::evaluate::Stated;
use crate::finding::Finding;
use crate::id::{AlertRuleId, Digest128, TeamId};
use crate::labels::{Labels, MAX_LABELS};
use crate::mode::Mode;
use crate::policy::Policy;
use crate::time::{Span, Timestamp};

crate::rules! {
    /// Nobody is found who owns an alert that another system sent. Add an `owner` label with a declared team to its rule there, or
    /// an `[[owner]]` here that matches it, or make the intake token for the team that owns what it sends.
    OWNED = "EAVIP-A30", "an alert that is taken in has an owner", "No alert without an owner";
    /// An alert that another system sent says nowhere what to do. Add a `runbook_url` annotation to its rule there, or `runbook` to
    /// the `[[owner]]` here that matches it.
    HAS_RUNBOOK = "EAVIP-A31", "an alert that is taken in has a runbook", "Alerts must be actionable";
}

/// Most labels of an alert that is taken in: `rule`, `category` and `owner` are added to them.
pub const MAX_SENT_LABELS: usize = MAX_LABELS - ADDED.len();
/// Most annotations of an alert.
pub const MAX_ANNOTATIONS: usize = 64;
/// Longest annotation in bytes: a long paragraph.
pub const MAX_ANNOTATION: usize = 8 * 1024;
/// Most bytes of all annotations of an alert together.
pub const MAX_ANNOTATIONS_BYTES: usize = 64 * 1024;
/// Longest summary in characters; more doesn't fit a line of a list.
const MAX_SUMMARY: usize = 300;

/// How alerts that other systems send are taken in; `[intake]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakePolicy {
    /// Whether an alert without owner or runbook is refused instead of quarantined; false.
    pub strict: bool,
    /// Who is told of what is quarantined, and mends it; the built-in policy's `platform-operations`.
    pub owner: Option<TeamId>,
    /// How long an alert fires whose sender gives no end and doesn't repeat it; 5 min, as Alertmanager has it.
    pub resolve_timeout: Span,
    /// What values of the label `severity` mean; any other is a Warning.
    pub severities: BTreeMap<String, Category>,
}

impl Default for IntakePolicy {
    fn default() -> Self {
        let words = [
            ("critical", Category::Critical),
            ("page", Category::Critical),
            ("warning", Category::Warning),
            ("ticket", Category::Warning),
            ("info", Category::Informational),
            ("none", Category::Informational),
        ];
        Self {
            strict: false,
            owner: None,
            resolve_timeout: Span::from_secs(300),
            severities: words.map(|(word, category)| (word.to_owned(), category)).into(),
        }
    }
}

/// What a sender says of an alert besides its labels, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Annotations(BTreeMap<String, String>);

/// Annotations that can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAnnotations {
    /// More than [`MAX_ANNOTATIONS`].
    #[error("{0} annotations are too many; send at most {MAX_ANNOTATIONS}")]
    TooMany(usize),
    /// Together they are longer than [`MAX_ANNOTATIONS_BYTES`].
    #[error("the annotations have {0} bytes together; send at most {MAX_ANNOTATIONS_BYTES}")]
    Large(usize),
    /// One is longer than [`MAX_ANNOTATION`].
    #[error("annotation `{name}` has {bytes} bytes; send at most {MAX_ANNOTATION}")]
    Long {
        /// Its name, cut after 80 characters.
        name: String,
        /// Its length.
        bytes: usize,
    },
}

impl Annotations {
    /// Checks the bounds; empty values are left out, as Alertmanager does.
    ///
    /// # Errors
    /// Names the first that can't be taken.
    pub fn new(pairs: BTreeMap<String, String>) -> Result<Self, InvalidAnnotations> {
        if pairs.len() > MAX_ANNOTATIONS {
            return Err(InvalidAnnotations::TooMany(pairs.len()));
        }
        let long = pairs.iter().find(|(name, value)| name.len().max(value.len()) > MAX_ANNOTATION);
        if let Some((name, value)) = long {
            let bytes = name.len().max(value.len());
            return Err(InvalidAnnotations::Long { name: name.chars().take(80).collect(), bytes });
        }
        let bytes = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MAX_ANNOTATIONS_BYTES {
            return Err(InvalidAnnotations::Large(bytes));
        }
        Ok(Self(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()))
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Pairs of name and value, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name).map(str::trim).filter(|text| !text.is_empty()))
    }
}

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(BTreeMap::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// An alert as another system sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// What identifies it.
    pub labels: Labels,
    /// What is said of it.
    pub annotations: Annotations,
    /// Where its sender shows the rule, an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<String>,
    /// Since when it fires, by its sender.
    pub since: Timestamp,
    /// Who owns what its sender sends and has no other owner.
    pub fallback: Option<TeamId>,
}

impl Sent {
    /// The same for every episode of this alert.
    #[must_use]
    pub fn fingerprint(&self) -> Digest128 {
        fingerprint(&self.labels)
    }
}

/// What identifies an alert from elsewhere over all its episodes.
#[must_use]
pub fn fingerprint(labels: &Labels) -> Digest128 {
    let pairs = labels.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    Digest128::of(std::iter::once(b"sent".as_slice()).chain(pairs))
}

/// What an alert lacks that can't be let in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lacks(pub Vec<Finding>);

/// Lets an alert in, with the owner, category, action and runbook that labels, annotations and the policy give it.
///
/// ```
/// use eavip_core::alert::intake::{Sent, admit};
/// use eavip_core::labels::Labels;
/// use eavip_core::policy::Policy;
///
/// let labels = Labels::new([("alertname", "DiskFull"), ("owner", "platform-operations")]).unwrap();
/// let (annotations, since) = (Default::default(), Default::default());
/// let mut sent = Sent { labels, annotations, generator: None, since, fallback: None };
/// let lacks = admit(&sent, &Policy::builtin()).unwrap_err();
/// assert_eq!(lacks.0[0].rule, "EAVIP-A31");
///
/// let runbook = [("runbook_url".to_owned(), "https://wiki.example/disk".to_owned())];
/// sent.annotations = eavip_core::alert::intake::Annotations::new(runbook.into()).unwrap();
/// assert_eq!(admit(&sent, &Policy::builtin()).unwrap().rule.as_str(), "diskfull");
/// ```
///
/// # Errors
/// Everything that it lacks, at once.
pub fn admit(sent: &Sent, policy: &Policy) -> Result<Stated, Lacks> {
    let Sent { labels, annotations, generator, since, fallback } = sent;
    let declared = |team: &TeamId| policy.roster.teams.contains_key(team);
    let owner = owner::resolve(labels, place(labels), fallback.as_ref(), &policy.owners, declared);
    let said = annotations.first(&["runbook_url", "runbook"]).and_then(|text| text.parse::<Runbook>().ok());
    let runbook = said.or_else(|| policy.owners.runbook(labels).cloned());
    let (owner, runbook) = match (owner, runbook) {
        (Ok(owner), Some(runbook)) => (owner, runbook),
        (owner, runbook) => {
            let unowned = owner.err().map(|_| {
                let remedy = "add an `owner` label with a declared team, or an [[owner]] that matches it";
                OWNED.fail("nobody is found who owns it", remedy)
            });
            let unwritten = runbook.is_none().then(|| {
                let remedy = "add a `runbook_url` annotation, or `runbook` to the [[owner]] that matches it";
                HAS_RUNBOOK.fail("it says nowhere what to do", remedy)
            });
            return Err(Lacks(unowned.into_iter().chain(unwritten).collect()));
        }
    };
    let name = labels.get("alertname").unwrap_or_default();
    let (rule, category) = (rule(name), category(labels, &policy.alerting.intake));
    let said = annotations.first(&["action"]).and_then(|text| text.parse::<Action>().ok());
    let own = Action::follow(&runbook);
    let added = [("rule", rule.as_str()), ("category", category.as_str()), ("owner", owner.as_str())];
    let said_of_it = annotations.first(&["summary", "title", "message", "description"]);
    // One without a name and a text is told by its labels: a line of a list must not be empty.
    let named = || if name.is_empty() { labels.to_string() } else { name.to_owned() };
    let summary = said_of_it.map_or_else(named, str::to_owned);
    Ok(Stated {
        fingerprint: sent.fingerprint(),
        labels: labels.with(added),
        summary: summary.chars().take(MAX_SUMMARY).collect(),
        rule,
        category,
        owner,
        action: said.unwrap_or(own),
        runbook,
        since: *since,
        origin: Origin::Sent {
            annotations: annotations.clone(),
            generator: generator.clone(),
            replaced: Labels::first_of(labels.iter().filter(|(name, _)| ADDED.contains(name)), ADDED.len()),
        },
    })
}

fn place(labels: &Labels) -> Option<(Environment, Mode)> {
    Some((labels.get("environment")?.parse().ok()?, labels.get("mode")?.parse().ok()?))
}

/// How urgent an alert from elsewhere is: its label `category` where that is one of the runbook's words, else what its
/// `severity` means, else Warning.
#[must_use]
pub fn category(labels: &Labels, policy: &IntakePolicy) -> Category {
    let own = labels.get("category").and_then(|word| word.parse().ok());
    let meant = || policy.severities.get(&labels.get("severity")?.to_lowercase()).copied();
    own.or_else(meant).unwrap_or(Category::Warning)
}

/// The name that an alert's rule goes by here: its `alertname` in the characters that names have. Two that differ in
/// nothing else share it, and their figures.
#[must_use]
pub fn rule(alertname: &str) -> AlertRuleId {
    AlertRuleId::from_foreign(alertname)
}

#[cfg(test)]
mod tests;
