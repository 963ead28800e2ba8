//! Tests of parity between environments.

use proptest::prelude::*;

use super::*;
use crate::finding::Outcome;
use crate::id::Digest256;

type Row<'a> = (Environment, Option<&'a [(&'a str, &'a str, u8)]>);

fn environments(rows: &[Row<'_>]) -> Environments {
    let keys = |pairs: &[(&str, &str, u8)]| {
        pairs
            .iter()
            .map(|(name, key, byte)| {
                let value = KeyedDigest { key: key.parse().unwrap(), digest: Digest256([*byte; 32]) };
                (name.parse().unwrap(), value)
            })
            .collect()
    };
    Environments { seen: rows.iter().map(|(one, pairs)| (*one, pairs.map(keys))).collect() }
}

fn schema() -> Schema {
    let spec = KeySpec::default();
    let keys = [
        ("url", KeySpec { differs: true, ..spec }),
        ("debug", KeySpec { optional: true, ..spec }),
        ("pool", spec),
    ];
    Schema { keys: keys.into_iter().map(|(name, spec)| (name.parse().unwrap(), spec)).collect() }
}

fn told(rows: &[Row<'_>]) -> String {
    let tell = |f: Finding| format!("{} {}: {}", f.rule, f.outcome, f.message);
    compare(&schema(), &environments(rows)).into_iter().map(tell).collect::<Vec<_>>().join("\n")
}

use Environment::{Development, Production, Staging};

// Seed: "Environment-specific values only", "Configuration differs, code does not".
#[test]
fn environments_agree_but_for_what_may_differ_or_be_absent() {
    insta::assert_snapshot!(told(&[
        (Staging, Some(&[("url", "ulm", 1), ("pool", "ulm", 5), ("debug", "ulm", 1)])),
        (Production, Some(&[("url", "ulm", 2), ("pool", "ulm", 5)])),
    ]), @"
    EAVIP-C31 pass: 2 environments agree
    EAVIP-C32 pass: 2 environments agree
    ");
}

#[test]
fn absent_keys_and_values_that_may_not_differ_are_told_by_key() {
    insta::assert_snapshot!(told(&[
        (Development, Some(&[("pool", "ulm", 5), ("new", "ulm", 1)])),
        (Staging, Some(&[("url", "ulm", 1), ("pool", "bonn", 5), ("debug", "ulm", 1)])),
        (Production, Some(&[("url", "ulm", 2), ("pool", "ulm", 6), ("debug", "bonn", 1)])),
    ]), @"
    EAVIP-C31 fail: `new` is absent in staging, production
    EAVIP-C31 fail: `url` is absent in development
    EAVIP-C32 undetermined: `debug` can't be compared between staging and production: their digests have other keys
    EAVIP-C32 fail: `pool` has another value in production than in development
    ");
}

#[test]
fn an_environment_that_nobody_sees_never_agrees() {
    insta::assert_snapshot!(told(&[(Staging, Some(&[("url", "ulm", 1), ("pool", "ulm", 5)])), (Production, None)]), @"
    EAVIP-C31 undetermined: the keys of production aren't known
    EAVIP-C32 undetermined: the keys of production aren't known
    ");
    insta::assert_snapshot!(told(&[(Staging, None)]), @"
    EAVIP-C31 not-applicable: there is no second environment to compare with
    EAVIP-C32 not-applicable: there is no second environment to compare with
    ");
    insta::assert_snapshot!(told(&[(Staging, Some(&[])), (Production, Some(&[]))]), @"
    EAVIP-C31 fail: `pool` is absent in staging, production
    EAVIP-C31 fail: `url` is absent in staging, production
    EAVIP-C32 pass: 2 environments agree
    ");
}

fn worst(environments: &Environments) -> Outcome {
    compare(&schema(), environments).iter().map(|finding| finding.outcome).max().unwrap()
}

proptest! {
    #[test]
    fn not_seeing_an_environment_never_makes_it_agree(
        values in proptest::collection::vec(
            proptest::collection::vec(proptest::option::of(0_u8..3), 3), 4),
        hidden in 0_usize..4,
    ) {
        let names = ["url", "debug", "pool"];
        let rows: Vec<Vec<(&str, &str, u8)>> = values
            .iter()
            .map(|row| names.iter().zip(row).filter_map(|(n, v)| v.map(|v| (*n, "ulm", v))).collect())
            .collect();
        let whole: Vec<Row<'_>> =
            Environment::ALL.iter().zip(&rows).map(|(one, row)| (*one, Some(row.as_slice()))).collect();
        let mut less = whole.clone();
        less[hidden].1 = None;
        prop_assert!(worst(&environments(&less)) >= Outcome::Undetermined);
        let mut more = rows.clone();
        more[hidden].push(("undeclared", "ulm", 1));
        let more: Vec<Row<'_>> = Environment::ALL.iter().zip(&more).map(|(one, row)| (*one, Some(row.as_slice()))).collect();
        let told = compare(&schema(), &environments(&more));
        let absent = |one: &Finding| one.outcome == Outcome::Fail && one.message.starts_with("`undeclared` is absent");
        prop_assert!(told.iter().any(absent), "a key of one environment only: {told:?}");
        let seen = environments(&whole);
        let json = serde_json::to_string(&seen).unwrap();
        prop_assert_eq!(serde_json::from_str::<Environments>(&json).unwrap(), seen);
    }
}
