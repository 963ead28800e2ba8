//! Tests of telling: each obstacle with its word, their order, and what no obstacle holds back.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::alert::flap::FlapPolicy;
use crate::alert::silence::Request;
use crate::id::Digest128;
use crate::labels::Labels;
use crate::policy::Source;

const RUNBOOK: &str = r#"
[[route]]
receivers = ["chat"]
[[route.routes]]
match = { category = "critical" }
receivers = ["pager", "chat"]

[[inhibit]]
source = { rule = "node-silent" }
target = ["rule!=node-silent"]
equal = ["node"]

[maintenance.weekly]
zone = "UTC"
at = "02:00"
for = "1h"
match = { node = "a" }
change = "CHG-7"
owner = "platform-operations"
expires = 2030-01-01T00:00:00Z
"#;

fn policy() -> Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| {
        let loaded = Policy::load(&[Source::new("runbook.toml", RUNBOOK)]);
        loaded.unwrap_or_else(|problems| panic!("{problems:?}"))
    });
    POLICY.clone()
}

fn now() -> Timestamp {
    "2026-06-14T12:00:00Z".parse().unwrap()
}

fn alert(n: u8, rule: &str, category: Category, owned: bool) -> Alert {
    Alert {
        id: Digest128([n; 16]),
        rule: rule.parse().unwrap(),
        category,
        owner: owned.then(|| "platform-operations".parse().unwrap()),
        labels: Labels::new([("rule", rule), ("node", "a"), ("category", category.as_str())]).unwrap(),
        since: now(),
    }
}

fn silence() -> Silence {
    Silence {
        request: Request {
            id: Digest128([9; 16]),
            matchers: vec!["rule=disk-full".parse().unwrap()].try_into().unwrap(),
            reason: "the disk is being replaced".into(),
            ticket: "OPS-12".into(),
            by: "ana".parse().unwrap(),
            from: now(),
            until: "2026-06-14T13:00:00Z".parse().unwrap(),
        },
        owners: BTreeSet::new(),
        waits: false,
        approved: None,
        ended: None,
    }
}

/// What flaps and was told.
fn flapping(told: Option<Category>) -> Flapping {
    let mut flapping = Flapping::default();
    let minutes = (0u64..21).map(|n| (n, now() + crate::time::Span::from_secs(n * 60)));
    minutes.for_each(|(n, at)| {
        flapping.observe((n % 2 == 0).then_some(Category::Warning), &FlapPolicy::default(), at);
    });
    told.into_iter().for_each(|category| flapping.told(category));
    flapping
}

fn flooded() -> BTreeMap<ReceiverId, u64> {
    [("chat".parse().unwrap(), 10), ("pager".parse().unwrap(), 99)].into()
}

/// A world with the chosen obstacles, in the order of [`Obstacle`].
fn ruled(set: [bool; 8], category: Category, occasion: Occasion, began: Option<Reason>) -> Ruling {
    let [quarantined, silenced, maintenance, inhibited, flaps, limited, budget, unrouted] = set;
    let mut policy = policy();
    if unrouted {
        policy.routes.clear();
    }
    let alert = alert(1, "disk-full", category, !quarantined);
    let known = Known {
        silences: if silenced { vec![silence()] } else { vec![] },
        firing: if inhibited {
            vec![self::alert(2, "node-silent", Category::Critical, true)]
        } else {
            vec![]
        },
        recent: if limited { flooded() } else { BTreeMap::new() },
        over_budget: if budget { [alert.rule.clone()].into() } else { BTreeSet::new() },
    };
    let history = History {
        flapping: if flaps { flapping(Some(Category::Critical)) } else { Flapping::default() },
        began,
    };
    if maintenance {
        policy.alerting.maintenance.values_mut().for_each(|window| window.at = "11:30".parse().unwrap());
    }
    decide(&alert, occasion, &history, &known, &policy, now())
}

