//! `[schedule.NAME]`, `[escalation.NAME]` and `[on-call]`: who has duty, and who is told next.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::roster::team;
use crate::document::{CONTRADICTION, Declared, MISSING, Section, UNRESOLVED, WRONG_VALUE};
use crate::id::{EscalationId, PersonId, ScheduleId, TeamId};
use crate::on_call::OnCallPolicy;
use crate::on_call::escalation::{ACK_LAPSE, Escalation, MAX_ESCALATIONS, MAX_STEPS, Step};
use crate::on_call::schedule::{
    Hours, LONGEST_LOOK, MAX_PEOPLE, MAX_ROTATIONS, MAX_SCHEDULES, Override, Rotation, Schedule,
};
use crate::roster::Roster;
use crate::time::Span;
use crate::time::calendar::{ClockTime, Weekday};
use crate::vocabulary::nearest;

const DAY: Span = Span::from_secs(24 * 3_600);
const MINUTE: Span = Span::from_secs(60);

pub(super) fn read(root: &Section<'_>, roster: &Roster) -> OnCallPolicy {
    let default = OnCallPolicy::default();
    let section = root.section("on-call");
    let horizon = section.span("horizon", DAY..=LONGEST_LOOK).unwrap_or(default.horizon);
    let proof_lasts = section.span("proof_lasts", DAY..=DAY.times(366)).unwrap_or(default.proof_lasts);
    let retry = section.span("retry", MINUTE..=DAY).unwrap_or(default.retry);
    section.finish();
    let named = root.named_sections::<ScheduleId>("schedule");
    at_most(root, "schedule", named.len(), MAX_SCHEDULES);
    let mut declared = Vec::new();
    let mut schedules = BTreeMap::new();
    for (id, section) in named {
        declared.push(id.clone());
        schedules.extend(schedule(section, roster).map(|schedule| (id, schedule)));
    }
    let named = root.named_sections::<EscalationId>("escalation");
    at_most(root, "escalation", named.len(), MAX_ESCALATIONS);
    let read = |(id, section)| Some((id, escalation(section, roster, &declared)?));
    let escalations = named.into_iter().filter_map(read).collect();
    OnCallPolicy { schedules, escalations, horizon, proof_lasts, retry }
}

fn at_most(section: &Section<'_>, key: &'static str, count: usize, most: usize) {
    if count > most {
        let remedy = format!("keep at most {most}");
        section.problem(Some(key), WRONG_VALUE, format!("`{key}` has {count}"), &remedy);
    }
}

/// Names, each of which must be declared.
fn names<K>(section: &Section<'_>, key: &'static str, what: &str, declared: &[&str]) -> Vec<K>
where
    K: Declared + Display,
{
    let all = section.list::<K>(key).into_iter();
    all.filter(|name| is_declared(section, key, what, &name.to_string(), declared)).collect()
}

fn is_declared(section: &Section<'_>, key: &'static str, what: &str, name: &str, declared: &[&str]) -> bool {
    if declared.contains(&name) {
        return true;
    }
    let remedy = match nearest(declared.iter().copied(), name) {
        Some(meant) => format!("did you mean `{meant}`? or declare [{what}.{name}]"),
        None => format!("declare [{what}.{name}]"),
    };
    section.problem(Some(key), UNRESOLVED, format!("no {what} is called `{name}`"), &remedy);
    false
}

fn people(section: &Section<'_>, key: &'static str, roster: &Roster) -> Vec<PersonId> {
    names(section, key, "person", &roster.people.keys().map(PersonId::as_str).collect::<Vec<_>>())
}

fn schedule(section: Section<'_>, roster: &Roster) -> Option<Schedule> {
    let zone = section.required("zone", "say whose clock counts: `zone = \"Europe/Berlin\"`");
    let rotations = section.listed_sections("rotation");
    at_most(&section, "rotation", rotations.len(), MAX_ROTATIONS);
    if rotations.is_empty() {
        section.missing("rotation", "say who has duty in turn: add a [[schedule.NAME.rotation]]");
    }
    let rotations = rotations.into_iter().filter_map(|section| rotation(section, roster)).collect();
    let overrides = section.listed_sections("override");
    let overrides = overrides.into_iter().filter_map(|section| instead(section, roster)).collect();
    section.finish();
    Some(Schedule { zone: zone?, rotations, overrides })
}

