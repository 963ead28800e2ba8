//! Incidents, from the first word to the signed review and beyond: declared from alerts, by the platform or by people;
//! merged, reopened, rated up and down. How each goes on is in `response`.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::incident::change::{
    Absorbed, Alert, Declaration, Happening, IncidentCommand, Request, Survivor,
};
use eavip_core::incident::phase::Phase;
use eavip_core::incident::sev::{Impact, Integrity, Reach, Scope, Signals};
use eavip_core::incident::{Actor, Incident};
use eavip_core::mode::Mode;
use eavip_core::signal::health::Health;

use super::duty;
use super::facts::IncidentFact;
use super::platform::{MINUTE, OPERATIONS, OPERATORS, SERVICES, SITES, id, person};
use super::response;
use super::troubles::{Kind, Trouble};
use super::world::World;

pub fn by(who: &str) -> Actor {
    Actor::Person(person(who))
}

/// Asks an incident for what it must not refuse.
pub fn ask(world: &mut World, number: usize, by: Actor, request: Request) {
    let name = world.facts.incidents[number].name.clone();
    world.must::<Incident>(&name, IncidentCommand { by, request });
}

/// Asks it for what it must refuse.
pub fn never(world: &mut World, number: usize, by: Actor, request: Request, rule: &'static str) {
    let name = world.facts.incidents[number].name.clone();
    world.never::<Incident>(&name, IncidentCommand { by, request }, rule);
}

/// Whether an incident still goes its own way.
pub fn is_open(world: &World, number: usize) -> bool {
    let fact = &world.facts.incidents[number];
    fact.merged_into.is_none() && fact.closed.is_none()
}

fn name(world: &World) -> String {
    format!("inc-{:03}", world.facts.incidents.len() + 1)
}

/// How bad an alert's trouble is, as signals say; chance decides what they see.
fn signals(world: &mut World, alert: usize) -> (Signals, (Scope, Integrity)) {
    let security = world.facts.alerts[alert].rule == "port-scan";
    let integrity = if world.chance.percent(3) { Integrity::Unknown } else { Integrity::Intact };
    let (availability, reach, scope) = match world.chance.between(1, 100) {
        1..=22 => (Health::Failing, Reach::MajorFunction, Scope::MajorFunction),
        23..=30 => (Health::Degraded, Reach::Platform, Scope::MajorFunction),
        31..=70 => (Health::Failing, Reach::Part, Scope::Partial),
        _ => (Health::Degraded, Reach::Little, Scope::Minor),
    };
    (Signals { availability, reach, integrity, security }, (scope, integrity))
}

/// Declares an incident from an alert and writes down what the world knows of it; its number.
fn declare(world: &mut World, trouble: usize, alert: usize, actor: Actor, worst: bool) -> usize {
    let episode = world.alerting.episode_of[alert];
    let opening = world.books.episodes[&episode.to_string()].opening.clone();
    let Trouble { spot, service, kind: Kind { hold, .. }, .. } = world.alerting.troubles[trouble];
    let (mut signals, mut impact) = signals(world, alert);
    if worst {
        (signals.availability, signals.reach) = (Health::Failing, Reach::Platform);
        impact.0 = Scope::PlatformUnavailable;
    }
    let (name, number) = (name(world), world.facts.incidents.len());
    let place = world.alerting.place(spot);
    let declaration = Declaration::from_alert(id(&name), &opening, place, signals);
    let request = Request::Declare(Box::new(declaration));
    world.must::<Incident>(&name, IncidentCommand { by: actor, request });
    let fact = &world.facts.alerts[alert];
    let mut incident = IncidentFact {
        name,
        mode: SITES[spot.0].mode,
        services: service.iter().map(|service| (*service).to_owned()).collect(),
        rule: Some(fact.rule),
        owner: fact.team.clone(),
        began: fact.opened - hold,
        declared: world.now,
        impact,
        security: signals.security,
        taken: None,
        mitigated: None,
        resolved: None,
        closed: None,
        cause: None,
        actions: Vec::new(),
        alerts: BTreeSet::from([alert]),
        troubles: Vec::new(),
        merged_into: None,
        reopened: 0,
        sevs: Vec::new(),
    };
    incident.sevs.push((incident.sev(), None));
    world.facts.incidents.push(incident);
    number
}

