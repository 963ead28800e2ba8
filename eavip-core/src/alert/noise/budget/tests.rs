//! Tests of the noise budget: each number on both sides of its limit.

use proptest::prelude::*;

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

fn outcomes(measures: &Measures) -> Vec<Outcome> {
    let owner = "ops".parse().unwrap();
    let found = judge(measures, &Scope::Team("ops".parse().unwrap()), &owner, &NoisePolicy::default());
    found.into_iter().map(|finding| finding.outcome).collect()
}

proptest! {
    #[test]
    fn more_noise_and_fewer_figures_never_look_better(
        pages in 0_u64..9, day in 0_u64..30, chatter in 0_u64..4, stale in 0_u64..9, flood in prop::option::of(0.0_f64..0.03),
        worth in 0_u64..40, noise in 0_u64..40, more in 1_u64..40, which in 0_usize..6,
    ) {
        use crate::alert::noise::AlertOutcome;
        let period = Period { from: at(0), until: at(86_400) };
        let total = (worth + noise) as f64;
        let measures = Measures {
            worst_shift: pages,
            worst_day: day,
            chatter,
            stale,
            flood_share: flood,
            precision: (total > 0.0).then(|| worth as f64 / total),
            outcomes: [(AlertOutcome::ALL[0], worth + noise)].into(),
            ..count(Vec::new(), period)
        };
        let before = outcomes(&measures);
        let mut worse = measures.clone();
        match which {
            0 => worse.worst_shift += more,
            1 => worse.worst_day += more,
            2 => worse.flood_share = flood.map(|share| share + more as f64 / 1_000.0),
            3 => worse.precision = measures.precision.map(|precision| precision / (1.0 + more as f64)),
            4 => worse.chatter += more,
            _ => worse.stale += more,
        }
        for (before, after) in before.iter().zip(outcomes(&worse)) {
            prop_assert!(after >= *before, "{before} became {after}");
        }
        for less in [Measures { flood_share: None, ..measures.clone() }, Measures { precision: None, ..measures.clone() }] {
            for (before, after) in before.iter().zip(outcomes(&less)) {
                prop_assert!(after != Outcome::Pass || *before == Outcome::Pass, "{before} became {after}");
            }
        }
        crate::testing::survives_json(&measures);
    }
}
