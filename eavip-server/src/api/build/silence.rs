//! Silences and windows, what waits for an owner, and why somebody is told: put together from the present state.

use eavip_core::alert::episode::Episode;
use eavip_core::alert::intake::{Lacks, admit};
use eavip_core::alert::maintenance;
use eavip_core::alert::silence::{self, SilenceStatus};
use eavip_core::finding;
use eavip_core::id::{Digest128, PersonId, WindowId};
use eavip_core::labels::Labels;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;

use super::labels;
use crate::alertmanager::fingerprint::fingerprint;
use crate::api::view::{Finding, Hidden, Quarantined, Silence, Step, Window};
use crate::book::Book;
use crate::intake::{Known, Standing};
use crate::shared::Shared;
use crate::silencing::uuid;

/// Alerts shown with a silence: more tell nothing more about what it means.
const MAX_HIDDEN: usize = 20;

/// What silences may hide: the open alerts. Copied, so that nobody waits for the book while patterns are held against them.
pub struct Open(Vec<(Digest128, String, Labels)>);

impl Open {
    /// The alerts that are open.
    #[must_use]
    pub fn of(book: &Book) -> Self {
        let copy =
            |Episode { opening, .. }: &Episode| (opening.id, opening.summary.clone(), opening.labels.clone());
        Self(book.alerts.open().map(copy).collect())
    }
}

/// A silence as the outside sees it.
#[must_use]
pub fn silence(open: &Open, silence: &silence::Silence, now: Timestamp) -> Silence {
    let request = &silence.request;
    let step = |(by, at): &(PersonId, Timestamp)| Step { by: by.to_string(), at: at.to_string() };
    let status = silence.status(now);
    let over = matches!(status, SilenceStatus::Ended | SilenceStatus::Expired);
    let meant = open.0.iter().filter(|(.., labels)| !over && request.matchers.matches(labels));
    let meant: Vec<_> = meant.collect();
    let hidden = |(id, summary, _): &&(Digest128, String, Labels)| Hidden {
        id: id.to_string(),
        summary: summary.clone(),
    };
    Silence {
        id: uuid(request.id).to_string(),
        status,
        matchers: request.matchers.iter().map(ToString::to_string).collect(),
        reason: request.reason.clone(),
        ticket: request.ticket.clone(),
        by: request.by.to_string(),
        from: request.from.to_string(),
        until: request.until.to_string(),
        needs_approval: silence.waits,
        owners: silence.owners.iter().map(ToString::to_string).collect(),
        approved: silence.approved.as_ref().map(step),
        ended: silence.ended.as_ref().map(step),
        hides: meant.iter().take(MAX_HIDDEN).map(hidden).collect(),
        hides_count: meant.len(),
    }
}

/// A maintenance window as the outside sees it.
#[must_use]
pub fn window(id: &WindowId, window: &maintenance::Window, now: Timestamp) -> Window {
    let days: Vec<&str> = window.days.iter().map(|day| day.as_str()).collect();
    let days = if days.is_empty() { "every day".to_owned() } else { days.join(", ") };
    Window {
        id: id.to_string(),
        matchers: window.matchers.to_string(),
        when: format!("{days} at {} for {}, {}", window.at, window.lasts, window.zone.as_str()),
        change: window.change.to_string(),
        owner: window.owner.to_string(),
        open_until: window.open_until(now).map(|until| until.to_string()),
        next: window.next_opening(now).map(|next| next.to_string()),
    }
}

/// What a rule found, as the outside sees it.
#[must_use]
pub fn finding(found: &finding::Finding) -> Finding {
    Finding {
        rule: found.rule.to_string(),
        outcome: found.outcome,
        message: found.message.clone(),
        remedy: found.remedy.clone(),
        clears_at: found.clears_at.map(|at| at.to_string()),
    }
}

/// Alerts from elsewhere that fire and aren't let in, the newest first.
#[must_use]
pub fn quarantined(shared: &Shared, policy: &Policy, now: Timestamp) -> Vec<Quarantined> {
    let patience = policy.alerting.intake.resolve_timeout;
    let mut found: Vec<(Timestamp, Quarantined)> = Vec::new();
    shared.intake.each(|known| {
        if known.standing(shared.started_at, patience, now) == Standing::Firing
            && let Err(lacks) = admit(&known.sent(), policy)
        {
            found.push((known.starts_at, lacking(known, &lacks)));
        }
    });
    found.sort_by(|a, b| (b.0, &b.1.fingerprint).cmp(&(a.0, &a.1.fingerprint)));
    found.into_iter().map(|(_, alert)| alert).collect()
}

fn lacking(known: &Known, lacks: &Lacks) -> Quarantined {
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Quarantined {
        fingerprint: fingerprint(&known.labels),
        labels: labels(&known.labels),
        annotations: known.annotations.iter().map(pair).collect(),
        since: known.starts_at.to_string(),
        updated_at: known.updated_at.to_string(),
        lacks: lacks.0.iter().map(finding).collect(),
    }
}
