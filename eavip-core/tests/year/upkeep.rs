//! What goes on beside alerts, incidents and releases: traffic and what it costs, disks that fill up, changes of
//! configuration and one that nobody declared, flags, phases and reviews of access.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::access_review::campaign::{AccessReview, Listed, ReviewCommand, Ruling};
use eavip_core::access_review::{GrantId, GrantKind};
use eavip_core::config::change::{ChangeCommand, ConfigChange, Declaration, Edit};
use eavip_core::config::drift::{self, Became, KeyEvidence, Record, Seen as SeenValue};
use eavip_core::config::{ConfigKey, KeyedDigest};
use eavip_core::environment::Environment;
use eavip_core::finding::Outcome;
use eavip_core::flag::{Flag, FlagCommand, Record as FlagRecord};
use eavip_core::phase::{PhaseCommand, Phases};
use eavip_core::signal::histogram::Histogram;
use eavip_core::slo::Counts;
use eavip_core::slo::standing::{Standing, WindowCounts, assess};
use eavip_core::time::{Span, Timestamp};

use super::books::Seen;
use super::forbidden;
use super::platform::{self, DAY, HOUR, MINUTE, OPERATORS, SERVICES, digest, id, person};
use super::world::World;

/// How often traffic is summed up.
pub const BLOCK: Span = HOUR.times(4);
pub const RESOURCES: [(&str, f64); 3] = [("eu-disk", 900.0), ("object-store", 5_000.0), ("us-disk", 500.0)];

pub fn plan(world: &mut World) {
    for block in 0..6 * platform::DAYS {
        let ends = platform::start() + BLOCK.times(block + 1);
        world.at(ends, served);
    }
    world.daily(MINUTE.times(10), used);
    world.daily(HOUR.times(13), |world, day| {
        if day % 5 == 1 || day % 7 == 4 {
            change(world, day);
        }
        if day % 29 == 8 {
            forbidden::silent_change(world, day);
        }
    });
    forbidden::plan(world);
    flags(world);
    for day in [60, 150, 240, 330] {
        world.at(platform::start() + DAY.times(day) + HOUR.times(10), move |world| access(world, day));
    }
}

/// Four hours of traffic of each service, and the probes beside it.
fn served(world: &mut World) {
    for service in SERVICES {
        let all = world.chance.between(40_000, 60_000);
        let bad_times = world.chance.percent(1);
        let bad = if bad_times { all / 50 } else { all * world.chance.between(1, 5) / 10_000 };
        let counts = Counts { good: all - bad, bad };
        let slow = if world.chance.percent(3) { 2_400 } else { 320 };
        let durations = vec![(12, all / 2), (80, all / 3), (slow, all - all / 2 - all / 3)];
        let mut seconds = Histogram::default();
        for (millis, times) in &durations {
            seconds.record_many(*millis as f64 / 1_000.0, *times);
        }
        world.see(service, Seen::Served { counts, seconds });
        let now = world.now;
        world.facts.served.entry(service).or_default().push((now, counts.good, bad, durations));
        let failed = if world.chance.percent(4) { world.chance.between(1, 6) } else { 0 };
        world.see(service, Seen::Probed(Counts { good: 480 - failed, bad: failed }));
        world.facts.probed.entry(service).or_default().push((now, 480 - failed, failed));
    }
}

/// How a service's objective stands, by the counts of every window that the rules look at.
pub fn standing(world: &World, service: &str) -> Standing {
    let policy = &world.policy.slo;
    let of = id(format!("{service}-errors"));
    let objective = policy.objectives[&of].objective;
    let known = world.books.views.served.get(service).map_or(&[][..], Vec::as_slice);
    let windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"].map(|window| {
        let window: Span = id(window);
        let since = world.now - window.max(BLOCK);
        let within = known.iter().rev().take_while(|(at, ..)| *at > since);
        let sum = within.fold(Counts::default(), |sum, (_, counts, _)| Counts {
            good: sum.good + counts.good,
            bad: sum.bad + counts.bad,
        });
        // What is counted by blocks is taken as even within one.
        let part = window.min(BLOCK).as_millis();
        let share = |count: u64| count * part / BLOCK.as_millis();
        let events = Counts { good: share(sum.good), bad: share(sum.bad) };
        WindowCounts { window, events, probes: None, until: world.now }
    });
    assess(&of, &objective, policy, &windows, world.now)
}

