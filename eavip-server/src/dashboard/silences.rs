//! The page of silences: who isn't told of what, why and until when, what that hides now, and the maintenance windows; and the page
//! of what other systems sent and isn't let in.

use askama::Template;
use eavip_core::alert::silence::SilenceStatus;

use super::chrome::Chrome;
use super::words::counted;
use super::{Main, Rendered, encoded};
use crate::api::view::{Alert, Quarantined, Silence, Window};

/// What the form for a silence holds.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// What was wrong with the last attempt.
    pub problem: Option<String>,
    /// Which alerts, as one text.
    pub matchers: String,
    /// Why.
    pub reason: String,
    /// Where the cause is being mended.
    pub ticket: String,
    /// For how many hours; empty for two.
    pub hours: String,
}

impl Attempt {
    /// Whether somebody is at it.
    fn is_begun(&self) -> bool {
        self.problem.is_some() || !self.matchers.is_empty()
    }
}

#[derive(Template)]
#[template(path = "silences.html")]
struct SilencesMain<'a> {
    chrome: &'a Chrome,
    attempt: &'a Attempt,
    groups: Vec<Group<'a>>,
    windows: &'a [Window],
}

/// Silences that stand alike.
struct Group<'a> {
    id: &'static str,
    title: &'static str,
    none: &'static str,
    silences: Vec<&'a Silence>,
}

impl Group<'_> {
    fn is_over(&self) -> bool {
        self.id == "over"
    }
}

/// All silences and windows. `silences` are the newest; what the form holds stays in it.
///
/// # Errors
/// See [`Rendered`].
pub fn silences(silences: &[Silence], windows: &[Window], attempt: &Attempt, chrome: &Chrome) -> Rendered {
    use SilenceStatus::{Active, Ended, Expired, Scheduled, Waiting};
    let kinds: [(_, _, _, &[SilenceStatus]); 3] = [
        ("waiting", "Waiting for a second person", "Nothing waits for approval.", &[Waiting]),
        ("holding", "In force, or soon", "Nothing is silenced.", &[Active, Scheduled]),
        ("over", "Over lately", "None ended lately.", &[Expired, Ended]),
    ];
    let groups = kinds.into_iter().map(|(id, title, none, wanted)| {
        let silences = silences.iter().filter(|silence| wanted.contains(&silence.status)).collect();
        Group { id, title, none, silences }
    });
    let page = SilencesMain { chrome, attempt, groups: groups.collect(), windows };
    // While somebody writes, nothing is put in place of the form.
    let main = Main::new("Silences", &page)?;
    Ok(if attempt.is_begun() {
        main
    } else {
        main.live("/fragments/silences".to_owned(), "silence alert", String::new())
    })
}

#[derive(Template)]
#[template(path = "quarantined.html")]
struct QuarantinedMain<'a> {
    chrome: &'a Chrome,
    alerts: &'a [Quarantined],
    count: usize,
}

/// Alerts that aren't let in; `count` are there.
///
/// # Errors
/// See [`Rendered`].
pub fn quarantined(alerts: &[Quarantined], count: usize, chrome: &Chrome) -> Rendered {
    let page = QuarantinedMain { chrome, alerts, count };
    let live = "/fragments/alerts/quarantined".to_owned();
    Ok(Main::new("Quarantined alerts", &page)?.live(live, "alert", String::new()))
}

/// The query that fills the form for a silence of an alert: everything that identifies it, its owner and category left out, so
/// that the silence goes on when those change.
pub(super) fn query_for(alert: &Alert) -> String {
    let left_out = ["category", "owner", "rule"];
    let named = alert.labels.contains_key("alertname");
    let own = alert.labels.iter().filter(|(name, _)| !left_out.contains(&name.as_str()));
    let rule = (!named).then(|| format!("rule={:?}", alert.rule));
    let quoted = |(name, value): (&String, &String)| {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{name}=\"{escaped}\"")
    };
    let matchers: Vec<String> = rule.into_iter().chain(own.map(quoted)).collect();
    format!("?match={}", encoded(&matchers.join(", ")))
}

/// The look of a silence's state.
fn state_class(silence: &Silence) -> &'static str {
    match silence.status {
        SilenceStatus::Active => "degraded",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests;
