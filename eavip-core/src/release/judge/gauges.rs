//! Gauges measured with the release and beside it, compared by rank in one look at the end of a stage.

use super::evidence::{Evidence, Gauge, Look, Points};
use super::{GAUGES, JudgePolicy};
use crate::finding::Finding;
use crate::stats::normal;
use crate::stats::rank::{self, MAX_VALUES};

pub(super) fn findings<'a>(
    evidence: &'a Evidence,
    policy: &'a JudgePolicy,
    is_valid: bool,
) -> impl Iterator<Item = Finding> + 'a {
    policy.gauges.iter().map(move |(gauge, least)| match (evidence.look, evidence.gauges.get(gauge)) {
        (Look::Interim, _) => {
            GAUGES.not_applicable(format!("{gauge}: looked at once, at the end of the stage"))
        }
        (Look::Whole, _) => GAUGES.not_applicable(format!("{gauge}: nothing runs beside it")),
        (Look::StageEnd, None) => {
            let remedy = "bring back its reports, or leave it out of `gauges` of [rollout]";
            GAUGES.undetermined(format!("{gauge} isn't known"), remedy)
        }
        (Look::StageEnd, Some(_)) if !is_valid => {
            let message = format!("{gauge} isn't compared: the evidence isn't whole");
            GAUGES.undetermined(message, "see to the reports first")
        }
        (Look::StageEnd, Some(points)) => one(*gauge, *least, points, policy),
    })
}

fn one(gauge: Gauge, least: f64, points: &Points, policy: &JudgePolicy) -> Finding {
    let fewest = points.canary.len().min(points.baseline.len());
    if (fewest as u64) < policy.gauge_points {
        let message = format!("{gauge}: {fewest} values on one side, {} are the least", policy.gauge_points);
        return GAUGES.undetermined(message, "wait for more reports");
    }
    let compared = rank::compare(&points.canary, &points.baseline);
    let (Some(found), Some(limit)) = (compared, normal::quantile(policy.gauge_confidence)) else {
        let message = format!("{gauge}: the values can't be compared");
        return GAUGES.undetermined(message, format!("send numbers, at most {MAX_VALUES} on each side"));
    };
    let matters = match found.ratio {
        Some(ratio) => ratio >= policy.gauge_ratio,
        // From nothing to something is any number of times as much.
        None => true,
    };
    let matters = matters || found.superiority >= policy.gauge_superiority;
    let worse = found.z >= limit && matters && found.shift >= least;
    let larger = found.superiority * 100.0;
    let told = format!("{gauge}: {:+.3} with the release, the larger in {larger:.0} % of pairs", found.shift);
    let finding =
        if worse { GAUGES.fail(told, "roll back and look at what takes more") } else { GAUGES.pass(told) };
    finding.measured(found.shift, least, gauge.unit())
}
