//! Tests of the five measures against a straightforward recount.

use proptest::prelude::*;

use super::super::tests::{DAY, at};
use super::*;
use crate::incident::tests::minutes;

fn deployment(id: &str, day: u64) -> Deployment {
    Deployment {
        id: id.into(),
        mode: Mode::Saas,
        environment: Environment::Production,
        committed_at: Some(at(day * DAY) - minutes(60)),
        deployed_at: at(day * DAY),
        failure: None,
        rework: false,
    }
}

fn april() -> Period {
    Period { from: at(31 * DAY), to: at(61 * DAY) }
}

#[test]
fn measures_the_deployments_of_the_period() {
    let fails = |day: u64, after: Option<u64>| {
        Some(Failure { at: at(day * DAY), recovered_at: after.map(|n| at(day * DAY + n)) })
    };
    let deployments = [
        deployment("d-0", 30),
        deployment("d-1", 31),
        Deployment { failure: fails(32, Some(20)), ..deployment("d-2", 32) },
        Deployment { failure: fails(33, None), rework: true, committed_at: None, ..deployment("d-3", 33) },
        deployment("d-4", 34),
        Deployment { environment: Environment::Staging, ..deployment("d-5", 35) },
        deployment("d-6", 61),
    ];
    let found = measure(&deployments, april()).unwrap();
    assert_eq!((found.deployments, found.unrecovered), (4, 1));
    assert_eq!(found.lead_time, Summary { n: 3, median: Some(minutes(60)), p90: Some(minutes(60)) });
    assert_eq!(found.recovery, Summary { n: 1, median: Some(minutes(20)), p90: Some(minutes(20)) });
    assert_eq!((found.change_fail_rate, found.rework_rate), (0.5, 0.25));
    assert!((found.per_day - 4.0 / 30.0).abs() < 1e-12);
}

#[test]
fn nothing_deployed_is_none_and_not_perfect() {
    assert_eq!(measure(&[], april()), None);
    assert_eq!(measure(&[deployment("d-1", 30)], april()), None);
    assert_eq!(measure(&[deployment("d-1", 31)], Period { from: at(31 * DAY), to: at(31 * DAY) }), None);
    let by_mode = by_mode(&[deployment("d-1", 31)], april());
    assert_eq!(by_mode.len(), Mode::ALL.len());
    assert!(by_mode[&Mode::Saas].is_some() && by_mode[&Mode::OnPrem].is_none());
}

#[test]
fn a_deployment_counts_once_as_it_was_told_last() {
    let known_later = Deployment { rework: true, ..deployment("d-1", 31) };
    let found = measure(&[deployment("d-1", 31), known_later], april()).unwrap();
    assert_eq!((found.deployments, found.rework_rate), (1, 1.0));
}

#[test]
fn clocks_that_ran_backwards_give_zero() {
    let failure = Some(Failure { at: at(32 * DAY), recovered_at: Some(at(31 * DAY)) });
    let committed_at = Some(at(40 * DAY));
    let found = measure(&[Deployment { failure, committed_at, ..deployment("d-1", 31) }], april()).unwrap();
    assert_eq!((found.lead_time.median, found.recovery.median), (Some(Span::ZERO), Some(Span::ZERO)));
}

proptest! {
    #[test]
    fn agrees_with_a_recount(made in prop::collection::vec((0u8..12, 25u64..70, 0u8..3, any::<bool>(), any::<bool>()), 0..40)) {
        let deployments: Vec<Deployment> = made.iter().map(|(id, day, mode, failed, rework)| Deployment {
            mode: Mode::ALL[usize::from(*mode)],
            failure: failed.then(|| Failure { at: at(day * DAY), recovered_at: None }),
            rework: *rework,
            ..deployment(&format!("d-{id}"), *day)
        }).collect();
        let (mut n, mut failed, mut rework, mut saas) = (0, 0, 0, 0);
        for (place, one) in deployments.iter().enumerate() {
            let told_again = deployments[place + 1..].iter().any(|other| other.id == one.id);
            if told_again || one.deployed_at < april().from || one.deployed_at >= april().to {
                continue;
            }
            n += 1;
            failed += usize::from(one.failure.is_some());
            rework += usize::from(one.rework);
            saas += usize::from(one.mode == Mode::Saas);
        }
        let found = measure(&deployments, april());
        prop_assert_eq!(found.is_some(), n > 0);
        if let Some(found) = found {
            prop_assert_eq!((found.deployments, found.unrecovered), (n, failed));
            prop_assert_eq!(found.change_fail_rate, failed as f64 / n as f64);
            prop_assert_eq!(found.rework_rate, rework as f64 / n as f64);
        }
        let of_saas = by_mode(&deployments, april())[&Mode::Saas];
        prop_assert_eq!(of_saas.map_or(0, |dora| dora.deployments), saas);
    }
}
