//! What is asked of a list: matchers, where the alerts may stand, and whom they lead to.

use axum::http::Uri;
use eavip_core::alert::matcher::{InvalidMatcher, Matcher, Matchers, Operator};
use eavip_core::labels::Labels;

use super::refusal::Refusal;
use super::view::{Alert, AlertState, Receiver};

/// What is asked for; what isn't said takes everything.
#[derive(Debug)]
pub(super) struct Query {
    matchers: Matchers,
    receiver: Option<Matchers>,
    active: bool,
    silenced: bool,
    inhibited: bool,
    unprocessed: bool,
}

/// The names and values of a query. They may repeat, which axum's own extractor reads only without a schema.
fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Refusal> {
    let read = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
    read.map(|found| found.0).map_err(|rejection| Refusal::bad(rejection.body_text()))
}

impl Query {
    /// Reads the query of a request; names that Alertmanager doesn't know are passed over as it does.
    pub(super) fn read(uri: &Uri) -> Result<Self, Refusal> {
        let (mut matchers, mut receiver) = (Matchers::default(), None);
        let mut flags = [("active", true), ("silenced", true), ("inhibited", true), ("unprocessed", true)];
        for (name, value) in pairs(uri)? {
            if name == "filter" {
                let refused = |error: InvalidMatcher| Refusal::bad(format!("filter: {error}"));
                let matcher = value.parse().map_err(refused)?;
                matchers.push(matcher).map_err(|error| refused(error.into()))?;
            } else if name == "receiver" && !value.is_empty() {
                let pattern = Matcher::new("receiver", Operator::Matches, &value);
                let pattern = pattern.map_err(|error| Refusal::bad(format!("receiver: {error}")))?;
                receiver = Matchers::try_from(vec![pattern]).ok();
            } else if let Some((_, flag)) = flags.iter_mut().find(|(known, _)| *known == name) {
                *flag = match value.as_str() {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    _ => return Err(Refusal::bad(format!("{name}: use true or false"))),
                };
            }
        }
        let [(_, active), (_, silenced), (_, inhibited), (_, unprocessed)] = flags;
        Ok(Self { matchers, receiver, active, silenced, inhibited, unprocessed })
    }

    /// Whether labels are meant: an alert's, or the names and values that a silence compares.
    pub(super) fn means(&self, labels: &Labels) -> bool {
        self.matchers.matches(labels)
    }

    /// Whether an alert is asked for.
    pub(super) fn wants(&self, alert: &Alert) -> bool {
        let stands = match alert.status.state {
            AlertState::Active => self.active,
            AlertState::Unprocessed => self.unprocessed,
            AlertState::Suppressed => {
                (self.silenced || alert.status.silenced_by.is_empty())
                    && (self.inhibited || alert.status.inhibited_by.is_empty())
            }
        };
        let reaches = || self.receiver.is_none() || alert.receivers.iter().any(|one| self.leads_to(one));
        stands && self.means(&alert.labels) && reaches()
    }

    /// Whether a receiver is asked for.
    pub(super) fn leads_to(&self, receiver: &Receiver) -> bool {
        let named = || Labels::new([("receiver", &receiver.name)]).unwrap_or_default();
        self.receiver.as_ref().is_none_or(|wanted| wanted.matches(&named()))
    }
}

#[cfg(test)]
mod tests;
