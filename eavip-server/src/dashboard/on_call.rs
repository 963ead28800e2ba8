//! The page about duty: who has it now and next, what is missing, who takes whose place, and how one is reached oneself.

use askama::Template;
use eavip_core::finding::Outcome;
use eavip_core::on_call::Channel;
use eavip_core::time::Timestamp;

use super::chrome::Chrome;
use super::{Main, Rendered, encoded};
use crate::api::view::{
    Contacts, Coverage, CoverageFinding, Duty, Override, PageView, Reached, ScheduleDetail, Shift,
};

/// How many colours people have on a timeline; beyond, they repeat, and the table says who it is.
const COLOURS: usize = 6;
/// Width of a day on a timeline, in its own units.
const DAY: f64 = 100.0;

/// What the page shows.
#[derive(Clone, Copy)]
pub struct OnCall<'a> {
    /// Who has duty.
    pub duty: &'a Duty,
    /// What is missing.
    pub coverage: &'a Coverage,
    /// The next days of each schedule.
    pub schedules: &'a [ScheduleDetail],
    /// Alerts on their way through an escalation.
    pub pages: &'a [PageView],
    /// Who takes whose place.
    pub overrides: &'a [Override],
    /// How the viewer is reached, and whether messages reach the others.
    pub contacts: &'a Contacts,
    /// What was wrong with the last attempt.
    pub problem: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "on_call.html")]
struct OnCallMain<'a> {
    chrome: &'a Chrome,
    view: OnCall<'a>,
    missing: Vec<&'a CoverageFinding>,
    timelines: Vec<Timeline<'a>>,
}

/// A schedule's next days, drawn.
struct Timeline<'a> {
    schedule: &'a ScheduleDetail,
    bars: Vec<Bar>,
    width: f64,
    days: Vec<f64>,
}

/// A shift on a timeline.
struct Bar {
    x: f64,
    width: f64,
    class: String,
}

/// Duty: gaps and findings first, then who has it, what comes, and the own ways to be reached.
///
/// # Errors
/// See [`Rendered`].
pub fn on_call(view: OnCall<'_>, chrome: &Chrome) -> Rendered {
    let missing =
        view.coverage.findings.iter().filter(|found| found.outcome >= Outcome::Undetermined).collect();
    let timelines = view.schedules.iter().filter_map(timeline).collect();
    let page = OnCallMain { chrome, view, missing, timelines };
    Ok(Main::new("On call", &page)?.live(
        "/fragments/on-call".to_owned(),
        "on-call alert delivery",
        String::new(),
    ))
}

fn timeline(schedule: &ScheduleDetail) -> Option<Timeline<'_>> {
    let from: Timestamp = schedule.from.parse().ok()?;
    let place = |at: &str| {
        let at: Timestamp = at.parse().ok()?;
        Some(at.since(from).as_secs_f64() / 86_400.0 * DAY)
    };
    let mut people: Vec<&str> = schedule.shifts.iter().filter_map(|shift| shift.person.as_deref()).collect();
    people.sort_unstable();
    people.dedup();
    let bar = |shift: &Shift| {
        let (x, end) = (place(&shift.from)?, place(&shift.until)?);
        let nth = shift.person.as_deref().and_then(|person| people.iter().position(|known| *known == person));
        let class = nth.map_or_else(|| "gap".to_owned(), |nth| format!("who-{}", nth % COLOURS));
        Some(Bar { x, width: end - x, class })
    };
    let width = place(&schedule.to)?;
    let days = (0..=366).map(|day| f64::from(day) * DAY).take_while(|x| *x < width).collect();
    Some(Timeline { schedule, bars: schedule.shifts.iter().filter_map(bar).collect(), width, days })
}

/// The class that shows what is known of a channel.
fn channel_class(channel: Channel) -> &'static str {
    match channel {
        Channel::Working => "healthy",
        Channel::Broken => "failing",
        _ => "unknown",
    }
}

/// What is known of a channel, in words.
fn channel_title(channel: Channel) -> &'static str {
    match channel {
        Channel::Working => "reached lately",
        Channel::Broken => "can't be reached",
        _ => "not proven",
    }
}

/// Names of people, or that there is nobody.
pub(super) fn names(people: &[Reached]) -> String {
    let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}
