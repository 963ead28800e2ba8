//! The pages about trends: what the month amounts to until now, and each month's operations review to go through and sign; for
//! those who decide what is improved. They print as they are.

use askama::Template;
use eavip_core::Vocabulary as _;
use eavip_core::trend::feedback::Reply;

use super::chrome::Chrome;
use super::{Main, Rendered, runbook};
use crate::api::view::trends::{OpenItem, Proposal, ProposalStatus, Review, ReviewRow, Trends};
use crate::value::coarse;

/// What a form knows of the last attempt.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// Of what: a proposal's id; empty for the sign-off.
    pub of: String,
    /// What was wrong with it.
    pub problem: String,
    /// What was written.
    pub text: String,
}

/// What the page of this month shows.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The month until now.
    pub trends: &'a Trends,
    /// The reviews, the latest month first.
    pub reviews: &'a [ReviewRow],
    /// What trends ask for.
    pub proposals: &'a [Proposal],
    /// Action items that aren't done, the longest due first.
    pub items: &'a [OpenItem],
}

#[derive(Template)]
#[template(path = "trends.html")]
struct TrendsMain<'a> {
    chrome: &'a Chrome,
    shown: Shown<'a>,
    pack: String,
    waiting: Vec<&'a Proposal>,
    answered: Vec<&'a Proposal>,
    attempt: Option<&'a Attempt>,
}

/// This month until now, the reviews, what trends ask for, and what is to be done.
///
/// # Errors
/// See [`Rendered`].
pub fn trends(shown: Shown<'_>, attempt: Option<&Attempt>, chrome: &Chrome) -> Rendered {
    let waits = |one: &&Proposal| matches!(one.status, ProposalStatus::Open | ProposalStatus::Overdue);
    let (waiting, answered) = shown.proposals.iter().partition(waits);
    let pack = tables(&shown.trends.markdown);
    let page = TrendsMain { chrome, shown, pack, waiting, answered, attempt };
    Ok(Main::new("Trends", &page)?.live("/fragments/trends".into(), "trend incident", String::new()))
}

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewMain<'a> {
    chrome: &'a Chrome,
    review: &'a Review,
    pack: String,
    attempt: Option<&'a Attempt>,
}

/// A month's operations review.
///
/// # Errors
/// See [`Rendered`].
pub fn review(review: &Review, attempt: Option<&Attempt>, chrome: &Chrome) -> Rendered {
    let pack = tables(&review.trends.markdown);
    let title = format!("Operations review {}", review.row.month);
    Main::new(title, &ReviewMain { chrome, review, pack, attempt })
}

/// The pack as HTML. Its tables scroll by themselves on narrow screens; markup of the text is escaped by then, so that no
/// name can look like a table.
fn tables(markdown: &str) -> String {
    let mut found = 0;
    let parts = runbook::to_html(markdown);
    let parts = parts.split("<table>").map(|part| {
        found += 1;
        let open = if found == 1 {
            String::new()
        } else {
            format!(
                "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table {}\"><table class=\"data\">",
                found - 1
            )
        };
        open + part
    });
    parts.collect::<String>().replace("</table>", "</table></div>")
}

/// The last attempt, where it was of this.
fn attempted<'a>(attempt: &Option<&'a Attempt>, of: &str) -> Option<&'a Attempt> {
    attempt.filter(|attempt| attempt.of == of)
}
