//! What a team is told of its noise once a week: how many alerts it had, how many were worth it, and what it has to mend.
//! Nothing is told where there was nothing.

use std::collections::BTreeMap;

use eavip_core::alert::Category;
use eavip_core::alert::noise::Scope;
use eavip_core::alert::noise::measure::{Measures, Period, measure};
use eavip_core::alert::route;
use eavip_core::id::TeamId;
use eavip_core::labels::Labels;
use eavip_core::policy::Policy;
use eavip_core::time::{Span, Timestamp};

use super::evidence;
use crate::book::Book;
use crate::record::{Content, DeliveryEvent, Event, Notice, Recipient, Topic, delivery_id};

const DAY: Span = Span::from_secs(86_400);
const WEEK: Span = Span::from_secs(7 * 86_400);
/// Monday 1970-01-05 08:00 UTC: the week's first morning, when it is decided what is mended in it.
const FIRST: Timestamp = Timestamp::from_millis((4 * 24 + 8) * 3_600_000);
/// Rules that are named: a team mends a few in a week.
const MAX_RULES: usize = 5;

/// The messages that are due: those of the last Monday, unless they were decided, or more than a day went by.
pub(super) fn due(book: &Book, policy: &Policy, now: Timestamp) -> Vec<Event> {
    let weeks = now.since(FIRST).as_millis() / WEEK.as_millis();
    let monday = FIRST + WEEK.times(weeks);
    let was_told = book.noise.digest_at().is_some_and(|at| at >= monday);
    if was_told || now < monday || now.since(monday) > DAY {
        return Vec::new();
    }
    let period = Period { from: monday - WEEK, until: monday };
    let evidence = evidence(book);
    let of_team =
        |team: &TeamId| measure(&evidence, &Scope::Team(team.clone()), period, &policy.alerting.noise);
    let mut teams: BTreeMap<TeamId, Measures> = BTreeMap::new();
    let with_defects = book.noise.open_defects(now).map(|(_, defect)| &defect.owner);
    for team in evidence.records.iter().map(|record| &record.owner).chain(with_defects) {
        if !teams.contains_key(team) {
            teams.insert(team.clone(), of_team(team));
        }
    }
    let noisy = teams.iter().filter(|(team, measures)| {
        let open = book.noise.open_defects(now).any(|(_, defect)| defect.owner == **team);
        measures.alerts > 0 || open
    });
    noisy.flat_map(|(team, measures)| told(book, policy, team, measures, monday, now)).collect()
}

fn told(
    book: &Book,
    policy: &Policy,
    team: &TeamId,
    measures: &Measures,
    monday: Timestamp,
    now: Timestamp,
) -> Vec<Event> {
    let category = Category::Informational;
    let labels =
        Labels::new([("rule", "noise-digest"), ("category", category.as_str()), ("owner", team.as_str())]);
    let labels = labels.unwrap_or_default();
    let notice = Notice {
        topic: Topic::Digest,
        title: format!("{} alerts of {team} in the last week", measures.alerts),
        text: text(book, team, measures, now),
        path: "/noise".to_owned(),
    };
    let targets = route::targets(&policy.routes, &labels, category).into_iter();
    let event = |target: route::Target<'_>| {
        let to = Recipient::from(target.receiver.clone());
        let id = delivery_id(&to, format!("digest {team}").as_bytes(), monday);
        Event::Delivery { id, event: DeliveryEvent::Decided { to, content: Content::Notice(notice.clone()) } }
    };
    targets.map(event).collect()
}

fn text(book: &Book, team: &TeamId, measures: &Measures, now: Timestamp) -> String {
    let mut lines = vec![match measures.precision {
        Some(_) => format!("Worth it: {} of {} that have an outcome.", measures.worth(), measures.decided()),
        None => "None has an outcome yet.".to_owned(),
    }];
    lines.push(format!("Paging incidents: {}, {} in the worst shift.", measures.pages, measures.worst_shift));
    let rules = measures.top.iter().take(MAX_RULES);
    lines.extend(rules.map(|(rule, count)| format!("- {rule}: {count}")));
    for (_, defect) in book.noise.open_defects(now).filter(|(_, defect)| defect.owner == *team) {
        lines.push(format!("To be mended until {}: {}.", defect.due, defect.scope));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests;
