//! What must hold over the whole year, read from the log and from the facts.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::alert::Category;
use eavip_core::decision::Verdict;
use eavip_core::environment::Environment;
use eavip_core::finding::Outcome;
use eavip_core::id::PersonId;
use eavip_core::incident::change::Change;
use eavip_core::incident::phase::Phase;
use eavip_core::incident::sev::Sev;
use eavip_core::incident::{Actor, clocks::Clocks};
use eavip_core::on_call::page::PageEvent;
use eavip_core::release::ReleaseEvent;
use eavip_core::release::rollout::RolloutEvent;
use eavip_core::trend::review;

use super::books::{Entry, What};
use super::duty;
use super::platform::{self, DAY, HOUR, SITES, person};
use super::reviews;
use super::world::World;

pub fn check(world: &World, entries: &[Entry]) {
    closed_with_a_review(world, entries);
    severities_fall_on_record(world, entries);
    released_through_the_gates(world, entries);
    pages_reach_somebody(world, entries);
    duties_are_those_of_the_calendar(world);
    states_are_the_facts(world);
    months_are_signed(world);
}

fn closed_with_a_review(world: &World, entries: &[Entry]) {
    let mut closed = 0;
    for (place, entry) in entries.iter().enumerate() {
        let What::Incident(event) = &entry.what else { continue };
        if event.change != Change::Closed {
            continue;
        }
        closed += 1;
        let mut reviewed = None;
        for before in entries[..place].iter().filter(|before| before.of == entry.of) {
            let What::Incident(event) = &before.what else { continue };
            match &event.change {
                Change::ReviewDrafted { .. } | Change::Reopened { .. } => reviewed = None,
                Change::ReviewCompleted => reviewed = Some((event.by.clone(), None)),
                Change::ReviewSigned => reviewed = reviewed.map(|(by, _)| (by, Some(event.by.clone()))),
                _ => {}
            }
        }
        let Some((completed, Some(signed))) = reviewed else { panic!("{} closed unreviewed", entry.of) };
        assert_ne!(completed, signed, "{}: two people stand under the review", entry.of);
    }
    assert!(closed >= 60, "{closed} incidents were closed");
    for (name, incident) in &world.books.incidents {
        let over = incident.phase == Phase::Closed || incident.duplicate_of.is_some();
        assert!(over, "{name} is still in {}", incident.phase);
    }
}

fn severities_fall_on_record(world: &World, entries: &[Entry]) {
    let mut now: BTreeMap<&str, Sev> = BTreeMap::new();
    let mut lowered = 0;
    for entry in entries {
        let What::Incident(event) = &entry.what else { continue };
        let sev = match &event.change {
            Change::Declared { sev, .. }
            | Change::SecurityFlagged { sev, .. }
            | Change::OtherAbsorbed { sev, .. } => *sev,
            Change::Reclassified { sev, reason, .. } => {
                if now.get(entry.of.as_str()).is_some_and(|before| sev > before) {
                    assert!(matches!(event.by, Actor::Person(_)) && !reason.is_empty(), "{event:?}");
                    lowered += 1;
                }
                *sev
            }
            _ => continue,
        };
        if let (Some(before), false) =
            (now.insert(&entry.of, sev), matches!(event.change, Change::Reclassified { .. }))
        {
            assert!(sev <= before, "{}: {before} became {sev} without anybody saying so", entry.of);
        }
    }
    let told = world.facts.incidents.iter().flat_map(|one| &one.sevs).filter(|(_, record)| record.is_some());
    assert_eq!(lowered, told.count(), "severities that were lowered");
}

fn released_through_the_gates(world: &World, entries: &[Entry]) {
    let mut allowed: BTreeSet<String> = BTreeSet::new();
    let (mut authors, mut approved): (BTreeMap<&str, BTreeSet<PersonId>>, usize) = (BTreeMap::new(), 0);
    let mut requester: BTreeMap<&str, PersonId> = BTreeMap::new();
    let mut promotions = 0;
    for entry in entries {
        match &entry.what {
            What::Release(ReleaseEvent::Drafted { candidate, .. }) => {
                authors.insert(&entry.of, candidate.authors.clone());
            }
            What::Release(ReleaseEvent::Requested { by, .. }) => {
                drop(requester.insert(&entry.of, by.clone()))
            }
            What::Release(ReleaseEvent::Approved(approval)) => {
                approved += 1;
                assert!(
                    !authors[entry.of.as_str()].contains(&approval.by),
                    "{} approves its own",
                    approval.by
                );
                assert_ne!(requester[entry.of.as_str()], approval.by, "who asks doesn't approve");
            }
            What::Release(ReleaseEvent::Promoted(promotion)) => {
                assert_eq!(promotion.decision.verdict, Verdict::Allow);
                if promotion.place.environment == Environment::Production {
                    promotions += 1;
                    allowed.insert(format!("{}@{}", entry.of, promotion.place.deployment));
                    let denied =
                        promotion.decision.findings.iter().filter(|one| one.outcome == Outcome::Fail);
                    assert!(denied.count() == 0 || promotion.break_glass.is_some(), "{promotion:#?}");
                }
            }
            What::Rollout(RolloutEvent::Started { .. }) => {
                assert!(allowed.contains(&entry.of), "{} went out without the gates' word", entry.of);
            }
            _ => {}
        }
    }
    assert_eq!(promotions, world.facts.deployments.len(), "releases to production");
    assert!(approved > promotions / 2, "{approved} approvals");
    let names = world.facts.deployments.iter().map(|one| format!("{}@{}", one.release, SITES[one.site].name));
    assert_eq!(names.collect::<BTreeSet<_>>(), allowed, "what went to production");
    let verified = world.facts.deployments.iter().filter(|one| one.verified.is_some()).count();
    let failed = world.facts.deployments.iter().filter(|one| one.recovered.is_some()).count();
    assert_eq!(verified + failed, promotions, "each release was verified or rolled back");
}

