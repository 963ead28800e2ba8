//! How people respond to an incident, phase by phase, to the signed review; and what they try on the way and may not.

use std::collections::BTreeSet;

use eavip_core::incident::Actor;
use eavip_core::incident::change::{Plan, Proof, Request, Role};
use eavip_core::incident::phase::Phase;
use eavip_core::incident::review::{Cause, ReviewText};
use eavip_core::incident::sev::{Impact, Integrity, Scope};
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use eavip_core::time::Span;

use super::incidents::{ask, by, is_open, never};
use super::platform::{DAY, HOUR, MINUTE, OPERATORS, id, person};
use super::troubles;
use super::world::World;

/// Somebody has it: the response begins.
pub fn acknowledged(world: &mut World, number: usize, troubles: Vec<usize>, who: &'static str) {
    world.facts.incidents[number].troubles.extend(troubles);
    ask(world, number, by(who), Request::Acknowledge);
    world.facts.incidents[number].taken = Some(world.now);
    never(world, number, by(who), Request::Acknowledge, "EAVIP-I06");
    let later = world.chance.minutes(2, 10);
    world.after(later, move |world| triage(world, number, who));
}

fn triage(world: &mut World, number: usize, who: &'static str) {
    if !is_open(world, number) {
        return;
    }
    ask(world, number, by(who), Request::Advance);
    if world.facts.incidents[number].sevs.len() == 1 {
        never(world, number, by(who), Request::Advance, "EAVIP-I13");
    }
    classify(world, number, who);
    ask(world, number, by(who), Request::Assign { role: Role::Commander, person: person(who) });
    if world.facts.incidents[number].services.is_empty() {
        ask(world, number, by(who), Request::AddServices([id("api")].into()));
        world.facts.incidents[number].services = BTreeSet::from(["api".to_owned()]);
    }
    ask(world, number, by(who), Request::Advance);
    keep_telling(world, number, who);
    let later = match world.facts.incidents[number].sev() {
        1 => world.chance.minutes(60, 400),
        2 => world.chance.minutes(30, 240),
        _ => world.chance.minutes(5, 90),
    };
    world.after(later, move |world| mitigate(world, number, who));
}

/// A person says how bad it is: as the signals said, worse, or better with a reason.
fn classify(world: &mut World, number: usize, who: &'static str) {
    let (scope, integrity) = world.facts.incidents[number].impact;
    let (scope, integrity) = match (world.chance.between(1, 100), scope) {
        (1..=12, Scope::Minor) => (Scope::Partial, integrity),
        (1..=12, Scope::Partial) => (Scope::MajorFunction, integrity),
        (13..=28, Scope::MajorFunction) => (Scope::Partial, integrity),
        (13..=28, Scope::Partial) => (Scope::Minor, integrity),
        (29..=70, _) if integrity == Integrity::Unknown => (scope, Integrity::Intact),
        _ => (scope, integrity),
    };
    let before = world.facts.incidents[number].sev();
    let mut after = world.facts.incidents[number].clone();
    after.impact = (scope, integrity);
    let lowered = after.sev() > before;
    let impact = Impact { scope, integrity };
    if lowered {
        let silent = Request::Reclassify { impact, reason: String::new() };
        never(world, number, by(who), silent, "EAVIP-I20");
        let reason = "The signals say so.".to_owned();
        never(world, number, Actor::Platform, Request::Reclassify { impact, reason }, "EAVIP-I20");
    }
    let reason = if lowered { "Few customers use it at this hour." } else { "" };
    ask(world, number, by(who), Request::Reclassify { impact, reason: reason.to_owned() });
    let fact = &mut world.facts.incidents[number];
    fact.impact = (scope, integrity);
    let record = lowered.then(|| (who.to_owned(), reason.to_owned()));
    if before != fact.sev() {
        fact.sevs.push((fact.sev(), record));
    }
}

/// Updates go out at intervals while people are affected, most of them in time.
fn keep_telling(world: &mut World, number: usize, who: &'static str) {
    let rate =
        move |world: &World| [30, 60, 240, 1_440][usize::from(world.facts.incidents[number].sev()) - 1];
    let every = rate(world);
    let late = world.chance.percent(10);
    let later = MINUTE.times(if late { every + 7 } else { every - 5 });
    world.after(later, move |world| {
        let name = world.facts.incidents[number].name.clone();
        let phase = world.books.incidents[&name].phase;
        if is_open(world, number) && (Phase::Triage..=Phase::Communication).contains(&phase) {
            let due = world.books.incidents[&name].duties(&world.policy.incident, world.now)[0].outcome;
            // What it absorbed may have made it more severe in between.
            let excused = late || rate(world) < every;
            assert!(excused || due == eavip_core::finding::Outcome::Pass, "{name} was told in time");
            let text = "We are still working on it.".to_owned();
            ask(world, number, by(who), Request::PublishUpdate { text });
            keep_telling(world, number, who);
        }
    });
}

const REMEDIES: [&str; 4] = [
    "Rolled the last release back.",
    "Restarted the consumers.",
    "Moved the traffic to the other zone.",
    "Freed space on the volume.",
];