/// What is used of each resource: one fills up and is added to, one begins late, one stays.
fn used(world: &mut World, day: u64) {
    let noise = world.chance.between(0, 30) as f64 / 10.0;
    let since_added = [290, 150, 0].into_iter().find(|added| *added <= day).unwrap();
    let values = [
        ("eu-disk", Some(430.0 + 2.4 * (day - since_added) as f64 + noise)),
        ("object-store", (day >= 200).then(|| 100.0 + 11.0 * (day - 200) as f64 + noise)),
        ("us-disk", Some(210.0 + noise)),
    ];
    for (resource, value) in values {
        if let Some(value) = value {
            world.see(resource, Seen::Used(value));
            let now = world.now;
            world.facts.used.entry(resource).or_default().push((now, value));
        }
    }
}

pub fn value(text: String) -> Option<KeyedDigest> {
    Some(KeyedDigest { key: id("site"), digest: digest(text) })
}

/// A change that is declared, put in place, and seen as it was declared; some are withdrawn.
fn change(world: &mut World, day: u64) {
    let of = format!("chg-{day}");
    let key: ConfigKey = id(world.chance.pick(&["db.pool", "cache.size", "mail.from"]));
    let site = world.chance.pick(&["eu", "us", "acme"]);
    let (before, after) = (value(format!("{key} {day}")), value(format!("{key} of {of}")));
    let edit = Edit { before: before.clone(), after: after.clone() };
    let actor = world.chance.pick(&OPERATORS);
    let declaration = Declaration {
        id: id(&of),
        actor: person(actor),
        reason: "It is too small for the new load.".to_owned(),
        ticket: format!("OPS-{day}"),
        deployment: id(site),
        environment: Environment::Production,
        edits: BTreeMap::from([(key.clone(), edit)]),
    };
    let untraceable = Declaration { ticket: String::new(), ..declaration.clone() };
    world.never::<ConfigChange>(&of, ChangeCommand::Declare(Box::new(untraceable)), "EAVIP-C22");
    world.never::<ConfigChange>(&of, ChangeCommand::Apply { by: person(actor) }, "EAVIP-C24");
    world.must::<ConfigChange>(&of, ChangeCommand::Declare(Box::new(declaration)));
    let by = person(actor);
    if world.chance.percent(8) {
        let reason = "The load went away.".to_owned();
        world.must::<ConfigChange>(&of, ChangeCommand::Withdraw { by, reason });
        return;
    }
    world.after(MINUTE.times(30), move |world| {
        world.must::<ConfigChange>(&of, ChangeCommand::Apply { by: by.clone() });
        let applied = world.now;
        world.after(MINUTE, move |world| {
            let record = Record { became: Became::Value { digest: after.clone() }, at: applied };
            let seen = key_evidence(key, site, (before, applied - DAY), (after, world.now), vec![record]);
            let finding = drift::judge(&seen, &world.policy.config, world.now);
            assert_eq!(finding.outcome, Outcome::Pass, "{finding:#?}");
        });
    });
}

pub fn key_evidence(
    key: ConfigKey,
    site: &str,
    audited: (Option<KeyedDigest>, Timestamp),
    observed: (Option<KeyedDigest>, Timestamp),
    records: Vec<Record>,
) -> KeyEvidence {
    let seen = |(digest, at)| SeenValue { digest, at };
    KeyEvidence {
        key,
        deployment: id(site),
        environment: Environment::Production,
        since: Some(observed.1),
        audited: Some(seen(audited)),
        observed: Some(seen(observed)),
        records,
    }
}

