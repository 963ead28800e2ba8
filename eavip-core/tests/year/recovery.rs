//! Backups each night, checks each morning, and drills when they are due; some fail.

use eavip_core::backup::drill::{Drill, DrillCommand, Shown};
use eavip_core::backup::due::{Standing, due};
use eavip_core::backup::evidence::{Backup, Evidence, Observed, Principal, Run};
use eavip_core::backup::plan::Plan;
use eavip_core::backup::procedure::Phase;
use eavip_core::backup::verify::{Check, Found, Part, newest_good};
use eavip_core::backup::{assess, due as duties};
use eavip_core::decision::Verdict;
use eavip_core::finding::Outcome;
use eavip_core::id::SnapshotId;
use eavip_core::mode::Mode;
use eavip_core::time::Span;

use super::books::Seen;
use super::facts::DrillFact;
use super::platform::{self, DAY, HOUR, MINUTE, OPERATORS, digest, id, operations, person};
use super::world::World;

pub const DATA_SETS: [&str; 2] = ["invoices", "orders"];

pub fn plan(world: &mut World) {
    for (of, minutes) in [("orders", 150), ("invoices", 210)] {
        world.daily(MINUTE.times(minutes), move |world, day| back_up(world, of, day, 0));
    }
    world.daily(HOUR.times(6), |world, day| {
        for of in DATA_SETS {
            let found = match (day % 173 == 100, world.chance.percent(2)) {
                (true, _) => Found::Damaged,
                (false, true) => Found::Error,
                (false, false) => Found::Intact,
            };
            let read = (day % 7 == 0 || day % 173 == 101).then_some(Part::WHOLE);
            let at = world.now;
            world.see(of, Seen::Check(Check { at, read, found }));
            let principals = vec![Principal { name: "backup-agent".to_owned(), team: Some(operations()) }];
            world.see(of, Seen::Repository(Observed { at, encrypted: true, principals }));
        }
    });
    world.daily(HOUR.times(9), |world, day| {
        for of in DATA_SETS {
            drill_when_due(world, of, day);
        }
    });
    world.daily(HOUR.times(12), |world, _| DATA_SETS.iter().for_each(|of| judged_as_it_is(world, of)));
}

fn back_up(world: &mut World, of: &'static str, day: u64, again: u64) {
    let snapshot: SnapshotId = id(format!("{of}-{day}-{again}"));
    let (started_at, fails) = (world.now, world.chance.percent(3));
    let later = world.chance.minutes(8, 40);
    let running = Backup { id: snapshot.clone(), started_at, run: Run::Running };
    world.see(of, Seen::Backup(running));
    world.after(later, move |world| {
        let at = world.now;
        let completed = Run::Completed { at, manifest: digest(snapshot.as_str()) };
        let run = if fails { Run::Failed { at } } else { completed };
        world.see(of, Seen::Backup(Backup { id: snapshot, started_at, run }));
        if fails {
            world.after(HOUR, move |world| back_up(world, of, day, again + 1));
        }
    });
}

/// What is known of a plan; what is older than six weeks isn't looked at any more.
pub fn evidence(world: &World, plan: &Plan) -> Evidence {
    let of = plan.id.as_str();
    let oldest = world.now - DAY.times(42);
    let views = &world.books.views;
    let backups = views.backups.get(of).into_iter().flatten().filter(|one| one.started_at > oldest);
    let checks = views.checks.get(of).into_iter().flatten().filter(|one| one.at > oldest);
    let own = world.books.drills.iter().filter(|(name, _)| name.starts_with(&format!("{of}/")));
    Evidence {
        mode: Mode::Saas,
        since: platform::start(),
        backups: backups.cloned().collect(),
        checks: checks.copied().collect(),
        drills: own.map(|(_, drill)| drill.clone()).collect(),
        repository: views.repositories.get(of).cloned(),
    }
}

