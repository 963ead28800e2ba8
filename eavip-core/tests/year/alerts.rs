//! From a machine's report to the person who takes the alert: reports as bytes of the wire, evaluation, grouping, the
//! decision to tell, and pages through the on-call schedules.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use eavip_core::alert::Alert;
use eavip_core::alert::episode::{Episode, EpisodeCommand, EpisodeEvent, Opening};
use eavip_core::alert::group::Group;
use eavip_core::alert::notice::{self, History, Known, Obstacle, Reason, Ruling};
use eavip_core::alert::silence::SilenceStatus;
use eavip_core::evaluate::{Waiting, evaluate, open_episodes};
use eavip_core::id::{Digest128, PersonId, ReceiverId};
use eavip_core::labels::Labels;
use eavip_core::node::Node;
use eavip_core::on_call::page::{Page, PageCommand, PageEvent};
use eavip_core::on_call::{Contact, Reach};
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::{Span, Timestamp};
use eavip_core::wire::v1::{Batch, Body, Envelope};
use serde_json::value::RawValue;

use super::books::Seen;
use super::platform::{self, MINUTE, SERVICES, id};
use super::troubles::Trouble;
use super::world::World;

/// A watched machine: its site and its number there.
pub type Spot = (usize, u8);
/// What is bad on a machine: a metric, of a service or of the host.
pub type Thing = (Metric, Option<&'static str>);

/// What the platform's alerting holds between two looks.
pub struct Alerting {
    nodes: BTreeMap<Spot, Node>,
    waiting: BTreeMap<Spot, Waiting>,
    sent: BTreeMap<Spot, u64>,
    /// What is bad where.
    pub bad: BTreeMap<Spot, BTreeMap<Thing, f64>>,
    groups: BTreeMap<Labels, Group>,
    histories: BTreeMap<Digest128, History>,
    recent: Vec<(Timestamp, ReceiverId)>,
    told: BTreeMap<Digest128, Reason>,
    messages: u64,
    pub contacts: BTreeMap<PersonId, Contact>,
    /// The world's number of an episode's alert.
    pub number_of: BTreeMap<Digest128, usize>,
    pub episode_of: Vec<Digest128>,
    pub troubles: Vec<Trouble>,
}

impl Alerting {
    pub fn new(now: Timestamp) -> Self {
        let policy = platform::policy();
        let contact = Contact { proven_at: Some(now), failed_at: None };
        Self {
            nodes: platform::watched().into_iter().map(|(s, n)| ((s, n), platform::node(s, n))).collect(),
            waiting: BTreeMap::new(),
            sent: BTreeMap::new(),
            bad: BTreeMap::new(),
            groups: BTreeMap::new(),
            histories: BTreeMap::new(),
            recent: Vec::new(),
            told: BTreeMap::new(),
            messages: 0,
            contacts: policy.roster.people.keys().map(|person| (person.clone(), contact)).collect(),
            number_of: BTreeMap::new(),
            episode_of: Vec::new(),
            troubles: Vec::new(),
        }
    }

    pub fn place(&self, spot: Spot) -> &eavip_core::node::Place {
        &self.nodes[&spot].place
    }
}

/// What a machine measures while all is well.
const WELL: [(Metric, bool, f64); 6] = [
    (Metric::ProbeUp, true, 1.0),
    (Metric::JobOk, true, 1.0),
    (Metric::QueueDeadLetter, true, 0.0),
    (Metric::DiskReadOnly, false, 0.0),
    (Metric::InodesUsed, false, 0.4),
    (Metric::NetworkErrors, false, 3.0),
];

/// Sends a machine's report as an agent does, and takes it as a server does.
fn report(world: &mut World, spot: Spot) {
    let bad = world.alerting.bad.get(&spot).cloned().unwrap_or_default();
    let mut readings = Vec::new();
    for (metric, of_service, well) in WELL {
        let services = SERVICES.iter().copied().map(Some);
        let things: Vec<Option<&str>> = if of_service { services.collect() } else { vec![None] };
        for service in things {
            let value =
                bad.iter().find(|(thing, _)| **thing == (metric, service)).map_or(well, |(_, bad)| *bad);
            readings.push(Reading::exact(metric, value).of(service.map(id).as_ref()));
        }
    }
    let at = world.now;
    let body = Body { at, interval: Span::from_secs(15), facts: None, readings, dropped: Vec::new() };
    let body = String::from_utf8(body.encode().unwrap()).unwrap();
    let seq = world.alerting.sent.entry(spot).or_default();
    *seq += 1;
    let envelope = Envelope {
        seq: *seq,
        digest: Digest128::of([body.as_bytes()]),
        body: serde_json::from_str::<&RawValue>(&body).unwrap(),
    };
    let node = platform::node_id(spot.0, spot.1);
    let batch = Batch { node, epoch: 1, acknowledged: *seq - 1, audit_seen: None, reports: vec![envelope] };
    let wire = serde_json::to_vec(&batch).unwrap();

    let taken = Batch::decode(&wire).unwrap();
    for envelope in &taken.reports {
        let body = Body::decode(envelope.body.get().as_bytes(), "reports[0].body").unwrap();
        world.alerting.nodes.get_mut(&spot).unwrap().observe(&body, at);
    }
}

/// What one look at a machine found.
#[derive(Default)]
pub struct Found {
    pub opened: Vec<Opening>,
    pub over: Vec<Digest128>,
}

/// A machine reports, and everything known of it is evaluated.
pub fn look(world: &mut World, spot: Spot) -> Found {
    report(world, spot);
    evaluate_only(world, spot)
}

/// A look without a report: the machine is silent.
pub fn evaluate_only(world: &mut World, spot: Spot) -> Found {
    let policy = Rc::clone(&world.policy);
    let node = &world.alerting.nodes[&spot];
    let open = world.books.views.open.get(&node.id).into_iter().flatten();
    let open = open_episodes(open.map(|of| &world.books.episodes[of]));
    let before = world.alerting.waiting.entry(spot).or_default();
    let outcome = evaluate([node], open, before, &policy, world.now);
    *before = outcome.waiting;
    let mut found = Found::default();
    for transition in outcome.transitions {
        match &transition.event {
            EpisodeEvent::Opened(opening) => found.opened.push(*opening.clone()),
            EpisodeEvent::Resolved { .. } => found.over.push(transition.episode),
            EpisodeEvent::Acknowledged { .. } => unreachable!("an evaluation takes nothing"),
        }
        world.record::<Episode>(&transition.episode.to_string(), transition.event);
    }
    found
}

/// An alert is new: it joins its group, and somebody may be told.
pub fn tell(world: &mut World, opening: &Opening) {
    let policy = Rc::clone(&world.policy);
    let history = world.alerting.histories.entry(opening.fingerprint).or_default();
    history.began = None;
    let flaps = history.flapping.observe(Some(opening.category), &policy.alerting.flapping, world.now);
    if flaps.is_some() {
        flapping(world, opening.id);
    }
    let key = policy.alerting.grouping.key(&opening.labels);
    world.alerting.groups.entry(key.clone()).or_default().fired(opening.id, opening.category, world.now);
    flush_later(world, key);
}

/// An alert is over.
pub fn tell_over(world: &mut World, episode: Digest128) {
    let policy = Rc::clone(&world.policy);
    let opening = &world.books.episodes[&episode.to_string()].opening;
    let key = policy.alerting.grouping.key(&opening.labels);
    let history = world.alerting.histories.entry(opening.fingerprint).or_default();
    let flaps = history.flapping.observe(None, &policy.alerting.flapping, world.now);
    if flaps.is_some() {
        flapping(world, episode);
    }
    if world.books.pages.contains_key(&episode.to_string()) {
        world.must::<Page>(&episode.to_string(), PageCommand::Stop);
    }
    if let Some(group) = world.alerting.groups.get_mut(&key) {
        group.resolved(episode, world.now);
        flush_later(world, key);
    }
}

fn flapping(world: &mut World, episode: Digest128) {
    world.see(&episode.to_string(), Seen::Flapping);
    let number = world.alerting.number_of[&episode];
    world.facts.alerts[number].flapped = true;
}

/// Looks at a group when its next message is due. Looking too often changes nothing.
fn flush_later(world: &mut World, key: Labels) {
    let due = world.alerting.groups[&key].due(&world.policy.alerting.grouping);
    // Where everything is held back nothing is due: somebody looks again later.
    let due = due.unwrap_or(world.now + MINUTE.times(30)).max(world.now);
    world.at(due, move |world| flush(world, key));
}

fn known(world: &World) -> Known {
    let open = world.books.views.open.values().flatten();
    let since = world.now - world.policy.alerting.noise.flood_period;
    let mut recent = BTreeMap::new();
    for (at, receiver) in world.alerting.recent.iter().rev().take_while(|(at, _)| *at > since) {
        assert!(*at <= world.now);
        *recent.entry(receiver.clone()).or_insert(0) += 1;
    }
    let holds = |one: &&eavip_core::alert::silence::Silence| one.status(world.now) == SilenceStatus::Active;
    Known {
        silences: world.books.silences.values().filter(holds).cloned().collect(),
        firing: open.map(|of| Alert::from(&world.books.episodes[of].opening)).collect(),
        recent,
        over_budget: super::reviews::over_budget(world),
    }
}

fn flush(world: &mut World, key: Labels) {
    let Some(mut group) = world.alerting.groups.remove(&key) else { return };
    if group.due(&world.policy.alerting.grouping).is_some_and(|due| due > world.now) {
        world.alerting.groups.insert(key, group);
        return;
    }
    let policy = Rc::clone(&world.policy);
    let (known, now) = (known(world), world.now);
    let rulings = RefCell::new(BTreeMap::new());
    let found = group.look(&policy.alerting.grouping, now, |episode, occasion| {
        let opening = &world.books.episodes[&episode.to_string()].opening;
        let history = &world.alerting.histories[&opening.fingerprint];
        let alert = Alert::from(opening);
        let ruling = notice::decide(&alert, occasion, history, &known, &policy, now);
        let held = matches!(ruling.reason, Reason::Held(_));
        rulings.borrow_mut().insert(episode, (alert, occasion, ruling));
        held
    });
    found.held.iter().for_each(|episode| group.held(*episode));
    found.message.iter().for_each(|message| group.told(message, now));
    let message = found.message;
    for (episode, (_, _, ruling)) in rulings.borrow().iter().filter(|(_, (.., one))| one.receivers.is_empty())
    {
        held(world, *episode, ruling.reason);
    }
    let mut paged = false;
    for episode in message.iter().flat_map(|message| &message.new) {
        let rulings = rulings.borrow();
        let (alert, occasion, ruling) = &rulings[episode];
        let history =
            world.alerting.histories.get_mut(&fingerprint(&world.books.episodes, *episode)).unwrap();
        history.keep(alert, *occasion, ruling);
        paged |= told(world, *episode, ruling);
    }
    world.alerting.messages += u64::from(paged);
    if !group.is_empty() {
        world.alerting.groups.insert(key.clone(), group);
        let next = world.alerting.groups[&key].due(&policy.alerting.grouping);
        let next = next.unwrap_or(now + MINUTE.times(30)).max(now + MINUTE);
        world.at(next, move |world| flush(world, key));
    }
}

fn fingerprint(episodes: &BTreeMap<String, Episode>, episode: Digest128) -> Digest128 {
    episodes[&episode.to_string()].opening.fingerprint
}

/// Somebody isn't told; the reason is written down when it is a new one.
fn held(world: &mut World, episode: Digest128, reason: Reason) {
    if world.alerting.told.insert(episode, reason) != Some(reason) {
        let message = Digest128([0; 16]);
        world.see(&episode.to_string(), Seen::Notice { message, reason, paged: false });
        let number = world.alerting.number_of[&episode];
        world.facts.alerts[number].flapped |= reason == Reason::Held(Obstacle::Flapping);
    }
}

/// Somebody is told; whether somebody is paged.
fn told(world: &mut World, episode: Digest128, ruling: &Ruling) -> bool {
    world.alerting.told.insert(episode, ruling.reason);
    world.alerting.recent.extend(ruling.receivers.iter().map(|receiver| (world.now, receiver.clone())));
    let paged = ruling.receivers.iter().any(|receiver| receiver.as_str() == "pager");
    let number = world.alerting.messages + 1;
    let message = Digest128::of([number.to_be_bytes().as_slice()]);
    world.see(&episode.to_string(), Seen::Notice { message, reason: ruling.reason, paged });
    if paged {
        let fact = world.alerting.number_of[&episode];
        world.facts.alerts[fact].page = Some(number);
        start_page(world, episode);
    }
    paged
}

fn start_page(world: &mut World, episode: Digest128) {
    let opening = &world.books.episodes[&episode.to_string()].opening;
    let (escalation, _) = world.policy.on_call.escalation_of(&opening.owner).unwrap();
    let (escalation, category) = (escalation.clone(), opening.category);
    world.must::<Page>(&episode.to_string(), PageCommand::Start { alert: episode, category, escalation });
    if world.books.episodes[&episode.to_string()].resolved.is_some() {
        world.must::<Page>(&episode.to_string(), PageCommand::Stop);
    }
    advance(world, episode);
}

/// Time passes for a page.
pub fn advance(world: &mut World, episode: Digest128) {
    let of = episode.to_string();
    let reach = Reach { contacts: world.alerting.contacts.clone(), overrides: BTreeMap::new() };
    let events = world.must::<Page>(&of, PageCommand::Advance(Box::new(reach)));
    for event in &events {
        if let PageEvent::Told { people, .. } = event {
            let number = world.alerting.number_of[&episode];
            let names = people.iter().map(|person| person.to_string());
            world.facts.alerts[number].responders.extend(names);
        }
    }
    let page = &world.books.pages[&of];
    let waits = page.stopped.is_none() && page.holder.is_none() && page.next.is_some();
    if waits && (page.due > world.now || !events.is_empty()) {
        let due = page.due.max(world.now + Span::from_secs(1));
        world.at(due, move |world| advance(world, episode));
    }
}

/// Somebody takes an alert, and its page with it; `false` when it is over or somebody has it.
pub fn take(world: &mut World, number: usize, who: &str) -> bool {
    let episode = world.alerting.episode_of[number];
    let of = episode.to_string();
    let fact = &world.facts.alerts[number];
    if fact.over.is_some() || fact.taken.is_some() {
        return false;
    }
    let reason = "Looking at it.".to_owned();
    world.must::<Episode>(&of, EpisodeCommand::Acknowledge { by: who.to_owned(), reason });
    world.facts.alerts[number].taken = Some(world.now);
    if world.books.pages.contains_key(&of) {
        world.must::<Page>(&of, PageCommand::Acknowledge { by: platform::person(who) });
        let forgets = world.chance.percent(6);
        let who = who.to_owned();
        world.after(MINUTE.times(25), move |world| renew(world, number, who, forgets));
    }
    true
}

/// Who has a Critical alert goes on with it, hands it over, or forgets it; then others are told again.
fn renew(world: &mut World, number: usize, who: String, forgets: bool) {
    let episode = world.alerting.episode_of[number];
    if world.facts.alerts[number].over.is_some() {
        return;
    }
    if forgets {
        world.after(MINUTE.times(6), move |world| {
            advance(world, episode);
            let of = episode.to_string();
            let told = world.books.pages[&of].told.clone();
            let free = world.books.pages[&of].holder.is_none() && world.facts.alerts[number].over.is_none();
            if let Some(other) = told.into_iter().find(|_| free) {
                world.must::<Page>(&of, PageCommand::Acknowledge { by: other.clone() });
                let who = other.to_string();
                world.after(MINUTE.times(25), move |world| renew(world, number, who, false));
            }
        });
        return;
    }
    world.must::<Page>(&episode.to_string(), PageCommand::Acknowledge { by: platform::person(&who) });
    world.after(MINUTE.times(25), move |world| renew(world, number, who, false));
}
