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
    assert_eq!(told(group.flush(&policy, at(29))), "-");
    assert_eq!(told(group.flush(&policy, at(30))), "first new[1,2] resolved[] firing[]");
    group.fired(id(3), Category::Warning, at(40));
    assert_eq!(told(group.flush(&policy, at(329))), "-");
    assert_eq!(told(group.flush(&policy, at(330))), "new-member new[3] resolved[] firing[1,2]");
    group.resolved(id(1), at(1_000));
    assert_eq!(told(group.flush(&policy, at(1_000))), "resolved new[] resolved[1] firing[2,3]");
    assert_eq!(group.due(&policy), Some(at(1_000 + 4 * 3_600)));
    assert_eq!(told(group.flush(&policy, at(20_000))), "repeat new[] resolved[] firing[2,3]");
    group.resolved(id(2), at(21_000));
    group.resolved(id(3), at(21_001));
    assert_eq!(told(group.flush(&policy, at(21_001))), "all-resolved new[] resolved[2,3] firing[]");
    assert!(group.is_empty() && group.due(&policy).is_none());
    group.fired(id(4), Category::Warning, at(21_002));
    assert_eq!(told(group.flush(&policy, at(21_032))), "first new[4] resolved[] firing[]");
}

#[test]
fn a_critical_alert_waits_for_nobody() {
    let policy = GroupingPolicy::default();
    let mut group = Group::default();
    group.fired(id(1), Category::Warning, at(0));
    group.fired(id(2), Category::Critical, at(1));
    assert_eq!(told(group.flush(&policy, at(1))), "first new[1,2] resolved[] firing[]");
    group.fired(id(3), Category::Critical, at(2));
    assert_eq!(told(group.flush(&policy, at(2))), "new-member new[3] resolved[] firing[1,2]");
}

#[test]
fn what_came_and_went_before_it_was_told_is_told_once() {
    let policy = GroupingPolicy::default();
    let mut group = Group::default();
    group.fired(id(1), Category::Warning, at(0));
    group.resolved(id(1), at(5));
    assert_eq!(told(group.flush(&policy, at(5))), "-");
    assert_eq!(told(group.flush(&policy, at(30))), "first new[1] resolved[1] firing[]");
    assert_eq!(told(group.flush(&policy, at(99_999))), "-");
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
    let policy = GroupingPolicy::default();
    let mut group = Group::default();
    group.fired(id(1), Category::Warning, at(100_000));
    assert_eq!(told(group.flush(&policy, at(0))), "-");
    assert!(group.flush(&policy, at(30)).is_some(), "the wait began anew");
    group.fired(id(2), Category::Warning, at(-50_000));
    assert!(group.flush(&policy, at(-49_999)).is_none());
    assert!(group.flush(&policy, at(-49_699)).is_some());
}

#[test]
fn the_key_has_the_declared_labels_that_an_alert_has() {
    let labels = Labels::new([("rule", "disk-full"), ("node", "a"), ("deployment", "eu")]).unwrap();
    assert_eq!(GroupingPolicy::default().key(&labels).to_string(), r#"{deployment="eu",rule="disk-full"}"#);
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
    let policy = GroupingPolicy::default();
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
        played.messages.extend(group.flush(&policy, at(now)).map(|message| (now - from, message)));
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
