//! What nobody may do, and somebody does: each anti-pattern is seen, ended and judged.

use std::collections::BTreeSet;

use eavip_core::alert::Category;
use eavip_core::anti_pattern::case::{Case, CaseCommand};
use eavip_core::anti_pattern::manual_hotfix::{self, Report, Running};
use eavip_core::anti_pattern::shared_credential::{self, Credential, Use};
use eavip_core::anti_pattern::undocumented_recovery::{self, Recovery, Revision, Step};
use eavip_core::anti_pattern::unowned_alert::{self, Ownership};
use eavip_core::anti_pattern::{AntiPattern, silent_change as silent};
use eavip_core::environment::Environment;
use eavip_core::finding::{Finding, Outcome};
use eavip_core::incident::sev::Sev;

use super::platform::{self, DAY, HOUR, MINUTE, digest, id, person};
use super::upkeep::{key_evidence, value};
use super::world::World;

pub fn plan(world: &mut World) {
    type Happening = fn(&mut World);
    let each: [(u64, Happening); 5] =
        [(33, hotfix), (50, shared), (75, shared), (120, unowned), (200, undocumented)];
    for (day, happening) in each {
        world.at(platform::start() + DAY.times(day) + HOUR.times(11), happening);
    }
}

/// A detector sees something and later doesn't; a person judges it in between.
fn seen(world: &mut World, pattern: AntiPattern, subject: &str, found: Vec<Finding>, over: Vec<Finding>) {
    assert_eq!(found.iter().map(|one| one.outcome).max(), Some(Outcome::Fail), "{found:#?}");
    assert!(over.iter().all(|one| one.outcome <= Outcome::Warn), "{over:#?}");
    let of = format!("{pattern} {subject}");
    let look = |findings| CaseCommand::Look { pattern, subject: subject.to_owned(), findings };
    let (first, again) = (look(found.clone()), look(found));
    assert_eq!(world.must::<Case>(&of, first).len(), 1);
    assert_eq!(world.must::<Case>(&of, again), [], "what stays is one violation");
    let confirmed = world.chance.percent(80);
    let ended = look(over);
    world.after(HOUR.times(3), move |world| {
        let judge =
            |reason: &str| CaseCommand::Judge { confirmed, by: person("eva"), reason: reason.to_owned() };
        world.never::<Case>(&of, judge(" "), "EAVIP-AP8");
        world.must::<Case>(&of, judge("Asked those who were there."));
        world.never::<Case>(&of, judge("Asked again."), "EAVIP-AP7");
        world.must::<Case>(&of, ended);
    });
}

/// A value changes and no record says why; releases stop until somebody explains it.
pub fn silent_change(world: &mut World, day: u64) {
    let evidence = |world: &World, observed: String| {
        let audited = (value("cache.size".to_owned()), world.now - DAY);
        [key_evidence(id("cache.size"), "eu", audited, (value(observed), world.now), Vec::new())]
    };
    let config = &world.policy.config;
    let found = silent::detect(&evidence(world, format!("by hand {day}")), &[], config, world.now);
    let over = silent::detect(&evidence(world, "cache.size".to_owned()), &[], config, world.now);
    seen(world, AntiPattern::SilentChange, "cache.size in eu", found, over);
    world.delivery.drift.insert("cache.size".to_owned());
    let later = world.chance.minutes(3 * 60, 15 * 60);
    world.after(later, |world| _ = world.delivery.drift.remove("cache.size"));
}

fn hotfix(world: &mut World) {
    let report = |at, artifact: &str| Report { at, artifact: Some(digest(artifact)) };
    let running = |artifact: &str| Running {
        subject: "api on eu-1".to_owned(),
        deployment: id("eu"),
        environment: Environment::Production,
        reports: vec![report(world.now - MINUTE, artifact), report(world.now, artifact)],
        released: [digest("released")].into(),
        placed: Some(digest("released")),
        in_flight: BTreeSet::new(),
        break_glass: None,
    };
    let look = |artifact| manual_hotfix::detect(&running(artifact), &world.policy.anti_pattern, world.now);
    let (found, over) = (look("by hand"), look("released"));
    seen(world, AntiPattern::ManualHotfix, "api on eu-1", found, over);
}

fn shared(world: &mut World) {
    let used = |by: &str| Use {
        person: Some(person(by)),
        host: "bastion".to_owned(),
        environment: Environment::Production,
        at: world.now - HOUR,
    };
    let look = |people: &[&str]| {
        let credential = Credential {
            name: "deploy-key".to_owned(),
            hosts: Some(["bastion".to_owned()].into()),
            uses: people.iter().map(|by| used(by)).collect(),
            checkouts: Vec::new(),
        };
        shared_credential::detect(&credential, &world.policy.anti_pattern, world.now)
    };
    let (found, over) = (look(&["ana", "ben"]), look(&["ana"]));
    seen(world, AntiPattern::SharedCredential, "deploy-key", found, over);
}

fn unowned(world: &mut World) {
    let mut roster = world.policy.roster.clone();
    let mut look = |confirmed: u64| {
        let team = roster.teams.get_mut("payments").unwrap();
        team.confirmed_at = Some(world.now - DAY.times(confirmed));
        let alert = Ownership {
            rule: id("basket-empty"),
            category: Category::Warning,
            environment: Environment::Production,
            owner: "payments".to_owned(),
            catch_all: false,
            expires_at: None,
        };
        unowned_alert::detect(&alert, &roster, &world.policy.anti_pattern, world.now)
    };
    let (found, over) = (look(100), look(0));
    seen(world, AntiPattern::UnownedAlert, "basket-empty", found, over);
}

fn undocumented(world: &mut World) {
    let look = |written: &[&str]| {
        let revision = Revision {
            id: "rev-9".to_owned(),
            steps: written.iter().map(|step| (*step).to_owned()).collect(),
            revised_at: world.now - DAY,
            rehearsed_at: Some(world.now - DAY.times(10)),
        };
        let recovery = Recovery {
            incident: "inc-001".to_owned(),
            sev: Sev::Sev3,
            cites: Some(revision),
            steps: vec![Step { name: "fail over".to_owned(), improvised: false, added_at: None }],
            ended_at: Some(world.now - DAY),
            reviewed_at: None,
        };
        undocumented_recovery::detect(&recovery, &world.policy.anti_pattern, world.now)
    };
    let (found, over) = (look(&[]), look(&["fail over"]));
    seen(world, AntiPattern::UndocumentedRecovery, "inc-001", found, over);
}
