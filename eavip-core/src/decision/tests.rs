//! Tests of verdicts over findings.

use super::*;
use crate::rule::Rule;
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

proptest::proptest! {
    /// A decision that is read again has the same digest, and so the same basis for the next one.
    #[test]
    fn numbers_survive_json_to_the_last_bit(value in proptest::num::f64::NORMAL, limit in proptest::num::f64::NORMAL) {
        let finding = ONE.pass("it is so").measured(value, limit, crate::signal::metric::Unit::Ratio);
        let decision = Decision::over(vec![finding], basis());
        let read: Decision = serde_json::from_str(&serde_json::to_string(&decision).unwrap()).unwrap();
        proptest::prop_assert_eq!(Digest128::of_value(&read), Digest128::of_value(&decision));
        proptest::prop_assert_eq!(read, decision);
    }
}