/// Who took the alert declares the incident and has it.
pub fn declared_from_alert(world: &mut World, trouble: usize, alert: usize, who: &'static str) {
    if world.alerting.troubles[trouble].over {
        return;
    }
    let number = declare(world, trouble, alert, by(who), false);
    world.alerting.troubles[trouble].managed = true;
    let happening =
        Happening::AlertAcknowledged { episode: world.alerting.episode_of[alert], by: who.to_owned() };
    let happened_at = world.facts.alerts[alert].taken.unwrap();
    ask(world, number, Actor::Platform, Request::Witness { happening, happened_at });
    response::acknowledged(world, number, vec![trouble], who);
    merge_soon(world, number);
}

/// The platform declares it by itself; somebody takes it, perhaps only when its alert is over.
pub fn declared_by_platform(world: &mut World, trouble: usize, alert: usize) {
    if world.alerting.troubles[trouble].over {
        return;
    }
    let number = declare(world, trouble, alert, Actor::Platform, false);
    let team = world.facts.alerts[alert].team.clone();
    let who = duty::of_team(&team, world.now)[0];
    let later = world.chance.minutes(2, 30);
    never(world, number, Actor::Platform, Request::Acknowledge, "EAVIP-I04");
    world.after(later, move |world| {
        if is_open(world, number) {
            super::alerts::take(world, alert, who);
            world.alerting.troubles[trouble].managed = true;
            response::acknowledged(world, number, vec![trouble], who);
        }
    });
}

/// One incident of everything that an outage brought down.
pub fn declared_of_outage(world: &mut World, troubles: Vec<usize>) {
    let first = troubles[0];
    let alert_of: BTreeMap<usize, usize> =
        troubles.iter().map(|one| (*one, world.alerting.troubles[*one].alert.unwrap())).collect();
    let number = declare(world, first, alert_of[&first], Actor::Platform, true);
    for trouble in troubles.iter().skip(1) {
        let alert = alert_of[trouble];
        let episode = world.alerting.episode_of[alert];
        let rule = id(world.facts.alerts[alert].rule);
        let happening = Happening::AlertOpened(Alert { episode, rule });
        let happened_at = world.now;
        ask(world, number, Actor::Platform, Request::Witness { happening, happened_at });
        world.facts.alerts[alert].second = true;
        world.facts.incidents[number].alerts.insert(alert);
    }
    ask(world, number, Actor::Platform, Request::AddServices(SERVICES.iter().map(id).collect()));
    world.facts.incidents[number].services = SERVICES.iter().map(|service| (*service).to_owned()).collect();
    let who = duty::platform(world.now)[0];
    world.after(MINUTE.times(3), move |world| {
        for trouble in &troubles {
            world.alerting.troubles[*trouble].managed = true;
            super::alerts::take(world, alert_of[trouble], who);
        }
        response::acknowledged(world, number, troubles, who);
    });
}

