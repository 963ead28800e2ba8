//! Tests of who belongs where.

use super::*;

fn roster() -> Roster {
    let team = |name: &str, party| Team { name: name.to_owned(), party, confirmed_at: None };
    let person = |teams: &[&str], active| Person {
        name: "somebody".to_owned(),
        teams: teams.iter().map(|team| team.parse().unwrap()).collect(),
        active,
    };
    Roster {
        teams: [
            ("platform-operations".parse().unwrap(), team("Platform Operations", Party::Vendor)),
            ("site-team".parse().unwrap(), team("Site team", Party::Customer)),
        ]
        .into(),
        people: [
            ("ana".parse().unwrap(), person(&["platform-operations"], true)),
            ("ben".parse().unwrap(), person(&["platform-operations", "site-team"], true)),
            ("gone".parse().unwrap(), person(&["platform-operations"], false)),
        ]
        .into(),
    }
}

#[test]
fn only_active_people_count() {
    let roster = roster();
    let members: Vec<&str> =
        roster.members(&PLATFORM_OPERATIONS.parse().unwrap()).map(PersonId::as_str).collect();
    assert_eq!(members, ["ana", "ben"]);
    assert!(roster.is_member(&"ana".parse().unwrap(), PLATFORM_OPERATIONS));
    assert!(!roster.is_member(&"gone".parse().unwrap(), PLATFORM_OPERATIONS));
    assert!(!roster.is_member(&"nobody".parse().unwrap(), PLATFORM_OPERATIONS));
}

#[test]
fn somebody_acts_for_the_sides_of_their_teams() {
    let roster = roster();
    let sides = |person: &str| roster.parties(&person.parse().unwrap()).into_iter().collect::<Vec<_>>();
    assert_eq!(sides("ana"), [Party::Vendor]);
    assert_eq!(sides("ben"), [Party::Vendor, Party::Customer]);
    assert!(sides("gone").is_empty() && sides("nobody").is_empty());
}
