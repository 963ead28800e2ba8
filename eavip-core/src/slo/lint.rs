//! What is wrong with an objective before anything is counted. Values out of range are told when the runbook is read.

use super::burn::{allowed, can_fire, rescaled};
use super::{BelowFloor, Objective, SloPolicy};
use crate::finding::Finding;
use crate::id::ObjectiveId;
use crate::signal::metric::Unit;

crate::rules! {
    /// Even if every event were bad, the budget would burn too slowly for this burn rule. Raise the objective, or give the
    /// rule a smaller burn: a rule that can't fire promises a watch that nobody keeps.
    CAN_FIRE = "EAVIP-S04", "every burn rule can fire", "Alerts must be actionable";
    /// A share of a handful of events says nothing: one failed request of two is a burn of hundreds. Declare how many events
    /// a share needs, and whether counts or a probe decide below that.
    HAS_FLOOR = "EAVIP-S05", "every objective says how much traffic it needs", "Alert noise is treated as a defect";
}

/// Looks at a declared objective: each burn rule in its order, then the traffic floor.
///
/// ```
/// use eavip_core::finding::Outcome;
/// use eavip_core::slo::lint::lint;
/// use eavip_core::slo::{BelowFloor, Floor, Measure, Objective, SloPolicy};
///
/// let floor = Floor { events: 100, below: BelowFloor::Probe };
/// let objective = Objective { measure: Measure::Errors, target: 0.9, window: "30d".parse().unwrap(), floor };
/// let findings = lint(&"checkout".parse().unwrap(), &objective, &SloPolicy::default());
/// assert_eq!(findings[0].outcome, Outcome::Fail, "even if all fails it never burns 14.4 times too fast");
/// ```
#[must_use]
pub fn lint(id: &ObjectiveId, objective: &Objective, policy: &SloPolicy) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rescaled(&policy.rules, objective.window) {
        let name = rule.alert;
        findings.push(match allowed(objective.target) {
            None => CAN_FIRE.undetermined(
                format!("`{id}` has a target of {}, which leaves no budget to burn", objective.target),
                "declare a target above 0 and below 1",
            ),
            Some(_) if can_fire(&rule, objective.target) => {
                CAN_FIRE.pass(format!("`{name}` can fire for `{id}`"))
            }
            Some(allowed) => CAN_FIRE
                .fail(
                    format!("`{name}` can never fire for `{id}`: it needs a burn of {:.1}", rule.burn),
                    format!("raise the target of `{id}`, or lower `burn` of [burn.{name}]"),
                )
                .measured(rule.burn, 1.0 / allowed, Unit::Count),
        });
    }
    let floor = objective.floor;
    let always = floor.below == BelowFloor::Counts { bad_events: 0 };
    findings.push(match (floor.events, always) {
        (0, _) => HAS_FLOOR.fail(
            format!("`{id}` has no traffic floor: a single bad event may page somebody"),
            "declare `least_events` of at least 1",
        ),
        (_, true) => HAS_FLOOR.fail(
            format!("`{id}` counts below its traffic floor, and 0 bad events are too many"),
            "declare `bad_events` of at least 1",
        ),
        (events, false) => HAS_FLOOR.pass(format!("`{id}` needs {events} events for a share")),
    });
    findings
}
