//! Tests of access that nobody reviewed or used.

use proptest::prelude::*;

use super::*;
use crate::finding::Outcome;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn days(count: u64) -> Span {
    Span::from_secs(count * 86_400)
}

fn grant(kind: GrantKind) -> Grant {
    Grant {
        id: GrantId { kind, name: "one".into() },
        holder: None,
        granted_at: NOW - days(400),
        reviewed_at: Some(NOW - days(10)),
        usage: Usage::Last { at: NOW - days(1) },
    }
}

fn outcomes(grants: &[Grant], now: Timestamp) -> Vec<Outcome> {
    judge(grants, &AccessReviewPolicy::default(), now).iter().map(|finding| finding.outcome).collect()
}

// Seed: "Access reviews".
#[test]
fn every_kind_of_access_is_reviewed_and_used_within_ninety_days() {
    use Outcome::{Fail, Pass, Undetermined};
    let last = |at| Usage::Last { at };
    for kind in GrantKind::ALL {
        let whole = || grant(*kind);
        let table = [
            (whole(), [Pass, Pass]),
            (
                Grant { reviewed_at: Some(NOW - days(90)), usage: last(NOW - days(90)), ..whole() },
                [Pass, Pass],
            ),
            (Grant { reviewed_at: Some(NOW - days(91)), ..whole() }, [Fail, Pass]),
            (Grant { reviewed_at: None, ..whole() }, [Fail, Pass]),
            (Grant { reviewed_at: None, granted_at: NOW - days(3), ..whole() }, [Pass, Pass]),
            (Grant { usage: last(NOW - days(91)), ..whole() }, [Pass, Fail]),
            (Grant { usage: Usage::Never, ..whole() }, [Pass, Fail]),
            (Grant { usage: Usage::Never, granted_at: NOW - days(3), ..whole() }, [Pass, Pass]),
            (Grant { usage: Usage::Unknown, ..whole() }, [Pass, Undetermined]),
            (
                Grant { reviewed_at: Some(NOW + days(1)), usage: last(NOW + days(1)), ..whole() },
                [Undetermined; 2],
            ),
        ];
        for (grant, expected) in table {
            assert_eq!(outcomes(std::slice::from_ref(&grant), NOW), expected, "{grant:?}");
        }
    }
}

#[test]
fn what_was_granted_again_counts_from_then_on() {
    let again = Grant {
        granted_at: NOW - days(1),
        reviewed_at: Some(NOW - days(400)),
        usage: Usage::Last { at: NOW - days(400) },
        ..grant(GrantKind::Token)
    };
    assert_eq!(outcomes(&[again], NOW), [Outcome::Pass, Outcome::Pass]);
}

#[test]
fn an_empty_list_is_not_known_to_be_everything() {
    assert_eq!(outcomes(&[], NOW), [Outcome::Undetermined; 2]);
}

#[test]
fn each_bad_access_is_told_by_rule_and_name() {
    let mut old = grant(GrantKind::BackupKey);
    old.reviewed_at = Some(NOW - days(91));
    let findings = judge(&[grant(GrantKind::Token), old.clone(), old], &AccessReviewPolicy::default(), NOW);
    let told: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "backup-key `one` wasn't reviewed for 91d",
            "backup-key `one` wasn't reviewed for 91d",
            "3 looked at, all in order"
        ]
    );
}

fn any_grant() -> impl Strategy<Value = Grant> {
    let moment = || (0_u64..300).prop_map(|late| NOW - days(late));
    let usage =
        prop_oneof![moment().prop_map(|at| Usage::Last { at }), Just(Usage::Never), Just(Usage::Unknown)];
    (moment(), proptest::option::of(moment()), usage).prop_map(|(granted_at, reviewed_at, usage)| Grant {
        granted_at,
        reviewed_at,
        usage,
        ..grant(GrantKind::Token)
    })
}

proptest! {
    #[test]
    fn time_and_further_access_never_make_it_better(
        grants in proptest::collection::vec(any_grant(), 1..6), more in any_grant(), later in 0_u64..300,
    ) {
        let worst = |grants: &[Grant], now| outcomes(grants, now).into_iter().max();
        let before = worst(&grants, NOW);
        prop_assert!(worst(&grants, NOW + days(later)) >= before);
        let forgotten: Vec<Grant> = grants
            .iter()
            .map(|grant| Grant { granted_at: NOW - days(400), reviewed_at: None, usage: Usage::Never, ..grant.clone() })
            .collect();
        prop_assert!(worst(&forgotten, NOW) >= before);
        let which = later as usize % grants.len();
        let less: [fn(&mut Grant); 2] = [|grant| grant.usage = Usage::Unknown, |grant| grant.reviewed_at = None];
        for lose in less {
            let mut known = grants.clone();
            lose(&mut known[which]);
            prop_assert!(worst(&known, NOW) != Some(Outcome::Pass) || before == Some(Outcome::Pass));
        }
        let moved = crate::testing::moved(&grants, later as i64 * 86_400_000);
        prop_assert_eq!(outcomes(&moved, NOW + days(later)), outcomes(&grants, NOW));
        let grants = [grants, vec![more]].concat();
        prop_assert!(worst(&grants, NOW) >= before);
        let json = serde_json::to_string(&grants).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<Grant>>(&json).unwrap(), grants);
    }
}
