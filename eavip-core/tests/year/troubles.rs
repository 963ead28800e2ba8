//! What goes wrong, and who takes it: troubles of machines and services, some that come and go, some all at once, some
//! that are silenced, and some that no alert tells of.

use std::collections::BTreeSet;

use eavip_core::alert::Category;
use eavip_core::alert::episode::Opening;
use eavip_core::alert::matcher::{Matcher, Matchers};
use eavip_core::alert::silence::{Request, Silence, SilenceCommand};
use eavip_core::id::Digest128;
use eavip_core::signal::metric::Metric;
use eavip_core::time::{Span, Timestamp};

use super::alerts::{self, Spot, evaluate_only, look};
use super::books::Seen;
use super::duty;
use super::facts::{AlertFact, SilenceFact};
use super::incidents;
use super::platform::{self, DAY, HOUR, MINUTE, OPERATIONS, OPERATORS, SERVICES, SITES, id, person};
use super::world::World;

/// A rule, and what makes it fire.
#[derive(Clone, Copy, PartialEq)]
pub struct Kind {
    pub rule: &'static str,
    metric: Metric,
    of_service: bool,
    bad: f64,
    pub hold: Span,
    pub category: Category,
    /// How long it lasts, in minutes.
    lasts: (u64, u64),
}

const fn kind(
    rule: &'static str,
    (metric, of_service, bad): (Metric, bool, f64),
    category: Category,
    lasts: (u64, u64),
) -> Kind {
    Kind { rule, metric, of_service, bad, hold: Span::ZERO, category, lasts }
}

pub const PROBE: Kind = kind("probe-down", (Metric::ProbeUp, true, 0.0), Category::Critical, (3, 90));
const JOB: Kind = kind("job-failed", (Metric::JobOk, true, 0.0), Category::Warning, (10, 300));
const DEAD: Kind =
    kind("queue-dead-letters", (Metric::QueueDeadLetter, true, 3.0), Category::Warning, (20, 600));
const DISK: Kind = kind("disk-read-only", (Metric::DiskReadOnly, false, 1.0), Category::Critical, (30, 180));
const INODES: Kind = Kind {
    hold: MINUTE,
    ..kind("inodes-full", (Metric::InodesUsed, false, 0.97), Category::Critical, (5, 120))
};
const SCAN: Kind = kind("port-scan", (Metric::NetworkErrors, false, 5_000.0), Category::Critical, (20, 120));

/// How often each kind comes, in the order of a throw of 100.
const OFTEN: [(u64, Kind); 6] = [(30, PROBE), (60, JOB), (80, DEAD), (86, DISK), (96, INODES), (100, SCAN)];

/// Something that is wrong.
pub struct Trouble {
    pub spot: Spot,
    pub kind: Kind,
    pub service: Option<&'static str>,
    pub alert: Option<usize>,
    /// People see to its end.
    pub managed: bool,
    pub over: bool,
}

pub fn plan(world: &mut World) {
    for day in 0..platform::DAYS {
        let midnight = platform::start() + DAY.times(day);
        for _ in 0..world.chance.between(0, 5) {
            let moment = midnight + world.chance.minutes(0, 23 * 60);
            world.at(moment, one_of_many);
        }
        match day % 91 {
            17 => world.at(midnight + HOUR.times(10), outage),
            40 => world.at(midnight + HOUR.times(14), |world| comes_and_goes(world, 14)),
            63 => world.at(midnight + HOUR.times(3), falls_silent),
            70 => world.at(midnight + HOUR.times(16), chatters),
            _ => {}
        }
        if day % 13 == 5 {
            world.at(midnight + HOUR.times(9), silence);
        }
        if day % 40 == 22 {
            world.at(midnight + HOUR.times(15), twins);
        }
        if day % 34 == 11 {
            world.at(midnight + HOUR.times(11), incidents::noticed_by_people);
        }
        if day % 45 == 30 {
            world.at(midnight + HOUR.times(6), channel_breaks);
        }
    }
    // A message reaches everybody once a month: their channels are known to work.
    world.daily(HOUR, |world, day| {
        if day % 28 == 0 {
            let now = world.now;
            world.alerting.contacts.values_mut().for_each(|contact| contact.proven_at = Some(now));
        }
    });
}

fn one_of_many(world: &mut World) {
    let throw = world.chance.between(1, 100);
    let (_, kind) = OFTEN.into_iter().find(|(up_to, _)| throw <= *up_to).unwrap();
    let spot = world.chance.pick(&platform::watched());
    let service = kind.of_service.then(|| world.chance.pick(&SERVICES));
    let lasts = match (kind.category, world.chance.percent(3)) {
        (Category::Warning, true) => world.chance.minutes(26 * 60, 40 * 60),
        _ if kind == INODES && world.chance.percent(15) => Span::from_secs(40),
        _ => world.chance.minutes(kind.lasts.0, kind.lasts.1),
    };
    begin(world, spot, kind, service, lasts, true);
}