/// Held against what the world did: the nightly backup, its check, the drills.
fn judged_as_it_is(world: &mut World, of: &str) {
    let policy = &world.policy.backups;
    let plan = &policy.plans[of];
    let evidence = evidence(world, plan);
    let decision = assess(plan, &evidence, &policy.policy, world.now);
    let last_drill = world.facts.drills.iter().rfind(|one| one.data_set == of);
    let failed = last_drill.is_some_and(|drill| !drill.passed);
    if failed {
        assert_eq!(decision.verdict, Verdict::Deny, "the last drill of {of} failed");
        assert_eq!(decision.findings[6].outcome, Outcome::Fail, "{:#?}", decision.findings[6]);
    }
    if let Some(passed) = last_drill.filter(|drill| drill.passed) {
        let every = if of == "orders" { 30 } else { 90 };
        let kept = world.now.since(passed.over) <= DAY.times(every);
        let expected = if kept { Outcome::Pass } else { Outcome::Fail };
        assert_eq!(decision.findings[6].outcome, expected, "{of}: {:#?}", decision.findings[6]);
    }
    let [_, verification, ..] = duties::due(plan, &evidence, &policy.policy, world.now);
    assert_eq!(verification.duty, duties::Duty::Verification);
}

fn drill_when_due(world: &mut World, of: &'static str, day: u64) {
    let plan = &world.policy.backups.plans[of];
    let evidence = evidence(world, plan);
    let [.., drill] = due(plan, &evidence, &world.policy.backups.policy, world.now);
    let failed = world.facts.drills.iter().rfind(|one| one.data_set == of).is_some_and(|one| !one.passed);
    let Some(good) = newest_good(&evidence, world.now) else { return };
    let Run::Completed { manifest, .. } = good.run else { panic!("{good:?} is good") };
    if !failed && drill.standing(world.now) == Standing::Waiting {
        return;
    }
    let (name, backup) = (format!("{of}/{day}"), good.id.clone());
    let by = person(world.chance.pick(&OPERATORS));
    world.must::<Drill>(&name, DrillCommand::Plan { by: by.clone() });
    let early = DrillCommand::Take { step: 1, shown: Shown::Done };
    world.never::<Drill>(&name, early, "EAVIP-Q23");
    let fate = world.chance.between(1, 100);
    world.after(MINUTE.times(15), move |world| {
        world.must::<Drill>(&name, DrillCommand::Start { by, backup, manifest });
        let started = world.now;
        world.after(MINUTE.times(2), move |world| step(world, of, name, fate, started));
    });
}

/// The next step of a drill, as its fate has it.
fn step(world: &mut World, of: &'static str, name: String, fate: u64, started: eavip_core::time::Timestamp) {
    let drill = &world.books.drills[&name];
    let (number, phase) = drill.next_step().unwrap();
    let manifest = drill.started.as_ref().unwrap().manifest;
    let shown = match (phase, fate) {
        (Phase::Restore, 1..=6) => Shown::NotDone,
        (Phase::Compare, 7..=11) => Shown::Compared { manifest, different: 3 },
        (Phase::Compare, _) => Shown::Compared { manifest, different: 0 },
        (Phase::CheckHealth, 12..=15) => Shown::Exited { code: 1 },
        (Phase::CheckHealth, _) => Shown::Exited { code: 0 },
        _ => Shown::Done,
    };
    world.never::<Drill>(&name, DrillCommand::Take { step: number + 1, shown }, "EAVIP-Q23");
    world.must::<Drill>(&name, DrillCommand::Take { step: number, shown });
    let slow = (16..=20).contains(&fate);
    let over =
        |passed, took: Option<Span>, world: &World| DrillFact { data_set: of, over: world.now, passed, took };
    let took = world.now.since(started);
    match (phase, shown) {
        (_, Shown::NotDone)
        | (_, Shown::Compared { different: 1.., .. })
        | (_, Shown::Exited { code: 1.. }) => {
            world.facts.drills.push(over(false, None, world));
        }
        (Phase::CheckHealth, _) if slow => world.facts.drills.push(over(false, Some(took), world)),
        (Phase::CheckHealth, _) => {
            world.after(MINUTE.times(3), move |world| {
                let command = DrillCommand::Take { step: number + 1, shown: Shown::Done };
                world.must::<Drill>(&name, command);
                let fact = DrillFact { data_set: of, over: world.now, passed: true, took: Some(took) };
                world.facts.drills.push(fact);
            });
        }
        _ => {
            let later = match (phase, slow) {
                (Phase::Restore, true) => HOUR.times(5),
                (Phase::Restore, false) => world.chance.minutes(4, 15),
                _ => world.chance.minutes(1, 4),
            };
            world.after(later, move |world| step(world, of, name, fate, started));
        }
    }
}