// Seed: "Alerts must be actionable": why was I (not) told?
#[test]
fn each_obstacle_alone_is_the_reason_and_says_what_would_clear_it() {
    let mut table = String::new();
    for at in 0..8 {
        let mut set = [false; 8];
        set[at] = true;
        let ruling = ruled(set, Category::Informational, Occasion::First, None);
        assert_eq!(ruling.reason, Reason::Held(Obstacle::ALL[at]));
        assert!(ruling.receivers.is_empty());
        let failed = ruling.findings.iter().filter(|finding| finding.outcome == Outcome::Fail);
        for finding in failed {
            table += &format!("{}: {} -> {}\n", ruling.reason, finding.message, finding.remedy);
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn tells_the_routed_receivers_on_every_occasion_when_nothing_stands_in_the_way() {
    for occasion in Occasion::ALL.iter().copied() {
        let ruling = ruled([false; 8], Category::Critical, occasion, None);
        assert_eq!(ruling.reason, Reason::Told(occasion));
        assert_eq!(ruling.receivers.iter().map(ReceiverId::as_str).collect::<Vec<_>>(), ["pager", "chat"]);
        assert!(ruling.findings.iter().all(|finding| finding.outcome == Outcome::Pass));
    }
}

#[test]
fn who_was_told_of_the_beginning_is_told_of_the_end_and_nobody_else() {
    let everything = [false, true, true, true, true, true, true, false];
    for occasion in [Occasion::Resolved, Occasion::AllResolved] {
        let told = ruled(everything, Category::Warning, occasion, Some(Reason::Told(Occasion::First)));
        assert_eq!((told.reason, told.receivers.len()), (Reason::Told(occasion), 1));
        let held = Reason::Held(Obstacle::Silenced);
        let ruling = ruled([false; 8], Category::Warning, occasion, Some(held));
        assert_eq!((ruling.reason, ruling.receivers.len()), (held, 0));
        let mut unrouted = [false; 8];
        unrouted[7] = true;
        let ruling = ruled(unrouted, Category::Warning, occasion, Some(Reason::Told(Occasion::First)));
        assert_eq!(ruling.reason, Reason::Held(Obstacle::NoRoute));
    }
}

#[test]
fn what_was_decided_is_kept_for_the_next_time() {
    let warning = alert(1, "disk-full", Category::Warning, true);
    let mut history = History { flapping: flapping(None), began: None };
    let ruling = |history: &History, occasion| {
        decide(&warning, occasion, history, &Known::default(), &policy(), now())
    };
    for (occasion, expected) in [
        (Occasion::First, Reason::Told(Occasion::First)),
        (Occasion::Repeat, Reason::Held(Obstacle::Flapping)),
        (Occasion::AllResolved, Reason::Told(Occasion::AllResolved)),
        (Occasion::First, Reason::Held(Obstacle::Flapping)),
        (Occasion::AllResolved, Reason::Held(Obstacle::Flapping)),
    ] {
        let ruling = ruling(&history, occasion);
        assert_eq!(ruling.reason, expected, "{occasion}");
        history.keep(&warning, occasion, &ruling);
    }
}

#[test]
fn an_escalation_goes_on_while_the_alert_flaps() {
    let mut set = [false; 8];
    set[4] = true;
    let ruling = ruled(set, Category::Warning, Occasion::Escalation, Some(Reason::Told(Occasion::First)));
    assert_eq!(ruling.reason, Reason::Told(Occasion::Escalation));
}

#[test]
fn the_noise_budget_holds_back_what_can_wait() {
    let mut set = [false; 8];
    set[6] = true;
    for (category, occasion, held) in [
        (Category::Informational, Occasion::First, true),
        (Category::Warning, Occasion::First, false),
        (Category::Warning, Occasion::Repeat, true),
        (Category::Critical, Occasion::Repeat, false),
    ] {
        let ruling = ruled(set, category, occasion, None);
        assert_eq!(ruling.reason == Reason::Held(Obstacle::NoiseBudget), held, "{category} {occasion}");
    }
}

#[test]
fn only_the_flooded_receivers_are_left_out() {
    let known = Known { recent: [("chat".parse().unwrap(), 10)].into(), ..Known::default() };
    let mut policy = policy();
    policy.routes[0].receivers.push("mail".parse().unwrap());
    let warning = alert(1, "disk-full", Category::Warning, true);
    let ruling = decide(&warning, Occasion::First, &History::default(), &known, &policy, now());
    assert_eq!(ruling.receivers.iter().map(ReceiverId::as_str).collect::<Vec<_>>(), ["mail"]);
}

#[test]
fn every_reason_is_one_word_that_is_read_back() {
    let words: BTreeSet<&str> = Reason::all().map(Reason::as_str).collect();
    assert_eq!(words.len(), Reason::all().count());
    for reason in Reason::all() {
        assert_eq!(reason.as_str().parse::<Reason>().unwrap(), reason);
        assert_eq!(serde_json::from_str::<Reason>(&serde_json::to_string(&reason).unwrap()).unwrap(), reason);
    }
    let error = "silensed".parse::<Reason>().unwrap_err().to_string();
    assert_eq!(error, "`silensed` is not a known notification reason; did you mean `silenced`?");
}

fn category() -> impl Strategy<Value = Category> {
    prop::sample::select(Category::ALL)
}

proptest! {
    #[test]
    fn every_alert_has_one_reason_and_receivers_only_when_told(
        set: [bool; 8], category in category(), occasion in prop::sample::select(Occasion::ALL),
        began in prop::option::of(prop::sample::select(Reason::all().collect::<Vec<_>>())),
    ) {
        let ruling = ruled(set, category, occasion, began);
        prop_assert_eq!(matches!(ruling.reason, Reason::Told(_)), !ruling.receivers.is_empty());
        prop_assert_eq!(ruling.findings.len(), Obstacle::ALL.len());
        if let Reason::Told(told) = ruling.reason {
            prop_assert_eq!(told, occasion);
        }
        let json = serde_json::to_string(&ruling).unwrap();
        prop_assert_eq!(serde_json::from_str::<Ruling>(&json).unwrap(), ruling);
    }

    #[test]
    fn the_first_page_is_held_back_by_nothing_that_is_about_noise(flaps: bool, limited: bool, budget: bool) {
        let set = [false, false, false, false, flaps, limited, budget, false];
        let mut known = Known::default();
        let alert = alert(1, "disk-full", Category::Critical, true);
        if limited { known.recent = flooded(); }
        if budget { known.over_budget.insert(alert.rule.clone()); }
        // It flaps, and as a Warning it was told: as Critical it wasn't.
        for told in [None, Some(Category::Informational), Some(Category::Warning)] {
            let history = History { flapping: if set[4] { flapping(told) } else { Flapping::default() }, began: None };
            for occasion in [Occasion::First, Occasion::NewMember] {
                let ruling = decide(&alert, occasion, &history, &known, &policy(), now());
                prop_assert_eq!(ruling.reason, Reason::Told(occasion));
                prop_assert_eq!(ruling.receivers.len(), 2);
            }
        }
    }

    #[test]
    fn one_more_obstacle_never_makes_anybody_told(
        set: [bool; 8], at in 0usize..8, category in category(),
        occasion in prop::sample::select(&[Occasion::First, Occasion::Repeat, Occasion::Escalation][..]),
    ) {
        let mut more = set;
        more[at] = true;
        let (before, after) = (ruled(set, category, occasion, None), ruled(more, category, occasion, None));
        prop_assert!(matches!(before.reason, Reason::Told(_)) || matches!(after.reason, Reason::Held(_)));
    }
}
