//! `[access_review]`: how often access is looked at.

use crate::access_review::AccessReviewPolicy;
use crate::document::Section;
use crate::time::Span;

pub(super) fn read(section: Section<'_>) -> AccessReviewPolicy {
    let default = AccessReviewPolicy::default();
    const DAY: Span = Span::from_secs(86_400);
    let days = |key| section.span(key, DAY..=DAY.times(366));
    let policy = AccessReviewPolicy {
        review_every: days("review_every").unwrap_or(default.review_every),
        unused_for: days("unused_for").unwrap_or(default.unused_for),
    };
    section.finish();
    policy
}

#[cfg(test)]
mod tests;
