//! Tests of burn arithmetic, of the standing over all windows, and of the lint.

use proptest::prelude::*;

use super::burn::{BurnAlert, Urgency, budget_left, burn, rescaled};
use super::lint::lint;
use super::standing::{Burning, Standing, WindowCounts, assess};
use super::*;
use crate::finding::Outcome;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const WINDOWS: [&str; 8] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"];

fn objective(target: f64, below: BelowFloor) -> Objective {
    let floor = Floor { events: 100, below };
    Objective { measure: Measure::Errors, target, window: REFERENCE_WINDOW, floor }
}

fn everywhere(good: u64, bad: u64) -> Vec<WindowCounts> {
    let count = |window: &&str| WindowCounts {
        window: window.parse().unwrap(),
        events: Counts { good, bad },
        probes: None,
        until: NOW,
    };
    WINDOWS.iter().map(count).collect()
}

fn standing(objective: &Objective, counted: &[WindowCounts]) -> Standing {
    assess(&"checkout".parse().unwrap(), objective, &SloPolicy::default(), counted, NOW)
}

// Seed: "Platform availability", "Performance monitoring".
#[test]
fn burns_page_or_ticket_by_their_rate() {
    let table = [
        (10_000, 0, Burning::Steady),
        (9_991, 9, Burning::Steady),
        (9_990, 10, Burning::Ticket),
        (9_970, 30, Burning::Ticket),
        (9_941, 59, Burning::Ticket),
        (9_940, 60, Burning::Page),
        (9_856, 144, Burning::Page),
        (0, 10_000, Burning::Page),
    ];
    for (good, bad, expected) in table {
        let found = standing(&objective(0.999, BelowFloor::Probe), &everywhere(good, bad));
        assert_eq!(found.burning, expected, "{bad} of {}", good + bad);
        assert_eq!(found.findings.len(), 5);
    }
}

#[test]
fn a_burn_that_is_over_in_the_short_window_tells_nobody() {
    let mut counted = everywhere(900, 100);
    for counts in &mut counted {
        if ["5m", "30m", "2h", "6h"].contains(&counts.window.to_string().as_str()) {
            counts.events = Counts { good: 1_000, bad: 0 };
        }
    }
    assert_eq!(standing(&objective(0.999, BelowFloor::Probe), &counted).burning, Burning::Steady);
}

#[test]
fn a_used_up_budget_fails_to_the_event() {
    let table = [(9_991, 9, Outcome::Pass), (9_990, 10, Outcome::Fail), (9_000, 1_000, Outcome::Fail)];
    for (good, bad, expected) in table {
        let found = standing(&objective(0.999, BelowFloor::Probe), &everywhere(good, bad));
        assert_eq!(found.findings[0].outcome, expected, "{bad} of {}", good + bad);
    }
    assert_eq!(budget_left(Counts { good: 9_990, bad: 10 }, 0.999), Some(0.0));
}

#[test]
fn nothing_counted_or_no_budget_is_unknown_and_never_steady() {
    let whole = objective(0.999, BelowFloor::Probe);
    assert_eq!(standing(&whole, &[]).burning, Burning::Unknown);
    assert_eq!(standing(&whole, &[]).budget_left, None);
    assert_eq!(standing(&whole, &everywhere(0, 0)).burning, Burning::Unknown);
    for target in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1.0, 2.0] {
        for below in [BelowFloor::Probe, BelowFloor::Counts { bad_events: 1 }] {
            let found = standing(&objective(target, below), &everywhere(10, 20));
            assert_eq!((found.burning, found.budget_left), (Burning::Unknown, None), "{target} {below:?}");
        }
    }
    for until in [NOW - Span::from_secs(301), NOW + Span::from_secs(6)] {
        let mut counted = everywhere(10_000, 0);
        counted.iter_mut().for_each(|counts| counts.until = until);
        assert_eq!(standing(&whole, &counted).burning, Burning::Unknown, "{until}");
    }
    let huge = everywhere(u64::MAX, u64::MAX);
    assert_eq!(standing(&whole, &huge).burning, Burning::Page);
}

