//! Tests of the noise budget: each number on both sides of its limit.

use super::*;
use crate::alert::noise::Record;
use crate::alert::noise::measure::Period;
use crate::alert::noise::measure::tests::{at, count, record};
use crate::finding::Outcome;
use crate::id::Digest128;

fn judged(records: Vec<Record>) -> Vec<(String, Outcome)> {
    let measures = count(records, Period { from: at(0), until: at(10 * 86_400) });
    let owner = "ops".parse().unwrap();
    let findings = judge(&measures, &Scope::Team("ops".parse().unwrap()), &owner, &NoisePolicy::default());
    findings
        .into_iter()
        .map(|finding| {
            assert_eq!(finding.owner.as_ref(), Some(&owner));
            assert_eq!(finding.outcome >= Outcome::Undetermined, !finding.remedy.is_empty());
            (finding.rule.into_owned(), finding.outcome)
        })
        .collect()
}

fn outcome_of(code: &str, records: Vec<Record>) -> Outcome {
    judged(records).into_iter().find(|(rule, _)| rule == code).unwrap().1
}

// Seed: "Alert noise is treated as a defect".
#[test]
fn each_budget_holds_at_its_limit_and_is_breached_beyond() {
    let apart =
        |count: i64, by: i64| (0..count).map(|n| record(&format!("r{n}"), n * by)).collect::<Vec<_>>();
    let page = |n: u8| Record { page: Some(Digest128([n; 16])), ..record("a", i64::from(n) * 3_600) };
    let stale = |count| apart(count, 601);
    let acted = |worth: i64, noise: i64| {
        let one = |n: i64, acknowledged| Record {
            acknowledged,
            ended: Some(at(n * 700 + 1)),
            ..record("a", n * 700)
        };
        (0..worth)
            .map(|n| one(n, true))
            .chain((worth..worth + noise).map(|n| one(n, false)))
            .collect::<Vec<_>>()
    };
    let over = |records: Vec<Record>| -> Vec<Record> {
        records.into_iter().map(|one| Record { ended: Some(one.began), ..one }).collect()
    };
    let floods = |count: i64| {
        let flood = |at: i64| (0..11).map(move |n| record(&format!("f{n}"), at * 600 + n));
        over((0..count).flat_map(flood).collect())
    };
    for (code, records, expected) in [
        ("EAVIP-N10", vec![page(1), page(2)], Outcome::Pass),
        ("EAVIP-N10", vec![page(1), page(2), page(3)], Outcome::Fail),
        ("EAVIP-N11", over(apart(144, 599)), Outcome::Pass),
        ("EAVIP-N11", over(apart(145, 595)), Outcome::Fail),
        ("EAVIP-N12", floods(14), Outcome::Pass),
        ("EAVIP-N12", floods(15), Outcome::Fail),
        ("EAVIP-N13", acted(5, 5), Outcome::Pass),
        ("EAVIP-N13", acted(4, 6), Outcome::Fail),
        ("EAVIP-N13", acted(0, 9), Outcome::Undetermined),
        ("EAVIP-N14", vec![record("a", 0), record("a", 60)], Outcome::Pass),
        ("EAVIP-N14", vec![record("a", 0), record("a", 30), record("a", 60)], Outcome::Fail),
        ("EAVIP-N15", stale(4), Outcome::Pass),
        ("EAVIP-N15", stale(5), Outcome::Fail),
    ] {
        assert_eq!(outcome_of(code, records), expected, "{code}");
    }
}

#[test]
fn one_flood_in_a_hundred_periods_is_one_too_many() {
    let flood: Vec<Record> = (0..11).map(|n| record(&format!("f{n}"), n)).collect();
    for (periods, expected) in [(100, Outcome::Fail), (101, Outcome::Pass)] {
        let measures = count(flood.clone(), Period { from: at(0), until: at(periods * 600) });
        let team = "ops".parse().unwrap();
        let findings = judge(&measures, &Scope::Team("ops".parse().unwrap()), &team, &NoisePolicy::default());
        assert_eq!(findings[2].outcome, expected, "{periods}");
    }
}

#[test]
fn a_quiet_period_passes_and_an_empty_one_says_nothing_of_floods() {
    let outcomes: Vec<Outcome> = judged(vec![]).into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Pass).count(), 5);
    let measures = count(vec![], Period { from: at(0), until: at(0) });
    let findings = judge(
        &measures,
        &Scope::Team("ops".parse().unwrap()),
        &"ops".parse().unwrap(),
        &NoisePolicy::default(),
    );
    assert_eq!(findings[2].outcome, Outcome::Undetermined);
}
