//! Releases: one train after the other, from its draft through the lab to every site; with approvals that come late,
//! checks that fail, freezes, incidents in the way, and glass that is broken.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::environment::Environment;
use eavip_core::id::{Digest256, PersonId};
use eavip_core::incident::sev::Sev;
use eavip_core::mode::Mode;
use eavip_core::release::break_glass::BreakGlass;
use eavip_core::release::candidate::{Candidate, Change, ChangeKind, Surface};
use eavip_core::release::freeze::{Freeze, FreezeKind};
use eavip_core::release::gate::Validation;
use eavip_core::release::notes::Notes;
use eavip_core::release::rollback::{Rehearsal, RollbackPlan, Undo};
use eavip_core::release::version::{Kind, Version};
use eavip_core::release::{Place, Release, ReleaseCommand, ReleaseEvent};
use eavip_core::time::{Span, Timestamp};

use super::books::Seen;
use super::facts::DeployFact;
use super::platform::{self, DAY, HOUR, MINUTE, OPERATORS, SITES, digest, id, person};
use super::world::World;
use super::{gates, rollouts};

/// What is known of releases beside their books.
pub struct Delivery {
    /// The version of each site, once there is one.
    pub installed: BTreeMap<usize, Version>,
    pub in_flight: BTreeMap<usize, String>,
    /// What was verified in each environment of the lab, in which version, and when.
    pub lab: BTreeMap<Environment, (Version, Digest256, Timestamp)>,
    pub validations: Vec<Validation>,
    pub rehearsals: Vec<Rehearsal>,
    pub freezes: Vec<Freeze>,
    /// Keys that changed and that nobody has explained.
    pub drift: BTreeSet<String>,
    last: Version,
    trains: u64,
}

impl Delivery {
    pub fn new() -> Self {
        Self {
            installed: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            lab: BTreeMap::new(),
            validations: Vec::new(),
            rehearsals: Vec::new(),
            freezes: Vec::new(),
            drift: BTreeSet::new(),
            last: id("1.0.0"),
            trains: 0,
        }
    }
}

/// A release on its way.
#[derive(Clone)]
pub struct Train {
    pub name: String,
    pub version: Version,
    pub kind: Kind,
    requester: &'static str,
    committed: Timestamp,
    unplanned: bool,
}

pub fn plan(world: &mut World) {
    world.at(platform::start() + HOUR.times(8), depart);
    for day in [80, 171, 262, 350] {
        world.at(platform::start() + DAY.times(day), |world| {
            let freeze = |lasts| Freeze {
                kind: FreezeKind::Freeze,
                environment: Environment::Production,
                owner: id("product-architecture"),
                reason: "The quarter is closed.".to_owned(),
                from: world.now,
                until: world.now + DAY.times(lasts),
            };
            let numbers = &world.policy.release.gate;
            assert_eq!(freeze(8).declare(numbers, world.now).unwrap_err().findings[0].rule, "EAVIP-G10");
            let freeze = freeze(3).declare(numbers, world.now).unwrap();
            world.delivery.freezes.push(freeze);
        });
    }
}

/// The next train departs when the one before has arrived, on a working hour.
pub fn depart_later(world: &mut World) {
    let later = world.chance.minutes(10 * 60, 50 * 60);
    if world.now + later < platform::end() {
        world.after(later, depart);
    }
}

