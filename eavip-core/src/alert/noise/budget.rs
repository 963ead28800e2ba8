//! Judging noise against its budget; what is over it is a defect, not a matter of taste.

use super::measure::Measures;
use super::{NoisePolicy, Scope};
use crate::finding::Finding;
use crate::id::TeamId;
use crate::rule::Rule;
use crate::signal::metric::Unit;

crate::rules! {
    /// A shift had more than two paging incidents, and more than that can't be followed up. Raise thresholds, group alerts,
    /// or mend what breaks.
    PAGES = "EAVIP-N10", "a shift has two paging incidents at most", "Alert noise is treated as a defect";
    /// A responder was told of more than 144 alerts in a day: more than one each ten minutes. Send less, or to more people.
    LOAD = "EAVIP-N11", "a responder has 144 alerts a day at most", "Alert noise is treated as a defect";
    /// In 1 % or more of all ten-minute periods there were more than ten alerts. Group or inhibit those that come together.
    FLOODS = "EAVIP-N12", "alerts hardly ever flood", "Alert noise is treated as a defect";
    /// Fewer than half of at least ten alerts were worth it. Raise the threshold or `for`, or lower the category.
    PRECISION = "EAVIP-N13", "every second alert is worth it", "Alerts must be actionable";
    /// An alert began three times or more within a minute. Give its rule a `clear` apart from its threshold, or a
    /// `keep_firing_for`.
    CHATTER = "EAVIP-N14", "no alert chatters", "Alert noise is treated as a defect";
    /// Five alerts or more were open for more than 24 h: nobody acts on them. Mend the cause, or remove the rule.
    STALE = "EAVIP-N15", "hardly an alert is stale", "Alerts must be actionable";
}

/// Judges what was measured, each budget with one finding.
///
/// Recall, the share of the top ten and the hours of silence have no budget: they are for the review to read.
///
/// ```
/// use eavip_core::alert::noise::{NoisePolicy, Scope, budget, measure};
/// use eavip_core::finding::Outcome;
/// use eavip_core::time::{Span, Timestamp};
///
/// let (policy, from) = (NoisePolicy::default(), Timestamp::default());
/// let period = measure::Period { from, until: from + Span::from_secs(86_400) };
/// let scope = Scope::Team("payments".parse().unwrap());
/// let measures = measure::measure(&measure::Evidence::default(), &scope, period, &policy);
/// let findings = budget::judge(&measures, &scope, &"payments".parse().unwrap(), &policy);
/// assert!(findings.iter().all(|finding| finding.outcome != Outcome::Fail), "a quiet day");
/// ```
#[must_use]
pub fn judge(measures: &Measures, scope: &Scope, owner: &TeamId, policy: &NoisePolicy) -> Vec<Finding> {
    let at_most = |rule: Rule, what: &str, value: u64, limit: u64, remedy: &str| {
        let message = format!("{scope}: {what}: {value}, at most {limit}");
        let finding = if value > limit { rule.fail(message, remedy) } else { rule.pass(message) };
        finding.measured(value as f64, limit as f64, Unit::Count)
    };
    let found = [
        at_most(
            PAGES,
            "paging incidents of the worst shift",
            measures.worst_shift,
            policy.pages_per_shift,
            "raise thresholds, group alerts, or mend what breaks",
        ),
        at_most(
            LOAD,
            "alerts of the busiest responder's worst day",
            measures.worst_day,
            policy.alerts_per_day,
            "send less, or to more people",
        ),
        floods(measures, scope, policy),
        precision(measures, scope, policy),
        at_most(
            CHATTER,
            "alerts that chattered",
            measures.chatter,
            policy.chatter,
            "give the rule a `clear` apart from its threshold, or a `keep_firing_for`",
        ),
        at_most(
            STALE,
            "stale alerts",
            measures.stale,
            policy.stale.saturating_sub(1),
            "mend the cause, or remove the rule",
        ),
    ];
    found.into_iter().map(|finding| finding.owned_by(owner)).collect()
}

fn floods(measures: &Measures, scope: &Scope, policy: &NoisePolicy) -> Finding {
    let Some(share) = measures.flood_share else {
        return FLOODS.undetermined(format!("{scope}: the period is empty"), "look at a longer period");
    };
    let limit = policy.flood_share;
    let message = format!("{scope}: share of flooded periods: {share:.4}, below {limit}");
    let finding = if share < limit {
        FLOODS.pass(message)
    } else {
        FLOODS.fail(message, "group or inhibit the alerts that come together")
    };
    finding.measured(share, limit, Unit::Ratio)
}

fn precision(measures: &Measures, scope: &Scope, policy: &NoisePolicy) -> Finding {
    let (decided, least) = (measures.decided(), policy.least_episodes);
    let enough = measures.precision.filter(|_| decided >= least);
    let Some(precision) = enough else {
        let message = format!("{scope}: {decided} alerts have an outcome, too few to judge precision");
        return PRECISION.undetermined(message, format!("wait until there are {least}").as_str());
    };
    let limit = policy.precision;
    let message = format!("{scope}: share of alerts that were worth it: {precision:.2}, at least {limit}");
    let finding = if precision >= limit {
        PRECISION.pass(message)
    } else {
        PRECISION.fail(message, "raise the threshold or `for`, or lower the category")
    };
    finding.measured(precision, limit, Unit::Ratio)
}

#[cfg(test)]
mod tests;
