//! How an objective stands at one moment: budget left, and which burn rules fire. Who is told of it is routing's part;
//! what it means for a release is the gates' part.

use serde::{Deserialize, Serialize};

use super::burn::{BurnRule, Urgency, budget_left, burn, reaches, rescaled};
use super::{BelowFloor, Counts, Objective, SloPolicy};
use crate::finding::{Finding, Outcome};
use crate::freshness::is_within;
use crate::id::ObjectiveId;
use crate::rule::Rule;
use crate::signal::metric::Unit;
use crate::time::{Span, Timestamp};
use crate::words;

crate::rules! {
    /// The share of bad events over the objective's window has used up what the objective allows. Releases wait, except those
    /// that mend it; work on reliability comes first until the budget is back.
    BUDGET = "EAVIP-S01", "an objective has budget left", "Platform availability";
    /// The budget burns so fast that it is gone within days, in a long window and in a short one: it is still going on.
    /// Mitigate now: roll back what changed last, or fail over.
    PAGE = "EAVIP-S02", "no budget burns so fast that somebody must act now", "Performance monitoring";
    /// The budget burns faster than planned. Find the cause within the working day.
    TICKET = "EAVIP-S03", "no budget burns faster than planned", "Performance monitoring";
}

/// What was counted within one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowCounts {
    /// How long the window is.
    pub window: Span,
    /// Events of the objective's measure.
    pub events: Counts,
    /// Results of the service's probe, where it has one.
    pub probes: Option<Counts>,
    /// When the window ended.
    pub until: Timestamp,
}

words! {
    /// The most urgent thing that the burn rules say; from harmless to urgent. What nobody knows ranks above a ticket.
    #[non_exhaustive]
    pub enum Burning ("burning") {
        /// No rule fires.
        Steady = "steady",
        /// A ticket is due.
        Ticket = "ticket",
        /// Some rule couldn't be judged, and none pages.
        Unknown = "unknown",
        /// Somebody is paged.
        Page = "page",
    }
}

/// How an objective stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Standing {
    /// The share of the budget that is left, 1 at most and below 0 when overdrawn; `None` when it isn't known.
    pub budget_left: Option<f64>,
    /// What the burn rules say.
    pub burning: Burning,
    /// Budget first, then each burn rule in its order.
    pub findings: Vec<Finding>,
}

/// Judges an objective from the counts of its windows: its own, and the two of each rule.
///
/// ```
/// use eavip_core::slo::standing::{Burning, WindowCounts, assess};
/// use eavip_core::slo::{BelowFloor, Counts, Floor, Measure, Objective, SloPolicy};
/// use eavip_core::time::Timestamp;
///
/// let floor = Floor { events: 100, below: BelowFloor::Probe };
/// let objective =
///     Objective { measure: Measure::Errors, target: 0.999, window: "30d".parse().unwrap(), floor };
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// // 2 % of requests fail, at every look back: the budget burns 20 times too fast.
/// let counted = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"].map(|window| WindowCounts {
///     window: window.parse().unwrap(),
///     events: Counts { good: 980, bad: 20 },
///     probes: None,
///     until: now,
/// });
/// let standing = assess(&"checkout".parse().unwrap(), &objective, &SloPolicy::default(), &counted, now);
/// assert_eq!(standing.burning, Burning::Page);
/// ```
#[must_use]
pub fn assess(
    id: &ObjectiveId,
    objective: &Objective,
    policy: &SloPolicy,
    counted: &[WindowCounts],
    now: Timestamp,
) -> Standing {
    let fresh = |window: Span| {
        let found = counted.iter().find(|counts| counts.window == window);
        found.filter(|counts| is_within(counts.until, now, policy.stale_after))
    };
    let left = fresh(objective.window).and_then(|counts| budget_left(counts.events, objective.target));
    let mut findings = vec![budget(id, left)];
    let mut burning = Burning::Steady;
    for rule in rescaled(&policy.rules, objective.window) {
        let state = fresh(rule.long)
            .zip(fresh(rule.short))
            .and_then(|(long, short)| burns(&rule, objective, long, short));
        let finding = told(id, &rule, state);
        burning = burning.max(match (finding.outcome, rule.alert.urgency()) {
            (Outcome::Fail, Urgency::Page) => Burning::Page,
            (Outcome::Fail, Urgency::Ticket) => Burning::Ticket,
            (Outcome::Undetermined, _) => Burning::Unknown,
            _ => Burning::Steady,
        });
        findings.push(finding);
    }
    Standing { budget_left: left, burning, findings }
}

fn budget(id: &ObjectiveId, left: Option<f64>) -> Finding {
    match left {
        None => BUDGET.undetermined(
            format!(
                "how much budget `{id}` has left isn't known: nothing recent was counted over its window"
            ),
            "look whether the service's events arrive",
        ),
        Some(left) if left > 0.0 => BUDGET
            .pass(format!("`{id}` has {:.0} % of its budget left", left * 100.0))
            .measured(left, 0.0, Unit::Ratio),
        Some(left) => BUDGET
            .fail(
                format!("`{id}` has no budget left"),
                "mend what fails most, and release nothing else until the budget is back",
            )
            .measured(left, 0.0, Unit::Ratio),
    }
}

/// What one rule made of its two windows.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Burn {
    /// In the long window.
    value: f64,
    fires: bool,
}

/// `None` when the windows don't tell.
fn burns(rule: &BurnRule, objective: &Objective, long: &WindowCounts, short: &WindowCounts) -> Option<Burn> {
    let burn_of = |counts| burn(counts, objective.target);
    let few = long.events.total() < objective.floor.events;
    match objective.floor.below {
        BelowFloor::Probe if few => {
            let (value, recent) = (burn_of(long.probes?)?, burn_of(short.probes?)?);
            Some(Burn { value, fires: reaches(value, rule.burn) && reaches(recent, rule.burn) })
        }
        BelowFloor::Counts { bad_events } if few => {
            super::burn::allowed(objective.target)?;
            let value = burn_of(long.events).unwrap_or(0.0);
            let many = long.events.bad >= bad_events && short.events.bad > 0;
            Some(Burn { value, fires: many && reaches(value, 1.0) })
        }
        BelowFloor::Probe | BelowFloor::Counts { .. } => {
            let value = burn_of(long.events)?;
            // No events in the short window are no bad ones either: whether anybody gets through is the probe's part.
            let recent = burn_of(short.events).unwrap_or(0.0);
            Some(Burn { value, fires: reaches(value, rule.burn) && reaches(recent, rule.burn) })
        }
    }
}

fn told(id: &ObjectiveId, rule: &BurnRule, burn: Option<Burn>) -> Finding {
    let of: Rule = match rule.alert.urgency() {
        Urgency::Page => PAGE,
        Urgency::Ticket => TICKET,
    };
    let windows = format!("over {} and {}", rule.long, rule.short);
    match burn {
        None => of.undetermined(
            format!("how fast `{id}` burns {windows} isn't known: nothing recent was counted"),
            "look whether the service's events and probes arrive",
        ),
        Some(Burn { value, fires: false }) => of
            .pass(format!("`{id}` burns {value:.1} times as fast as planned {windows}"))
            .measured(value, rule.burn, Unit::Count),
        Some(Burn { value, fires: true }) => of
            .fail(
                format!("`{id}` burns its budget {value:.1} times as fast as planned {windows}"),
                match rule.alert.urgency() {
                    Urgency::Page => "mitigate now: roll back what changed last, or fail over",
                    Urgency::Ticket => "find the cause within the working day",
                },
            )
            .measured(value, rule.burn, Unit::Count),
    }
}
