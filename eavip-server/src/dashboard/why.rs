//! The page that says why somebody is told of an alert, or isn't: what each rule finds now.

use askama::Template;
use eavip_core::finding::Outcome;

use super::chrome::Chrome;
use super::words;
use super::{Main, Rendered, encoded};
use crate::api::view::{Alert, Why};

#[derive(Template)]
#[template(path = "why.html")]
struct WhyMain<'a> {
    chrome: &'a Chrome,
    alert: &'a Alert,
    why: &'a Why,
}

/// What is decided on telling of an alert now.
///
/// # Errors
/// See [`Rendered`].
pub fn why(alert: &Alert, why: &Why, chrome: &Chrome) -> Rendered {
    let live = format!("/fragments/alerts/{}/why", encoded(&alert.id));
    let page = WhyMain { chrome, alert, why };
    Ok(Main::new(format!("Why · {}", alert.rule), &page)?.live(live, "alert delivery silence", String::new()))
}

/// The look of what a rule found.
fn class(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Pass | Outcome::NotApplicable => "healthy",
        Outcome::Warn | Outcome::Undetermined => "unknown",
        Outcome::Fail => "failing",
    }
}
