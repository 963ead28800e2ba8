//! What holds for every history: replay, idempotence, shifted time, and that less or older evidence never improves.

use proptest::prelude::*;

use super::*;

/// What one report says of each of three series: nothing, unknown, or a value.
type Said = [Option<Option<f64>>; 3];

/// How a history goes on: the node reports after some seconds, or stays silent for them.
type Step = (i64, Option<Said>);

fn said() -> impl Strategy<Value = Option<Option<f64>>> {
    prop_oneof![1 => Just(None), 1 => Just(Some(None)), 6 => (0u8..=10).prop_map(|n| Some(Some(f64::from(n) / 10.0)))]
}

fn history() -> impl Strategy<Value = Vec<Step>> {
    let report = prop_oneof![1 => Just(None), 6 => [said(), said(), said()].prop_map(Some)];
    prop::collection::vec((1i64..90, report), 1..40)
}

fn readings(said: &Said) -> Vec<Reading> {
    let shop = "shop".parse().unwrap();
    let what: [(Metric, Option<&_>); 3] =
        [(Metric::CpuBusy, None), (Metric::DiskUsed, None), (Metric::ProbeUp, Some(&shop))];
    let pairs = said.iter().zip(what).filter_map(|(said, what)| said.map(|value| (value, what)));
    let read = |(value, (metric, service))| match value {
        Some(value) => Reading::exact(metric, value).of(service),
        None => Reading::unknown(metric, "not seen").of(service),
    };
    pairs.map(read).collect()
}

/// Plays a history that begins at a moment; gives the world after it and every transition of each step.
fn play(history: &[Step], from: i64) -> (World, Vec<Vec<Transition>>) {
    let mut world = World::new(RULES);
    world.nodes[0].enrolled_at = at(from);
    let mut now = from;
    let mut found = Vec::new();
    for (secs, said) in history {
        now += secs;
        if let Some(said) = said {
            world.nodes[0].observe(&body(now, readings(said)), at(now));
        }
        found.push(world.step(now));
    }
    (world, found)
}

/// What transitions say, without their moments and what is made from them.
fn timeless(steps: &[Vec<Transition>]) -> Vec<Vec<(String, Option<Digest128>)>> {
    let of = |transition: &Transition| {
        let fingerprint = match &transition.event {
            EpisodeEvent::Opened(opening) => Some(opening.fingerprint),
            _ => None,
        };
        (told(std::slice::from_ref(transition)).concat(), fingerprint)
    };
    steps.iter().map(|step| step.iter().map(of).collect()).collect()
}

fn end(history: &[Step]) -> i64 {
    history.iter().map(|(secs, _)| secs).sum()
}

proptest! {
    #[test]
    fn replaying_the_transitions_gives_the_same_episodes(history in history()) {
        let (world, steps) = play(&history, 0);
        let mut replayed = Vec::new();
        steps.iter().flatten().for_each(|transition| apply(&mut replayed, transition));
        prop_assert_eq!(&replayed, &world.episodes);
        steps.iter().flatten().for_each(|transition| apply(&mut replayed, transition));
        let order = |mut episodes: Vec<Episode>| { episodes.sort_by_key(|episode| episode.opening.id); episodes };
        prop_assert_eq!(order(replayed), order(world.episodes), "a second replay changes nothing");
    }

    #[test]
    fn evaluating_again_at_the_same_moment_finds_nothing_more(history in history()) {
        let (mut world, _) = play(&history, 0);
        let waiting = world.waiting.clone();
        prop_assert_eq!(told(&world.step(end(&history))), NOTHING);
        prop_assert_eq!(waiting, world.waiting);
    }

    #[test]
    fn a_changed_policy_settles_in_one_evaluation(history in history()) {
        let (mut world, _) = play(&history, 0);
        world.policy = policy(&RULES.replace("cpu_busy_ratio", "disk_used_ratio").replace("\nfor = \"30s\"", ""));
        world.step(end(&history));
        prop_assert_eq!(told(&world.step(end(&history))), NOTHING);
    }

    #[test]
    fn a_node_has_at_most_one_open_episode_of_a_fingerprint(history in history()) {
        let (world, _) = play(&history, 0);
        let open: Vec<_> = world.episodes.iter().filter(|episode| episode.resolved.is_none()).collect();
        let each: std::collections::BTreeSet<_> = open.iter().map(|episode| episode.opening.fingerprint).collect();
        prop_assert_eq!(each.len(), open.len());
    }

    #[test]
    fn shifting_all_moments_changes_nothing_but_moments(history in history(), by in -1_000_000i64..1_000_000) {
        prop_assert_eq!(timeless(&play(&history, 0).1), timeless(&play(&history, by).1));
    }

    #[test]
    fn losing_sight_of_a_series_never_ends_an_episode(history in history(), which in 0usize..3) {
        let (mut world, _) = play(&history, 0);
        let now = end(&history) + 1;
        let mut blind = [Some(Some(0.0)); 3];
        blind[which] = Some(None);
        let metric = [Metric::CpuBusy, Metric::DiskUsed, Metric::ProbeUp][which];
        world.nodes[0].observe(&body(now, readings(&blind)), at(now));
        let open: Vec<_> = world.episodes.iter().filter(|episode| episode.resolved.is_none()).cloned().collect();
        for transition in world.step(now) {
            let over = open.iter().find(|episode| episode.opening.id == transition.episode);
            let indicator = over.map(|episode| episode.opening.origin.observed().unwrap().indicator);
            prop_assert_ne!(indicator, Some(Indicator::Metric(metric)), "{:?}", transition);
        }
    }

    #[test]
    fn evidence_that_only_grows_older_never_ends_an_episode(history in history(), later in 0i64..100_000) {
        let (mut world, _) = play(&history, 0);
        world.nodes[0].series.set_back(at(-1_000_000));
        let stale = world.nodes[0].clone();
        let found = world.step(end(&history));
        prop_assert!(found.iter().all(|transition| matches!(transition.event, EpisodeEvent::Opened(_))), "{found:?}");
        world.nodes = vec![stale];
        for transition in world.step(end(&history) + 46 + later) {
            prop_assert!(matches!(transition.event, EpisodeEvent::Opened(_)), "{:?}", transition);
        }
    }

    #[test]
    fn a_further_bad_series_takes_no_transition_away(history in history(), mount in "[a-z]{1,5}") {
        let (world, _) = play(&history, 0);
        let now = end(&history) + 1;
        let outcome = |further: Vec<Reading>| {
            let mut node = world.nodes[0].clone();
            let told = [vec![cpu(0.95), Reading::exact(Metric::JobOk, 0.0)], further].concat();
            node.observe(&body(now, told), at(now));
            evaluate([&node], open_episodes(&world.episodes), &world.waiting, &world.policy, at(now))
        };
        let (without, with) = (outcome(vec![]), outcome(vec![disk(&mount, 0.99)]));
        for transition in &without.transitions {
            prop_assert!(with.transitions.contains(transition), "{:?}", transition);
        }
        for (fingerprint, since) in &without.waiting.bad_since {
            prop_assert_eq!(with.waiting.bad_since.get(fingerprint), Some(since));
        }
    }
}
