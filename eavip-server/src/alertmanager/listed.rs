//! Alerts as Alertmanager's clients see them: those that other systems sent and mean now, and the open ones that this server
//! found itself, each with what stands in its way. The policy library says what does.

use std::collections::{BTreeMap, HashMap};

use eavip_core::alert::episode::{Episode, Origin};
use eavip_core::alert::inhibit::inhibited_by;
use eavip_core::alert::intake::admit;
use eavip_core::alert::notice::Known as Beside;
use eavip_core::alert::{self, route};
use eavip_core::id::Digest128;
use eavip_core::policy::Policy;
use eavip_core::time::{Span, Timestamp};

use super::fingerprint::{self, fingerprint};
use super::silences::uuid;
use super::view::{Alert, AlertState, AlertStatus, Receiver};
use crate::book::Book;
use crate::evaluate;
use crate::intake::{Known, Standing};
use crate::shared::Shared;

/// What a list is made from.
pub(super) struct Looking<'a> {
    shared: &'a Shared,
    /// What the book says of alerts.
    pub(super) book: &'a Book,
    policy: &'a Policy,
    /// Where people find this server.
    url: &'a str,
    beside: Beside,
    /// Open episodes by the fingerprint of what they are about.
    open: HashMap<Digest128, &'a Episode>,
    now: Timestamp,
}

impl<'a> Looking<'a> {
    /// Looks at everything as it is at a moment.
    pub(super) fn new(
        shared: &'a Shared,
        book: &'a Book,
        policy: &'a Policy,
        url: &'a str,
        now: Timestamp,
    ) -> Self {
        let open = book.alerts.open().map(|episode| (episode.opening.fingerprint, episode)).collect();
        Self { shared, book, policy, url, beside: evaluate::known(book, policy, now), open, now }
    }

    /// Every alert, by fingerprint.
    pub(super) fn all(&self) -> Vec<Alert> {
        let mut found = Vec::new();
        let patience = self.policy.alerting.intake.resolve_timeout;
        self.shared.intake.each(|known| {
            if self.is_meant(known, patience) {
                found.push(self.sent(known));
            }
        });
        let own = |episode: &&&Episode| !matches!(episode.opening.origin, Origin::Sent { .. });
        found.extend(self.open.values().filter(own).map(|episode| self.own(episode)));
        found.sort_unstable_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
        found
    }

    /// Whether its sender means it, or may mean it and it is open.
    fn is_meant(&self, known: &Known, patience: Span) -> bool {
        match known.standing(self.shared.started_at, patience, self.now) {
            Standing::Firing => true,
            Standing::Unheard => self.open.contains_key(&known.fingerprint),
            Standing::Over | Standing::Lapsed => false,
        }
    }

    /// The alert of an open episode; none for one whose sender meanwhile means it no more.
    pub(super) fn of(&self, episode: &Episode) -> Option<Alert> {
        if !matches!(episode.opening.origin, Origin::Sent { .. }) {
            return Some(self.own(episode));
        }
        let known = self.shared.intake.get(episode.opening.fingerprint)?;
        let patience = self.policy.alerting.intake.resolve_timeout;
        self.is_meant(&known, patience).then(|| self.sent(&known))
    }

    /// One that another system sent: as it was sent. Between its arrival and the next evaluation it is shown as it will be.
    fn sent(&self, known: &Known) -> Alert {
        let sent = known.sent();
        let episode = self.open.get(&known.fingerprint);
        let admitted = || {
            admit(&sent, self.policy).ok().map(|stated| alert::Alert {
                id: known.fingerprint,
                rule: stated.rule,
                category: stated.category,
                owner: Some(stated.owner),
                labels: stated.labels,
                since: stated.since,
            })
        };
        let alert = episode.map(|episode| alert::Alert::from(&episode.opening)).or_else(admitted);
        let (status, receivers) = match &alert {
            Some(alert) => (self.status(alert), self.receivers(alert)),
            None => (AlertStatus { state: AlertState::Unprocessed, ..nothing() }, Vec::new()),
        };
        Alert {
            annotations: owned(known.annotations.iter()),
            ends_at: known.ends_at.to_string(),
            fingerprint: fingerprint(&known.labels),
            receivers,
            starts_at: known.starts_at.to_string(),
            status,
            updated_at: known.updated_at.to_string(),
            generator: known.generator.clone(),
            labels: known.labels.clone(),
        }
    }

    /// One that this server found itself. It goes on until the evaluation ends it; clients get an end that lies ahead.
    fn own(&self, episode: &Episode) -> Alert {
        let (opening, url) = (&episode.opening, self.url);
        let labels = fingerprint::labels(opening);
        let alert = alert::Alert::from(opening);
        let runbook = match opening.runbook.page() {
            Some(page) => format!("{url}/runbooks/{page}"),
            None => opening.runbook.to_string(),
        };
        let said = [
            ("summary", opening.summary.as_str()),
            ("action", opening.action.as_str()),
            ("runbook_url", runbook.as_str()),
        ];
        Alert {
            annotations: owned(said.into_iter()),
            ends_at: (self.now + self.policy.alerting.intake.resolve_timeout).to_string(),
            fingerprint: fingerprint(&labels),
            receivers: self.receivers(&alert),
            starts_at: opening.since.to_string(),
            status: self.status(&alert),
            updated_at: opening.at.to_string(),
            generator: Some(format!("{url}/alerts/{}", opening.id)),
            labels,
        }
    }

    fn receivers(&self, alert: &alert::Alert) -> Vec<Receiver> {
        let targets = route::targets(&self.policy.routes, &alert.labels, alert.category).into_iter();
        targets.map(|target| Receiver { name: target.receiver.to_string() }).collect()
    }

    fn status(&self, alert: &alert::Alert) -> AlertStatus {
        let holding = self.beside.silences.iter().filter(|one| one.holds_for(&alert.labels, self.now));
        let silenced_by: Vec<String> = holding.map(|silence| uuid(silence.request.id)).collect();
        let source = inhibited_by(&self.policy.alerting.inhibitions, alert, &self.beside.firing);
        let source = source.and_then(|source| self.book.alerts.get(source.id));
        let inhibited_by: Vec<String> =
            source.map(|source| fingerprint(&fingerprint::labels(&source.opening))).into_iter().collect();
        let mut windows = self.policy.alerting.maintenance.values();
        let maintained = windows.any(|window| window.holds_for(&alert.labels, self.now).is_some());
        let free = silenced_by.is_empty() && inhibited_by.is_empty() && !maintained;
        let state = if free { AlertState::Active } else { AlertState::Suppressed };
        AlertStatus { inhibited_by, silenced_by, state }
    }
}

fn nothing() -> AlertStatus {
    AlertStatus { inhibited_by: Vec::new(), silenced_by: Vec::new(), state: AlertState::Active }
}

fn owned<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
