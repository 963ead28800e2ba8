//! What the tests of every room ask in the same way: JSON that reads back, moments that move, and the promises of an
//! [`Aggregate`]. What a room decides is asked in the room's own tests.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aggregate::Aggregate;
use crate::finding::Outcome;
use crate::id::Digest128;
use crate::policy::{Policy, Problem, Source};
use crate::time::{Span, Timestamp};

/// Where histories begin, on a Tuesday.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

const WEEK: i64 = 7 * 86_400_000;

/// The policy that a text declares over the built-in one.
pub(crate) fn load(text: &str) -> Result<Policy, Vec<Problem>> {
    Policy::load(&[Source::new("runbook.toml", text)])
}

/// Everything that is wrong with a text, a line each.
pub(crate) fn problems(text: &str) -> String {
    let tell = |p: Problem| format!("{} {} {} ({})", p.place(), p.code, p.message, p.remedy);
    load(text).err().unwrap_or_default().into_iter().map(tell).collect::<Vec<_>>().join("\n")
}

/// A value that is kept as JSON and compared.
pub(crate) trait Kept: Clone + PartialEq + Debug + Serialize + DeserializeOwned {}
impl<T: Clone + PartialEq + Debug + Serialize + DeserializeOwned> Kept for T {}

/// Asserts that a value reads back from its JSON as it was.
#[track_caller]
pub(crate) fn survives_json<T: Kept>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(&read, value, "{text}");
}

/// The value with every moment in it moved, those within its messages too.
pub(crate) fn moved<T: Serialize + DeserializeOwned>(value: &T, millis: i64) -> T {
    serde_json::from_value(moved_json(serde_json::to_value(value).unwrap(), millis)).unwrap()
}

fn moved_json(value: serde_json::Value, millis: i64) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(moved_text(&text, millis)),
        Value::Array(list) => list.into_iter().map(|one| moved_json(one, millis)).collect(),
        Value::Object(map) => map.into_iter().map(|(key, one)| (key, moved_json(one, millis))).collect(),
        other => other,
    }
}

fn moved_text(text: &str, millis: i64) -> String {
    /// `2023-11-14T22:13:20.000Z`
    const LENGTH: usize = 24;
    let (mut told, mut at) = (String::new(), 0);
    while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let moment = text.get(at..at + LENGTH).and_then(|part| part.parse::<Timestamp>().ok());
        if let Some(moment) = moment {
            told += &Timestamp::from_millis(moment.as_millis() + millis).to_string();
            at += LENGTH;
        } else {
            told.push(next);
            at += next.len_utf8();
        }
    }
    told
}

/// What somebody does: which command of the room's list, and how many seconds after the last one. Clocks run backwards now
/// and then.
pub(crate) type Steps = Vec<(usize, i64)>;

/// Histories of a room: its commands, hours or weeks apart.
pub(crate) fn steps() -> impl Strategy<Value = Steps> {
    let later = prop_oneof![1 => -60_i64..0, 6 => 0_i64..7_200, 2 => 0_i64..1_000_000];
    prop::collection::vec((0_usize..1_000, later), 0..30)
}

/// How often histories and their moments are moved, in weeks: summer and winter of any year, on the same day of the week.
pub(crate) fn weeks() -> impl Strategy<Value = i64> {
    -1_000_i64..1_000
}

/// What came of a history.
#[derive(Debug)]
pub(crate) struct Played<A: Aggregate> {
    pub state: Option<A>,
    pub events: Vec<A::Event>,
}

/// Plays a history after some first events, from a moment on. `commands` gives those that the room knows, made for a state
/// and a moment.
pub(crate) fn play<A>(
    first: &[A::Event],
    steps: &[(usize, i64)],
    commands: impl Fn(Option<&A>, Timestamp) -> Vec<A::Command>,
    policy: &A::Policy,
    from: Timestamp,
) -> Played<A>
where
    A: Aggregate + Kept,
    A::Event: Kept,
{
    let (mut state, mut events, mut now) = (A::replay(first.iter().cloned()), first.to_vec(), from);
    for (which, seconds) in steps {
        now = Timestamp::from_millis(now.as_millis() + seconds * 1_000);
        let mut known = commands(state.as_ref(), now);
        let command = known.swap_remove(which % known.len());
        match A::decide(state.as_ref(), command, policy, now) {
            Ok(decided) => {
                state = decided.iter().cloned().fold(state, A::evolve);
                events.extend(decided);
            }
            Err(refused) => {
                assert!(!refused.findings.is_empty(), "refused without a reason");
                for finding in refused.findings {
                    assert!(finding.outcome >= Outcome::Undetermined, "{finding:?}");
                    assert!(!finding.remedy.is_empty(), "says what to do: {finding:?}");
                }
            }
        }
    }
    Played { state, events }
}