/// Something goes wrong, unless it is wrong already; its number.
fn begin(
    world: &mut World,
    spot: Spot,
    kind: Kind,
    service: Option<&'static str>,
    lasts: Span,
    people: bool,
) -> Option<usize> {
    let bad = world.alerting.bad.entry(spot).or_default();
    if bad.contains_key(&(kind.metric, service)) || bad.contains_key(&(Metric::NodeSilent, None)) {
        return None;
    }
    bad.insert((kind.metric, service), kind.bad);
    let number = world.alerting.troubles.len();
    world.alerting.troubles.push(Trouble { spot, kind, service, alert: None, managed: false, over: false });
    let found = look(world, spot);
    if kind.hold == Span::ZERO {
        fires(world, number, found.opened, people);
    } else {
        assert_eq!(found.opened, [], "{} waits", kind.rule);
        world.after(kind.hold, move |world| {
            if !world.alerting.troubles[number].over {
                let found = look(world, spot);
                fires(world, number, found.opened, people);
            }
        });
    }
    world.after(lasts, move |world| {
        if !world.alerting.troubles[number].managed {
            ends(world, number);
        }
    });
    Some(number)
}

/// Exactly the trouble's alert is new: it is written down and told.
fn fires(world: &mut World, number: usize, opened: Vec<Opening>, people: bool) {
    let Trouble { kind, service, spot, .. } = world.alerting.troubles[number];
    let [opening] = &opened[..] else { panic!("{} opened {opened:#?}", kind.rule) };
    assert_eq!((opening.rule.as_str(), opening.since), (kind.rule, world.now - kind.hold));
    let site = SITES[spot.0].name;
    let team = match kind.rule {
        "port-scan" => "security-compliance",
        "probe-down" | "disk-read-only" if site == "hafen" => "hafen",
        _ => OPERATIONS,
    };
    assert_eq!(opening.owner.as_str(), team);
    let alert = world.facts.alerts.len();
    world.facts.alerts.push(AlertFact {
        rule: kind.rule,
        team: team.to_owned(),
        category: kind.category,
        thing: format!("{} {spot:?} {service:?}", kind.rule),
        opened: world.now,
        over: None,
        taken: None,
        noise: false,
        flapped: false,
        second: false,
        page: None,
        responders: BTreeSet::new(),
    });
    world.alerting.number_of.insert(opening.id, alert);
    world.alerting.episode_of.push(opening.id);
    world.alerting.troubles[number].alert = Some(alert);
    alerts::tell(world, opening);
    if people {
        respond(world, number, alert);
    }
}

/// Who takes an alert, and when; and whether it becomes an incident.
fn respond(world: &mut World, trouble: usize, alert: usize) {
    let (team, now) = (world.facts.alerts[alert].team.clone(), world.now);
    if world.facts.alerts[alert].category == Category::Warning {
        let who = world.chance.pick(&OPERATORS);
        if world.chance.percent(55) {
            let later = world.chance.minutes(5, 120);
            world.after(later, move |world| _ = alerts::take(world, alert, who));
        }
        return;
    }
    if world.chance.percent(8) {
        world.after(Span::from_secs(30), move |world| incidents::declared_by_platform(world, trouble, alert));
        return;
    }
    let [first, second] = duty::of_team(&team, now);
    let (who, later) = match world.chance.between(1, 100) {
        0..=72 => (first, world.chance.minutes(1, 10)),
        73..=84 => (second, world.chance.minutes(31, 44)),
        _ => return,
    };
    let becomes_incident = kind_matters(world, alert) && world.chance.percent(40);
    world.after(later, move |world| {
        if alerts::take(world, alert, who) && becomes_incident {
            let later = world.chance.minutes(1, 4);
            world.after(later, move |world| incidents::declared_from_alert(world, trouble, alert, who));
        }
    });
}

fn kind_matters(world: &World, alert: usize) -> bool {
    world.facts.alerts[alert].rule != "inodes-full"
}

/// A trouble is over, whether by itself or because somebody ended it.
pub fn ends(world: &mut World, number: usize) {
    let Trouble { spot, kind, service, alert, over, .. } = world.alerting.troubles[number];
    if over {
        return;
    }
    world.alerting.troubles[number].over = true;
    world.alerting.bad.get_mut(&spot).unwrap().remove(&(kind.metric, service));
    let found = look(world, spot);
    let expected: Vec<Digest128> = alert.iter().map(|alert| world.alerting.episode_of[*alert]).collect();
    assert_eq!(found.over, expected, "{} is over", kind.rule);
    if let Some(alert) = alert {
        alert_over(world, alert);
    }
}

fn alert_over(world: &mut World, alert: usize) {
    world.facts.alerts[alert].over = Some(world.now);
    alerts::tell_over(world, world.alerting.episode_of[alert]);
    incidents::alert_over(world, alert);
    if world.facts.alerts[alert].taken.is_none() && world.chance.percent(12) {
        let later = world.chance.minutes(5, 60);
        world.after(later, move |world| {
            world.facts.alerts[alert].noise = true;
            world.see(&world.alerting.episode_of[alert].to_string(), Seen::Noise);
        });
    }
}

