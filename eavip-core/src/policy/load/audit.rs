//! `[audit]`: how often the audit log is signed, and how old a look at it may be.

use crate::audit::AuditPolicy;
use crate::document::Section;
use crate::time::Span;

pub(super) fn read(section: Section<'_>) -> AuditPolicy {
    let default = AuditPolicy::default();
    let within = |key, least, most| section.span(key, Span::from_secs(least)..=Span::from_secs(most));
    let policy = AuditPolicy {
        checkpoint_every: within("checkpoint_every", 1, 3_600).unwrap_or(default.checkpoint_every),
        checkpoint_events: section
            .integer("checkpoint_events", 1..=100_000)
            .unwrap_or(default.checkpoint_events),
        stale_after: within("stale_after", 60, 86_400).unwrap_or(default.stale_after),
    };
    section.finish();
    policy
}
