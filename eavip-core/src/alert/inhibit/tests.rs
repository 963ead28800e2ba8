//! Tests of inhibition.

use proptest::prelude::*;

use super::*;
use crate::alert::Category;
use crate::labels::Labels;
use crate::time::Timestamp;

fn alert(n: u8, rule: &str, node: &str) -> Alert {
    Alert {
        id: Digest128([n; 16]),
        rule: rule.parse().unwrap(),
        category: Category::Critical,
        owner: Some("ops".parse().unwrap()),
        labels: Labels::new([("rule", rule), ("node", node)]).unwrap(),
        since: Timestamp::from_millis(i64::from(n) * 1_000),
    }
}

fn inhibition(source: &str, target: &str) -> Inhibition {
    let one = |text: &str| vec![text.parse().unwrap()].try_into().unwrap();
    Inhibition { source: one(source), target: one(target), equal: ["node".to_owned()].into() }
}

fn found(inhibitions: &[Inhibition], alert: &Alert, firing: &[Alert]) -> Option<u8> {
    inhibited_by(inhibitions, alert, firing).map(|source| source.id.0[0])
}

#[test]
fn a_silent_node_explains_its_other_alerts_and_no_other_nodes() {
    let rules = [inhibition("rule=node-silent", "rule!=node-silent")];
    let firing = [alert(5, "node-silent", "a"), alert(1, "disk-full", "a"), alert(2, "disk-full", "b")];
    assert_eq!(found(&rules, &firing[1], &firing), Some(5), "also when it began before");
    assert_eq!(found(&rules, &firing[2], &firing), None);
    assert_eq!(found(&rules, &firing[0], &firing), None, "nothing explains itself");
    assert_eq!(found(&rules, &firing[1], &firing[1..]), None, "what is over explains nothing");
}

#[test]
fn patterns_explain_as_well_as_values() {
    let rules = [inhibition("rule=~node-.*", "rule!~node-.*|disk-full")];
    let firing = [
        alert(1, "node-silent", "a"),
        alert(2, "node-cloned", "a"),
        alert(3, "cpu", "a"),
        alert(4, "disk-full", "a"),
    ];
    let explained: Vec<_> = firing.iter().map(|one| found(&rules, one, &firing)).collect();
    assert_eq!(explained, [None, None, Some(1), None]);
}

#[test]
fn of_alerts_that_explain_each_other_the_oldest_is_told() {
    let circle =
        [inhibition("rule=a", "rule=b"), inhibition("rule=b", "rule=c"), inhibition("rule=c", "rule=a")];
    let firing = [alert(3, "a", "x"), alert(2, "b", "x"), alert(1, "c", "x")];
    let told: Vec<u8> =
        firing.iter().filter(|one| found(&circle, one, &firing).is_none()).map(|a| a.id.0[0]).collect();
    assert_eq!(told, [1]);
}

#[test]
fn a_chain_that_is_too_long_to_follow_is_told() {
    let rules: Vec<Inhibition> =
        (0..40).map(|n| inhibition(&format!("rule=r{}", n + 1), &format!("rule=r{n}"))).collect();
    let firing: Vec<Alert> = (0..41).map(|n| alert(n, &format!("r{n}"), "x")).collect();
    assert_eq!(found(&rules, &firing[0], &firing), None);
    assert_eq!(found(&rules, &firing[39], &firing), Some(40));
}

proptest! {
    #[test]
    fn somebody_is_always_told_of_something(
        pairs in prop::collection::vec((0u8..5, 0u8..5), 0..12),
        firing in prop::collection::vec(0u8..5, 1..8),
    ) {
        let rules: Vec<Inhibition> =
            pairs.iter().map(|(s, t)| inhibition(&format!("rule=r{s}"), &format!("rule=r{t}"))).collect();
        let firing: Vec<Alert> =
            firing.iter().zip(0u8..).map(|(rule, n)| alert(n, &format!("r{rule}"), "x")).collect();
        prop_assert!(firing.iter().any(|one| inhibited_by(&rules, one, &firing).is_none()));
        // What inhibits is what is open, so it is the same after a restart, in whatever order it is read back.
        let json = serde_json::to_string(&(&rules, &firing)).unwrap();
        let (again, mut open): (Vec<Inhibition>, Vec<Alert>) = serde_json::from_str(&json).unwrap();
        open.reverse();
        for one in &firing {
            prop_assert_eq!(found(&again, one, &open), found(&rules, one, &firing));
        }
    }
}
