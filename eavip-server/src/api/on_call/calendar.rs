//! Duties for calendars: iCalendar (RFC 5545). Moments are in UTC, so a calendar shows them right over a change of clocks
//! without knowing the schedule's zone; an event keeps its id for as long as its shift begins at the same moment.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use eavip_core::id::{Digest128, PersonId, ScheduleId};
use eavip_core::on_call::schedule::Shift;
use eavip_core::policy::Policy;
use eavip_core::roster::Roster;
use eavip_core::time::{Span, Timestamp};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::known;
use crate::api::build::on_call::Known;
use crate::api::extract::Id;
use crate::app::App;
use crate::auth::{Allowed, Viewer};
use crate::problem::Problem;
use crate::shared::now;

/// How far back a calendar reaches.
const BACK: Span = Span::from_secs(35 * 86_400);
/// From there on, ahead of now: half a year.
const LENGTH: Span = Span::from_secs((35 + 180) * 86_400);
/// Longest line of a calendar, in bytes, without its end.
const LINE: usize = 75;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(schedule_calendar)).routes(routes!(person_calendar))
}

/// A schedule's shifts for a calendar, half a year ahead.
#[utoipa::path(get, path = "/api/v1/on-call/schedules/{id}/calendar", tag = "on-call",
    params(("id" = String, Path, description = "The schedule's name.", pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)),
    responses((status = 200, body = String, content_type = "text/calendar")))]
async fn schedule_calendar(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(id): Id<ScheduleId>,
) -> Result<Response, Problem> {
    let policy = app.shared.policy.load_full();
    if !policy.on_call.schedules.contains_key(&id) {
        return Err(Problem::not_found("schedule", id));
    }
    let name = format!("On call: {id}");
    let shifts = shifts(&app, move |of, shift| *of == id && shift.person.is_some()).await?;
    Ok(answer(&name, &shifts, &policy))
}

/// A person's shifts in all schedules for a calendar, half a year ahead.
#[utoipa::path(get, path = "/api/v1/on-call/people/{id}/calendar", tag = "on-call",
    params(("id" = String, Path, description = "The person's id.", pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)),
    responses((status = 200, body = String, content_type = "text/calendar")))]
async fn person_calendar(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(id): Id<PersonId>,
) -> Result<Response, Problem> {
    let policy = app.shared.policy.load_full();
    if !policy.roster.people.contains_key(&id) {
        return Err(Problem::not_found("person", id));
    }
    let name = format!("On call: {}", named(&policy.roster, &id));
    let shifts = shifts(&app, move |_, shift| shift.person.as_ref() == Some(&id)).await?;
    Ok(answer(&name, &shifts, &policy))
}

async fn shifts(
    app: &App,
    of: impl Fn(&ScheduleId, &Shift) -> bool + Send + 'static,
) -> Result<Vec<(ScheduleId, Shift)>, Problem> {
    known(app, move |known: &Known<'_>| {
        // From a day's begin on, so that what is asked for twice on a day is the same.
        let at = now();
        let from = Timestamp::from_millis(at.as_millis() - at.as_millis().rem_euclid(86_400_000)) - BACK;
        known.shifts(&of, from, LENGTH)
    })
    .await
}

fn answer(name: &str, shifts: &[(ScheduleId, Shift)], policy: &Policy) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"on-call.ics\""),
    ];
    (headers, calendar(name, shifts, &policy.roster)).into_response()
}

fn named<'r>(roster: &'r Roster, person: &'r PersonId) -> &'r str {
    roster.people.get(person).map_or(person.as_str(), |person| person.name.as_str())
}

/// Shifts as a calendar.
fn calendar(name: &str, shifts: &[(ScheduleId, Shift)], roster: &Roster) -> String {
    let mut out = String::new();
    let begins = shifts.iter().map(|(_, shift)| shift.from).min().unwrap_or_default();
    for (name, value) in [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", "-//EAVIP ops//On call//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
        ("X-WR-CALNAME", &escaped(name)),
    ] {
        line(&mut out, name, value);
    }
    for (schedule, shift) in shifts {
        let Some(person) = &shift.person else { continue };
        // One that began before what is shown has no begin to be known by.
        let begin = if shift.from == begins { String::new() } else { shift.from.to_string() };
        let id = Digest128::of([schedule.as_str().as_bytes(), person.as_str().as_bytes(), begin.as_bytes()]);
        let summary = escaped(&format!("On call: {} ({schedule})", named(roster, person)));
        line(&mut out, "BEGIN", "VEVENT");
        line(&mut out, "UID", &format!("{id}@eavip-ops"));
        line(&mut out, "DTSTAMP", &utc(shift.from));
        line(&mut out, "DTSTART", &utc(shift.from));
        line(&mut out, "DTEND", &utc(shift.until));
        line(&mut out, "SUMMARY", &summary);
        line(&mut out, "TRANSP", "TRANSPARENT");
        line(&mut out, "END", "VEVENT");
    }
    line(&mut out, "END", "VCALENDAR");
    out
}

/// A moment as `20260131T090000Z`.
fn utc(at: Timestamp) -> String {
    let text = at.to_string();
    let whole = text.split('.').next().unwrap_or_default();
    whole.chars().filter(|c| c.is_ascii_digit() || *c == 'T').chain(['Z']).collect()
}

/// A text as a value: what would end or divide it is escaped, and control characters are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// One line, folded where it is longer than lines may be; no character is cut in two.
fn line(out: &mut String, name: &str, value: &str) {
    let mut used = 0;
    for c in name.chars().chain([':']).chain(value.chars()) {
        if used + c.len_utf8() > LINE {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests;
