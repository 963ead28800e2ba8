//! An alert rule: what is watched, when it counts, who owns it and what they do (seed: *Alerts must be actionable*).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Category;
use super::owner::Owner;
use crate::id::AlertRuleId;
use crate::labels::Labels;
use crate::signal::indicator::Indicator;
use crate::time::Span;

/// A text that can't be an operator's action or a runbook's reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotUsable {
    /// The action says nothing.
    #[error(
        "the action is empty or too long; say in one sentence of at most 400 characters what the operator does first"
    )]
    Action,
    /// The reference leads nowhere.
    #[error(
        "the runbook reference is empty, too long or no link; name a page such as `disk-full` or an https:// address"
    )]
    Runbook,
}

/// What the operator does first: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Action(String);

impl FromStr for Action {
    type Err = NotUsable;
    fn from_str(text: &str) -> Result<Self, NotUsable> {
        let text = text.trim();
        let usable = text.chars().count() <= 400 && text.chars().any(char::is_alphabetic);
        if usable { Ok(Self(text.to_owned())) } else { Err(NotUsable::Action) }
    }
}

impl Action {
    /// What to do where only a runbook is known.
    #[must_use]
    pub fn follow(runbook: &Runbook) -> Self {
        // Shorter than an action may be long, the longest address cut.
        Self(format!("Follow {}", runbook.as_str().chars().take(380).collect::<String>()))
    }
}

/// Where it is written what to do: the name of a runbook page, or an `https://` address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Runbook(String);

impl FromStr for Runbook {
    type Err = NotUsable;
    fn from_str(text: &str) -> Result<Self, NotUsable> {
        let page = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        };
        let link = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let linked = |rest: &str| {
            rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
                && rest.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\'))
        };
        let usable = text.len() <= 1000 && link.map_or_else(|| page(text), linked);
        if usable { Ok(Self(text.to_owned())) } else { Err(NotUsable::Runbook) }
    }
}

macro_rules! text_like {
    ($name:ident) => {
        impl $name {
            /// The text as it was declared.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = NotUsable;
            fn try_from(text: String) -> Result<Self, NotUsable> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}
text_like!(Action);
text_like!(Runbook);

impl Runbook {
    /// The page's name, when it isn't an address elsewhere.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        (!self.0.contains("://")).then_some(&self.0)
    }
}

/// The side of the threshold that is bad, and how far back a value must come to be good again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Bad above `fire`, good again at or below `clear`.
    Above {
        /// The threshold, in the indicator's unit.
        fire: f64,
        /// At most `fire`.
        clear: f64,
    },
    /// Bad below `fire`, good again at or above `clear`.
    Below {
        /// The threshold, in the indicator's unit.
        fire: f64,
        /// At least `fire`.
        clear: f64,
    },
}

impl Condition {
    /// Whether a value is bad.
    #[must_use]
    pub fn fires(self, value: f64) -> bool {
        match self {
            Self::Above { fire, .. } => value > fire,
            Self::Below { fire, .. } => value < fire,
        }
    }

    /// Whether a value that was bad is good again; between the two thresholds it is neither.
    #[must_use]
    pub fn clears(self, value: f64) -> bool {
        match self {
            Self::Above { clear, .. } => value <= clear,
            Self::Below { clear, .. } => value >= clear,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Above { fire, .. } => write!(f, "above {fire}"),
            Self::Below { fire, .. } => write!(f, "below {fire}"),
        }
    }
}

/// A declared alert rule. Owner, action and runbook are types that can't be empty, so a rule without them can't be
/// built, read or deserialised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertRule {
    /// Its name.
    pub id: AlertRuleId,
    /// How urgent it is.
    pub category: Category,
    /// Who acts, by mode of the deployment.
    pub owner: Owner,
    /// What they do first.
    pub action: Action,
    /// Where it is written.
    pub runbook: Runbook,
    /// What is compared.
    pub indicator: Indicator,
    /// With what.
    pub condition: Condition,
    /// How long it must be bad before it counts.
    pub hold_for: Span,
    /// How long it must be good again before it is over.
    pub keep_firing_for: Span,
    /// For error ratios: fewer requests in the window than this decide nothing.
    pub least_requests: f64,
    /// Labels that must have these values; all of them.
    pub matchers: Labels,
}