/// A flag of a later phase waits for the phase; an operational one is reviewed each week; both are retired.
fn flags(world: &mut World) {
    let record = |by: &str| FlagRecord {
        by: person(by),
        reason: "As planned.".to_owned(),
        ticket: "OPS-12".to_owned(),
    };
    let turn = move |environment, phases: BTreeSet<_>| FlagCommand::Turn {
        environment,
        on: true,
        open_phases: phases,
        record: record("gus"),
    };
    let day = |day: u64| platform::start() + DAY.times(day) + HOUR.times(15);
    world.at(day(20), move |world| {
        let flag = id("new-search");
        let foreign = FlagCommand::Introduce { flag: id("new-search"), record: record("max") };
        world.never::<Flag>("new-search", foreign, "EAVIP-F07");
        world.must::<Flag>("new-search", FlagCommand::Introduce { flag, record: record("gus") });
        world.must::<Flag>("new-search", turn(Environment::Staging, BTreeSet::new()));
        let early = turn(Environment::Production, BTreeSet::new());
        world.never::<Flag>("new-search", early, "EAVIP-F04");
    });
    world.at(day(30), move |world| {
        let open = |phase| PhaseCommand::Open {
            phase: id(phase),
            reason: "It is built.".to_owned(),
            by: person("hal"),
        };
        world.never::<Phases>("phases", open("two"), "EAVIP-F13");
        world.must::<Phases>("phases", open("one"));
        world.must::<Phases>("phases", open("two"));
        let phases = world.books.phases["phases"].open();
        world.must::<Flag>("new-search", turn(Environment::Production, phases));
    });
    world.at(day(70), move |world| {
        let stale = world.books.flags["new-search"].staleness(&world.policy.flags, world.now);
        assert_eq!(stale.outcome, Outcome::Fail, "40 days are over");
        world.must::<Flag>("new-search", FlagCommand::Retire { record: record("hal") });
    });
    world.at(day(90), move |world| {
        let command = FlagCommand::Introduce { flag: id("slow-lane"), record: record("ana") };
        world.must::<Flag>("slow-lane", command);
    });
    for week in 1..=30 {
        world.at(day(90 + 6 * week), move |world| {
            let stale = world.books.flags["slow-lane"].staleness(&world.policy.flags, world.now);
            assert_eq!(stale.outcome, Outcome::Pass, "it is reviewed each week");
            world.must::<Flag>("slow-lane", FlagCommand::Review { record: record("ben") });
        });
    }
}

/// Somebody decides on each access, and nobody on their own.
fn access(world: &mut World, day: u64) {
    let of = format!("access-{day}");
    let names: Vec<String> = world.policy.roster.people.keys().map(|person| person.to_string()).collect();
    let grant = |name: &str| GrantId { kind: GrantKind::Principal, name: name.to_owned() };
    let listed = names.iter().map(|name| Listed { id: grant(name), holder: Some(person(name)) }).collect();
    world.must::<AccessReview>(&of, ReviewCommand::Open { id: id(&of), by: person("eva"), listed });
    let rule = |name: &str, by: &str| ReviewCommand::Rule {
        grant: grant(name),
        ruling: if name == "pat" { Ruling::Revoke } else { Ruling::Keep },
        by: person(by),
        reason: "Asked their team.".to_owned(),
    };
    world.never::<AccessReview>(&of, rule("eva", "eva"), "EAVIP-V05");
    for name in &names {
        let by = if name == "eva" { "fay" } else { "eva" };
        world.never::<AccessReview>(&of, ReviewCommand::Close { by: person("fay") }, "EAVIP-V07");
        world.must::<AccessReview>(&of, rule(name, by));
    }
    world.must::<AccessReview>(&of, ReviewCommand::Close { by: person("fay") });
}