// Seed: "Alert noise is treated as a defect": a share of a handful of events says nothing.
#[test]
fn below_the_traffic_floor_counts_or_the_probe_decide() {
    let counts = objective(0.999, BelowFloor::Counts { bad_events: 5 });
    assert_eq!(standing(&counts, &everywhere(40, 4)).burning, Burning::Steady);
    assert_eq!(standing(&counts, &everywhere(40, 5)).burning, Burning::Page);
    assert_eq!(standing(&counts, &everywhere(0, 0)).burning, Burning::Steady, "no events, no bad ones");
    let loose = objective(0.9, BelowFloor::Counts { bad_events: 5 });
    assert_eq!(standing(&loose, &everywhere(90, 5)).burning, Burning::Steady, "no page below burn 1");

    let probe = objective(0.999, BelowFloor::Probe);
    let mut counted = everywhere(10, 10);
    assert_eq!(standing(&probe, &counted).burning, Burning::Unknown, "no probe");
    counted.iter_mut().for_each(|one| one.probes = Some(Counts { good: 240, bad: 0 }));
    assert_eq!(standing(&probe, &counted).burning, Burning::Steady);
    counted.iter_mut().for_each(|one| one.probes = Some(Counts { good: 200, bad: 40 }));
    assert_eq!(standing(&probe, &counted).burning, Burning::Page);
}

