//! Tests of the detector of shared credentials.

use proptest::prelude::*;

use super::*;
use crate::finding::Outcome;
use crate::time::Span;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn days(count: u64) -> Span {
    Span::from_secs(count * 86_400)
}

fn used(person: &str, host: &str, environment: Environment, days_ago: u64) -> Use {
    let person = (!person.is_empty()).then(|| person.parse().unwrap());
    Use { person, host: host.into(), environment, at: NOW - days(days_ago) }
}

fn credential(name: &str, uses: Vec<Use>) -> Credential {
    Credential { name: name.into(), hosts: Some(["a".to_owned()].into()), uses, checkouts: Vec::new() }
}

fn told(credential: &Credential) -> Vec<String> {
    let findings = detect(credential, &AntiPatternPolicy::default(), NOW);
    findings.into_iter().map(|finding| format!("{}: {}", finding.outcome, finding.message)).collect()
}

use Environment::{Production, Staging};

// Seed: "Shared credentials" (forbidden).
#[test]
fn people_hosts_environments_and_names_tell_a_shared_credential() {
    let table = [
        ("deploy", vec![used("ana", "a", Production, 1)], "pass: `deploy` is one user's own"),
        ("deploy", vec![], "pass: `deploy` is one user's own"),
        (
            "deploy",
            vec![used("ana", "a", Production, 1), used("ben", "a", Production, 29)],
            "fail: `deploy` was used by ana, ben",
        ),
        (
            "deploy",
            vec![used("ana", "a", Production, 1), used("ben", "a", Production, 31)],
            "pass: `deploy` is one user's own",
        ),
        (
            "deploy",
            vec![used("ana", "a", Production, 1), used("", "a", Production, 2)],
            "pass: `deploy` is one user's own",
        ),
        ("deploy", vec![used("ana", "b", Production, 1)], "fail: `deploy` was used from b, beyond its scope"),
        (
            "deploy",
            vec![used("ana", "a", Production, 1), used("ana", "a", Staging, 2)],
            "fail: `deploy` was used in staging, production",
        ),
        ("db-Admin", vec![], "fail: `db-Admin` is called `admin`, which is nobody's own"),
        ("latest.badminton", vec![], "pass: `latest.badminton` is one user's own"),
    ];
    for (name, uses, expected) in table {
        assert_eq!(told(&credential(name, uses)), [expected]);
    }
}

#[test]
fn a_checked_out_account_that_was_rotated_is_not_shared() {
    let uses = vec![used("ana", "a", Production, 9), used("ben", "a", Staging, 3)];
    let checkout = |person: &str, from: u64, until: Option<u64>, rotated: Option<u64>| Checkout {
        person: person.parse().unwrap(),
        from: NOW - days(from),
        until: until.map(|ago| NOW - days(ago)),
        rotated_at: rotated.map(|ago| NOW - days(ago)),
    };
    let ana = checkout("ana", 10, Some(8), Some(7));
    let table = [
        (vec![ana.clone(), checkout("ben", 4, Some(2), Some(1))], 0),
        (vec![ana.clone(), checkout("ben", 4, None, None)], 0),
        // Not rotated, rotated too early, outside its time, and somebody else's: the use counts, and the name.
        (vec![ana.clone(), checkout("ben", 4, Some(2), None)], 1),
        (vec![ana.clone(), checkout("ben", 4, Some(2), Some(3))], 1),
        (vec![ana.clone(), checkout("ben", 2, Some(1), Some(0))], 1),
        (vec![ana, checkout("cleo", 4, Some(2), Some(1))], 1),
        (vec![], 3),
    ];
    for (checkouts, failed) in table {
        let shared = Credential { checkouts, ..credential("shared", uses.clone()) };
        let found = told(&shared);
        let count = found.iter().filter(|text| text.starts_with("fail")).count();
        assert_eq!(count, failed, "{found:#?}");
    }
}

#[test]
fn an_undeclared_scope_is_not_known_to_be_kept() {
    let mut one = credential("deploy", vec![used("ana", "anywhere", Production, 1)]);
    one.hosts = None;
    assert_eq!(told(&one), ["undetermined: which hosts `deploy` is for isn't declared"]);
}

#[test]
fn a_use_in_the_future_counts_and_long_lists_are_cut() {
    let mut uses: Vec<Use> = (0..9).map(|n| used(&format!("p{n}"), "a", Production, 1)).collect();
    uses[0].at = NOW + days(900);
    assert_eq!(
        told(&credential("deploy", uses)),
        ["fail: `deploy` was used by p0, p1, p2, p3, p4 and 4 more"]
    );
}

fn any_use() -> impl Strategy<Value = Use> {
    let person = proptest::sample::select(vec!["", "ana", "ben"]);
    let host = proptest::sample::select(vec!["a", "b"]);
    let place = proptest::sample::select(vec![Production, Staging]);
    (person, host, place, 0_u64..40).prop_map(|(person, host, place, ago)| used(person, host, place, ago))
}

proptest! {
    #[test]
    fn a_further_use_never_makes_it_better(
        uses in proptest::collection::vec(any_use(), 0..6), more in any_use(), shift in 0_u64..9_000,
    ) {
        let worst = |one: &Credential, now| {
            detect(one, &AntiPatternPolicy::default(), now).iter().map(|finding| finding.outcome).max()
        };
        let before = credential("deploy", uses.clone());
        let unscoped = Credential { hosts: None, ..before.clone() };
        prop_assert!(worst(&unscoped, NOW) != Some(Outcome::Pass) || worst(&before, NOW) == Some(Outcome::Pass));
        let after = credential("deploy", [uses, vec![more]].concat());
        prop_assert!(worst(&after, NOW) >= worst(&before, NOW));
        let mut moved = before.clone();
        moved.uses.iter_mut().for_each(|one| one.at = one.at + days(shift));
        prop_assert_eq!(worst(&moved, NOW + days(shift)), worst(&before, NOW));
        let json = serde_json::to_string(&before).unwrap();
        prop_assert_eq!(serde_json::from_str::<Credential>(&json).unwrap(), before);
    }
}