/// A region is down: everything at once, one incident, and many alerts that belong to it.
fn outage(world: &mut World) {
    let site = usize::try_from(world.chance.between(0, 1)).unwrap();
    let mut begun = Vec::new();
    for number in 0..4 {
        for service in SERVICES {
            begun.extend(begin(world, (site, number), PROBE, Some(service), HOUR.times(8), false));
        }
    }
    incidents::declared_of_outage(world, begun);
}

/// Two machines of one service fail one after the other: two incidents that turn out to be one.
fn twins(world: &mut World) {
    let service = world.chance.pick(&SERVICES);
    let who = duty::platform(world.now)[0];
    for number in 0..2 {
        world.after(MINUTE.times(3 * u64::from(number)), move |world| {
            let begun = begin(world, (0, number), PROBE, Some(service), HOUR.times(6), false);
            let Some(trouble) = begun else { return };
            let alert = world.alerting.troubles[trouble].alert.unwrap();
            world.after(MINUTE, move |world| {
                alerts::take(world, alert, who);
                incidents::declared_from_alert(world, trouble, alert, who);
            });
        });
    }
}

/// Something comes and goes until it is told as flapping.
fn comes_and_goes(world: &mut World, left: u64) {
    if left > 0 && begin(world, (1, 2), JOB, Some("billing"), MINUTE, false).is_some() {
        world.after(MINUTE.times(2), move |world| comes_and_goes(world, left - 1));
    }
}

/// An alert begins three times within a minute.
fn chatters(world: &mut World) {
    for times in 0..3 {
        world.after(Span::from_secs(20 * times), |world| {
            begin(world, (2, 1), DEAD, Some("orders"), Span::from_secs(8), false);
        });
    }
}

/// A machine doesn't report for a while.
fn falls_silent(world: &mut World) {
    let spot = world.chance.pick(&platform::watched());
    let bad = world.alerting.bad.entry(spot).or_default();
    if !bad.is_empty() {
        return;
    }
    bad.insert((Metric::NodeSilent, None), 1.0);
    let number = world.alerting.troubles.len();
    let silent = kind("node-silent", (Metric::NodeSilent, false, 1.0), Category::Critical, (0, 0));
    let trouble = Trouble { spot, kind: silent, service: None, alert: None, managed: false, over: false };
    world.alerting.troubles.push(trouble);
    look(world, spot);
    world.after(Span::from_secs(61), move |world| {
        let found = evaluate_only(world, spot);
        fires(world, number, found.opened, true);
    });
    let lasts = world.chance.minutes(10, 60);
    world.after(lasts, move |world| {
        if !world.alerting.troubles[number].managed {
            ends(world, number);
        }
    });
}

/// Somebody silences a noisy rule for some hours; a longer one needs two people.
fn silence(world: &mut World) {
    let (by, hours) = (world.chance.pick(&OPERATORS), world.chance.pick(&[4, 12, 20, 40]));
    let rule = world.chance.pick(&["job-failed", "queue-dead-letters"]);
    let until: Timestamp = world.now + HOUR.times(hours);
    let number = world.facts.silences.len();
    let of = format!("silence-{number}");
    let matcher: Matcher = id(format!("rule={rule}"));
    let request = Request {
        id: Digest128::of([of.as_bytes()]),
        matchers: Matchers::try_from(vec![matcher]).unwrap(),
        reason: "The vendor mends it tonight.".to_owned(),
        ticket: format!("OPS-{number}"),
        by: person(by),
        from: world.now,
        until,
    };
    let unsaid = Request { reason: " ".to_owned(), ..request.clone() };
    world.never::<Silence>(&of, SilenceCommand::Request(unsaid), "EAVIP-A10");
    world.must::<Silence>(&of, SilenceCommand::Request(request));
    let mut fact = SilenceFact { rule, team: OPERATIONS.to_owned(), from: world.now, until };
    if hours > 24 {
        world.never::<Silence>(&of, SilenceCommand::Approve { by: person(by) }, "EAVIP-A14");
        let other = OPERATORS.into_iter().find(|other| *other != by).unwrap();
        world.after(MINUTE.times(20), move |world| {
            world.must::<Silence>(&of, SilenceCommand::Approve { by: person(other) });
        });
        fact.from = world.now + MINUTE.times(20);
    } else if world.chance.percent(30) {
        fact.until = world.now + HOUR.times(2);
        world.after(HOUR.times(2), move |world| {
            let reason = "It is mended.".to_owned();
            world.must::<Silence>(&of, SilenceCommand::End { by: person(by), reason });
        });
    }
    world.facts.silences.push(fact);
}

/// The first on call can't be reached for some hours: who comes next is told at once.
fn channel_breaks(world: &mut World) {
    let [first, _] = duty::platform(world.now);
    let contact = world.alerting.contacts.get_mut(&person(first)).unwrap();
    contact.failed_at = Some(world.now);
    world.after(HOUR.times(5), move |world| {
        let now = world.now;
        world.alerting.contacts.get_mut(&person(first)).unwrap().proven_at = Some(now);
    });
}