fn depart(world: &mut World) {
    world.delivery.trains += 1;
    let (kind, change) = match world.chance.between(1, 100) {
        1..=60 => (Kind::Patch, ChangeKind::Fix),
        61..=94 => (Kind::Minor, ChangeKind::Feature),
        _ => (Kind::Major, ChangeKind::Breaking),
    };
    let last = &world.delivery.last;
    let version: Version = id(match kind {
        Kind::Patch => format!("{}.{}.{}", last.major, last.minor, last.patch + 1),
        Kind::Minor => format!("{}.{}.0", last.major, last.minor + 1),
        Kind::Major => format!("{}.0.0", last.major + 1),
    });
    world.delivery.last = version.clone();
    let name = format!("shop-{version}");
    let fixes: BTreeSet<String> = gates::open_incidents(world, None)
        .into_iter()
        .filter(|incident| incident.sev <= Sev::Sev2 && incident.mitigated_at.is_none())
        .map(|incident| incident.id)
        .collect();
    let unplanned = !fixes.is_empty() || world.chance.percent(10);
    let fixes = if unplanned && fixes.is_empty() { ["customer-4711".to_owned()].into() } else { fixes };
    let committed = world.now - world.chance.minutes(60, 72 * 60);
    let touches = if kind == Kind::Patch { BTreeSet::new() } else { [Surface::Config].into() };
    let candidate = Candidate {
        id: id(&name),
        version: version.clone(),
        kind,
        artifact: digest(&name),
        authors: [person("max"), person("nil")].into(),
        changes: vec![Change {
            kind: change,
            summary: "what it does".to_owned(),
            touches,
            irreversible: false,
        }],
        notes: notes(world.chance.percent(5)),
        fixes,
    };
    let requester = world.chance.pick(&OPERATORS);
    let train = Train { name: name.clone(), version, kind, requester, committed, unplanned };
    world.see(&name, Seen::Committed(committed));
    let pathless = RollbackPlan { binary: Undo::Unchanged, ..way_back(kind) };
    world.never::<Release>(&name, Release::draft(candidate.clone(), pathless, person("max")), "EAVIP-R05");
    world.must::<Release>(&name, Release::draft(candidate, way_back(kind), person("max")));
    validate(world, &train);
    lab(world, train, Environment::Development);
}

/// What is told with a release; what is known not to work is forgotten at times.
fn notes(forgetful: bool) -> Notes {
    Notes {
        what_changed: "The basket keeps its order.".to_owned(),
        operator_action: "none".to_owned(),
        rollback: "as planned".to_owned(),
        known_issues: if forgetful { String::new() } else { "none".to_owned() },
    }
}

fn way_back(kind: Kind) -> RollbackPlan {
    let back = |what: &str| Undo::Reverse { steps: vec![format!("bring back the {what}")] };
    let config = if kind == Kind::Patch { Undo::Unchanged } else { back("configuration") };
    RollbackPlan { binary: back("binary"), config, schema: Undo::Unchanged, flags: Undo::Unchanged }
}

/// The checks run; now and then one fails.
fn validate(world: &mut World, train: &Train) {
    for name in ["build", "test"] {
        let passed = !world.chance.percent(6);
        let validation = Validation { name: id(name), artifact: digest(&train.name), at: world.now, passed };
        world.delivery.validations.push(validation);
    }
    let oldest = world.now - DAY.times(3);
    world.delivery.validations.retain(|one| one.at > oldest);
}

/// The way back is tried in staging for the versions that the sites have.
fn rehearse(world: &mut World, train: &Train) {
    let plan = world.books.releases[&train.name].rollback.digest();
    for site in 0..SITES.len() {
        let slow = world.chance.percent(6);
        let rehearsal = Rehearsal {
            environment: Environment::Staging,
            back_to: world.delivery.installed.get(&site).cloned(),
            from: train.version.clone(),
            plan,
            at: world.now,
            took: if slow { MINUTE.times(70) } else { world.chance.minutes(3, 12) },
            worked: true,
        };
        world.delivery.rehearsals.push(rehearsal);
    }
    let oldest = world.now - DAY.times(15);
    world.delivery.rehearsals.retain(|one| one.at > oldest);
}

