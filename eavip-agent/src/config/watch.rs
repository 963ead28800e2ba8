//! What every collector has: a name, a service, how often it looks and how long it may take.

use std::ops::RangeInclusive;

use eavip_core::document::{Section, WRONG_VALUE};
use eavip_core::id::{CollectorId, ServiceId};
use eavip_core::time::Span;

/// How one thing is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// Its name, unique among its kind.
    pub name: CollectorId,
    /// The service it belongs to.
    pub service: Option<ServiceId>,
    /// How often it is looked at.
    pub interval: Span,
    /// How long one look may take.
    pub deadline: Span,
}

/// How long one look may take where nothing is said: longer than any healthy source needs, shorter than the node's
/// usual interval.
const DEADLINE: Span = Span::from_secs(5);

impl Watch {
    /// Reads `name` and `service` of what isn't looked at by an interval of its own.
    pub(super) fn named(section: &Section<'_>, interval: Span, deadline: Span) -> Option<Self> {
        let name = section.required("name", "name it, like name = \"checkout\"");
        let service = section.text("service");
        Some(Self { name: name?, service, interval, deadline })
    }

    /// Reads `name`, `service`, `interval` and `deadline`; the interval has a default of its kind.
    pub(super) fn read(section: &Section<'_>, interval: Span) -> Option<Self> {
        let interval = span(section, "interval", 1_000..=3_600_000).unwrap_or(interval);
        let deadline = span(section, "deadline", 100..=60_000).unwrap_or(DEADLINE);
        Self::named(section, interval, deadline)
    }
}

/// A span within bounds, in milliseconds.
pub(super) fn span(section: &Section<'_>, key: &'static str, range: RangeInclusive<u64>) -> Option<Span> {
    let span: Span = section.text(key)?;
    if range.contains(&span.as_millis()) {
        return Some(span);
    }
    let (least, most) = (Span::from_millis(*range.start()), Span::from_millis(*range.end()));
    section.problem(
        Some(key),
        WRONG_VALUE,
        format!("`{key}` is `{span}`"),
        &format!("write a duration from {least} to {most}"),
    );
    None
}
