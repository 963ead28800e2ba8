//! Tests of drift.

use proptest::prelude::*;

use super::*;
use crate::config::schema::KeySpec;
use crate::finding::Outcome;
use crate::id::Digest256;
use crate::time::Span;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn minutes(count: u64) -> Span {
    Span::from_secs(count * 60)
}

fn value(byte: u8) -> Option<KeyedDigest> {
    Some(KeyedDigest { key: "ulm".parse().unwrap(), digest: Digest256([byte; 32]) })
}

fn record(byte: u8, at: Timestamp) -> Record {
    Record { became: Became::Value { digest: value(byte) }, at }
}

/// Audited as 1, seen as 2 since an hour.
fn drifted() -> KeyEvidence {
    KeyEvidence {
        key: "db.pool".parse().unwrap(),
        deployment: "eu".parse().unwrap(),
        environment: Environment::Production,
        audited: Some(Seen { digest: value(1), at: NOW - minutes(600) }),
        observed: Some(Seen { digest: value(2), at: NOW }),
        since: Some(NOW - minutes(60)),
        records: Vec::new(),
    }
}

fn outcome(evidence: &KeyEvidence) -> Outcome {
    judge(evidence, &ConfigPolicy::default(), NOW).outcome
}

// Seed: "Configuration changes are auditable", "Silent configuration changes" (forbidden).
#[test]
fn a_change_is_drift_unless_a_record_within_five_minutes_says_this_value() {
    let since = NOW - minutes(60);
    let table = [
        (vec![], Outcome::Fail),
        (vec![record(2, since)], Outcome::Pass),
        (vec![record(2, since - minutes(5))], Outcome::Pass),
        (vec![record(2, since + minutes(5))], Outcome::Pass),
        (vec![record(2, since - minutes(5) - Span::from_millis(1))], Outcome::Fail),
        (vec![record(2, since + minutes(5) + Span::from_millis(1))], Outcome::Fail),
        (vec![record(3, since)], Outcome::Fail),
        (vec![record(3, since), record(2, since)], Outcome::Pass),
        (vec![Record { became: Became::Rotated, at: since }], Outcome::Pass),
        (vec![Record { became: Became::Rotated, at: since - minutes(6) }], Outcome::Fail),
        (vec![Record { became: Became::Value { digest: None }, at: since }], Outcome::Fail),
    ];
    for (records, expected) in table {
        let evidence = KeyEvidence { records, ..drifted() };
        assert_eq!(outcome(&evidence), expected, "{:?}", evidence.records);
    }
}

#[test]
fn a_change_on_its_way_is_told_until_the_tolerance_is_over() {
    let mut evidence = drifted();
    evidence.since = Some(NOW - minutes(4));
    evidence.records = vec![record(3, NOW - minutes(4))];
    let finding = judge(&evidence, &ConfigPolicy::default(), NOW);
    assert_eq!((finding.outcome, finding.clears_at), (Outcome::Warn, Some(NOW + minutes(1))));
    let later = judge(&evidence, &ConfigPolicy::default(), NOW + minutes(2));
    assert_eq!(later.outcome, Outcome::Fail, "another value than the declared one stays drift");
}

#[test]
fn missing_old_or_foreign_evidence_never_passes() {
    let whole = || KeyEvidence { observed: Some(Seen { digest: value(1), at: NOW }), ..drifted() };
    assert_eq!(outcome(&whole()), Outcome::Pass);
    let seen = |digest, at| Some(Seen { digest, at });
    let foreign = Some(KeyedDigest { key: "bonn".parse().unwrap(), digest: Digest256([1; 32]) });
    let table = [
        (KeyEvidence { observed: None, ..whole() }, Outcome::Undetermined),
        (KeyEvidence { audited: None, ..whole() }, Outcome::Undetermined),
        (KeyEvidence { observed: seen(foreign, NOW), ..whole() }, Outcome::Undetermined),
        (KeyEvidence { observed: seen(value(1), NOW - minutes(11)), ..whole() }, Outcome::Undetermined),
        (KeyEvidence { observed: seen(value(1), NOW + minutes(1)), ..whole() }, Outcome::Undetermined),
        (KeyEvidence { observed: seen(None, NOW), ..whole() }, Outcome::Fail),
        (KeyEvidence { observed: seen(value(2), NOW - minutes(11)), ..whole() }, Outcome::Fail),
    ];
    for (evidence, expected) in table {
        assert_eq!(outcome(&evidence), expected, "{evidence:?}");
    }
}

#[test]
fn a_dynamic_key_changes_by_itself() {
    let mut policy = ConfigPolicy::default();
    let spec = KeySpec { dynamic: true, ..KeySpec::default() };
    policy.schema.keys.insert("db.pool".parse().unwrap(), spec);
    assert_eq!(judge(&drifted(), &policy, NOW).outcome, Outcome::NotApplicable);
}

fn evidence() -> impl Strategy<Value = KeyEvidence> {
    let moment = || (0_u64..7_200).prop_map(|late| NOW - Span::from_secs(late));
    let records = proptest::collection::vec((1_u8..4, moment()).prop_map(|(b, at)| record(b, at)), 0..4);
    (1_u8..4, moment(), moment(), records).prop_map(|(byte, at, since, records)| KeyEvidence {
        observed: Some(Seen { digest: value(byte), at }),
        since: Some(since),
        records,
        ..drifted()
    })
}

proptest! {
    #[test]
    fn losing_or_ageing_evidence_never_looks_better(evidence in evidence(), later in 0_u64..100_000) {
        let before = outcome(&evidence);
        let aged = judge(&evidence, &ConfigPolicy::default(), NOW + Span::from_secs(later)).outcome;
        prop_assert!(aged >= before, "{before} became {aged}");
        let unrecorded = KeyEvidence { records: Vec::new(), ..evidence.clone() };
        prop_assert!(outcome(&unrecorded) >= before);
        for less in [
            KeyEvidence { observed: None, ..evidence.clone() },
            KeyEvidence { audited: None, ..evidence.clone() },
        ] {
            prop_assert!(outcome(&less) >= Outcome::Undetermined);
        }
    }

    #[test]
    fn nothing_depends_on_the_date(evidence in evidence(), days in 0_u64..10_000) {
        let shift = Span::from_secs(days * 86_400);
        let mut moved = evidence.clone();
        let seen = |seen: Option<Seen>| seen.map(|seen| Seen { at: seen.at + shift, ..seen });
        (moved.audited, moved.observed) = (seen(moved.audited), seen(moved.observed));
        moved.since = moved.since.map(|at| at + shift);
        moved.records.iter_mut().for_each(|record| record.at = record.at + shift);
        prop_assert_eq!(judge(&moved, &ConfigPolicy::default(), NOW + shift).outcome, outcome(&evidence));
        let json = serde_json::to_string(&evidence).unwrap();
        prop_assert_eq!(serde_json::from_str::<KeyEvidence>(&json).unwrap(), evidence);
    }
}
