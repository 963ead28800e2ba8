//! What holds for every case: less or older evidence never lets more through, more trouble never helps, an override hides
//! nothing, and time shifts change nothing.

use proptest::prelude::*;

use super::super::self_test::SPOILED;
use super::*;

/// A case: which gates are spoiled, which are set aside, what the release is.
#[derive(Debug, Clone)]
struct Drawn {
    spoiled: BTreeSet<usize>,
    set_aside: Option<BTreeSet<usize>>,
    shape: u8,
    target: Environment,
    mode: Mode,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let few = || prop::collection::btree_set(0..16usize, 0..4);
    // All gates but G01 and G02, which no break-glass may name, so that others get set aside often.
    let aside = prop::option::of(prop::collection::btree_set(2..16usize, 8..14).prop_map(|mut set| {
        set.remove(&2);
        set.insert(5);
        set
    }));
    let target = prop_oneof![1 => Just(Environment::Staging), 4 => Just(Environment::Production)];
    (few(), aside, 0..6u8, target, prop::sample::select(Mode::ALL)).prop_map(
        |(spoiled, set_aside, shape, target, mode)| Drawn { spoiled, set_aside, shape, target, mode },
    )
}

fn build(drawn: &Drawn, now: Timestamp) -> Sample {
    let mut sample = sample(&BUILTIN, now).unwrap();
    in_mode(&mut sample, drawn.mode);
    sample.request.target = drawn.target;
    if drawn.target == Environment::Staging {
        sample.request.source = Some(Environment::Integration);
        source(&mut sample).environment = Environment::Integration;
    }
    match drawn.shape {
        0 => major(&mut sample),
        1 => patch(&mut sample),
        2 => fixing(&mut sample, true),
        3 => restoring(&mut sample),
        4 => budget(&mut sample, 0.1, Burn::Ticket),
        _ => {}
    }
    sample.approve(Kind::Major);
    for at in &drawn.spoiled {
        SPOILED[*at].1(&mut sample);
    }
    if let Some(set_aside) = &drawn.set_aside {
        let codes: Vec<&str> = set_aside.iter().map(|at| SPOILED[*at].0).collect();
        break_glass(&mut sample, &codes);
    }
    sample
}

/// Takes evidence away, or makes the look at it older.
const LESS: [fn(&mut GateEvidence); 22] = [
    |e| e.source = None,
    |e| e.target = None,
    |e| e.incidents = None,
    |e| e.budgets = None,
    |e| e.backups = None,
    |e| e.configuration = None,
    |e| e.holds = None,
    |e| e.owners = None,
    |e| e.validations.clear(),
    |e| drop(e.validations.pop()),
    |e| e.approvals.clear(),
    |e| drop(e.approvals.pop()),
    |e| e.rehearsals.clear(),
    |e| e.break_glass = None,
    |e| e.validations.iter_mut().for_each(|one| one.at = one.at - DAY - HOUR),
    |e| e.approvals.iter_mut().for_each(|one| one.at = one.at - DAY.times(4)),
    |e| e.rehearsals.iter_mut().for_each(|one| one.at = one.at - DAY.times(15)),
    |e| e.backups.iter_mut().flat_map(|s| &mut s.what).for_each(|one| one.verified_at = None),
    |e| e.backups.iter_mut().flat_map(|s| &mut s.what).for_each(|one| one.drill = None),
    |e| e.target.iter_mut().for_each(|seen| seen.at = seen.at - HOUR),
    |e| e.incidents.iter_mut().for_each(|seen| seen.at = seen.at - HOUR),
    |e| e.configuration.iter_mut().for_each(|seen| seen.at = seen.at - HOUR),
];