impl<A> Played<A>
where
    A: Aggregate + Kept,
    A::Event: Kept,
{
    /// Asserts that an event that arrives twice counts once.
    pub(crate) fn counts_each_event_once(&self) {
        let twice = self.events.iter().flat_map(|event| [event.clone(), event.clone()]);
        assert_eq!(A::replay(twice), self.state, "an event that arrived twice counted twice");
    }
}

/// Asserts what every aggregate promises of a history: its events give its state, also from JSON; no order of events does
/// harm; and all of it is the same some weeks later.
pub(crate) fn keeps_its_promises<A>(
    steps: &[(usize, i64)],
    weeks: i64,
    commands: impl Fn(Option<&A>, Timestamp) -> Vec<A::Command>,
    policy: &A::Policy,
) -> Played<A>
where
    A: Aggregate + Kept,
    A::Event: Kept,
{
    goes_on_with_its_promises(&[], steps, weeks, commands, policy)
}

/// As [`keeps_its_promises`], of histories that go on after some first events.
pub(crate) fn goes_on_with_its_promises<A>(
    first: &[A::Event],
    steps: &[(usize, i64)],
    weeks: i64,
    commands: impl Fn(Option<&A>, Timestamp) -> Vec<A::Command>,
    policy: &A::Policy,
) -> Played<A>
where
    A: Aggregate + Kept,
    A::Event: Kept,
{
    let Played { state, events } = play(first, steps, &commands, policy, NOW);
    assert_eq!(A::replay(events.clone()), state, "the events give the state");
    survives_json(&events);
    survives_json(&state);
    for event in events.iter().rev() {
        survives_json(&A::evolve(None, event.clone()));
    }
    survives_json(&events.iter().rev().cloned().fold(state.clone(), A::evolve));

    let millis = weeks * WEEK;
    let first: Vec<A::Event> = first.iter().map(|event| moved(event, millis)).collect();
    let there = play(&first, steps, &commands, policy, Timestamp::from_millis(NOW.as_millis() + millis));
    assert_eq!(told(&there.events), told(&moved(&events, millis)), "other events on another day");
    assert_eq!(told(&there.state), told(&moved(&state, millis)), "another state on another day");
    Played { state, events }
}

/// A value as JSON without its 128-bit digests: those of evidence and of drills are made of moments.
fn told(value: &impl Serialize) -> serde_json::Value {
    use serde_json::Value;
    fn without_digests(value: &mut Value) {
        match value {
            Value::String(text) if text.parse::<Digest128>().is_ok() => *value = Value::Null,
            Value::Array(list) => list.iter_mut().for_each(without_digests),
            Value::Object(map) => map.values_mut().for_each(without_digests),
            _ => {}
        }
    }
    let mut told = serde_json::to_value(value).unwrap();
    without_digests(&mut told);
    told
}

/// Which events move which states: one row for each state that the histories pass through, named after the event that led
/// there, and one column for each event in them, named by its kind. What doesn't move a state leaves it as it was.
pub(crate) fn moves<A>(histories: &[Vec<A::Event>]) -> String
where
    A: Aggregate + Kept,
    A::Event: Kept,
{
    let mut states: Vec<(String, Option<A>)> = vec![("nothing".to_owned(), None)];
    let mut events: Vec<(String, A::Event)> = Vec::new();
    for history in histories {
        let mut state = None;
        for event in history {
            let kind = kind(event);
            state = A::evolve(state, event.clone());
            if !states.iter().any(|(_, known)| *known == state) {
                states.push((kind.clone(), state.clone()));
            }
            if !events.iter().any(|(known, _)| *known == kind) {
                events.push((kind, event.clone()));
            }
        }
    }
    let mut table = String::new();
    for (name, state) in &states {
        let moving = events.iter().filter(|(_, event)| A::evolve(state.clone(), event.clone()) != *state);
        let moving: Vec<&str> = moving.map(|(kind, _)| kind.as_str()).collect();
        table +=
            &format!("{name} <- {}\n", if moving.is_empty() { "-".to_owned() } else { moving.join(", ") });
    }
    table
}

/// The `kind` of an event, and its `result` where it has one.
fn kind(event: &impl Serialize) -> String {
    let event = serde_json::to_value(event).unwrap();
    let words = ["kind", "result"].into_iter().filter_map(|key| event.get(key)?.as_str());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn moments_move_in_fields_and_in_messages() {
    let told = serde_json::json!({"at": NOW, "why": ["since 2023-11-14T22:13:20.000Z, it is \u{fc}bel", 5]});
    let later = serde_json::json!({
        "at": NOW + Span::from_secs(60), "why": ["since 2023-11-14T22:14:20.000Z, it is \u{fc}bel", 5],
    });
    assert_eq!(moved(&told, 60_000), later);
}