/// People notice what no alert told of.
pub fn noticed_by_people(world: &mut World) {
    let (who, service) = (world.chance.pick(&OPERATORS), world.chance.pick(&SERVICES));
    let site = usize::try_from(world.chance.between(0, 2)).unwrap();
    let began = world.now - world.chance.minutes(10, 120);
    let scope = world.chance.pick(&[Scope::MajorFunction, Scope::Partial, Scope::Partial, Scope::Minor]);
    let (name, number) = (name(world), world.facts.incidents.len());
    let mode: Mode = SITES[site].mode;
    let declaration = Declaration {
        id: id(&name),
        title: format!("customers of {} say that {service} is wrong", SITES[site].name),
        owner: id(OPERATIONS),
        environment: eavip_core::environment::Environment::Production,
        mode,
        deployment: Some(id(SITES[site].name)),
        services: [id(service)].into(),
        impact: Impact { scope, integrity: Integrity::Intact },
        security: false,
        began_at: began,
        alert: None,
    };
    let command = IncidentCommand { by: by(who), request: Request::Declare(Box::new(declaration)) };
    world.must::<Incident>(&name, command);
    let mut fact = IncidentFact {
        name,
        mode,
        services: BTreeSet::from([service.to_owned()]),
        rule: None,
        owner: OPERATIONS.to_owned(),
        began,
        declared: world.now,
        impact: (scope, Integrity::Intact),
        security: false,
        taken: None,
        mitigated: None,
        resolved: None,
        closed: None,
        cause: None,
        actions: Vec::new(),
        alerts: BTreeSet::new(),
        troubles: Vec::new(),
        merged_into: None,
        reopened: 0,
        sevs: Vec::new(),
    };
    fact.sevs.push((fact.sev(), None));
    world.facts.incidents.push(fact);
    response::acknowledged(world, number, Vec::new(), who);
}

/// An alert is over: the open incident that it belongs to is told.
pub fn alert_over(world: &mut World, alert: usize) {
    let numbers = 0..world.facts.incidents.len();
    let open = numbers
        .rev()
        .find(|number| is_open(world, *number) && world.facts.incidents[*number].alerts.contains(&alert));
    if let Some(number) = open {
        witness_over(world, number, alert);
    }
}

fn witness_over(world: &mut World, number: usize, alert: usize) {
    let happening = Happening::AlertResolved { episode: world.alerting.episode_of[alert] };
    let happened_at = world.facts.alerts[alert].over.unwrap();
    ask(world, number, Actor::Platform, Request::Witness { happening, happened_at });
}

/// An incident of the same service that is still being mended absorbs this one.
fn merge_soon(world: &mut World, number: usize) {
    let fact = &world.facts.incidents[number];
    let services = fact.services.clone();
    let is_like = |other: &usize| {
        let one = &world.facts.incidents[*other];
        let same = one.services.intersection(&services).next().is_some() && one.owner == fact.owner;
        is_open(world, *other) && one.resolved.is_none() && same
    };
    let other = (0..number).rfind(is_like);
    let Some(other) = other.filter(|_| world.chance.percent(70)) else { return };
    world.after(MINUTE.times(2), move |world| merge(world, number, other));
}

fn merge(world: &mut World, number: usize, into: usize) {
    let of =
        |number: usize, world: &World| world.books.incidents[&world.facts.incidents[number].name].clone();
    let (part, whole) = (of(number, world), of(into, world));
    let early = |incident: &Incident| incident.is_open() && incident.phase <= Phase::Communication;
    if !early(&part) || !early(&whole) || whole.phase > Phase::Mitigation {
        return;
    }
    let who = world.chance.pick(&OPERATORS);
    let unknown = Request::MarkDuplicate(Box::new(Survivor::from(&whole)));
    never(world, number, by(who), unknown, "EAVIP-I09");
    ask(world, into, by(who), Request::Absorb(Box::new(Absorbed::from(&part))));
    let survivor = Survivor::from(&of(into, world));
    ask(world, number, by(who), Request::MarkDuplicate(Box::new(survivor)));

    let part = world.facts.incidents[number].clone();
    world.facts.incidents[number].merged_into = Some(into);
    let fact = &mut world.facts.incidents[into];
    fact.began = fact.began.min(part.began);
    fact.services.extend(part.services);
    fact.impact.0 = fact.impact.0.min(part.impact.0);
    fact.impact.1 = fact.impact.1.max(part.impact.1);
    fact.security |= part.security;
    fact.alerts.extend(&part.alerts);
    fact.troubles.extend(part.troubles);
    let sev = fact.sev();
    if fact.sevs.last().unwrap().0 != sev {
        fact.sevs.push((sev, None));
    }
    for alert in part.alerts {
        world.facts.alerts[alert].second = true;
        // What an incident absorbs comes without its ends: those that are over have to be told again.
        if world.facts.alerts[alert].over.is_some() {
            witness_over(world, into, alert);
        }
    }
}
