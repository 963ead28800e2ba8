//! The kill switch: what is bad enough to roll back at once. It is judged from what is there, however much is missing:
//! failures that were seen don't become fewer when reports stop.

use super::evidence::{Burn, Evidence, MAX_WATCHED};
use super::{BURN, JudgePolicy, PROBES};
use crate::finding::Finding;
use crate::signal::metric::Unit;

/// What two divisions may lose: a burn of exactly the limit is at the limit.
const ROUNDING: f64 = 1e-12;

/// How fast a budget burns; `None` when the objective allows nothing or everything, or isn't a number.
fn burn_of(burn: &Burn) -> Option<f64> {
    if !(burn.allowed > 0.0 && burn.allowed < 1.0) {
        return None;
    }
    let (bad, all) = (burn.tally.events as f64, burn.tally.exposure as f64);
    // More bad events than events: somebody counted wrongly, and the worst reading is that all are bad.
    let share = if bad > 0.0 { (bad / all).min(1.0) } else { 0.0 };
    Some(share / burn.allowed)
}

pub(super) fn burn(evidence: &Evidence, policy: &JudgePolicy) -> Finding {
    let burns: Vec<_> =
        evidence.burns.iter().map(|(service, burn)| (service, burn.tally.events, burn_of(burn))).collect();
    let kills = |(_, bad, burn): &&(_, u64, Option<f64>)| {
        *bad >= policy.kill_events && burn.is_some_and(|burn| burn >= policy.kill_burn * (1.0 - ROUNDING))
    };
    let worst = burns.iter().filter(kills).max_by(|a, b| a.2.unwrap_or(0.0).total_cmp(&b.2.unwrap_or(0.0)));
    if let Some((service, bad, burn)) = worst {
        let burn = burn.unwrap_or(0.0);
        let message =
            format!("`{service}` burns its error budget {burn:.1} times too fast: {bad} bad events");
        let services = burns.iter().filter(kills).map(|(service, ..)| service);
        return BURN
            .fail(message, "roll back; it is done at once")
            .evidence(services.take(MAX_WATCHED))
            .measured(burn, policy.kill_burn, Unit::Count);
    }
    let unknown: Vec<_> =
        burns.iter().filter(|(.., burn)| burn.is_none()).map(|(service, ..)| service).collect();
    if evidence.burns.is_empty() || burns.len() > MAX_WATCHED || !unknown.is_empty() {
        let message = match (burns.len(), unknown.len()) {
            (0, _) => "no service's error budget is known".to_owned(),
            (all, 0) => format!("{all} services are too many to watch"),
            (_, unknown) => format!("{unknown} services have no objective to burn"),
        };
        let remedy = "declare an objective for each service and bring back its reports";
        return BURN.undetermined(message, remedy).evidence(unknown.into_iter().take(MAX_WATCHED));
    }
    BURN.pass("no error budget burns too fast")
}

pub(super) fn probes(evidence: &Evidence, policy: &JudgePolicy) -> Finding {
    let down = evidence.probes.iter().filter_map(|(probe, failures)| Some((probe, (*failures)?)));
    let down: Vec<_> = down.filter(|(_, failures)| *failures >= policy.kill_probes).collect();
    if let Some((probe, failures)) = down.iter().max_by_key(|(_, failures)| *failures) {
        return PROBES
            .fail(
                format!("the critical probe `{probe}` failed {failures} times in a row"),
                "roll back; it is done at once",
            )
            .evidence(down.iter().map(|(probe, _)| probe).take(MAX_WATCHED))
            .measured(f64::from(*failures), f64::from(policy.kill_probes), Unit::Count);
    }
    if evidence.probes.is_empty() {
        return PROBES.not_applicable("no critical probe watches these nodes");
    }
    let unknown = evidence.probes.iter().filter(|(_, failures)| failures.is_none()).map(|(probe, _)| probe);
    let unknown: Vec<_> = unknown.collect();
    if !unknown.is_empty() || evidence.probes.len() > MAX_WATCHED {
        let message = format!("{} of {} critical probes aren't known", unknown.len(), evidence.probes.len());
        let remedy = "bring back the agents that run them";
        return PROBES.undetermined(message, remedy).evidence(unknown.into_iter().take(MAX_WATCHED));
    }
    PROBES.pass("every critical probe answers")
}