fn mitigate(world: &mut World, number: usize, who: &'static str) {
    if !is_open(world, number) {
        return;
    }
    let what = world.chance.pick(&REMEDIES).to_owned();
    if world.chance.percent(40) {
        let what = "Read the logs and tried a restart.".to_owned();
        world.facts.incidents[number].actions.push(what.clone());
        ask(world, number, by(who), Request::RecordAction { what, proof: None });
        never(world, number, by(who), Request::Advance, "EAVIP-I15");
    }
    for trouble in world.facts.incidents[number].troubles.clone() {
        troubles::ends(world, trouble);
    }
    let service = world.facts.incidents[number].services.first().map(id);
    let proof = Proof { signal: Signal::Availability, service, health: Health::Failing, at: world.now };
    let unproven = Request::RecordAction { what: what.clone(), proof: Some(proof.clone()) };
    never(world, number, by(who), unproven, "EAVIP-I07");
    let proof = Some(Proof { health: Health::Healthy, ..proof });
    ask(world, number, by(who), Request::RecordAction { what: what.clone(), proof });
    let fact = &mut world.facts.incidents[number];
    fact.actions.push(what);
    fact.mitigated = Some(world.now);
    ask(world, number, by(who), Request::Advance);
    let later = world.chance.minutes(5, 30);
    world.after(later, move |world| all_clear(world, number, who));
}

fn all_clear(world: &mut World, number: usize, who: &'static str) {
    if !is_open(world, number) {
        return;
    }
    let before = world.books.incidents[&world.facts.incidents[number].name].all_clear;
    if !before {
        never(world, number, by(who), Request::Advance, "EAVIP-I16");
    }
    ask(world, number, by(who), Request::PublishUpdate { text: "It is over.".to_owned() });
    ask(world, number, by(who), Request::Advance);
    world.facts.incidents[number].resolved = Some(world.now);
    let days = if world.chance.percent(10) { 20 } else { world.chance.between(1, 3) };
    let later = if days == 1 { HOUR.times(20) } else { DAY.times(days) };
    world.after(later, move |world| review(world, number, who));
}

fn review(world: &mut World, number: usize, who: &'static str) {
    never(world, number, by(who), Request::Close, "EAVIP-I41");
    if world.facts.incidents[number].reopened == 0 {
        never(world, number, by(who), Request::Advance, "EAVIP-I17");
    }
    let cause = world.chance.pick(Cause::ALL);
    let major = world.facts.incidents[number].sev() <= 2;
    let long = |text: &str| if major { text.to_owned() } else { String::new() };
    let name = world.facts.incidents[number].name.clone();
    let text = ReviewText {
        summary: format!("{name} was ended by hand."),
        consequences: long("Customers waited."),
        cause: Some(cause),
        explanation: "A limit was reached that nobody watched.".to_owned(),
        factors: if major { vec!["The limit was set years ago.".to_owned()] } else { Vec::new() },
        detection_gap: "The alert looks at the effect, not at the limit.".to_owned(),
        lessons: long("Watch limits, not only effects."),
        runbook_revision: major.then(|| id(format!("rev-{name}"))),
    };
    ask(world, number, by(who), Request::DraftReview(Box::new(text)));
    world.facts.incidents[number].cause = Some(cause);
    ask(world, number, by(who), Request::Advance);
    let plan = Plan {
        what: "Alert on the limit itself.".to_owned(),
        owner: id(&world.facts.incidents[number].owner),
        due: world.now + DAY.times(14),
        verification: "The alert fires in staging at nine tenths of the limit.".to_owned(),
    };
    ask(world, number, by(who), Request::AddItem(plan));
    never(world, number, by(who), Request::SignReview, "EAVIP-I42");
    ask(world, number, by(who), Request::CompleteReview);
    never(world, number, by(who), Request::SignReview, "EAVIP-I42");
    let later = world.chance.minutes(60, 24 * 60);
    world.after(later, move |world| sign(world, number, who));
}

fn sign(world: &mut World, number: usize, who: &'static str) {
    let other = OPERATORS.into_iter().find(|other| *other != who).unwrap();
    ask(world, number, by(other), Request::SignReview);
    ask(world, number, by(who), Request::Close);
    world.facts.incidents[number].closed = Some(world.now);
    let item = u16::try_from(world.facts.incidents[number].reopened + 1).unwrap();
    let later = DAY.times(world.chance.between(2, 20));
    world.after(later, move |world| {
        let proof = "It fired in staging.".to_owned();
        ask(world, number, by(who), Request::CompleteItem { item, proof });
    });
    if world.facts.incidents[number].reopened == 0 && world.chance.percent(7) {
        let later: Span = world.chance.minutes(12 * 60, 60 * 60);
        world.after(later, move |world| reopen(world, number, who));
    }
}

/// It is back: what was proven, told and signed has to be again.
fn reopen(world: &mut World, number: usize, who: &'static str) {
    let note = Request::RecordAction { what: "Tried again.".to_owned(), proof: None };
    never(world, number, by(who), note, "EAVIP-I02");
    ask(world, number, by(who), Request::Reopen { reason: "Customers see it again.".to_owned() });
    let fact = &mut world.facts.incidents[number];
    (fact.mitigated, fact.resolved, fact.closed) = (None, None, None);
    fact.reopened += 1;
    ask(world, number, by(who), Request::Advance);
    let later = world.chance.minutes(10, 120);
    world.after(later, move |world| mitigate(world, number, who));
}
