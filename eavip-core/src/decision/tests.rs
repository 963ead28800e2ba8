//! Tests of verdicts over findings.

use proptest::prelude::*;

use super::*;
use crate::rule::Rule;
use crate::testing::survives_json;
use crate::time::Span;

const ONE: Rule = Rule { code: "EAVIP-T01", title: "one", serves: "a line", text: "a text" };
const OTHER: Rule = Rule { code: "EAVIP-T02", title: "other", serves: "a line", text: "a text" };
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn basis() -> Basis {
    Basis { policy: Digest128([1; 16]), evidence: Digest128([2; 16]), at: NOW }
}

fn set_aside(rule: &Rule, until: Timestamp) -> Override {
    Override { rule: rule.code.into(), by: Vec::new(), reason: "an open incident".to_owned(), until }
}

#[test]
fn the_worst_finding_decides_and_no_finding_at_all_holds() {
    let table: [(Vec<Finding>, Verdict); 6] = [
        (vec![], Verdict::Hold),
        (vec![ONE.not_applicable("a")], Verdict::Allow),
        (vec![ONE.pass("a"), OTHER.warn("b", "c")], Verdict::Allow),
        (vec![ONE.undetermined("a", "b"), OTHER.pass("c")], Verdict::Hold),
        (vec![ONE.undetermined("a", "b"), OTHER.fail("c", "d")], Verdict::Deny),
        (vec![ONE.fail("a", "b"), OTHER.pass("c")], Verdict::Deny),
    ];
    for (findings, verdict) in table {
        let decision = Decision::over(findings, basis());
        assert_eq!(decision.verdict, verdict, "{:?}", decision.findings);
    }
}

#[test]
fn an_override_changes_the_verdict_and_hides_nothing() {
    let findings = vec![ONE.fail("a", "b"), OTHER.pass("c")];
    let held = vec![set_aside(&ONE, NOW + Span::from_secs(1))];
    let decision = Decision::with_overrides(findings.clone(), held, basis());
    assert_eq!((decision.verdict, &decision.findings), (Verdict::Allow, &findings));
    assert_eq!(decision.blocking().count(), 0);

    let of_another_rule = vec![set_aside(&OTHER, NOW + Span::from_secs(1))];
    assert_eq!(Decision::with_overrides(findings.clone(), of_another_rule, basis()).verdict, Verdict::Deny);

    let over = Decision::with_overrides(findings, vec![set_aside(&ONE, NOW)], basis());
    assert_eq!((over.verdict, over.overrides.len()), (Verdict::Deny, 0), "it held until this moment");
}

#[test]
fn says_when_to_ask_again_only_if_everything_in_the_way_clears_by_itself() {
    let soon = NOW + Span::from_secs(60);
    let later = NOW + Span::from_secs(120);
    let clearing = vec![ONE.fail("a", "b").clears_at(soon), OTHER.undetermined("c", "d").clears_at(later)];
    assert_eq!(Decision::over(clearing.clone(), basis()).retry_after, Some(later));
    let stuck = clearing.into_iter().chain([ONE.fail("e", "f")]).collect();
    assert_eq!(Decision::over(stuck, basis()).retry_after, None);
    assert_eq!(Decision::over(vec![ONE.pass("a")], basis()).retry_after, None);
}

fn finding(rule: &Rule, which: u8) -> Finding {
    match which {
        0 => rule.not_applicable("a"),
        1 => rule.pass("a"),
        2 => rule.warn("a", "b"),
        3 => rule.undetermined("a", "b").clears_at(NOW + Span::from_secs(60)),
        _ => rule.fail("a", "b").measured(2.0, 1.0, crate::signal::metric::Unit::Count),
    }
}

proptest! {
    #[test]
    fn an_override_hides_no_finding_and_a_further_bad_one_never_improves(
        found in prop::collection::vec((any::<bool>(), 0_u8..5), 0..6),
        aside in prop::collection::vec((any::<bool>(), -5_i64..5), 0..3),
        more in (any::<bool>(), 3_u8..5),
    ) {
        let rule = |one: bool| if one { &ONE } else { &OTHER };
        let findings: Vec<Finding> = found.iter().map(|(one, which)| finding(rule(*one), *which)).collect();
        let until = |seconds: i64| Timestamp::from_millis(NOW.as_millis() + seconds * 1_000);
        let aside: Vec<Override> = aside.iter().map(|(one, seconds)| set_aside(rule(*one), until(*seconds))).collect();
        let without = Decision::over(findings.clone(), basis());
        let with = Decision::with_overrides(findings.clone(), aside.clone(), basis());
        prop_assert_eq!(&with.findings, &findings);
        prop_assert!(with.verdict <= without.verdict);
        prop_assert!(with.overrides.iter().all(|one| one.until > NOW), "what is over sets nothing aside");
        let allowed = with.verdict == Verdict::Allow;
        prop_assert_eq!(allowed, with.blocking().next().is_none() && !findings.is_empty());
        survives_json(&with);

        let worse = [findings, vec![finding(rule(more.0), more.1)]].concat();
        prop_assert!(Decision::over(worse.clone(), basis()).verdict >= without.verdict);
        if !with.findings.is_empty() {
            prop_assert!(Decision::with_overrides(worse, aside, basis()).verdict >= with.verdict);
        }
    }

    /// A decision that is read again has the same digest, and so the same basis for the next one.
    #[test]
    fn numbers_survive_json_to_the_last_bit(value in prop::num::f64::NORMAL, limit in prop::num::f64::NORMAL) {
        let finding = ONE.pass("it is so").measured(value, limit, crate::signal::metric::Unit::Ratio);
        let decision = Decision::over(vec![finding], basis());
        let read: Decision = serde_json::from_str(&serde_json::to_string(&decision).unwrap()).unwrap();
        prop_assert_eq!(Digest128::of_value(&read), Digest128::of_value(&decision));
        prop_assert_eq!(read, decision);
    }
}
