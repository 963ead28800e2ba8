//! Tests of grouping: when messages go out, and that none is lost.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn id(n: u8) -> Digest128 {
    Digest128([n; 16])
}

/// What a caller does at each evaluation: looks, and keeps what came of it.
fn flush_with(
    group: &mut Group,
    now: Timestamp,
    holds: impl Fn(Digest128, Occasion) -> bool,
) -> Option<Message> {
    let found = group.look(&GroupingPolicy::default(), now, holds);
    found.held.iter().for_each(|episode| group.held(*episode));
    found.message.iter().for_each(|message| group.told(message, now));
    found.message
}

/// Flushes with the runbook's numbers, nothing standing in the way.
fn flush(group: &mut Group, secs: i64) -> Option<Message> {
    flush_with(group, at(secs), |_, _| false)
}

fn told(message: Option<Message>) -> String {
    let names = |ids: &[Digest128]| ids.iter().map(|id| id.0[0].to_string()).collect::<Vec<_>>().join(",");
    message.map_or("-".to_owned(), |m| {
        format!(
            "{} new[{}] resolved[{}] firing[{}]",
            m.occasion,
            names(&m.new),
            names(&m.resolved),
            names(&m.firing)
        )
    })
}

// Seed: "Alert noise is treated as a defect".
#[test]
fn tells_a_group_after_its_wait_then_in_intervals_then_rarely() {
    let policy = GroupingPolicy::default();
    let mut group = Group::default();
    group.fired(id(1), Category::Warning, at(0));
    group.fired(id(2), Category::Warning, at(10));
    assert_eq!(told(flush(&mut group, 29)), "-");
    assert_eq!(told(flush(&mut group, 30)), "first new[1,2] resolved[] firing[]");
    group.fired(id(3), Category::Warning, at(40));
    assert_eq!(told(flush(&mut group, 329)), "-");
    assert_eq!(told(flush(&mut group, 330)), "new-member new[3] resolved[] firing[1,2]");
    group.resolved(id(1), at(1_000));
    assert_eq!(told(flush(&mut group, 1_000)), "resolved new[] resolved[1] firing[2,3]");
    assert_eq!(group.due(&policy), Some(at(1_000 + 4 * 3_600)));
    assert_eq!(told(flush(&mut group, 20_000)), "repeat new[] resolved[] firing[2,3]");
    group.resolved(id(2), at(21_000));
    group.resolved(id(3), at(21_001));
    assert_eq!(told(flush(&mut group, 21_001)), "all-resolved new[] resolved[2,3] firing[]");
    assert!(group.is_empty() && group.due(&policy).is_none());
    group.fired(id(4), Category::Warning, at(21_002));
    assert_eq!(told(flush(&mut group, 21_032)), "first new[4] resolved[] firing[]");
}

#[test]
fn a_critical_alert_waits_for_nobody() {
    let mut group = Group::default();
    group.fired(id(1), Category::Warning, at(0));
    group.fired(id(2), Category::Critical, at(1));
    assert_eq!(told(flush(&mut group, 1)), "first new[1,2] resolved[] firing[]");
    group.fired(id(3), Category::Critical, at(2));
    assert_eq!(told(flush(&mut group, 2)), "new-member new[3] resolved[] firing[1,2]");
}

#[test]
fn what_came_and_went_before_it_was_told_is_told_once() {
    let mut group = Group::default();
    group.fired(id(1), Category::Warning, at(0));
    group.resolved(id(1), at(5));
    assert_eq!(told(flush(&mut group, 5)), "-");
    assert_eq!(told(flush(&mut group, 30)), "first new[1] resolved[1] firing[]");
    assert_eq!(told(flush(&mut group, 99_999)), "-");
}

#[test]
fn who_is_held_back_is_told_as_soon_as_nothing_stands_in_the_way() {
    let mut group = Group::default();
    group.fired(id(1), Category::Critical, at(0));
    group.fired(id(2), Category::Critical, at(0));
    let mut held_until = |now, until: &[(u8, i64)]| {
        let held = |episode: Digest128, _| until.iter().any(|(n, until)| id(*n) == episode && now < *until);
        told(flush_with(&mut group, at(now), held))
    };
    assert_eq!(held_until(0, &[(1, 100), (2, 100)]), "-");
    assert_eq!(held_until(10, &[(1, 100)]), "first new[2] resolved[] firing[]");
    assert_eq!(held_until(99, &[(1, 100)]), "-");
    assert_eq!(held_until(100, &[(1, 100)]), "new-member new[1] resolved[] firing[2]");
    assert_eq!(held_until(14_500, &[(1, 20_000), (2, 20_000)]), "-", "a silence holds back repeats");
    assert_eq!(held_until(15_000, &[(1, 20_000)]), "repeat new[] resolved[] firing[2]");
    group.resolved(id(1), at(16_000));
    let all_held = flush_with(&mut group, at(16_000), |_, _| true);
    assert_eq!(told(all_held), "resolved new[] resolved[1] firing[2]", "who was told is told of the end");
}

#[test]
fn who_is_over_while_held_back_is_told_of_neither() {
    let policy = GroupingPolicy::default();
    let mut group = Group::default();
    group.fired(id(1), Category::Critical, at(0));
    assert_eq!(flush_with(&mut group, at(0), |_, _| true), None);
    assert_eq!(group.due(&policy), None, "what ends a silence only the caller sees");
    group.resolved(id(1), at(5));
    assert_eq!(flush_with(&mut group, at(5), |_, _| true), None);
    assert!(group.is_empty());
}

