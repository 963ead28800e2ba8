//! Failures counted with the release and beside it: whether it has more, and whether it is shown not to.

use super::evidence::{Comparison, Counted, Evidence, Look};
use super::{JudgePolicy, MORE, NOT_MORE};
use crate::finding::Finding;
use crate::signal::metric::Unit;
use crate::stats::sequential::{ln_evidence_of_more, rate_ratio_bound};

/// The findings of every count, two of each. Counts share the chance of a false alarm; each must pass by itself, so that
/// passing needs no share.
pub(super) fn findings<'a>(
    evidence: &'a Evidence,
    policy: &'a JudgePolicy,
    is_valid: bool,
) -> impl Iterator<Item = Finding> + 'a {
    let alpha = policy.alpha / policy.counts.len().max(1) as f64;
    policy.counts.iter().flat_map(move |what| {
        let counts = evidence.counts.get(what);
        match (evidence.look, counts) {
            (Look::Whole, _) => {
                [MORE, NOT_MORE].map(|rule| rule.not_applicable(format!("{what}: nothing runs beside it")))
            }
            (_, None) => [MORE, NOT_MORE].map(|rule| {
                let remedy = "bring back their reports, or leave them out of `counts` of [rollout]";
                rule.undetermined(format!("{what} aren't known"), remedy)
            }),
            (_, Some(_)) if !is_valid => [MORE, NOT_MORE].map(|rule| {
                let message = format!("{what} aren't compared: the evidence isn't whole");
                rule.undetermined(message, "see to the reports first")
            }),
            (_, Some(counts)) => {
                let is_weak = !evidence.is_side_by_side();
                [more(*what, counts, alpha), not_more(*what, counts, policy, is_weak)]
            }
        }
    })
}

fn tell(what: Counted, Comparison { canary, baseline }: &Comparison) -> String {
    format!(
        "{what}: {} of {} with the release, {} of {} without",
        canary.events, canary.exposure, baseline.events, baseline.exposure
    )
}

fn more(what: Counted, counts: &Comparison, alpha: f64) -> Finding {
    let told = tell(what, counts);
    // Written so that an alpha that isn't a number passes nothing.
    let limit = -alpha.ln();
    let (Some(evidence), true) = (ln_evidence_of_more(counts.canary, counts.baseline), limit.is_finite())
    else {
        return MORE.undetermined(told, "wait until both sides have something to count");
    };
    // The evidence of a clear case is larger than any number: what is shown ends before that.
    let shown = evidence.min(f64::MAX_EXP as f64 / 2.0).exp();
    let finding = if evidence >= limit {
        MORE.fail(format!("{told}: more than chance makes"), "roll back and look at what fails")
    } else if [counts.canary, counts.baseline].iter().any(|tally| tally.events > tally.exposure) {
        MORE.undetermined(format!("{told}: more than there were"), "mend what counts them")
    } else {
        MORE.pass(told)
    };
    finding.measured(shown, limit.exp(), Unit::Count)
}

fn not_more(what: Counted, counts: &Comparison, policy: &JudgePolicy, is_weak: bool) -> Finding {
    let told = tell(what, counts);
    match rate_ratio_bound(counts.canary, counts.baseline, policy.alpha) {
        Some(bound) if bound < policy.rate_ratio => NOT_MORE
            .pass(format!("{told}: at most {bound:.3} times as many"))
            .measured(bound, policy.rate_ratio, Unit::Count),
        bound => {
            let most =
                bound.map_or("no bound yet".to_owned(), |bound| format!("at most {bound:.3} times as many"));
            let message = format!("{told}: {most}");
            let finding = if is_weak {
                NOT_MORE.warn(message, "judge by the objectives")
            } else {
                NOT_MORE.undetermined(message, "wait for more, accept the stage with a reason, or roll back")
            };
            match bound {
                Some(bound) => finding.measured(bound, policy.rate_ratio, Unit::Count),
                None => finding,
            }
        }
    }
}