#[test]
fn rules_keep_their_share_of_the_budget_in_other_windows() {
    let mut table = String::new();
    for window in ["7d", "14d", "28d", "30d", "90d", "1d", "0s"] {
        let rules = rescaled(&SloPolicy::default().rules, window.parse().unwrap());
        let burns: Vec<String> =
            rules.iter().map(|rule| format!("{} {:.2}", rule.alert, rule.burn)).collect();
        table += &format!("{window}: {}\n", burns.join(", "));
    }
    insta::assert_snapshot!(table, @"
    7d: page-fast 3.36, page-slow 1.40, ticket-fast 1.00, ticket-slow 1.00
    14d: page-fast 6.72, page-slow 2.80, ticket-fast 1.40, ticket-slow 1.00
    28d: page-fast 13.44, page-slow 5.60, ticket-fast 2.80, ticket-slow 1.00
    30d: page-fast 14.40, page-slow 6.00, ticket-fast 3.00, ticket-slow 1.00
    90d: page-fast 43.20, page-slow 18.00, ticket-fast 9.00, ticket-slow 3.00
    1d: page-fast 1.00, page-slow 1.00, ticket-fast 1.00
    0s: 
    ");
}

// Seed: "Alerts must be actionable": a rule that can't fire isn't one.
#[test]
fn a_rule_that_can_never_fire_is_a_finding() {
    let table = [(0.999, 0), (0.931, 0), (0.93, 1), (0.83, 2), (0.6, 3), (0.000_1, 3), (f64::NAN, 0)];
    for (target, expected) in table {
        let objective = objective(target, BelowFloor::Probe);
        let findings = lint(&"checkout".parse().unwrap(), &objective, &SloPolicy::default());
        let failed = findings.iter().filter(|finding| finding.outcome == Outcome::Fail).count();
        assert_eq!(failed, expected, "{target}: {findings:#?}");
    }
    let undefined = lint(&"x".parse().unwrap(), &objective(1.0, BelowFloor::Probe), &SloPolicy::default());
    assert_eq!(undefined[0].outcome, Outcome::Undetermined);
}

#[test]
fn an_objective_without_a_traffic_floor_is_a_finding() {
    let mut bare = objective(0.999, BelowFloor::Probe);
    bare.floor.events = 0;
    let outcome = |objective: &Objective| {
        lint(&"x".parse().unwrap(), objective, &SloPolicy::default()).last().unwrap().outcome
    };
    assert_eq!(outcome(&bare), Outcome::Fail);
    assert_eq!(outcome(&objective(0.999, BelowFloor::Counts { bad_events: 0 })), Outcome::Fail);
    assert_eq!(outcome(&objective(0.999, BelowFloor::Counts { bad_events: 1 })), Outcome::Pass);
}

#[test]
fn the_four_rules_page_and_ticket_as_written() {
    let told: Vec<String> = SloPolicy::default()
        .rules
        .iter()
        .map(|rule| {
            format!("{} {} {} {} {}", rule.alert, rule.alert.urgency(), rule.long, rule.short, rule.burn)
        })
        .collect();
    assert_eq!(
        told,
        [
            "page-fast page 1h 5m 14.4",
            "page-slow page 6h 30m 6",
            "ticket-fast ticket 1d 2h 3",
            "ticket-slow ticket 3d 6h 1"
        ]
    );
    assert!(Urgency::Page > Urgency::Ticket);
    assert_eq!(BurnAlert::ALL.len(), told.len());
}

proptest! {
    /// Against integers: `bad / total >= factor * (1 - target)`, with target and factor as decimals.
    #[test]
    fn burn_agrees_with_a_recount_in_whole_numbers(
        good in 0_u64..1_000_000,
        bad in 0_u64..1_000_000,
        allowed_ppm in 1_u64..1_000_000,
        tenths in 10_u64..200,
    ) {
        prop_assume!(good + bad > 0);
        let target = (1_000_000 - allowed_ppm) as f64 / 1_000_000.0;
        let burn = burn(Counts { good, bad }, target).unwrap();
        let (left, right) = (
            u128::from(bad) * 10_000_000,
            u128::from(tenths) * u128::from(allowed_ppm) * u128::from(good + bad),
        );
        prop_assert_eq!(super::burn::reaches(burn, tenths as f64 / 10.0), left >= right);
    }

    #[test]
    fn more_bad_events_never_look_better(
        good in 0_u64..5_000, bad in 0_u64..5_000, more in 0_u64..5_000, counts in any::<bool>(),
    ) {
        let below = if counts { BelowFloor::Counts { bad_events: 5 } } else { BelowFloor::Probe };
        // With as many events as before: what was good turns bad.
        let turned = more.min(good);
        let objective = objective(0.99, below);
        let before = standing(&objective, &everywhere(good, bad));
        let after = standing(&objective, &everywhere(good - turned, bad + turned));
        prop_assert!(after.burning >= before.burning);
        prop_assert!(after.budget_left.partial_cmp(&before.budget_left) != Some(std::cmp::Ordering::Greater));
    }

    /// A burn below 1 leaves budget over at the end of the window: it needs nobody, whatever the rules and the window are.
    #[test]
    fn nobody_is_told_of_a_burn_below_one(
        windows in prop::collection::vec((0_u64..3_000, 0_u64..60, prop::option::of((0_u64..60, 0_u64..3))), 8),
        target in 0.5_f64..0.9999, burns in prop::collection::vec(-1.0_f64..20.0, 4), days in 1_u64..60, floor in 0_u64..200,
        counts in any::<bool>(),
    ) {
        let below = if counts { BelowFloor::Counts { bad_events: 1 } } else { BelowFloor::Probe };
        let objective = Objective {
            window: DAY.times(days),
            floor: Floor { events: floor, ..objective(target, below).floor },
            ..objective(target, below)
        };
        let mut policy = SloPolicy::default();
        policy.rules.iter_mut().zip(burns).for_each(|(rule, burn)| rule.burn = burn);
        let mut counted = everywhere(0, 0);
        for (window, (good, bad, probes)) in counted.iter_mut().zip(windows) {
            window.events = Counts { good, bad };
            window.probes = probes.map(|(good, bad)| Counts { good, bad });
        }
        counted[7].window = objective.window;
        let found = assess(&"checkout".parse().unwrap(), &objective, &policy, &counted, NOW);
        let rules = rescaled(&policy.rules, objective.window);
        for (finding, rule) in found.findings[1..].iter().zip(&rules) {
            if finding.outcome == Outcome::Fail {
                let long = counted.iter().find(|one| one.window == rule.long).unwrap();
                let burned = [Some(long.events), long.probes].into_iter().flatten().filter_map(|one| burn(one, target));
                let most = burned.fold(0.0, f64::max);
                prop_assert!(most > 1.0 - 1e-6, "told of {most}: {finding:?}");
            }
        }
    }

    #[test]
    fn missing_windows_never_make_a_burn_steady(
        good in 0_u64..5_000, bad in 0_u64..5_000, gone in 0_usize..8, late in 0_u64..1_000_000,
    ) {
        let objective = objective(0.99, BelowFloor::Counts { bad_events: 5 });
        let mut counted = everywhere(good, bad);
        let before = standing(&objective, &counted);
        counted[gone].until = NOW - Span::from_millis(late);
        let aged = standing(&objective, &counted);
        counted.remove(gone);
        let removed = standing(&objective, &counted);
        for after in [&aged, &removed] {
            prop_assert!(after.burning != Burning::Steady || before.burning == Burning::Steady);
            prop_assert!(after.burning != Burning::Page || before.burning == Burning::Page);
        }
    }

    #[test]
    fn nothing_depends_on_the_date(good in 0_u64..5_000, bad in 0_u64..5_000, days in 0_u64..10_000) {
        let objective = objective(0.99, BelowFloor::Probe);
        let shift = DAY.times(days);
        let mut counted = everywhere(good, bad);
        let before = standing(&objective, &counted);
        counted.iter_mut().for_each(|counts| counts.until = counts.until + shift);
        let id = "checkout".parse().unwrap();
        prop_assert_eq!(assess(&id, &objective, &SloPolicy::default(), &counted, NOW + shift), before.clone());
        let json = serde_json::to_string(&before).unwrap();
        prop_assert_eq!(serde_json::from_str::<Standing>(&json).unwrap().burning, before.burning);
    }
}