#[test]
fn asks_on_the_occasion_that_there_is() {
    let mut group = Group::default();
    let asked = std::cell::RefCell::new(Vec::new());
    let ask = |episode: Digest128, occasion| {
        asked.borrow_mut().push((episode.0[0], occasion));
        false
    };
    group.fired(id(1), Category::Critical, at(0));
    flush_with(&mut group, at(0), ask);
    group.fired(id(2), Category::Critical, at(1));
    flush_with(&mut group, at(1), ask);
    flush_with(&mut group, at(20_000), ask);
    let expected =
        [(1, Occasion::First), (2, Occasion::NewMember), (1, Occasion::Repeat), (2, Occasion::Repeat)];
    assert_eq!(asked.into_inner(), expected);
}

#[test]
fn a_message_has_a_bound_and_the_next_one_tells_the_rest() {
    let id = |n: usize| Digest128::of([n.to_string().as_bytes()]);
    let mut group = Group::default();
    (0..MAX_TOLD + 5).for_each(|n| group.fired(id(n), Category::Warning, at(0)));
    (0..MAX_TOLD + 5).step_by(2).for_each(|n| group.resolved(id(n), at(1)));
    let first = flush(&mut group, 30).unwrap();
    assert_eq!(first.new.len(), MAX_TOLD);
    let rest = flush(&mut group, 400).unwrap();
    assert_eq!(rest.new.len(), 5);
    assert_eq!(first.resolved.len() + rest.resolved.len(), MAX_TOLD / 2 + 3);
}

#[test]
fn what_is_no_member_changes_nothing() {
    let mut group = Group::default();
    group.resolved(id(1), at(5));
    assert_eq!(group, Group::default());
    group.fired(id(1), Category::Warning, at(0));
    let before = group.clone();
    group.fired(id(1), Category::Critical, at(9));
    assert_eq!(group, before);
}

#[test]
fn a_clock_set_back_makes_nobody_wait_for_longer() {
    let mut group = Group::default();
    group.fired(id(1), Category::Warning, at(100_000));
    assert!(flush(&mut group, 0).is_some(), "it would be due in a day, and waits for 30 s at the most");
    group.fired(id(2), Category::Warning, at(-50_000));
    let message = told(flush(&mut group, -49_999));
    assert_eq!(message, "new-member new[2] resolved[] firing[1]", "a repeat in half a day is due now");
}

#[test]
fn the_key_has_the_declared_labels_that_an_alert_has() {
    let labels = Labels::new([("rule", "disk-full"), ("node", "a"), ("deployment", "eu")]).unwrap();
    assert_eq!(GroupingPolicy::default().key(&labels).to_string(), r#"{deployment="eu",rule="disk-full"}"#);
    let all = GroupingPolicy { by: [ALL_LABELS.to_owned()].into(), ..GroupingPolicy::default() };
    assert_eq!(all.key(&labels), labels);
}

#[derive(Debug, Clone)]
enum Step {
    Fire(u8, Category),
    Resolve(u8),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let category = prop::sample::select(Category::ALL);
    prop_oneof![
        (0u8..6, category).prop_map(|(n, category)| Step::Fire(n, category)),
        (0u8..6).prop_map(Step::Resolve),
        (0i64..400).prop_map(Step::Wait),
    ]
}

/// What a history of steps led to.
#[derive(Debug, Default, PartialEq)]
struct Played {
    /// Every episode, and those that are over.
    fired: Vec<Digest128>,
    over: Vec<Digest128>,
    /// Every message with its second.
    messages: Vec<(i64, Message)>,
}

/// Plays steps from a second on, with enough time at the end; `restart` writes and reads the group after each step.
fn play(steps: &[Step], from: i64, restart: bool) -> Played {
    let (mut group, mut played) = (Group::default(), Played::default());
    let (mut open, mut now) = (BTreeMap::new(), from);
    for step in steps.iter().chain([&Step::Wait(400)]) {
        match step {
            Step::Fire(n, category) => {
                open.entry(*n).or_insert_with(|| {
                    let episode = id(u8::try_from(played.fired.len()).unwrap());
                    group.fired(episode, *category, at(now));
                    played.fired.push(episode);
                    episode
                });
            }
            Step::Resolve(n) => {
                let episode = open.remove(n);
                episode.into_iter().for_each(|episode| group.resolved(episode, at(now)));
                played.over.extend(episode);
            }
            Step::Wait(secs) => now += secs,
        }
        played
            .messages
            .extend(flush_with(&mut group, at(now), |_, _| false).map(|message| (now - from, message)));
        if restart {
            group = serde_json::from_str(&serde_json::to_string(&group).unwrap()).unwrap();
        }
    }
    played
}

proptest! {
    #[test]
    fn no_member_and_no_resolution_is_lost_or_told_twice(steps in prop::collection::vec(step(), 1..60)) {
        let mut played = play(&steps, 0, false);
        let of = |list: fn(&Message) -> &Vec<Digest128>| {
            let mut found: Vec<_> = played.messages.iter().flat_map(|(_, message)| list(message).clone()).collect();
            found.sort_unstable();
            found
        };
        let (new, resolved) = (of(|message| &message.new), of(|message| &message.resolved));
        played.over.sort_unstable();
        prop_assert_eq!(new, played.fired);
        prop_assert_eq!(resolved, played.over);
    }

    #[test]
    fn a_restart_or_another_day_changes_nothing(steps in prop::collection::vec(step(), 1..40), days in -99i64..99) {
        let plain = play(&steps, 0, false);
        prop_assert_eq!(&play(&steps, 0, true), &plain);
        prop_assert_eq!(&play(&steps, days * 86_400, false), &plain);
    }
}
