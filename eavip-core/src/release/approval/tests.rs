//! Tests of approvals: who fills whose place, and whether a roster could.

use proptest::prelude::*;

use super::*;
use crate::roster::Person;

fn team(name: &str) -> TeamId {
    name.parse().unwrap()
}

fn id(name: &str) -> PersonId {
    name.parse().unwrap()
}

/// People and their teams.
type Teams<'t> = &'t [(&'t str, &'t [&'t str])];

fn roster(people: Teams<'_>) -> Roster {
    let person = |(name, teams): &(&str, &[&str])| {
        let teams = teams.iter().map(|name| team(name)).collect();
        (id(name), Person { name: (*name).to_owned(), teams, active: true })
    };
    Roster { people: people.iter().map(person).collect(), ..Roster::default() }
}

fn policy(teams: &[&str]) -> ApprovalPolicy {
    let major = teams.iter().map(|name| team(name)).collect();
    ApprovalPolicy { teams: ByKind { major, ..ApprovalPolicy::default().teams }, ..ApprovalPolicy::default() }
}

fn missing(teams: &[&str], people: &[&str], roster: &Roster) -> Vec<String> {
    let teams: Vec<TeamId> = teams.iter().map(|name| team(name)).collect();
    let people: Vec<PersonId> = people.iter().map(|name| id(name)).collect();
    let people: Vec<&PersonId> = people.iter().collect();
    unfilled(&teams, &people, roster).into_iter().map(ToString::to_string).collect()
}

// Seed: "Change approval".
#[test]
fn the_defaults_ask_one_two_and_three_teams() {
    let policy = ApprovalPolicy::default();
    let names = |kind| policy.teams.of(kind).iter().map(TeamId::as_str).collect::<Vec<_>>();
    assert_eq!(names(Kind::Patch), [PLATFORM_OPERATIONS]);
    assert_eq!(names(Kind::Minor), [PLATFORM_OPERATIONS, PRODUCT_ARCHITECTURE]);
    assert_eq!(names(Kind::Major), [PLATFORM_OPERATIONS, PRODUCT_ARCHITECTURE, SECURITY_COMPLIANCE]);
    assert_eq!(policy.lasts.to_string(), "3d");
}

#[test]
fn one_person_fills_one_place() {
    let roster = roster(&[("ana", &["ops", "product"]), ("ben", &["ops"]), ("cem", &["product"])]);
    let both = ["ops", "product"];
    let table: [(&[&str], &[&str]); 5] = [
        (&[], &["ops", "product"]),
        (&["ana"], &["product"]),
        (&["ana", "ben"], &[]),
        (&["ana", "cem"], &[]),
        (&["ben", "nobody"], &["product"]),
    ];
    for (people, expected) in table {
        assert_eq!(missing(&both, people, &roster), expected, "{people:?}");
    }
    assert_eq!(missing(&["ops", "ops"], &["ana", "ben"], &roster), [""; 0], "a team that stands twice");
    assert_eq!(missing(&["ops", "ops"], &["ana", "cem"], &roster), ["ops"]);
}

#[test]
fn tells_a_roster_that_can_approve_from_one_that_can_only_just() {
    let table: [(Teams<'_>, &[&str], &[&str], usize); 8] = [
        (&[], &["ops"], &[], 0),
        (&[("ana", &["ops"])], &["ops"], &[], 1),
        (&[("ana", &["ops"]), ("ben", &["ops"])], &["ops"], &[], 2),
        (&[("ana", &["ops"]), ("ben", &["ops"])], &["ops"], &["ben"], 1),
        (&[("ana", &["ops"]), ("ben", &["ops"])], &["ops", "ops"], &[], 1),
        (&[("ana", &["ops", "sec"])], &["ops", "sec"], &[], 0),
        (&[("ana", &["ops", "sec"]), ("ben", &["sec"]), ("cem", &["sec"])], &["ops", "sec"], &[], 2),
        (&[("ana", &["ops"])], &[], &[], 0),
    ];
    for (people, teams, excluded, ways) in table {
        let excluded = excluded.iter().map(|name| id(name)).collect();
        let found = satisfiable(&roster(people), Kind::Major, &policy(teams), &excluded);
        assert_eq!(found, ways, "{people:?} {teams:?} without {excluded:?}");
    }
}

#[test]
fn a_large_roster_without_a_team_is_told_at_once() {
    let people: Vec<String> = (0..300).map(|at| format!("p{at}")).collect();
    let people: Vec<(&str, &[&str])> =
        people.iter().map(|name| (name.as_str(), ["ops"].as_slice())).collect();
    let teams = [["ops"; MAX_APPROVALS - 1].as_slice(), &["nobody"]].concat();
    assert_eq!(satisfiable(&roster(&people), Kind::Major, &policy(&teams), &BTreeSet::new()), 0);
}

/// Ways to fill every place, by trying all.
fn by_hand(teams: &[TeamId], roster: &Roster) -> BTreeSet<BTreeSet<PersonId>> {
    let mut ways = BTreeSet::from([BTreeSet::new()]);
    for team in teams {
        ways = ways
            .iter()
            .flat_map(|chosen: &BTreeSet<PersonId>| {
                let free = roster.members(team).filter(|person| !chosen.contains(*person));
                free.map(|person| chosen.iter().chain([person]).cloned().collect()).collect::<Vec<_>>()
            })
            .collect();
    }
    ways
}

proptest! {
    #[test]
    fn counts_as_trying_every_way_does(
        people in prop::collection::vec(prop::collection::btree_set(0..3usize, 1..3), 0..6),
        teams in prop::collection::vec(0..3usize, 1..4),
    ) {
        let names = ["ops", "product", "sec"];
        let ids: Vec<String> = (0..people.len()).map(|at| format!("p{at}")).collect();
        let of: Vec<Vec<&str>> = people.iter().map(|teams| teams.iter().map(|at| names[*at]).collect()).collect();
        let people: Vec<(&str, &[&str])> = ids.iter().zip(&of).map(|(id, of)| (id.as_str(), of.as_slice())).collect();
        let roster = roster(&people);
        let policy = policy(&teams.iter().map(|at| names[*at]).collect::<Vec<_>>());
        let found = satisfiable(&roster, Kind::Major, &policy, &BTreeSet::new());
        let ways = by_hand(&policy.teams.major, &roster);
        prop_assert_eq!(found, ways.len().min(ENOUGH));

        let needed: Vec<&PersonId> =
            roster.people.keys().filter(|person| ways.iter().all(|way| way.contains(*person))).collect();
        match staffing(&roster, Kind::Major, &policy) {
            Staffing::TooFew => prop_assert!(ways.is_empty()),
            Staffing::HangsOn(person) => prop_assert!(!ways.is_empty() && needed.contains(&person)),
            Staffing::Enough => prop_assert!(needed.is_empty()),
        }
    }
}
