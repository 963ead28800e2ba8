//! Tests of the detector of silent configuration changes.

use proptest::prelude::*;

use super::*;
use crate::config::KeyedDigest;
use crate::config::drift::{Became, Record, Seen};
use crate::config::schema::KeySpec;
use crate::environment::Environment;
use crate::id::Digest256;
use crate::time::Span;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn key(audited: u8, observed: u8) -> KeyEvidence {
    let seen = |byte, at| {
        let digest = Some(KeyedDigest { key: "ulm".parse().unwrap(), digest: Digest256([byte; 32]) });
        Some(Seen { digest, at })
    };
    KeyEvidence {
        key: "db.pool".parse().unwrap(),
        deployment: "eu".parse().unwrap(),
        environment: Environment::Production,
        audited: seen(audited, NOW - Span::from_secs(9_000)),
        observed: seen(observed, NOW),
        since: Some(NOW - Span::from_secs(3_600)),
        records: Vec::new(),
    }
}

fn record(actor: Option<&str>, reason: Option<&str>, ticket: Option<&str>) -> ChangeRecord {
    let text = |text: Option<&str>| text.map(str::to_owned);
    ChangeRecord { id: "chg-1".into(), actor: text(actor), reason: text(reason), ticket: text(ticket) }
}

fn outcomes(keys: &[KeyEvidence], records: &[ChangeRecord], policy: &ConfigPolicy) -> Vec<Outcome> {
    detect(keys, records, policy, NOW).iter().map(|finding| finding.outcome).collect()
}

// Seed: "Silent configuration changes" (forbidden).
#[test]
fn drift_and_records_that_lack_something_are_silent_changes() {
    let policy = ConfigPolicy::default();
    let whole = record(Some("ana"), Some("load"), Some("OPS-7"));
    assert_eq!(outcomes(&[key(1, 1)], std::slice::from_ref(&whole), &policy), [Outcome::Pass]);
    assert_eq!(outcomes(&[key(1, 2), key(1, 1)], &[], &policy), [Outcome::Fail]);
    assert_eq!(outcomes(&[], &[], &policy), [Outcome::Undetermined], "nothing is watched");
    let mut unseen = key(1, 1);
    unseen.observed = None;
    assert_eq!(outcomes(&[unseen], &[whole], &policy), [Outcome::Undetermined]);
    let lacking = [
        record(None, Some("load"), Some("OPS-7")),
        record(Some("ana"), Some(" "), None),
        record(Some(""), None, Some("OPS-7")),
    ];
    let findings = detect(&[key(1, 1)], &lacking, &policy, NOW);
    let told: Vec<String> = findings.iter().map(|f| format!("{} {}", f.rule, f.message)).collect();
    assert_eq!(
        told,
        [
            "EAVIP-AP2 the change `chg-1` has no actor",
            "EAVIP-AP2 the change `chg-1` has no reason and no ticket",
            "EAVIP-AP2 the change `chg-1` has no actor and no reason"
        ]
    );
}

#[test]
fn dynamic_keys_and_recorded_rotations_are_not_silent() {
    let mut policy = ConfigPolicy::default();
    let mut rotated = key(1, 2);
    rotated.records = vec![Record { became: Became::Rotated, at: NOW - Span::from_secs(3_500) }];
    assert_eq!(outcomes(&[rotated], &[], &policy), [Outcome::Pass]);
    let dynamic = KeySpec { dynamic: true, ..KeySpec::default() };
    policy.schema.keys.insert("db.pool".parse().unwrap(), dynamic);
    assert_eq!(outcomes(&[key(1, 2)], &[], &policy), [Outcome::Pass]);
}

/// A key seen as audited or otherwise, some seconds ago, with or without a record of it.
fn any_key() -> impl Strategy<Value = KeyEvidence> {
    (1_u8..3, 0_u64..7_200, 0_u64..7_200, prop::option::of(0_u64..7_200)).prop_map(
        |(observed, seen, since, recorded)| {
            let ago = |seconds| NOW - Span::from_secs(seconds);
            KeyEvidence {
                observed: key(1, observed).observed.map(|one| Seen { at: ago(seen), ..one }),
                since: Some(ago(since)),
                records: recorded
                    .into_iter()
                    .map(|seconds| Record { became: Became::Rotated, at: ago(seconds) })
                    .collect(),
                ..key(1, observed)
            }
        },
    )
}

proptest! {
    #[test]
    fn less_seen_more_drift_and_time_never_look_better(
        keys in prop::collection::vec(any_key(), 1..4), which: prop::sample::Index, later in 0_u64..100_000, days in 0_i64..9_000,
    ) {
        let policy = ConfigPolicy::default();
        let worst = |keys: &[KeyEvidence], now| {
            detect(keys, &[], &policy, now).iter().map(|finding| finding.outcome).max()
        };
        let before = worst(&keys, NOW);
        prop_assert!(worst(&keys, NOW + Span::from_secs(later)) >= before);
        let which = which.index(keys.len());
        let less: [fn(&mut KeyEvidence); 3] =
            [|key| key.observed = None, |key| key.audited = None, |key| key.records.clear()];
        for lose in less {
            let mut known = keys.clone();
            lose(&mut known[which]);
            prop_assert!(worst(&known, NOW) != Some(Outcome::Pass) || before == Some(Outcome::Pass), "{known:?}");
        }
        prop_assert!(worst(&[keys.clone(), vec![key(1, 2)]].concat(), NOW) >= before);
        let lacking = record(None, Some("load"), Some("OPS-7"));
        let told = detect(&keys, &[lacking], &policy, NOW);
        prop_assert_eq!(told.iter().map(|finding| finding.outcome).max(), Some(Outcome::Fail));
        let moved = crate::testing::moved(&keys, days * 86_400_000);
        prop_assert_eq!(worst(&moved, Timestamp::from_millis(NOW.as_millis() + days * 86_400_000)), before);
    }
}
