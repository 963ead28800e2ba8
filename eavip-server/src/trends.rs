//! Trends (seed: *Continuous Improvement*) on the server: what goes into a month's operations review, from the book. What is
//! counted and judged is decided in core. The golden signals over a month, drills, capacity and deployments aren't known
//! here: their sections say so.

pub mod export;
pub mod reconcile;

use eavip_core::alert::concern::Concern;
use eavip_core::alert::noise::measure;
use eavip_core::evaluate::Stated;
use eavip_core::finding::{Finding, Outcome};
use eavip_core::incident::Item;
use eavip_core::incident::change::Plan;
use eavip_core::labels::Labels;
use eavip_core::policy::Policy;
use eavip_core::roster::PLATFORM_OPERATIONS;
use eavip_core::time::Timestamp;
use eavip_core::trend::month::Month;
use eavip_core::trend::review::{self, Material, Pack};
use eavip_core::trend::{IncidentRecord, NoiseFigures, Period};

use crate::book::Book;
use crate::noise;

/// The pack of a month as it is at a moment.
#[must_use]
pub fn pack(book: &Book, policy: &Policy, month: Month, now: Timestamp) -> Pack {
    let incidents: Vec<IncidentRecord> = book.incidents.iter().filter_map(IncidentRecord::of).collect();
    let Period { from, to } = month.period();
    let teams = noise::of_teams(book, policy, measure::Period { from, until: to });
    let defects = book.noise.open_defects(now).map(|(_, defect)| {
        let found: Vec<&str> = defect.evidence.iter().map(|finding| finding.message.as_str()).collect();
        found.join("; ")
    });
    let figures = NoiseFigures::of(&teams, &incidents, month.period(), defects.collect());
    let material = Material { noise: Some(figures), incidents, ..Material::default() };
    review::pack(month, material, policy, now)
}

/// An action item of an incident that isn't done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpenItem<'b> {
    /// Of which incident.
    pub incident: &'b str,
    /// What is to be done, by whom and until when.
    pub plan: &'b Plan,
}

/// The action items that aren't done, the longest due first.
#[must_use]
pub fn open_items(book: &Book) -> Vec<OpenItem<'_>> {
    let items = book.incidents.iter().flat_map(|incident| {
        let open = incident.items.iter().filter(|item: &&Item| item.done.is_none());
        open.map(|item| OpenItem { incident: incident.declaration.id.as_str(), plan: &item.plan })
    });
    let mut found: Vec<OpenItem<'_>> = items.collect();
    found.sort_by_key(|item| item.plan.due);
    found
}

/// The reviews that are late, as alerts of who holds them.
pub(crate) fn stated(book: &Book, policy: &Policy, now: Timestamp) -> Vec<Stated> {
    let late = |(month, known): (Month, &review::OperationsReview)| {
        let Finding { outcome, message, owner, .. } = review::check(month, Some(known), policy, now);
        let since = policy.trend.sign_off.after(month.period().to);
        let owner = owner.or_else(|| PLATFORM_OPERATIONS.parse().ok())?;
        let path = format!("/trends/{month}");
        let none = Labels::default();
        (outcome == Outcome::Fail)
            .then(|| Concern::OperationsReviewOverdue.about(&path, owner, &none, message, since))?
    };
    book.trends.reviews().filter_map(late).collect()
}

#[cfg(test)]
pub(crate) mod tests;
