//! A release on its way through a site: stage after stage on judged evidence, held and accepted by people, rolled back
//! when it does harm, verified when it doesn't.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::decision::Basis;
use eavip_core::id::{DeploymentId, Digest128, NodeId, PersonId};
use eavip_core::release::judge::{Burn, Comparison, Counted, Evidence, Gauge, Look, Points, Report, judge};
use eavip_core::release::rollout::{
    Bundle, Judgement, Observed, Plan, Rollout, RolloutCommand, RolloutEvent, Status,
};
use eavip_core::release::{Release, ReleaseCommand};
use eavip_core::signal::health::Health;
use eavip_core::stats::sequential::Tally;
use eavip_core::time::Span;

use super::platform::{MINUTE, SITES, digest, id, node_id, person};
use super::releases::{self, Train};
use super::world::World;

/// How a release behaves at a site.
#[derive(Clone, Copy, PartialEq)]
enum Nature {
    Good,
    /// It fails more requests, from a stage on.
    Harmful(usize),
    /// It burns the budget so that it is rolled back at once.
    Deadly,
    /// Too little happens to tell.
    Quiet,
}

#[derive(Clone)]
struct Ride {
    train: Train,
    site: usize,
    of: String,
    nature: Nature,
    by: PersonId,
    deployment: usize,
}

fn bundle(version: &str) -> Bundle {
    let part = |what: &str| digest(format!("{what} {version}"));
    Bundle { artifact: part("artifact"), config: part("config"), flags: part("flags") }
}

fn fleet(site: usize) -> BTreeMap<NodeId, DeploymentId> {
    (0..SITES[site].nodes).map(|number| (node_id(site, number), id(SITES[site].name))).collect()
}

/// The gates let it through: it is planned and begins.
pub fn begin(world: &mut World, train: Train, site: usize, by: PersonId) {
    let of = format!("{}@{}", train.name, SITES[site].name);
    let nature = match world.chance.between(1, 100) {
        1..=4 => Nature::Harmful(usize::from(SITES[site].nodes > 1)),
        5..=7 => Nature::Harmful(0),
        8..=9 => Nature::Deadly,
        10..=22 => Nature::Quiet,
        _ => Nature::Good,
    };
    let before =
        world.delivery.installed.get(&site).map_or("nothing".to_owned(), |version| version.to_string());
    let plan = Plan::by_share(
        id(&train.name),
        bundle(&train.version.to_string()),
        bundle(&before),
        usize::from(SITES[site].nodes),
        &world.policy.rollout,
    );
    let deployment = world.facts.deployments.len() - 1;
    world.must::<Rollout>(&of, RolloutCommand::Plan(Box::new(plan)));
    world.must::<Rollout>(&of, RolloutCommand::Start { by: by.clone() });
    world.delivery.in_flight.insert(site, train.name.clone());
    let ride = Ride { train, site, of, nature, by, deployment };
    world.after(MINUTE.times(16), move |world| look(world, ride));
}

fn evidence(world: &mut World, ride: &Ride, what: Look) -> (Evidence, u64) {
    let rollout = &world.books.rollouts[&ride.of];
    let nodes = fleet(ride.site);
    let targets = rollout.plan.targets(rollout.stage, &nodes, &BTreeSet::new());
    let report = Report { at: Some(world.now), offset_s: Some(0.02) };
    let group = |with: bool| {
        let chosen = nodes.keys().filter(|node| targets.contains(node) == with);
        chosen.map(|node| (*node, report)).collect::<BTreeMap<_, _>>()
    };
    let (canary, baseline) = (group(true), group(false));
    let all: u64 = if ride.nature == Nature::Quiet { 30_000 } else { 800_000 };
    let exposure = all * canary.len() as u64 / nodes.len() as u64;
    let harmful = matches!(ride.nature, Nature::Harmful(from) if rollout.stage >= from);
    let per_mille = if harmful { 40 } else { 9 };
    let counted = Comparison {
        canary: Tally { events: exposure * per_mille / 1_000, exposure },
        baseline: Tally { events: all / 100, exposure: all },
    };
    let burns = if ride.nature == Nature::Deadly { 60 } else { 0 };
    let burn = Burn { tally: Tally { events: burns, exposure: 2_000 }, allowed: 0.001 };
    let mut points = |around: f64| -> Vec<f64> {
        (0..40).map(|_| around * (1.0 + world.chance.between(0, 100) as f64 / 1_000.0)).collect()
    };
    let gauges = [(Gauge::Backlog, 50.0), (Gauge::DrainTime, 20.0), (Gauge::Cpu, 0.4), (Gauge::Memory, 0.6)];
    let gauges =
        gauges.map(|(gauge, level)| (gauge, Points { canary: points(level), baseline: points(level) }));
    let evidence = Evidence {
        look: what,
        at: world.now,
        interval: Span::from_secs(15),
        baseline: (!baseline.is_empty()).then_some(baseline),
        canary,
        burns: [(id("api"), burn)].into(),
        probes: BTreeMap::new(),
        counts: Counted::ALL.iter().map(|what| (*what, counted)).collect(),
        gauges: gauges.into(),
        health: if harmful { Health::Failing } else { Health::Healthy },
    };
    (evidence, exposure)
}

