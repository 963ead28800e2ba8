//! The pages of incidents and what their forms ask: each the same command as a route of the API.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use eavip_core::id::{Digest128, IncidentId};
use eavip_core::incident::change::{Plan, Request};
use eavip_core::incident::review::ReviewText;
use eavip_core::incident::sev::Impact;
use eavip_core::signal::Signal;
use eavip_core::time::{Span, Timestamp};
use serde::Deserialize;

use super::{Viewing, page, unrendered};
use crate::api::build::incident::MAX_SHOWN;
use crate::api::extract::{Id, Params};
use crate::api::incidents::{open_and_recent, whole};
use crate::api::view::Alert;
use crate::app::App;
use crate::auth::{Allowed, Responder};
use crate::dashboard::incidents::{self, Attempt, Fields, Named};
use crate::incidents::declare::Asked;
use crate::incidents::proof::Wanted;
use crate::incidents::{act, proof, steps};
use crate::problem::Problem;
use crate::shared::now;

/// Incidents that are over, on the list: what happened lately.
const MAX_OVER: usize = 50;

type Sent = Result<Form<Vec<(String, String)>>, FormRejection>;

/// What a form sent.
///
/// # Errors
/// When it can't be read.
fn fields(form: Sent) -> Result<Fields, Problem> {
    let Form(fields) = form.map_err(|rejection| super::settings::unread(&rejection))?;
    Ok(Fields(fields))
}

/// Who can be named.
fn named(app: &App) -> Named {
    let policy = app.shared.policy.load();
    let people = policy.roster.people.iter().filter(|(_, person)| person.active);
    Named {
        people: people.map(|(id, person)| (id.to_string(), person.name.clone())).collect(),
        teams: policy.roster.teams.iter().map(|(id, team)| (id.to_string(), team.name.clone())).collect(),
    }
}

pub(super) async fn list(State(app): State<App>, viewing: Viewing) -> Result<Response, Problem> {
    viewing.show(incidents::list(&open_and_recent(&app, MAX_OVER), &named(&app), &viewing.chrome))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ShowQuery {
    /// Whose draft of an update the form begins with.
    #[serde(default)]
    draft: String,
}

pub(super) async fn show(
    State(app): State<App>,
    viewing: Viewing,
    Id(id): Id<IncidentId>,
    Params(query): Params<ShowQuery>,
) -> Result<Response, Problem> {
    let detail = whole(&app, &id, MAX_SHOWN).await?;
    let draft = query.draft.parse().ok();
    viewing.show(incidents::detail(&detail, draft, &Attempt::default(), &named(&app), &viewing.chrome))
}

#[derive(Debug, Deserialize)]
pub(super) struct NewQuery {
    #[serde(default)]
    alert: String,
}

/// The form for declaring one; an alert that has an incident leads there.
pub(super) async fn new(
    State(app): State<App>,
    viewing: Viewing,
    Params(query): Params<NewQuery>,
) -> Result<Response, Problem> {
    let alert = alert(&app, &query.alert)?;
    if let Some(id) = alert.as_ref().and_then(|alert| belongs(&app, &alert.id)) {
        return Ok(Redirect::to(&format!("{}/incidents/{id}", viewing.chrome.base)).into_response());
    }
    viewing.show(incidents::declare(alert.as_ref(), &Attempt::default(), &named(&app), &viewing.chrome))
}

fn alert(app: &App, id: &str) -> Result<Option<Alert>, Problem> {
    if id.is_empty() {
        return Ok(None);
    }
    let id: Digest128 = id.parse().map_err(|_| Problem::not_found("alert", id))?;
    crate::api::alerts::detail(app, id).map(|detail| Some(detail.alert))
}

fn belongs(app: &App, alert: &str) -> Option<IncidentId> {
    let book = app.shared.book();
    book.incidents.of_alert(alert.parse().ok()?).map(|incident| incident.declaration.id.clone())
}

pub(super) async fn declare(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    form: Sent,
) -> Result<Response, Problem> {
    let fields = fields(form)?;
    let declared = match asked(&fields) {
        Ok(asked) => crate::incidents::declare::declare(&app, &responder, asked).await,
        Err(problem) => Err(problem),
    };
    let problem = match declared {
        Ok(id) => {
            return Ok(Redirect::to(&format!("{}/incidents/{id}", viewing.chrome.base)).into_response());
        }
        Err(problem) => problem,
    };
    let (alert, status) = (alert(&app, fields.get("alert"))?, problem.code.status());
    let attempt = Attempt { of: "declare".into(), fields, problem: Some(problem) };
    let main = incidents::declare(alert.as_ref(), &attempt, &named(&app), &viewing.chrome);
    page(main.map_err(unrendered)?, &viewing.chrome, status)
}

fn asked(fields: &Fields) -> Result<Asked, Problem> {
    Ok(Asked {
        alert: fields.maybe("alert")?,
        title: fields.maybe("title")?,
        owner: fields.maybe("owner")?,
        deployment: fields.maybe("deployment")?,
        environment: fields.maybe("environment")?,
        mode: fields.maybe("mode")?,
        services: fields.list("services")?,
        scope: fields.maybe("scope")?,
        integrity: fields.must("integrity")?,
        security: !fields.get("security").is_empty(),
        began_at: fields.maybe("began_at")?,
    })
}

/// Asks something of an incident; the page again with every reason when it is refused.
pub(super) async fn ask(
    State(app): State<App>,
    viewing: Viewing,
    responder: Allowed<Responder>,
    Path((id, what)): Path<(String, String)>,
    form: Sent,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("incident", &id);
    let id: IncidentId = id.parse().map_err(|_| unknown())?;
    let fields = fields(form)?;
    let place = place(&what).ok_or_else(|| Problem::not_found("form", &what))?;
    let Err(problem) = command(&app, &responder, &id, &what, &fields).await else {
        let base = &viewing.chrome.base;
        return Ok(Redirect::to(&format!("{base}/incidents/{id}#{place}")).into_response());
    };
    let (detail, status) = (whole(&app, &id, MAX_SHOWN).await?, problem.code.status());
    let attempt = Attempt { of: what, fields, problem: Some(problem) };
    let main = incidents::detail(&detail, None, &attempt, &named(&app), &viewing.chrome);
    page(main.map_err(unrendered)?, &viewing.chrome, status)
}

/// The part of the page that a form is in.
fn place(what: &str) -> Option<&'static str> {
    Some(match what {
        "acknowledge" | "advance" | "close" | "reopen" => "next",
        "role" => "who",
        "impact" | "security" | "services" => "impact",
        "action" => "actions",
        "update" => "updates",
        "step" => "steps",
        "alert" => "alerts",
        "review" | "review-complete" | "review-sign" => "review",
        "item" | "item-done" => "items",
        "note" | "absorb" => "timeline",
        _ => return None,
    })
}