fn lab(world: &mut World, train: Train, environment: Environment) {
    let place = Place { environment, deployment: id("lab"), mode: Mode::Saas };
    let by = person(train.requester);
    if world.books.releases[&train.name].pending.is_none() {
        world.must::<Release>(&train.name, ReleaseCommand::Request { place: place.clone(), by: by.clone() });
    }
    let evidence = Box::new(gates::in_lab(world, environment));
    match world.ask::<Release>(&train.name, ReleaseCommand::Promote { evidence, by: by.clone() }) {
        Err(refused) => {
            let codes: BTreeSet<&str> = refused.findings.iter().map(|one| one.rule.as_ref()).collect();
            mend(world, &train, &codes);
            world.after(HOUR, move |world| lab(world, train, environment));
        }
        Ok(_) => {
            let later = world.chance.minutes(20, 90);
            world.after(later, move |world| {
                let proof = "the smoke test passed".to_owned();
                world.must::<Release>(&train.name, ReleaseCommand::Verify { place, proof, by });
                let known = (train.version.clone(), digest(&train.name), world.now);
                world.delivery.lab.insert(environment, known);
                match environment.next() {
                    Some(Environment::Production) | None => {
                        rehearse(world, &train);
                        let soak = HOUR.times([4, 24, 72][train.kind as usize]);
                        world.after(soak, move |world| {
                            validate(world, &train);
                            site(world, train, 0, 0);
                        });
                    }
                    Some(next) => lab(world, train, next),
                }
            });
        }
    }
}

/// Mends what a gate objects to, where people can; the rest is waited for.
fn mend(world: &mut World, train: &Train, codes: &BTreeSet<&str>) {
    if codes.contains("EAVIP-G03") {
        validate(world, train);
    }
    if codes.contains("EAVIP-G08") {
        rehearse(world, train);
    }
    if codes.contains("EAVIP-G11") {
        let (notes, rollback) = (Box::new(notes(false)), Box::new(way_back(train.kind)));
        let by = person("max");
        world.must::<Release>(&train.name, ReleaseCommand::Amend { notes, rollback, by });
    }
}

pub fn place(site: usize) -> Place {
    let Some(it) = SITES.get(site) else { panic!("no site {site}") };
    Place { environment: Environment::Production, deployment: id(it.name), mode: it.mode }
}

/// The train asks for a site; when it may not go there it tries again, and gives up in the end.
pub fn site(world: &mut World, train: Train, site: usize, attempt: u32) {
    if site >= SITES.len() {
        return depart_later(world);
    }
    let requester = if SITES[site].mode == Mode::OnPrem {
        world.chance.pick(SITES[site].requesters)
    } else {
        train.requester
    };
    let pending = world.books.releases[&train.name].pending.clone();
    let requester = pending.as_ref().map_or(person(requester), |pending| pending.requester.clone());
    if pending.is_none() {
        let request = ReleaseCommand::Request { place: place(site), by: requester.clone() };
        world.must::<Release>(&train.name, request);
        own_approvals_are_refused(world, &train, &requester);
    }
    if attempt > 0 || !world.chance.percent(30) {
        approve(world, &train, &requester, attempt);
    }
    let mut evidence = gates::in_production(world, site);
    if world.chance.percent(60) {
        evidence.break_glass = break_glass(world, &train, site);
    }
    let broken = evidence.break_glass.is_some();
    let by = requester.clone();
    let command = ReleaseCommand::Promote { evidence: Box::new(evidence), by };
    match world.ask::<Release>(&train.name, command) {
        Ok(events) => {
            let [ReleaseEvent::Promoted(_)] = &events[..] else { panic!("{events:#?}") };
            if broken {
                world.facts.broken_glass += 1;
                review_glass(world, &train);
            }
            world.facts.deployments.push(DeployFact {
                release: train.name.clone(),
                site,
                committed: train.committed,
                deployed: world.now,
                failed: None,
                recovered: None,
                verified: None,
                unplanned: train.unplanned,
            });
            rollouts::begin(world, train, site, requester);
        }
        Err(refused) => {
            let codes: BTreeSet<&str> = refused.findings.iter().map(|one| one.rule.as_ref()).collect();
            for code in &codes {
                *world.facts.denied.entry((*code).to_owned()).or_default() += 1;
            }
            mend(world, &train, &codes);
            try_again(world, train, site, attempt, requester);
        }
    }
}