fn judgement(world: &mut World, ride: &Ride) -> Box<Judgement> {
    let (now, rollout) = (world.now, world.books.rollouts[&ride.of].clone());
    let exposure = evidence(world, ride, Look::Interim).1;
    let what = rollout.look(exposure, now);
    let what = if rollout.status == Status::Paused && !rollout.is_whole() { Look::StageEnd } else { what };
    let (evidence, exposure) = evidence(world, ride, what);
    let basis = Basis { policy: world.policy.digest, evidence: Digest128::of_value(&evidence), at: now };
    let decision = judge(&evidence, &world.policy.rollout.judge, basis);
    Box::new(Judgement { stage: rollout.stage, look: what, exposure, decision })
}

/// A stage has its time: what the judge says decides.
fn look(world: &mut World, ride: Ride) {
    let judgement = judgement(world, &ride);
    let events = world.must::<Rollout>(&ride.of, RolloutCommand::Judge(judgement));
    follow(world, ride, &events);
}

fn follow(world: &mut World, ride: Ride, events: &[RolloutEvent]) {
    match events.last() {
        Some(RolloutEvent::Advanced { .. }) => world.after(MINUTE.times(16), move |world| look(world, ride)),
        Some(RolloutEvent::VerificationBegan { .. }) => {
            world.after(MINUTE.times(61), move |world| verify(world, ride));
        }
        Some(RolloutEvent::Held { .. }) => world.after(MINUTE.times(10), move |world| accept(world, ride)),
        Some(RolloutEvent::RollbackBegan { .. }) => {
            world.facts.deployments[ride.deployment].failed = Some(world.now);
            let later = world.chance.minutes(4, 14);
            world.after(later, move |world| rolled_back(world, ride));
        }
        other => panic!("{} at {}: {other:#?}", ride.of, world.now),
    }
}

/// A person looks at what the judge couldn't decide.
fn accept(world: &mut World, ride: Ride) {
    let judgement = judgement(world, &ride);
    let by = ride.by.clone();
    let silent =
        RolloutCommand::Accept { by: by.clone(), reason: String::new(), judgement: judgement.clone() };
    world.never::<Rollout>(&ride.of, silent, "EAVIP-L02");
    let reason = "There is little traffic, and nothing looks worse.".to_owned();
    let events = world.must::<Rollout>(&ride.of, RolloutCommand::Accept { by, reason, judgement });
    follow(world, ride, &events);
}

fn verify(world: &mut World, ride: Ride) {
    let judgement = judgement(world, &ride);
    let notes = digest(format!("notes of {}", ride.train.name));
    world.must::<Rollout>(&ride.of, RolloutCommand::Verify { judgement, notes });
    let (place, proof) = (releases::place(ride.site), ride.of.clone());
    let by = ride.by.clone();
    world.must::<Release>(&ride.train.name, ReleaseCommand::Verify { place, proof, by });
    world.delivery.in_flight.remove(&ride.site);
    world.delivery.installed.insert(ride.site, ride.train.version.clone());
    world.facts.deployments[ride.deployment].verified = Some(world.now);
    let later = world.chance.minutes(30, 300);
    world.after(later, move |world| releases::site(world, ride.train, ride.site + 1, 0));
}

/// What was there before is seen on every machine that had the release, and not before.
fn rolled_back(world: &mut World, ride: Ride) {
    let rollout = &world.books.rollouts[&ride.of];
    let (previous, had) = (rollout.plan.previous, fleet(ride.site));
    let all: Observed = had.keys().map(|node| (*node, Some(previous))).collect();
    let mut partly = all.clone();
    partly.values_mut().take(1).for_each(|seen| *seen = None);
    world.never::<Rollout>(&ride.of, RolloutCommand::ConfirmRolledBack { observed: partly }, "EAVIP-L06");
    world.must::<Rollout>(&ride.of, RolloutCommand::ConfirmRolledBack { observed: all });
    world.facts.deployments[ride.deployment].recovered = Some(world.now);
    let reason = "The judge found harm.".to_owned();
    let (place, by) = (releases::place(ride.site), person("ana"));
    world.must::<Release>(&ride.train.name, ReleaseCommand::RollBack { place, reason, by });
    world.delivery.in_flight.remove(&ride.site);
    releases::stop(world, &ride.train);
}