fn rotation(section: Section<'_>, roster: &Roster) -> Option<Rotation> {
    let people = people(&section, "people", roster);
    at_most(&section, "people", people.len(), MAX_PEOPLE);
    if people.is_empty() && !section.has("people") {
        section.missing(
            "people",
            "say who has duty, in the order of their turns: `people = [\"ana\", \"ben\"]`",
        );
    }
    let turn = section.required("turn", "say how long one has duty: `turn = \"weekly\"`");
    let since = section.required("since", "say when the first turn begins: `since = 2026-01-05`");
    let at = section.required("at", "say when turns change: `at = \"09:00\"`");
    let hours = section.listed_sections("shift").into_iter().filter_map(hours).collect();
    section.finish();
    Some(Rotation { people, turn: turn?, since: since?, at: at?, hours })
}

fn hours(section: Section<'_>) -> Option<Hours> {
    let days = section.list::<Weekday>("days").into_iter().collect();
    let from = section.required::<ClockTime>("from", "say when the shift begins: `from = \"08:00\"`");
    let until = section.required::<ClockTime>("until", "say when the shift ends: `until = \"18:00\"`");
    section.finish();
    Some(Hours { days, from: from?, until: until? })
}

fn instead(section: Section<'_>, roster: &Roster) -> Option<Override> {
    let person = section.required::<PersonId>("person", "say who takes the place");
    let declared: Vec<&str> = roster.people.keys().map(PersonId::as_str).collect();
    let person = person.filter(|id| is_declared(&section, "person", "person", id.as_str(), &declared));
    let from = section.required("from", "say from when on: `from = 2026-01-05T09:00:00Z`");
    let until = section.required("until", "say until when: `until = 2026-01-06T09:00:00Z`");
    let found = Override { person: person?, from: from?, until: until? };
    if found.until <= found.from {
        let message = "the place would be taken for no time";
        section.problem(Some("until"), CONTRADICTION, message, "let it end after it begins");
    }
    section.finish();
    Some(found)
}

fn escalation(section: Section<'_>, roster: &Roster, schedules: &[ScheduleId]) -> Option<Escalation> {
    let team = team(&section, "team", roster, "name the team whose alerts escalate so");
    let steps = section.listed_sections("step");
    at_most(&section, "step", steps.len(), MAX_STEPS);
    if steps.is_empty() {
        section.missing("step", "say who is told: add an [[escalation.NAME.step]]");
    }
    let steps = steps.into_iter().map(|section| step(section, roster, schedules)).collect();
    let repeat = section.integer("repeat", 0..=100).and_then(|repeat| u32::try_from(repeat).ok());
    let ack_lapse = section.span("ack_lapse", MINUTE..=DAY).unwrap_or(ACK_LAPSE);
    section.finish();
    Some(Escalation { team: team?, steps, repeat: repeat.unwrap_or(0), ack_lapse })
}

fn step(section: Section<'_>, roster: &Roster, schedules: &[ScheduleId]) -> Step {
    let declared: Vec<&str> = schedules.iter().map(ScheduleId::as_str).collect();
    let teams: Vec<&str> = roster.teams.keys().map(TeamId::as_str).collect();
    let found = Step {
        after: section.span("after", Span::ZERO..=DAY).unwrap_or_default(),
        schedules: names(&section, "schedules", "schedule", &declared),
        people: people(&section, "people", roster),
        teams: names(&section, "teams", "team", &teams),
    };
    if !["schedules", "people", "teams"].iter().any(|key| section.has(key)) {
        let remedy = "name `schedules`, `people` or `teams`";
        section.problem(None, MISSING, "the step tells nobody", remedy);
    }
    section.finish();
    found
}

#[cfg(test)]
mod tests;
