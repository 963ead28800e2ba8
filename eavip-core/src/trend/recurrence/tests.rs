//! Tests of repeats and counts against a straightforward recount.

use proptest::prelude::*;

use super::super::tests::{DAY, at, record};
use super::*;
use crate::incident::tests::minutes;

fn within() -> Span {
    minutes(30 * DAY)
}

fn of_rule(id: &str, day: u64) -> IncidentRecord {
    IncidentRecord { rule: Some("probe-down".parse().unwrap()), ..record(id, at(day * DAY)) }
}

// Seed: "Incident trends analyzed".
#[test]
fn an_incident_that_follows_within_thirty_days_is_a_repeat() {
    let names = |records: &[IncidentRecord]| -> Vec<Vec<String>> {
        let of = |repeat: Repeat| repeat.incidents.iter().map(ToString::to_string).collect();
        repeats(records, within()).into_iter().map(of).collect()
    };
    assert_eq!(
        names(&[of_rule("inc-2", 30), of_rule("inc-1", 0)]),
        [["inc-1", "inc-2"]],
        "whatever their order"
    );
    let mut late = of_rule("inc-2", 30);
    late.declared_at = late.declared_at + Span::from_millis(1);
    assert!(names(&[of_rule("inc-1", 0), late]).is_empty());
    let row = [of_rule("a", 0), of_rule("b", 20), of_rule("c", 45), of_rule("d", 90), of_rule("e", 91)];
    assert_eq!(names(&row), [vec!["a", "b", "c"], vec!["d", "e"]]);
    assert!(names(&[of_rule("inc-1", 0), of_rule("inc-1", 0)]).is_empty(), "told twice is once");
    assert!(names(&[record("a", at(0)), record("b", at(1))]).is_empty(), "nothing in common");
}

#[test]
fn a_long_row_names_its_first_incidents_and_counts_all() {
    let records: Vec<IncidentRecord> = (0..150).map(|n| of_rule(&format!("inc-{n:03}"), n)).collect();
    let found = repeats(&records, within());
    assert_eq!((found.len(), found[0].count, found[0].incidents.len()), (1, 150, MAX_ROWS));
    assert_eq!(found[0].last_at, at(149 * DAY));
}

#[test]
fn counts_this_period_beside_the_one_before() {
    let (before, now) =
        (Period { from: at(0), to: at(31 * DAY) }, Period { from: at(31 * DAY), to: at(61 * DAY) });
    let shop = |id: &str, day: u64| IncidentRecord {
        services: ["shop".parse().unwrap()].into(),
        cause: Some(Cause::Capacity),
        ..record(id, at(day * DAY))
    };
    let records =
        [of_rule("a", 1), shop("b", 2), shop("c", 31), shop("d", 60), shop("e", 61), of_rule("f", 90)];
    let found: Vec<(String, usize, usize)> = counts(&records, before, now)
        .into_iter()
        .map(|one| (one.pattern.to_string(), one.before, one.now))
        .collect();
    let expected = [("service shop", 1, 2), ("cause capacity", 1, 2), ("rule probe-down", 1, 0)];
    assert_eq!(found, expected.map(|(pattern, before, now)| (pattern.to_owned(), before, now)));
}

/// Day, rule, services and cause of an incident.
type Drawn = (u64, Option<u8>, BTreeSet<u8>, Option<usize>);

fn make(n: usize, (day, rule, services, cause): Drawn) -> IncidentRecord {
    IncidentRecord {
        rule: rule.map(|rule| format!("r{rule}").parse().unwrap()),
        services: services.iter().map(|service| format!("s{service}").parse().unwrap()).collect(),
        cause: cause.map(|cause| Cause::ALL[cause]),
        ..record(&format!("inc-{n}"), at(day * DAY))
    }
}

fn incidents() -> impl Strategy<Value = Vec<IncidentRecord>> {
    let services = prop::collection::btree_set(0u8..3, 0..3);
    let one = (0u64..300, prop::option::of(0u8..3), services, prop::option::of(0usize..3));
    prop::collection::vec(one, 0..25)
        .prop_map(|all| all.into_iter().enumerate().map(|(n, drawn)| make(n, drawn)).collect())
}

/// Two incidents that have a pattern in common and are at most so far apart.
fn pairs(records: &[IncidentRecord]) -> BTreeSet<(Pattern, IncidentId, IncidentId)> {
    let mut found = BTreeSet::new();
    for a in records {
        for b in records {
            let near = a.declared_at <= b.declared_at && b.declared_at.since(a.declared_at) <= within();
            for pattern in patterns(a)
                .filter(|pattern| a.id != b.id && near && patterns(b).any(|other| other == *pattern))
            {
                found.insert((pattern, a.id.clone(), b.id.clone()));
            }
        }
    }
    found
}

proptest! {
    #[test]
    fn agrees_with_a_recount_of_all_pairs(records in incidents()) {
        let found = repeats(&records, within());
        let pairs = pairs(&records);
        for (pattern, a, b) in &pairs {
            let together = |row: &&Repeat| row.pattern == *pattern && row.incidents.contains(a) && row.incidents.contains(b);
            prop_assert_eq!(found.iter().filter(together).count(), 1, "{} {} {}", pattern, a, b);
        }
        for row in &found {
            for each in row.incidents.windows(2) {
                prop_assert!(pairs.contains(&(row.pattern.clone(), each[0].clone(), each[1].clone())), "{row:?}");
            }
            prop_assert_eq!(row.count, row.incidents.len());
        }
    }

    #[test]
    fn a_further_incident_takes_no_repeat_away(records in incidents()) {
        let Some((_, fewer)) = records.split_last() else { return Ok(()) };
        let after = repeats(&records, within());
        for row in repeats(fewer, within()) {
            let kept = |other: &Repeat| other.pattern == row.pattern && row.incidents.iter().all(|id| other.incidents.contains(id));
            prop_assert!(after.iter().any(kept), "{row:?}");
        }
    }

    #[test]
    fn shifting_all_moments_changes_no_repeat(records in incidents(), by in 0u64..1_000_000) {
        let shifted: Vec<IncidentRecord> = records.iter()
            .map(|one| IncidentRecord { declared_at: one.declared_at + minutes(by), ..one.clone() }).collect();
        let names = |records: &[IncidentRecord]| -> Vec<_> {
            repeats(records, within()).into_iter().map(|row| (row.pattern, row.incidents)).collect()
        };
        prop_assert_eq!(names(&records), names(&shifted));
    }
}