async fn command(
    app: &App,
    by: &Allowed<Responder>,
    id: &IncidentId,
    what: &str,
    fields: &Fields,
) -> Result<(), Problem> {
    let text = |name: &str| fields.get(name).to_owned();
    let request = match what {
        "advance" => return act::advance(app, by, id, fields.must("to")?).await,
        "action" => return action(app, by, id, fields).await,
        "step" => {
            let improvised = !fields.get("improvised").is_empty();
            let runbook = fields.must("runbook")?;
            return steps::tick(app, by, id, runbook, text("step"), improvised).await;
        }
        "alert" => return act::attach(app, by, id, fields.must("alert")?).await,
        "review" => return act::draft(app, by, id, review(fields)?, fields.maybe("replaces")?).await,
        "absorb" => return act::absorb(app, by, id, &fields.must("other")?).await,
        "acknowledge" => Request::Acknowledge,
        "close" => Request::Close,
        "reopen" => Request::Reopen { reason: text("reason") },
        "role" => Request::Assign { role: fields.must("role")?, person: fields.must("person")? },
        "impact" => {
            let impact = Impact { scope: fields.must("scope")?, integrity: fields.must("integrity")? };
            Request::Reclassify { impact, reason: text("reason") }
        }
        "security" => Request::FlagSecurity { reason: text("reason") },
        "services" => Request::AddServices(fields.list("services")?),
        "update" => Request::PublishUpdate { text: text("text") },
        "note" => Request::AddNote { text: text("text") },
        "review-complete" => Request::CompleteReview,
        "review-sign" => Request::SignReview,
        "item" => Request::AddItem(Plan {
            what: text("what"),
            owner: fields.must("owner")?,
            due: due(fields)?,
            verification: text("verification"),
        }),
        "item-done" => Request::CompleteItem { item: fields.must("item")?, proof: text("proof") },
        _ => return Err(Problem::not_found("form", what)),
    };
    act::ask(app, by, id, request).await
}

/// A signal is named by itself, and by its service where it has one.
async fn action(app: &App, by: &Allowed<Responder>, id: &IncidentId, fields: &Fields) -> Result<(), Problem> {
    let named = fields.get("proof");
    let wanted = if named.is_empty() {
        None
    } else {
        let (signal, service) =
            named.split_once(' ').map_or((named, None), |(signal, service)| (signal, Some(service)));
        let wrong = |error: &dyn std::fmt::Display| Problem::invalid("proof", error.to_string());
        let signal: Signal = signal.parse().map_err(|error| wrong(&error))?;
        let service = service.map(str::parse).transpose().map_err(|error| wrong(&error))?;
        Some(Wanted { signal, service })
    };
    proof::record(app, by, id, fields.get("what").to_owned(), wanted).await
}

fn review(fields: &Fields) -> Result<ReviewText, Problem> {
    let text = |name: &str| fields.get(name).to_owned();
    let factors = fields.get("factors").lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(ReviewText {
        summary: text("summary"),
        consequences: text("consequences"),
        cause: fields.maybe("cause")?,
        explanation: text("explanation"),
        factors: factors.map(str::to_owned).collect(),
        detection_gap: text("detection_gap"),
        lessons: text("lessons"),
        runbook_revision: fields.maybe("runbook_revision")?,
    })
}

/// The end of a day in UTC, or so many days from now.
fn due(fields: &Fields) -> Result<Timestamp, Problem> {
    let text = fields.get("due");
    let day = || format!("{text}T23:59:59Z").parse::<Timestamp>().ok();
    let span = || text.parse::<Span>().ok().map(|span| now() + span);
    let found = text.parse::<Timestamp>().ok().or_else(day).or_else(span);
    found.ok_or_else(|| Problem::invalid("due", "choose a day, such as 2026-12-10"))
}