/// Adds trouble that nobody names.
const MORE: [fn(&mut GateEvidence, Timestamp); 7] = [
    |e, _| {
        let other = OpenIncident { id: "inc-9".to_owned(), ..incident(Sev::Sev1) };
        e.incidents.iter_mut().for_each(|seen| seen.what.push(other.clone()));
    },
    |e, _| {
        let other = OpenIncident { id: "inc-9".to_owned(), acknowledged: false, ..incident(Sev::Sev3) };
        e.incidents.iter_mut().for_each(|seen| seen.what.push(other.clone()));
    },
    |e, _| e.configuration.iter_mut().for_each(|seen| seen.what.drift.push("node-9".to_owned())),
    |e, _| e.configuration.iter_mut().for_each(|seen| seen.what.secrets.push("key-9".to_owned())),
    |e, now| {
        let failed = Validation {
            name: "test".parse().unwrap(),
            artifact: e.validations.first().map_or(Digest256::of(b"the artifact"), |one| one.artifact),
            at: now,
            passed: false,
        };
        e.validations.push(failed);
    },
    |e, _| {
        let worse = Budget { service: "zeta".parse().unwrap(), left: -1.0, burn: Burn::Page };
        e.budgets.iter_mut().for_each(|seen| seen.what.push(worse.clone()));
    },
    |e, now| {
        let stop = freeze(FreezeKind::Freeze, now, now + HOUR);
        e.holds.iter_mut().for_each(|seen| seen.what.freezes.push(stop.clone()));
    },
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// *Deny* may become *hold* when what denied is no longer seen; nothing but *allow* lets a release through.
    #[test]
    fn less_or_older_evidence_never_lets_more_through(drawn in drawn(), which in 0..LESS.len()) {
        let before = build(&drawn, NOW);
        let mut after = before.clone();
        LESS[which](&mut after.evidence);
        if before.decide().verdict != Verdict::Allow {
            prop_assert_ne!(after.decide().verdict, Verdict::Allow, "{} {:#?}", which, before.decide());
        }
    }

    #[test]
    fn more_trouble_never_helps(drawn in drawn(), which in 0..MORE.len()) {
        let before = build(&drawn, NOW);
        let mut after = before.clone();
        MORE[which](&mut after.evidence, NOW);
        prop_assert!(after.decide().verdict >= before.decide().verdict, "{} {:#?}", which, before.decide());
    }

    #[test]
    fn an_override_hides_nothing_and_never_covers_what_it_must_not(drawn in drawn()) {
        let with = build(&drawn, NOW);
        let mut without = with.clone();
        without.evidence.break_glass = None;
        let (with, without) = (with.decide(), without.decide());
        prop_assert_eq!(&with.findings[..16], &without.findings[..]);
        let stuck = |code: &str| with.findings.iter().any(|one| one.rule == code && one.outcome >= Outcome::Undetermined);
        if stuck("EAVIP-G01") || stuck("EAVIP-G02") || drawn.spoiled.contains(&9) {
            prop_assert_ne!(with.verdict, Verdict::Allow);
        }
    }

    #[test]
    fn shifted_time_changes_nothing(drawn in drawn(), days in -10_000i64..10_000) {
        let shifted = Timestamp::from_millis(NOW.as_millis() + days * 86_400_000);
        let told = |now| {
            let decision = build(&drawn, now).decide();
            let outcomes: Vec<_> = decision.findings.iter().map(|one| (one.rule.clone(), one.outcome, one.measured)).collect();
            (decision.verdict, outcomes, decision.retry_after.map(|moment| moment.as_millis() - now.as_millis()))
        };
        prop_assert_eq!(told(NOW), told(shifted));
    }

    #[test]
    fn a_decision_is_the_same_each_time_and_through_json(drawn in drawn()) {
        let sample = build(&drawn, NOW);
        crate::testing::survives_json(&sample.request);
        crate::testing::survives_json(&sample.evidence);
        crate::testing::survives_json(&sample.decide());
        prop_assert_eq!(build(&drawn, NOW).decide(), build(&drawn, NOW).decide());
    }
}
