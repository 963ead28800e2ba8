//! `/api/v1/incidents`: the list, one incident, declaring one, and its export. What is asked of one is in `act`.

mod act;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use eavip_core::environment::Environment;
use eavip_core::id::{DeploymentId, Digest128, IncidentId, ServiceId, TeamId};
use eavip_core::incident::Incident as Known;
use eavip_core::incident::sev::{Integrity, Scope, Sev};
use eavip_core::mode::Mode;
use eavip_core::time::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::build::incident::{Around, CitedPage, MAX_SHOWN, cited, detail, row};
use super::export::{JSON, MARKDOWN, file, json};
use super::extract::{Body, Id, Params};
use super::page::{Place, cursor, limit, page};
use super::view::incident::{Incident, IncidentDetail, names};
use super::view::{Page, words};
use crate::app::App;
use crate::auth::{Allowed, Responder, Viewer};
use crate::incidents::declare::{self, Asked};
use crate::incidents::{export, proof};
use crate::problem::{Code, Problem};
use crate::runbooks;
use crate::shared::now;

/// Most pages of runbooks that are shown with one incident: each is read from disk.
const MAX_PAGES: usize = 10;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, declare))
        .routes(routes!(show))
        .routes(routes!(export))
        .merge(act::router())
}

eavip_core::words! {
    /// Whether people still work on an incident.
    pub enum Standing ("standing of an incident") {
        /// Neither closed nor part of another.
        Open = "open",
        /// Closed, or part of another.
        Closed = "closed",
    }
}

/// Which incidents are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Whether people still work on them.
    #[param(schema_with = words::<Standing>)]
    pub status: Option<Standing>,
    /// How severe they are.
    #[param(schema_with = words::<Sev>)]
    pub sev: Option<Sev>,
    /// The team that owns them.
    #[param(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    pub owner: Option<TeamId>,
    /// The installation.
    #[param(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    pub deployment: Option<DeploymentId>,
    /// Whether they are security events.
    pub security: Option<bool>,
    /// Where the page begins: the `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,14}_[a-z0-9][a-z0-9._-]{0,62}$")]
    pub cursor: Option<String>,
    /// Most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    pub limit: Option<u16>,
}

impl ListQuery {
    fn wants(&self, incident: &Known) -> bool {
        let declaration = &incident.declaration;
        let standing = if incident.is_open() { Standing::Open } else { Standing::Closed };
        self.status.is_none_or(|status| status == standing)
            && self.sev.is_none_or(|sev| sev == incident.sev)
            && self.owner.as_ref().is_none_or(|owner| *owner == declaration.owner)
            && self.security.is_none_or(|security| security == incident.security)
            && (self.deployment.is_none() || self.deployment == declaration.deployment)
    }
}

/// An incident's place in the list: when it was declared, then its name.
fn place(incident: &Known) -> Place<IncidentId> {
    Place(incident.declared_at.as_millis(), incident.declaration.id.clone())
}

/// Incidents, the newest first.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incidents", params(ListQuery),
    responses((status = 200, body = Page<Incident>)))]
async fn list(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Incident>>, Problem> {
    let (before, limit) = (cursor(query.cursor.as_deref())?, limit(query.limit)?);
    let (book, policy, now) = (app.shared.book(), app.shared.policy.load(), now());
    let later = |incident: &&Known| before.as_ref().is_none_or(|before| place(incident) < *before);
    let mut found: Vec<&Known> =
        book.incidents.iter().filter(|incident| query.wants(incident)).filter(later).collect();
    found.sort_unstable_by_key(|incident| Reverse(place(incident)));
    found.truncate(limit + 1);
    Ok(Json(page(
        found,
        limit,
        |incident| place(incident).to_string(),
        |incident| row(incident, &policy, now),
    )))
}

/// Open incidents, the most severe and then the newest first, and the latest of the others, at most `over`.
#[must_use]
pub fn open_and_recent(app: &App, over: usize) -> Vec<Incident> {
    let (book, policy, now) = (app.shared.book(), app.shared.policy.load(), now());
    let mut found: Vec<&Known> = book.incidents.iter().collect();
    let sev = |incident: &Known| incident.is_open().then_some(incident.sev);
    found.sort_unstable_by_key(|incident| (!incident.is_open(), sev(incident), Reverse(place(incident))));
    let open = found.partition_point(|incident| incident.is_open());
    found.truncate(open + over);
    found.into_iter().map(|incident| row(incident, &policy, now)).collect()
}

/// The path of an incident.
#[derive(IntoParams)]
#[expect(dead_code, reason = "it describes the path, which `Id` reads")]
#[into_params(parameter_in = Path)]
struct IncidentPath {
    /// The incident's name, such as `inc-2026-0042`.
    #[param(value_type = String, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    id: IncidentId,
}

/// One incident: what its phases lack, its clocks and duties, its timeline and its review.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", tag = "incidents", params(IncidentPath),
    responses((status = 200, body = IncidentDetail)))]
async fn show(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(id): Id<IncidentId>,
) -> Result<Json<IncidentDetail>, Problem> {
    whole(&app, &id, MAX_SHOWN).await.map(Json)
}