fn pages_reach_somebody(world: &World, entries: &[Entry]) {
    let mut skipped = 0;
    let mut first: BTreeMap<&str, (&BTreeSet<PersonId>, eavip_core::time::Timestamp)> = BTreeMap::new();
    for entry in entries {
        match &entry.what {
            What::Page(PageEvent::Told { people, at, .. }) => {
                _ = first.entry(&entry.of).or_insert((people, *at))
            }
            What::Page(PageEvent::NobodyReachable { .. }) => skipped += 1,
            _ => {}
        }
    }
    for (of, page) in &world.books.pages {
        let (people, at) = first.get(of.as_str()).unwrap_or_else(|| panic!("{page:#?} reached nobody"));
        let team = world.books.episodes[of].opening.owner.as_str();
        let [one, next] = duty::of_team(team, *at);
        let expected = [BTreeSet::from([person(one)]), BTreeSet::from([person(next)])];
        assert!(expected.contains(people), "{team} at {at}: {people:?}, not {one} or {next}");
    }
    assert!(world.books.pages.len() > 200, "{} pages", world.books.pages.len());
    assert!(skipped <= 40, "{skipped} steps reached nobody");
    let critical = world.facts.alerts.iter().filter(|alert| alert.category == Category::Critical);
    assert!(critical.filter(|alert| alert.page.is_some()).count() == world.books.pages.len());
}

/// Each hour of the year, and the hours that each person has duty.
fn duties_are_those_of_the_calendar(world: &World) {
    let schedules = &world.policy.on_call.schedules;
    let mut hours: BTreeMap<&str, u64> = BTreeMap::new();
    for hour in 0..24 * platform::DAYS {
        let at = platform::start() + HOUR.times(hour);
        let expected = [duty::platform(at)[0], duty::platform(at)[1], duty::security(at)];
        for (name, expected) in ["primary", "secondary", "security"].iter().zip(expected) {
            let found = schedules[*name].on_call(&[], at).unwrap();
            assert_eq!(found.as_str(), expected, "{name} at {at}");
        }
        *hours.entry(expected[0]).or_default() += 1;
    }
    let shifts = schedules["primary"].shifts(&[], platform::start(), DAY.times(platform::DAYS));
    for (name, hours) in hours {
        let own = shifts.iter().filter(|shift| shift.person == Some(person(name)));
        let millis: u64 = own.map(|shift| shift.until.since(shift.from).as_millis()).sum();
        assert_eq!(millis, HOUR.times(hours).as_millis(), "duty of {name}");
    }
}

/// The state of each incident is what the world knows of it.
fn states_are_the_facts(world: &World) {
    assert_eq!(world.books.incidents.len(), world.facts.incidents.len());
    for fact in &world.facts.incidents {
        let incident = &world.books.incidents[&fact.name];
        let name = &fact.name;
        assert_eq!(incident.declaration.mode, fact.mode, "{name}");
        assert_eq!(incident.sev.as_str(), format!("SEV-{}", fact.sev()), "{name}");
        assert_eq!(incident.acknowledged.as_ref().map(|mark| mark.at), fact.taken, "{name} was taken");
        assert_eq!((incident.mitigated_at, incident.resolved_at), (fact.mitigated, fact.resolved), "{name}");
        assert_eq!(incident.closed_at, fact.closed, "{name} was closed");
        assert_eq!(incident.began_at, fact.began, "{name} began");
        let actions: Vec<&String> = incident.actions.iter().map(|action| &action.what).collect();
        assert_eq!(actions, fact.actions.iter().collect::<Vec<_>>(), "{name}");
        let into = fact.merged_into.map(|into| world.facts.incidents[into].name.clone());
        assert_eq!(incident.duplicate_of.as_ref().map(|of| of.to_string()), into, "{name} is part of");
        assert!(
            fact.merged_into.is_some() || Clocks::of(incident).resolve.is_some(),
            "{name} has its clocks"
        );
    }
    assert!(
        world.books.episodes.values().all(|episode| episode.resolved.is_some()),
        "nothing fires for ever"
    );
}

fn months_are_signed(world: &World) {
    let now = platform::end() + DAY.times(40);
    for month in reviews::months() {
        let review = world.books.reviews.get(&month.to_string());
        assert_eq!(review::check(month, review, &world.policy, now).outcome, Outcome::Pass, "{month}");
    }
    assert_eq!(world.pages.len(), 12);
    assert!(world.facts.refusals.len() >= 25, "forbidden moves: {:#?}", world.facts.refusals);
}