fn try_again(world: &mut World, train: Train, at: usize, attempt: u32, requester: PersonId) {
    if attempt < 30 {
        world.after(HOUR.times(3), move |world| site(world, train, at, attempt + 1));
        return;
    }
    let reason = "It has waited for too long; the next one takes it along.".to_owned();
    world.must::<Release>(&train.name, ReleaseCommand::Cancel { reason, by: requester });
    site(world, train, at + 1, 0);
}

/// Who wrote a release or asks for it doesn't approve it.
fn own_approvals_are_refused(world: &mut World, train: &Train, requester: &PersonId) {
    let request = world.books.releases[&train.name].request().unwrap().digest();
    for by in [person("max"), requester.clone(), person("pat")] {
        world.never::<Release>(&train.name, ReleaseCommand::Approve { request, by }, "EAVIP-R06");
    }
}

/// Those approve whom the release's type asks for, and later everybody who may have to.
fn approve(world: &mut World, train: &Train, requester: &PersonId, attempt: u32) {
    let operator = OPERATORS.iter().map(|name| person(name)).find(|one| one != requester);
    let mut approvers = vec![operator.unwrap()];
    if train.kind >= Kind::Minor || attempt > 1 {
        approvers.push(person(world.chance.pick(&["gus", "hal"])));
    }
    if train.kind == Kind::Major || attempt > 2 {
        approvers.push(person(world.chance.pick(&["eva", "fay"])));
    }
    let request = world.books.releases[&train.name].request().unwrap().digest();
    for by in approvers {
        // Who has approved already is refused, and that is right.
        let _twice = world.ask::<Release>(&train.name, ReleaseCommand::Approve { request, by });
    }
}

/// Two people set the gates aside that an open incident makes impossible to meet, at times.
fn break_glass(world: &mut World, train: &Train, site: usize) -> Option<BreakGlass> {
    let incidents = gates::open_incidents(world, Some(SITES[site].name));
    let severe = incidents.into_iter().find(|one| one.sev <= Sev::Sev2 && one.mitigated_at.is_none())?;
    let by = BTreeSet::from([person("cem"), person("dee")]);
    let rules = ["G03", "G04", "G05", "G06", "G07", "G15"].map(|gate| format!("EAVIP-{gate}")).into();
    let lasts: Span = HOUR.times(2);
    assert!(world.books.releases[&train.name].pending.is_some());
    Some(BreakGlass {
        by,
        paged: true,
        incident: severe.id,
        justification: "The release is the only way to end it tonight.".to_owned(),
        rules,
        opened_at: world.now,
        until: world.now + lasts,
    })
}

/// Somebody who didn't break the glass looks at it within a day; one in ten is late, and later gates hold.
fn review_glass(world: &mut World, train: &Train) {
    let later = HOUR.times(if world.chance.percent(10) { 40 } else { 18 });
    let name = train.name.clone();
    world.after(later, move |world| {
        let conclusion = "It ended the incident.".to_owned();
        let own = ReleaseCommand::ReviewBreakGlass { conclusion: conclusion.clone(), by: person("cem") };
        if world.books.releases[&name].break_glass.iter().any(|one| one.reviewed_at.is_none()) {
            world.never::<Release>(&name, own, "EAVIP-B06");
            let by = person("fay");
            world.must::<Release>(&name, ReleaseCommand::ReviewBreakGlass { conclusion, by });
        }
    });
}

/// The release doesn't go on: what it did somewhere was harm.
pub fn stop(world: &mut World, train: &Train) {
    let reason = "It does harm.".to_owned();
    world.must::<Release>(&train.name, ReleaseCommand::Withdraw { reason, by: person(train.requester) });
    depart_later(world);
}