/// One incident, with the latest `most` entries of its timeline.
///
/// # Errors
/// When it isn't known.
pub async fn whole(app: &App, id: &IncidentId, most: usize) -> Result<IncidentDetail, Problem> {
    let unknown = || Problem::not_found("incident", id);
    let names = {
        let book = app.shared.book();
        cited(&book, book.incidents.get(id).ok_or_else(unknown)?)
    };
    let around = Around { pages: pages(app, names).await?, seen: proof::seen(app, id).await? };
    let book = app.shared.book();
    let incident = book.incidents.get(id).ok_or_else(unknown)?;
    Ok(detail(&app.shared, &book, incident, around, most, now()))
}

/// Runbook pages as they are on disk, without holding others up.
async fn pages(app: &App, names: BTreeSet<String>) -> Result<Vec<CitedPage>, Problem> {
    let web = Arc::clone(&app.web);
    let read = move || {
        let one = |page: String| {
            let text = runbooks::find(&web.runbooks, &page).0.map(|found| found.text.into_owned());
            CitedPage { page, text }
        };
        names.into_iter().take(MAX_PAGES).map(one).collect()
    };
    let done = tokio::task::spawn_blocking(read).await;
    done.map_err(|_| Problem::new(Code::Internal, "the pages could not be read"))
}

/// What somebody says who declares an incident. From an alert, everything but `integrity` may be left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeclareIncident {
    /// The alert that told of it.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{32}$")]
    alert: Option<Digest128>,
    /// What is wrong, in one line; the alert's summary when it is left out.
    #[schema(min_length = 1, max_length = 200, pattern = "\\S")]
    title: Option<String>,
    /// The team whose incident it is; the alert's owner when it is left out.
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    owner: Option<TeamId>,
    /// The installation.
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    deployment: Option<DeploymentId>,
    /// The environment; that of the installation's nodes when it is left out.
    #[schema(schema_with = words::<Environment>)]
    environment: Option<Environment>,
    /// Who runs the installation; as its nodes say when it is left out.
    #[schema(schema_with = words::<Mode>)]
    mode: Option<Mode>,
    /// What is affected, besides what the alert is about.
    #[serde(default)]
    #[schema(schema_with = names::<0>)]
    services: BTreeSet<ServiceId>,
    /// How much is affected; what signals say when it is left out.
    #[schema(schema_with = words::<Scope>)]
    scope: Option<Scope>,
    /// What is known of the data. No signal tells, so somebody has to say it; `unknown` counts as a risk.
    #[schema(schema_with = words::<Integrity>)]
    integrity: Integrity,
    /// Whether a security event is part of it.
    #[serde(default)]
    security: bool,
    /// When it began to be bad; when the alert did, else now.
    #[schema(value_type = Option<String>, format = DateTime)]
    began_at: Option<Timestamp>,
}

/// Declares an incident.
#[utoipa::path(post, path = "/api/v1/incidents", tag = "incidents", request_body = DeclareIncident,
    responses((status = 201, body = Incident)))]
async fn declare(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Body(asked): Body<DeclareIncident>,
) -> Result<(StatusCode, Json<Incident>), Problem> {
    let DeclareIncident { alert, title, owner, deployment, environment, mode, .. } = asked;
    let DeclareIncident { services, scope, integrity, security, began_at, .. } = asked;
    let asked = Asked {
        alert,
        title,
        owner,
        deployment,
        environment,
        mode,
        services,
        scope,
        integrity,
        security,
        began_at,
    };
    let id = declare::declare(&app, &responder, asked).await?;
    Ok((StatusCode::CREATED, Json(summary(&app, &id)?)))
}

/// One incident as in the list.
///
/// # Errors
/// When it isn't known.
fn summary(app: &App, id: &IncidentId) -> Result<Incident, Problem> {
    let (book, policy) = (app.shared.book(), app.shared.policy.load());
    let incident = book.incidents.get(id).ok_or_else(|| Problem::not_found("incident", id))?;
    Ok(row(incident, &policy, now()))
}

eavip_core::words! {
    /// How an incident is written down.
    pub enum Format ("format of an export") {
        /// For people.
        Markdown = "markdown",
        /// For programs: the same as the incident itself, with its whole timeline.
        Json = "json",
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// How it is written down; Markdown when it is left out.
    #[param(schema_with = words::<Format>)]
    format: Option<Format>,
}

/// The whole incident, to be kept or sent.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/export", tag = "incidents", params(IncidentPath, ExportQuery),
    responses((status = 200, content((String = "text/markdown"), (IncidentDetail = "application/json")))))]
async fn export(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(id): Id<IncidentId>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, Problem> {
    exported(&app, &id, query.format.unwrap_or(Format::Markdown)).await
}

/// The whole incident in a format, as a file of its name.
///
/// # Errors
/// When it isn't known.
pub async fn exported(app: &App, id: &IncidentId, format: Format) -> Result<Response, Problem> {
    match format {
        Format::Markdown => {
            let book = app.shared.book();
            let incident = book.incidents.get(id).ok_or_else(|| Problem::not_found("incident", id))?;
            let body = export::markdown(incident).into_bytes();
            Ok(file(MARKDOWN, &format!("{id}.md"), body))
        }
        Format::Json => {
            let body = json(&whole(app, id, usize::MAX).await?)?;
            Ok(file(JSON, &format!("{id}.json"), body))
        }
    }
}
