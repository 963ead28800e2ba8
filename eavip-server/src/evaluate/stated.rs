//! Alerts that no rule on readings finds: those that other systems sent, and what the server states of its own work.

use std::collections::BTreeMap;

use eavip_core::alert::concern::Concern;
use eavip_core::alert::episode::Ending;
use eavip_core::alert::intake::admit;
use eavip_core::evaluate::{Evaluation, Stated};
use eavip_core::labels::Labels;
use eavip_core::policy::Policy;
use eavip_core::time::{Span, Timestamp};

use crate::book::Book;
use crate::incidents::duties;
use crate::intake::{MAX_ALERTS, MAX_BYTES, Standing};
use crate::shared::Shared;
use crate::{noise, trends};

/// How long after the last message was given up its alert goes on; what lies further back is seen in the list.
const UNDELIVERED_FOR: Span = Span::from_secs(3_600);

/// Shows all of them to an evaluation.
pub(super) fn show(shared: &Shared, policy: &Policy, now: Timestamp, evaluation: &mut Evaluation<'_>) {
    let patience = policy.alerting.intake.resolve_timeout;
    let mut quarantined: Option<(u64, Timestamp)> = None;
    shared.intake.each(|known| {
        let ending = match known.standing(shared.started_at, patience, now) {
            // Neither opened nor ended by its sender's silence, while that wasn't heard.
            Standing::Unheard => {
                evaluation.still(known.fingerprint);
                return;
            }
            Standing::Firing => None,
            Standing::Over => Some(Ending::Recovered),
            Standing::Lapsed => Some(Ending::Lapsed),
        };
        if let Some(ending) = ending {
            return evaluation.over(known.fingerprint, ending);
        }
        if evaluation.still(known.fingerprint) {
            return;
        }
        match admit(&known.sent(), policy) {
            Ok(stated) => evaluation.stated(stated),
            Err(_) => {
                let (count, since) = quarantined.unwrap_or((0, known.starts_at));
                quarantined = Some((count + 1, since.min(known.starts_at)));
            }
        }
    });
    own(shared, policy, quarantined, now).into_iter().for_each(|stated| evaluation.stated(stated));
    let book = shared.book();
    noise::stated(&book, now)
        .chain(trends::stated(&book, policy, now))
        .chain(duties::stated(&book, policy, now))
        .for_each(|stated| evaluation.stated(stated));
}

/// What the server states of its own work.
fn own(
    shared: &Shared,
    policy: &Policy,
    quarantined: Option<(u64, Timestamp)>,
    now: Timestamp,
) -> Vec<Stated> {
    let Some(owner) = &policy.alerting.intake.owner else { return Vec::new() };
    let about = |concern: Concern, path: &str, more: &Labels, summary: String, since| {
        concern.about(path, owner.clone(), more, summary, since)
    };
    let mut stated = Vec::new();
    if let Some((count, since)) = quarantined {
        let summary = match count {
            1 => "an alert from another system lacks an owner or a runbook".to_owned(),
            _ => format!("{count} alerts from other systems lack an owner or a runbook"),
        };
        let none = Labels::default();
        stated.extend(about(Concern::IntakeQuarantined, "/alerts/quarantined", &none, summary, since));
    }
    if shared.intake.is_full() {
        let summary = format!(
            "other systems send more than {MAX_ALERTS} alerts or {} MiB of them; further ones are refused",
            MAX_BYTES >> 20
        );
        stated.extend(about(Concern::IntakeFull, "/alerts", &Labels::default(), summary, now));
    }
    let book = shared.book();
    if let Some((count, since)) = unreached(&book) {
        let summary = format!("{count} alerts were to be told and nobody could be reached");
        stated.extend(about(Concern::NobodyReachable, "/on-call", &Labels::default(), summary, since));
    }
    let mut given_up = BTreeMap::new();
    for (_, delivery) in book.outbox.given_up() {
        let since = delivery.ended_at.unwrap_or(delivery.decided_at);
        let (count, _, last) = given_up.entry(&delivery.to.receiver).or_insert((0_u64, since, since));
        (*count, *last) = (*count + 1, since.max(*last));
    }
    given_up.retain(|_, (.., last)| now.since(*last) < UNDELIVERED_FOR);
    for (receiver, (count, since, _)) in given_up {
        let messages = if count == 1 { "message" } else { "messages" };
        let summary = format!("{count} {messages} to {receiver} given up");
        let more = Labels::new([("receiver", receiver.as_str())]).unwrap_or_default();
        let path = format!("/settings#receiver-{receiver}");
        stated.extend(about(Concern::NotificationUndelivered, &path, &more, summary, since));
    }
    stated
}

/// How many alerts nobody could be told of, and since when. The alert that says so isn't one of them: it would keep itself
/// alive.
fn unreached(book: &Book) -> Option<(usize, Timestamp)> {
    let own = |id| {
        let rule = book.alerts.get(id).map(|episode| episode.opening.rule.as_str());
        rule == Some(Concern::NobodyReachable.as_str())
    };
    let waiting = book.on_call.open().filter(|(id, _)| !own(*id));
    let since: Vec<Timestamp> = waiting.filter_map(|(_, paged)| paged.unreached_since).collect();
    Some((since.len(), since.iter().min().copied()?))
}
