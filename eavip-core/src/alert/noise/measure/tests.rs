//! Tests of counting.

use proptest::prelude::*;

use super::*;
use crate::alert::Category;

pub(in crate::alert::noise) fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

pub(in crate::alert::noise) fn record(rule: &str, secs: i64) -> Record {
    Record {
        fingerprint: Digest128::of([rule.as_bytes()]),
        rule: rule.parse().unwrap(),
        owner: "ops".parse().unwrap(),
        category: Category::Critical,
        began: at(secs),
        ended: None,
        acknowledged: false,
        marked_noise: false,
        flapped: false,
        duplicate: false,
        page: None,
        responders: ["ana".parse().unwrap()].into(),
    }
}

fn days(count: i64) -> Period {
    Period { from: at(0), until: at(count * 86_400) }
}

pub(in crate::alert::noise) fn count(records: Vec<Record>, period: Period) -> Measures {
    let evidence = Evidence { records, ..Evidence::default() };
    measure(&evidence, &Scope::Team("ops".parse().unwrap()), period, &NoisePolicy::default())
}

#[test]
fn precision_and_recall_are_what_was_worth_it() {
    let acted = |secs| Record { acknowledged: true, ..record("a", secs) };
    let over = |secs| Record { ended: Some(at(secs + 1)), ..record("b", secs) };
    let duplicate = Record { duplicate: true, ..record("a", 50) };
    let records = vec![acted(1), acted(2), over(3), over(4), over(5), duplicate, record("a", 60)];
    let misses = vec![
        Miss { rule: Some("a".parse().unwrap()), owner: "ops".parse().unwrap(), at: at(9) },
        Miss { rule: None, owner: "ops".parse().unwrap(), at: at(9) },
        Miss { rule: None, owner: "shop".parse().unwrap(), at: at(9) },
        Miss { rule: None, owner: "ops".parse().unwrap(), at: at(-9) },
    ];
    let evidence = Evidence { records, misses, silenced: vec![] };
    let named: Vec<String> = evidence.scopes().iter().map(Scope::to_string).collect();
    assert_eq!(named, ["rule `a`", "rule `b`", "team `ops`", "team `shop`", "responder `ana`"]);
    for (scope, decided, precision, recall) in [
        (Scope::Team("ops".parse().unwrap()), 6, Some(0.5), Some(0.5)),
        (Scope::Rule("a".parse().unwrap()), 3, Some(1.0), Some(2.0 / 3.0)),
        (Scope::Rule("b".parse().unwrap()), 3, Some(0.0), None),
        (Scope::Responder("ana".parse().unwrap()), 6, Some(0.5), Some(1.0)),
        (Scope::Responder("ben".parse().unwrap()), 0, None, None),
    ] {
        let found = measure(&evidence, &scope, days(1), &NoisePolicy::default());
        assert_eq!((found.decided(), found.precision, found.recall), (decided, precision, recall), "{scope}");
        let worth = precision.map_or(0.0, |precision| precision * decided as f64);
        assert_eq!(found.worth() as f64, worth, "{scope}");
    }
}

#[test]
fn pages_of_one_message_are_one_incident_of_their_shift() {
    let page = |n: u8, secs| Record { page: Some(Digest128([n; 16])), ..record("a", secs) };
    let records =
        vec![page(1, 10), page(1, 20), page(2, 30), page(3, 43_200), page(4, 80_000), page(5, 86_399)];
    let found = count(records, days(1));
    assert_eq!((found.pages, found.worst_shift, found.pages_per_shift), (5, 3, Some(2.5)));
}

#[test]
fn a_flood_is_more_than_ten_in_ten_minutes() {
    let many = |count: i64| (0..count).map(|n| record("a", 600 + n)).collect::<Vec<_>>();
    assert_eq!(count(many(10), days(1)).flood_share, Some(0.0));
    assert_eq!(count(many(11), days(1)).flood_share, Some(1.0 / 144.0));
}

