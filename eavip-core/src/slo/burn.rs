//! The arithmetic of budgets: burn, what is left, and rules rescaled to another window.
//!
//! Source of the formulas: Site Reliability Workbook, chapter 5, *Multiwindow, Multi-Burn-Rate Alerts*.

use serde::{Deserialize, Serialize};

use super::{Counts, REFERENCE_WINDOW};
use crate::time::Span;
use crate::words;

words! {
    /// How somebody is told that a budget burns.
    #[non_exhaustive]
    pub enum Urgency ("burn urgency") {
        /// In the working day.
        Ticket = "ticket",
        /// Now.
        Page = "page",
    }
}

words! {
    /// The four burn rules, the most urgent first.
    #[non_exhaustive]
    pub enum BurnAlert ("burn rule") {
        /// The budget of a month is gone within two days.
        PageFast = "page-fast",
        /// It is gone within five days.
        PageSlow = "page-slow",
        /// It is gone within ten days.
        TicketFast = "ticket-fast",
        /// It is used up just when the window ends, or sooner.
        TicketSlow = "ticket-slow",
    }
}

impl BurnAlert {
    /// How somebody is told.
    #[must_use]
    pub const fn urgency(self) -> Urgency {
        match self {
            Self::PageFast | Self::PageSlow => Urgency::Page,
            Self::TicketFast | Self::TicketSlow => Urgency::Ticket,
        }
    }
}

/// A rule over two windows: the long one says that enough was spent, the short one that it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BurnRule {
    /// Which of the four.
    pub alert: BurnAlert,
    /// The long window.
    pub long: Span,
    /// The short window.
    pub short: Span,
    /// How many times faster than planned the budget burns in both.
    pub burn: f64,
}

/// A difference of ratios below this is rounding: targets are decimals, which binary fractions only approach.
const ROUNDING: f64 = 1e-9;

/// The share of events that may be bad; `None` for a target that leaves no budget or nothing but budget.
#[must_use]
pub fn allowed(target: f64) -> Option<f64> {
    (target > 0.0 && target < 1.0).then_some(1.0 - target)
}

/// How many times faster than planned the budget burns: the share of bad events over the share allowed. `None` when
/// nothing was counted or the target leaves no budget.
#[must_use]
pub fn burn(counts: Counts, target: f64) -> Option<f64> {
    let allowed = allowed(target)?;
    let total = counts.good as f64 + counts.bad as f64;
    (total > 0.0).then(|| counts.bad as f64 / total / allowed)
}

/// The share of the window's budget that is left: 1 when nothing was bad, 0 when it is used up, below 0 beyond. `None`
/// as for [`burn`].
#[must_use]
pub fn budget_left(counts: Counts, target: f64) -> Option<f64> {
    let left = 1.0 - burn(counts, target)?;
    Some(if left.abs() < ROUNDING { 0.0 } else { left })
}

/// Whether a burn reaches a rule's.
#[must_use]
pub fn reaches(burn: f64, rule: f64) -> bool {
    burn >= rule * (1.0 - ROUNDING)
}

/// Whether a rule can fire at all: not when even nothing but bad events burn too slowly for it.
#[must_use]
pub fn can_fire(rule: &BurnRule, target: f64) -> bool {
    allowed(target).is_some_and(|allowed| reaches(1.0, rule.burn * allowed))
}

/// The rules for an objective's window. The share of the budget that a rule tells of stays the same, so its burn grows
/// with the window; it never falls below 1, because such a burn leaves budget over and needs nobody. A rule that looks
/// back further than the objective is left out.
#[must_use]
pub fn rescaled(rules: &[BurnRule], window: Span) -> Vec<BurnRule> {
    let factor = window.as_secs_f64() / REFERENCE_WINDOW.as_secs_f64();
    let fits = |rule: &&BurnRule| rule.long <= window;
    let rescale = |rule: &BurnRule| BurnRule { burn: (rule.burn * factor).max(1.0), ..*rule };
    rules.iter().filter(fits).map(rescale).collect()
}
