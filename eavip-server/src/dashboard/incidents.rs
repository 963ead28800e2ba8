//! The pages of incidents: which are open and how they stand, one with what it lacks and a form for each thing that can be
//! asked of it, and declaring one. Every form works without a script.

mod form;

use askama::Template;
use eavip_core::Vocabulary as _;
use eavip_core::environment::Environment;
use eavip_core::finding::Outcome;
use eavip_core::incident::phase::Phase;
use eavip_core::incident::review::Cause;
use eavip_core::incident::sev::{Integrity, Scope, Sev};
use eavip_core::mode::Mode;
use eavip_core::time::Timestamp;

pub use self::form::{Attempt, Fields};
use super::chrome::Chrome;
use super::{Main, Rendered, encoded};
use crate::api::view::Alert;
use crate::api::view::incident::{Incident, IncidentDetail, IncidentFinding, IncidentPhase, SignalNow};
use crate::incidents::template::Audience;
use crate::value::coarse;

/// Who can be named in a form: ids with what people call them.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// Active people of the roster.
    pub people: Vec<(String, String)>,
    /// Declared teams.
    pub teams: Vec<(String, String)>,
}

impl Named {
    /// Whether whoever looks can act: with the role for it, and as a person of the roster.
    #[must_use]
    pub fn may_act(&self, chrome: &Chrome) -> bool {
        chrome.may_respond() && self.stranger(chrome).is_none()
    }

    /// The name of who looks, when it isn't that of a person of the roster.
    fn stranger<'c>(&self, chrome: &'c Chrome) -> Option<&'c str> {
        let name = chrome.principal.as_ref().map(|principal| principal.name.as_str())?;
        self.people.iter().all(|(id, _)| id != name).then_some(name)
    }
}

#[derive(Template)]
#[template(path = "incidents.html")]
struct IncidentsMain<'a> {
    chrome: &'a Chrome,
    open: Vec<&'a Incident>,
    over: Vec<&'a Incident>,
    named: &'a Named,
}

/// The list: open ones in the order that was given, then those that are over.
///
/// # Errors
/// See [`Rendered`].
pub fn list(incidents: &[Incident], named: &Named, chrome: &Chrome) -> Rendered {
    let (open, over) = incidents.iter().partition(|incident| incident.open);
    let page = IncidentsMain { chrome, open, over, named };
    Ok(Main::new("Incidents", &page)?.live("/fragments/incidents".into(), "incident", String::new()))
}

#[derive(Template)]
#[template(path = "declare.html")]
struct DeclareMain<'a> {
    chrome: &'a Chrome,
    alert: Option<&'a Alert>,
    attempt: &'a Attempt,
    named: &'a Named,
}

/// Declaring an incident, from an alert where one is given.
///
/// # Errors
/// See [`Rendered`].
pub fn declare(alert: Option<&Alert>, attempt: &Attempt, named: &Named, chrome: &Chrome) -> Rendered {
    Main::new("Declare an incident", &DeclareMain { chrome, alert, attempt, named })
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentMain<'a> {
    chrome: &'a Chrome,
    incident: &'a Incident,
    detail: &'a IncidentDetail,
    attempt: &'a Attempt,
    named: &'a Named,
    /// Whose words the update form begins with.
    draft: Option<Audience>,
    /// Whether the viewer can ask anything of it.
    may: bool,
    lacks: Vec<&'a IncidentFinding>,
}

/// One incident. `draft` is whose draft of an update the form begins with.
///
/// # Errors
/// See [`Rendered`].
pub fn detail(
    detail: &IncidentDetail,
    draft: Option<Audience>,
    attempt: &Attempt,
    named: &Named,
    chrome: &Chrome,
) -> Rendered {
    let incident = &detail.incident;
    let lacks = lacks(detail);
    let may = named.may_act(chrome);
    let page = IncidentMain { chrome, incident, detail, attempt, named, draft, may, lacks };
    let main = Main::new(format!("{} · {}", incident.id, incident.title), &page)?;
    if attempt.problem.is_some() {
        // What was typed stays until it is sent again: the page isn't replaced by one that doesn't know of it.
        return Ok(main);
    }
    let query = draft.map(|audience| format!("?draft={audience}")).unwrap_or_default();
    let live = format!("/fragments/incidents/{}{query}", encoded(&incident.id));
    Ok(main.live(live, "incident alert", String::new()))
}

/// What the present phase still lacks; in the last one everything that stands against closing.
fn lacks(detail: &IncidentDetail) -> Vec<&IncidentFinding> {
    if detail.incident.phase == Phase::PreventiveAction {
        return detail.before_closing.iter().collect();
    }
    let present = detail.phases.iter().find(|known| known.phase == detail.incident.phase);
    present.into_iter().flat_map(|known| &known.leaves).filter(|finding| is_missing(finding)).collect()
}

fn is_missing(finding: &IncidentFinding) -> bool {
    finding.outcome >= Outcome::Undetermined
}