#[test]
fn chatter_is_three_begins_of_the_same_within_a_minute() {
    for (secs, expected) in
        [(&[0, 30, 60][..], 1), (&[0, 30, 61], 0), (&[0, 59, 61, 100, 110], 1), (&[0, 0, 0], 1), (&[0, 1], 0)]
    {
        assert_eq!(
            count(secs.iter().map(|at| record("a", *at)).collect(), days(1)).chatter,
            expected,
            "{secs:?}"
        );
    }
    assert_eq!(count(vec![record("a", 0), record("b", 1), record("c", 2)], days(1)).chatter, 0);
}

#[test]
fn stale_is_open_for_more_than_a_day_also_when_it_began_before() {
    let ended = |from, until| Record { ended: Some(at(until)), ..record("a", from) };
    for (record, expected) in [
        (record("a", -86_401), 1),
        (record("a", 86_400), 0),
        (record("a", 86_399), 1),
        (ended(0, 86_400), 0),
        (ended(0, 86_401), 1),
        (ended(-200_000, -1), 0),
        (ended(500, 0), 0),
    ] {
        assert_eq!(count(vec![record.clone()], days(2)).stale, expected, "{record:?}");
    }
}

#[test]
fn the_top_ten_and_the_busiest_responder_are_named() {
    let mut records: Vec<Record> = (0..12).map(|n| record(&format!("r{n:02}"), n)).collect();
    records.extend((0..8).map(|n| record("r05", 86_400 + n)));
    records
        .extend((0..4).map(|n| Record { responders: ["ben".parse().unwrap()].into(), ..record("r06", n) }));
    let found = count(records, days(2));
    assert_eq!(found.top[0], ("r05".parse().unwrap(), 9));
    assert_eq!(found.top[1], ("r06".parse().unwrap(), 5));
    assert_eq!((found.top.len(), found.alerts), (10, 24));
    assert_eq!(found.top_share, Some(22.0 / 24.0));
    assert_eq!(found.worst_day, 12);
}

#[test]
fn two_silences_at_once_silence_a_rule_once() {
    let silenced = |rule: &str, from, until| Silenced {
        rule: rule.parse().unwrap(),
        owner: "ops".parse().unwrap(),
        from: at(from),
        until: at(until),
    };
    let silenced = vec![
        silenced("a", -3_600, 3_600),
        silenced("a", 0, 7_200),
        silenced("b", 0, 3_600),
        silenced("a", 86_400, 99_999),
        silenced("a", 9_000, 8_000),
    ];
    let evidence = Evidence { silenced, ..Evidence::default() };
    let hours = |scope| measure(&evidence, &scope, days(1), &NoisePolicy::default()).silence_hours;
    assert!((hours(Scope::Team("ops".parse().unwrap())) - 3.0).abs() < 1e-9);
    assert!((hours(Scope::Rule("a".parse().unwrap())) - 2.0).abs() < 1e-9);
}

#[test]
fn an_empty_or_backward_period_has_no_shares() {
    for period in [days(0), days(-1)] {
        let found = count(vec![record("a", 0)], period);
        assert_eq!(
            (found.alerts, found.flood_share, found.pages_per_shift, found.precision),
            (0, None, None, None)
        );
    }
}

proptest! {
    #[test]
    fn another_alert_never_lowers_a_count_and_another_day_changes_nothing(
        secs in prop::collection::vec(0i64..200_000, 1..40), shift in -1_000i64..1_000,
    ) {
        let made = |by: i64, most: usize| {
            let records = secs.iter().take(most).map(|at| record(["a", "b"][usize::from(at % 2 == 0)], at + by));
            count(records.collect(), Period { from: at(by), until: at(by + 200_000) })
        };
        let (whole, less) = (made(0, secs.len()), made(0, secs.len() - 1));
        prop_assert!(less.alerts < whole.alerts && less.chatter <= whole.chatter && less.stale <= whole.stale);
        prop_assert!(less.worst_day <= whole.worst_day && less.flood_share <= whole.flood_share);
        let other = made(shift, secs.len());
        prop_assert_eq!(Measures { period: whole.period, ..other }, whole);
    }
}
