//! Duties and escalation steps behind which nobody is there. Gaps in time are [`coverage`](crate::on_call::coverage)'s
//! part: those need a moment to look from.

use std::collections::BTreeMap;

use super::{Lint, NOBODY_THERE};
use crate::id::{PersonId, ScheduleId};
use crate::on_call::escalation::Step;
use crate::on_call::schedule::Schedule;
use crate::roster::Roster;

pub(super) fn look(lint: &Lint<'_>) {
    let (roster, on_call) = (&lint.policy.roster, &lint.policy.on_call);
    for (id, schedule) in &on_call.schedules {
        for (at, rotation) in schedule.rotations.iter().enumerate() {
            for person in rotation.people.iter().filter(|person| !is_active(roster, person)) {
                let message = format!("`{person}` has duty in `{id}` and isn't active");
                let place = ["schedule", id.as_str(), "rotation", &at.to_string(), "people"];
                lint.problem(&place, NOBODY_THERE, message, "take them out, or put somebody in their place");
            }
        }
    }
    for (id, escalation) in &on_call.escalations {
        for (at, step) in escalation.steps.iter().enumerate() {
            if reaches(step, roster, &on_call.schedules) {
                continue;
            }
            let message = format!("step {} of `{id}` reaches nobody who is active", at + 1);
            let place = ["escalation", id.as_str(), "step", &at.to_string()];
            lint.problem(&place, NOBODY_THERE, message, "name active people, or a team that has some");
        }
    }
}

fn reaches(step: &Step, roster: &Roster, schedules: &BTreeMap<ScheduleId, Schedule>) -> bool {
    let rotations = step.schedules.iter().filter_map(|id| schedules.get(id)).flat_map(|it| &it.rotations);
    let mut people = rotations.flat_map(|rotation| &rotation.people).chain(&step.people);
    people.any(|person| is_active(roster, person))
        || step.teams.iter().any(|team| roster.members(team).next().is_some())
}

fn is_active(roster: &Roster, person: &PersonId) -> bool {
    roster.people.get(person).is_some_and(|person| person.active)
}