impl IncidentMain<'_> {
    /// The phase that comes next; none when it is over.
    fn next(&self) -> Option<Phase> {
        self.incident.phase.next().filter(|_| self.incident.open)
    }

    /// What the form of an update begins with.
    fn update_text(&self) -> &str {
        let tried = self.attempt.value("update", "text");
        let draft = self.draft.and_then(|audience| {
            self.detail
                .updates
                .iter()
                .find(|draft| draft.audience == audience)
                .map(|draft| draft.text.as_str())
        });
        if tried.is_empty() { draft.unwrap_or_default() } else { tried }
    }

    /// A part of the review as the form shows it: as it was tried, else as it is.
    fn review_text<'t>(&'t self, name: &str, present: &'t str) -> &'t str {
        if self.attempt.is_of("review") { self.attempt.value("review", name) } else { present }
    }

    /// Contributing factors as the form shows them, one a line.
    fn factors(&self) -> String {
        if self.attempt.is_of("review") {
            return self.attempt.value("review", "factors").to_owned();
        }
        self.detail.review.factors.join("\n")
    }

    /// The review for reading, without the parts that nobody wrote.
    fn told(&self) -> Vec<(&'static str, String)> {
        let review = &self.detail.review;
        let parts = [
            ("What happened", review.summary.clone()),
            ("Kind of cause", review.cause.map(|cause| cause.to_string()).unwrap_or_default()),
            ("Cause", review.explanation.clone()),
            ("Why it wasn't noticed earlier", review.detection_gap.clone()),
            ("Contributing factors", review.factors.join("; ")),
            ("What it meant for those affected", review.consequences.clone()),
            ("What was learnt", review.lessons.clone()),
            ("Revision of the runbook", review.runbook_revision.clone().unwrap_or_default()),
        ];
        parts.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    /// The kind of cause as the form shows it.
    fn is_cause(&self, word: &str) -> bool {
        let present = self.detail.review.cause.map_or("", Cause::as_str);
        self.review_text("cause", present) == word
    }

    /// Whether scope or integrity is the one that the form shows.
    fn is_impact(&self, name: &str, present: &str, word: &str) -> bool {
        let tried = self.attempt.value("impact", name);
        if tried.is_empty() { present == word } else { tried == word }
    }

    fn late(&self) -> Vec<&IncidentFinding> {
        self.detail.duties.iter().filter(|duty| is_missing(duty)).collect()
    }

    fn is_signed(&self) -> bool {
        self.detail.review.signed.is_some()
    }
}

/// What a phase is called.
#[must_use]
pub const fn phase_title(phase: Phase) -> &'static str {
    match phase {
        Phase::Detection => "Detection",
        Phase::Triage => "Triage",
        Phase::Mitigation => "Mitigation",
        Phase::Communication => "Communication",
        Phase::RootCauseAnalysis => "Root cause analysis",
        Phase::PreventiveAction => "Preventive action",
        Phase::Closed => "Closed",
    }
}

/// Where a phase stands beside the present one.
fn standing(known: &IncidentPhase, incident: &Incident) -> &'static str {
    match known.phase.cmp(&incident.phase) {
        std::cmp::Ordering::Less => "done",
        std::cmp::Ordering::Equal if known.phase == Phase::Closed => "done",
        std::cmp::Ordering::Equal => "now",
        std::cmp::Ordering::Greater => "ahead",
    }
}

/// The class that gives a severity its look.
#[must_use]
pub const fn sev_class(sev: Sev) -> &'static str {
    match sev {
        Sev::Sev1 => "critical",
        Sev::Sev2 => "warning",
        Sev::Sev3 | Sev::Sev4 => "informational",
    }
}

/// The line of the runbook that a severity stands for.
const fn sev_title(sev: Sev) -> &'static str {
    match sev {
        Sev::Sev1 => "platform unavailable or data integrity risk",
        Sev::Sev2 => "major functionality impaired",
        Sev::Sev3 => "partial degradation",
        Sev::Sev4 => "minor issue or anomaly",
    }
}

/// A scope, as a person asks themselves.
fn scope_title(word: &str) -> &'static str {
    match word.parse() {
        Ok(Scope::PlatformUnavailable) => "nobody can use the platform",
        Ok(Scope::MajorFunction) => "a major function doesn't work",
        Ok(Scope::Partial) => "something works worse than it should",
        Ok(Scope::Minor) => "hardly anybody notices",
        _ => "",
    }
}

/// What is known of the data, as a person answers.
fn integrity_title(word: &str) -> &'static str {
    match word.parse() {
        Ok(Integrity::Intact) => "checked and intact",
        Ok(Integrity::Unknown) => "not known yet: counts as a risk, SEV-1",
        Ok(Integrity::AtRisk) => "wrong or lost data is likely: SEV-1",
        _ => "",
    }
}

/// The parts that somebody can have.
const ROLES: [(&str, &str); 3] = [
    ("commander", "Commander: decides and coordinates"),
    ("scribe", "Scribe: keeps the timeline"),
    ("comms", "Comms: tells those who are affected"),
];

/// A signal that can prove something, as one value of a form.
fn signal_value(signal: &SignalNow) -> String {
    match &signal.service {
        Some(service) => format!("{} {service}", signal.signal),
        None => signal.signal.to_string(),
    }
}

/// How far off a moment is: `in 12 min`, `3 min late`.
fn until(chrome: &Chrome, due: &str) -> String {
    let Ok(due) = due.parse::<Timestamp>() else { return String::new() };
    if due > chrome.now {
        format!("in {}", coarse(due.since(chrome.now).as_secs_f64()))
    } else {
        format!("{} late", coarse(chrome.now.since(due).as_secs_f64()))
    }
}

/// How long something took; not yet where it hasn't happened.
fn took(seconds: &Option<f64>) -> String {
    seconds.map_or_else(|| "not yet".to_owned(), coarse)
}

#[cfg(test)]
mod tests;
