//! `[team.NAME]` and `[person.NAME]`: who there is, and names of teams elsewhere in the text.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{Section, UNRESOLVED};
use crate::id::TeamId;
use crate::roster::{Party, Person, Roster, Team};
use crate::vocabulary::nearest;

pub(super) fn read(root: &Section<'_>) -> Roster {
    let teams: BTreeMap<TeamId, Team> = root
        .named_sections::<TeamId>("team")
        .into_iter()
        .map(|(id, section)| {
            let team = Team {
                name: section.text("name").unwrap_or_else(|| id.as_str().to_owned()),
                party: section.text("party").unwrap_or(Party::Vendor),
                confirmed_at: section.text("confirmed"),
            };
            section.finish();
            (id, team)
        })
        .collect();
    let mut roster = Roster { teams, people: BTreeMap::new() };
    for (id, section) in root.named_sections::<crate::id::PersonId>("person") {
        let person = Person {
            name: section.text("name").unwrap_or_else(|| id.to_string()),
            teams: teams_of(&section, &roster),
            active: section.flag("active").unwrap_or(true),
        };
        section.finish();
        roster.people.insert(id, person);
    }
    roster
}

fn teams_of(section: &Section<'_>, roster: &Roster) -> BTreeSet<TeamId> {
    let named = section.list::<TeamId>("teams");
    if named.is_empty() {
        section.missing("teams", "name at least one team: `teams = [\"platform-operations\"]`");
    }
    named.into_iter().filter(|id| is_declared(section, "teams", id, roster)).collect()
}

/// A team's name that must be declared.
pub(super) fn team(
    section: &Section<'_>,
    key: &'static str,
    roster: &Roster,
    remedy: &str,
) -> Option<TeamId> {
    let id = section.required::<TeamId>(key, remedy)?;
    is_declared(section, key, &id, roster).then_some(id)
}

pub(super) fn is_declared(section: &Section<'_>, key: &'static str, id: &TeamId, roster: &Roster) -> bool {
    if roster.teams.contains_key(id) {
        return true;
    }
    let known = || roster.teams.keys().map(TeamId::as_str);
    let remedy = match nearest(known(), id.as_str()) {
        Some(team) => format!("did you mean `{team}`? or declare [team.{id}]"),
        None => format!("declare [team.{id}], or use one of {}", known().collect::<Vec<_>>().join(", ")),
    };
    section.problem(Some(key), UNRESOLVED, format!("no team is called `{id}`"), &remedy);
    false
}
