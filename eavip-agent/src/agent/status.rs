//! How an agent is doing, for its admin listener, its watchdog and `status`.

use eavip_core::id::NodeId;
use eavip_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::clock;
use crate::fallback::FallbackStatus;
use crate::identity::Identity;
use crate::push::LinkStatus;

/// Reports that may be late before an agent counts as stuck.
const LATE_REPORTS: u64 = 4;
/// Least time before an agent counts as stuck: a disk may hang for a while.
const LEAST_LATE: Span = Span::from_secs(60);

/// What the agent knows of itself.
#[derive(Debug, Clone)]
pub(super) struct Own {
    node: NodeId,
    started_at: Timestamp,
    pub(super) reported_at: Option<Timestamp>,
    pub(super) certificate_until: Timestamp,
    pub(super) renewal_failure: Option<String>,
}

impl Own {
    pub(super) fn new(identity: &Identity) -> Self {
        Self {
            node: identity.node,
            started_at: clock::now(),
            reported_at: None,
            certificate_until: identity.validity.until,
            renewal_failure: None,
        }
    }
}

/// A running agent as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentStatus {
    /// The node.
    pub node: NodeId,
    /// The agent's version.
    pub version: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last spooled a report.
    pub reported_at: Option<Timestamp>,
    /// When its certificate ends.
    pub certificate_until: Timestamp,
    /// Why the certificate wasn't renewed though it was time.
    pub renewal_failure: Option<String>,
    /// The link to the server.
    pub link: LinkStatus,
    /// What its fallback told, where it has one.
    #[serde(default)]
    pub fallback: Option<FallbackStatus>,
}

/// Looks at an agent.
#[derive(Debug, Clone)]
pub struct Status {
    interval: Span,
    own: watch::Receiver<Own>,
    link: watch::Receiver<LinkStatus>,
    fallback: Option<watch::Receiver<FallbackStatus>>,
}

impl Status {
    pub(super) fn new(
        interval: Span,
        own: watch::Receiver<Own>,
        link: watch::Receiver<LinkStatus>,
        fallback: Option<watch::Receiver<FallbackStatus>>,
    ) -> Self {
        Self { interval, own, link, fallback }
    }

    /// How it is doing now.
    #[must_use]
    pub fn get(&self) -> AgentStatus {
        let own = self.own.borrow().clone();
        AgentStatus {
            node: own.node,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: own.started_at,
            reported_at: own.reported_at,
            certificate_until: own.certificate_until,
            renewal_failure: own.renewal_failure,
            link: self.link.borrow().clone(),
            fallback: self.fallback.as_ref().map(|fallback| fallback.borrow().clone()),
        }
    }

    /// Whether it has spooled its first report.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.own.borrow().reported_at.is_some()
    }

    /// Waits until something changed since it was last waited for; `false` when the agent is gone.
    pub async fn changed(&mut self) -> bool {
        tokio::select! {
            changed = self.own.changed() => changed.is_ok(),
            changed = self.link.changed() => changed.is_ok(),
        }
    }

    /// Waits for the first report; also returns when the agent is gone.
    pub async fn ready(&mut self) {
        let _gone = self.own.wait_for(|own| own.reported_at.is_some()).await;
    }

    /// Whether it still spools reports; when not, a restart is worth trying.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        let own = self.own.borrow();
        let last = own.reported_at.unwrap_or(own.started_at);
        now.since(last) <= self.interval.times(LATE_REPORTS).max(LEAST_LATE)
    }
}
