//! Tests of the detector of unowned alerts.

use proptest::prelude::*;

use super::*;
use crate::finding::Outcome;
use crate::roster::{Party, Person};
use crate::time::Span;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn days(count: u64) -> Span {
    Span::from_secs(count * 86_400)
}

/// A team `ops` with some active members, confirmed some days ago.
fn roster(active: usize, confirmed: Option<u64>) -> Roster {
    let mut roster = Roster::default();
    let team =
        Team { name: "Ops".into(), party: Party::Vendor, confirmed_at: confirmed.map(|ago| NOW - days(ago)) };
    roster.teams.insert("ops".parse().unwrap(), team);
    for at in 0..5 {
        let person = Person { name: "x".into(), teams: ["ops".parse().unwrap()].into(), active: at < active };
        roster.people.insert(format!("p{at}").parse().unwrap(), person);
    }
    roster
}

fn alert(owner: &str) -> Ownership {
    Ownership {
        rule: "disk-full".parse().unwrap(),
        category: Category::Informational,
        environment: Environment::Integration,
        owner: owner.into(),
        catch_all: false,
        expires_at: None,
    }
}

fn told(alert: &Ownership, roster: &Roster) -> Vec<String> {
    let findings = detect(alert, roster, &AntiPatternPolicy::default(), NOW);
    findings.into_iter().map(|finding| format!("{}: {}", finding.outcome, finding.message)).collect()
}

// Seed: "Unowned alerts" (forbidden), "No alert without an owner".
#[test]
fn an_alert_without_people_behind_it_is_unowned() {
    let whole = roster(2, Some(90));
    assert_eq!(told(&alert("ops"), &whole), ["pass: `disk-full` is owned by `ops`"]);
    assert_eq!(told(&alert(" "), &whole), ["fail: `disk-full` has no owner"]);
    for owner in ["oops", "Not A Team"] {
        let expected = format!("fail: `disk-full` is owned by `{owner}`, which isn't a declared team");
        assert_eq!(told(&alert(owner), &whole), [expected]);
    }
    let caught = Ownership { catch_all: true, ..alert("ops") };
    insta::assert_snapshot!(told(&caught, &roster(1, Some(91))).join("\n"), @"
    fail: `disk-full` is owned by `ops` only because that owns whatever comes
    fail: `disk-full` is owned by `ops`, which has 1 active members
    fail: `ops`, the owner of `disk-full`, was last confirmed at 2023-08-15T22:13:20.000Z
    ");
    assert_eq!(
        told(&alert("ops"), &roster(2, None)),
        ["undetermined: when `ops`, the owner of `disk-full`, was last confirmed isn't known"]
    );
}

#[test]
fn an_experiment_that_ends_within_a_month_may_do_without() {
    use Outcome::{Fail, NotApplicable};
    let base = || Ownership { expires_at: Some(NOW + days(30)), ..alert("") };
    let table = [
        (base(), NotApplicable),
        (Ownership { expires_at: Some(NOW + days(31)), ..base() }, Fail),
        (Ownership { expires_at: Some(NOW - days(1)), ..base() }, Fail),
        (Ownership { expires_at: None, ..base() }, Fail),
        (Ownership { category: Category::Warning, ..base() }, Fail),
        (Ownership { environment: Environment::Staging, ..base() }, Fail),
        (Ownership { environment: Environment::Development, ..base() }, NotApplicable),
    ];
    for (alert, expected) in table {
        let found = detect(&alert, &roster(2, Some(1)), &AntiPatternPolicy::default(), NOW);
        assert_eq!(found[0].outcome, expected, "{alert:?}");
    }
}

proptest! {
    #[test]
    fn fewer_people_and_older_confirmations_never_look_better(
        active in 0_usize..5, fewer in 0_usize..5, confirmed in 0_u64..200, older in 0_u64..200,
    ) {
        let worst = |roster: &Roster| {
            let found = detect(&alert("ops"), roster, &AntiPatternPolicy::default(), NOW);
            found.into_iter().map(|finding| finding.outcome).max()
        };
        let before = worst(&roster(active, Some(confirmed)));
        prop_assert!(worst(&roster(active.saturating_sub(fewer), Some(confirmed + older))) >= before);
        prop_assert!(worst(&roster(active, None)) >= Some(Outcome::Undetermined));
        let ownership = Ownership { expires_at: Some(NOW + days(older)), ..alert("ops") };
        let found = |ownership: &Ownership, by: i64| {
            let roster = crate::testing::moved(&roster(active, Some(confirmed)), by * 86_400_000);
            let now = Timestamp::from_millis(NOW.as_millis() + by * 86_400_000);
            let ownership = crate::testing::moved(ownership, by * 86_400_000);
            detect(&ownership, &roster, &AntiPatternPolicy::default(), now).iter().map(|one| one.outcome).collect::<Vec<_>>()
        };
        prop_assert_eq!(found(&ownership, fewer as i64 * 700), found(&ownership, 0));
        prop_assert_eq!(found(&alert(""), 0), [Outcome::Fail], "nobody is never better than somebody");
        crate::testing::survives_json(&ownership);
    }
}
