//! What is asked of an incident: one route a command of core, each answered with the incident as in the list.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use eavip_core::alert::rule::Runbook;
use eavip_core::id::{Digest128, IncidentId, PersonId, RevisionId, ServiceId, TeamId};
use eavip_core::incident::change::{Plan, Request, Role};
use eavip_core::incident::phase::Phase;
use eavip_core::incident::review::{Cause, ReviewText};
use eavip_core::incident::sev::{Impact, Integrity, Scope};
use eavip_core::signal::Signal;
use eavip_core::time::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{IncidentPath, summary};
use crate::api::extract::{Body, Id};
use crate::api::view::incident::Incident;
use crate::api::view::words;
use crate::app::App;
use crate::auth::{Allowed, Responder};
use crate::incidents::proof::Wanted;
use crate::incidents::{act, proof, steps};
use crate::problem::Problem;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(acknowledge))
        .routes(routes!(advance))
        .routes(routes!(reclassify))
        .routes(routes!(flag))
        .routes(routes!(add_services))
        .routes(routes!(assign))
        .routes(routes!(record_action))
        .routes(routes!(publish))
        .routes(routes!(note))
        .routes(routes!(tick))
        .routes(routes!(attach))
        .routes(routes!(draft))
        .routes(routes!(complete_review))
        .routes(routes!(sign))
        .routes(routes!(add_item))
        .routes(routes!(complete_item))
        .routes(routes!(absorb))
        .routes(routes!(reopen))
        .routes(routes!(close))
}

/// An incident, and who asks something of it.
struct At {
    app: App,
    by: Allowed<Responder>,
    id: IncidentId,
}

impl FromRequestParts<App> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let by = Allowed::<Responder>::from_request_parts(parts, app).await?;
        let Id(id) = Id::<IncidentId>::from_request_parts(parts, app).await?;
        let Ok(State(app)) = State::<App>::from_request_parts(parts, app).await;
        Ok(Self { app, by, id })
    }
}

/// The incident as it is then.
type Then = Result<Json<Incident>, Problem>;

impl At {
    async fn ask(self, request: Request) -> Then {
        act::ask(&self.app, &self.by, &self.id, request).await?;
        self.then()
    }

    fn then(&self) -> Then {
        summary(&self.app, &self.id).map(Json)
    }
}

/// Says that somebody has it; the first time counts.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/acknowledge", tag = "incidents", params(IncidentPath),
    responses((status = 200, body = Incident)))]
async fn acknowledge(at: At) -> Then {
    at.ask(Request::Acknowledge).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdvanceIncident {
    /// The phase after the present one.
    #[schema(schema_with = words::<Phase>)]
    to: Phase,
}

/// Moves on to the next phase, when the present one left what it must.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/advance", tag = "incidents", params(IncidentPath),
    request_body = AdvanceIncident, responses((status = 200, body = Incident)))]
async fn advance(at: At, Body(AdvanceIncident { to }): Body<AdvanceIncident>) -> Then {
    act::advance(&at.app, &at.by, &at.id, to).await?;
    at.then()
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IncidentImpact {
    /// How much is affected.
    #[schema(schema_with = words::<Scope>)]
    scope: Scope,
    /// What is known of the data.
    #[schema(schema_with = words::<Integrity>)]
    integrity: Integrity,
    /// Why; needed when the severity falls.
    #[serde(default)]
    #[schema(max_length = 1000)]
    reason: String,
}

/// Declares the impact, which gives the severity.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/impact", tag = "incidents", params(IncidentPath),
    request_body = IncidentImpact, responses((status = 200, body = Incident)))]
async fn reclassify(at: At, Body(asked): Body<IncidentImpact>) -> Then {
    let IncidentImpact { scope, integrity, reason } = asked;
    at.ask(Request::Reclassify { impact: Impact { scope, integrity }, reason }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Because {
    /// What shows it.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    reason: String,
}

/// Flags a security event; nobody can take it back.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/security", tag = "incidents", params(IncidentPath),
    request_body = Because, responses((status = 200, body = Incident)))]
async fn flag(at: At, Body(Because { reason }): Body<Because>) -> Then {
    at.ask(Request::FlagSecurity { reason }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AffectedServices {
    /// Services that are affected as well.
    #[schema(value_type = BTreeSet<String>, min_items = 1, max_items = 200)]
    services: BTreeSet<ServiceId>,
}

/// Adds services that are affected.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/services", tag = "incidents", params(IncidentPath),
    request_body = AffectedServices, responses((status = 200, body = Incident)))]
async fn add_services(at: At, Body(asked): Body<AffectedServices>) -> Then {
    at.ask(Request::AddServices(asked.services)).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssignRole {
    /// Which part.
    #[schema(schema_with = words::<Role>)]
    role: Role,
    /// The person of the roster who gets it.
    #[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    person: PersonId,
}

/// Gives somebody a part in the response.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/roles", tag = "incidents", params(IncidentPath),
    request_body = AssignRole, responses((status = 200, body = Incident)))]
async fn assign(at: At, Body(AssignRole { role, person }): Body<AssignRole>) -> Then {
    at.ask(Request::Assign { role, person }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecordAction {
    /// What was done.
    #[schema(min_length = 1, max_length = 4000, pattern = "\\S")]
    what: String,
    /// The signal that shows that it worked; what it says is what the server sees.
    proof: Option<WantedProof>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WantedProof {
    /// Which signal.
    #[schema(schema_with = words::<Signal>)]
    signal: Signal,
    /// Of which service; none for a host.
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    service: Option<ServiceId>,
}

/// Records what was done to end it, with a signal that proves it where there is one.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/actions", tag = "incidents", params(IncidentPath),
    request_body = RecordAction, responses((status = 200, body = Incident)))]
async fn record_action(at: At, Body(RecordAction { what, proof }): Body<RecordAction>) -> Then {
    let wanted = proof.map(|WantedProof { signal, service }| Wanted { signal, service });
    proof::record(&at.app, &at.by, &at.id, what, wanted).await?;
    at.then()
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IncidentText {
    /// The text.
    #[schema(min_length = 1, max_length = 4000, pattern = "\\S")]
    text: String,
}

/// Publishes an update for those who are affected.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/updates", tag = "incidents", params(IncidentPath),
    request_body = IncidentText, responses((status = 200, body = Incident)))]
async fn publish(at: At, Body(IncidentText { text }): Body<IncidentText>) -> Then {
    at.ask(Request::PublishUpdate { text }).await
}

/// Adds a note.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/notes", tag = "incidents", params(IncidentPath),
    request_body = IncidentText, responses((status = 200, body = Incident)))]
async fn note(at: At, Body(IncidentText { text }): Body<IncidentText>) -> Then {
    at.ask(Request::AddNote { text }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TickStep {
    /// The runbook: a page, or an address.
    #[schema(value_type = String, min_length = 1, max_length = 1000)]
    runbook: Runbook,
    /// The step, as the page has it.
    #[schema(min_length = 1, max_length = 200, pattern = "\\S")]
    step: String,
    /// Whether the runbook doesn't have it yet.
    #[serde(default)]
    improvised: bool,
}

/// Ticks a step of a runbook.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/steps", tag = "incidents", params(IncidentPath),
    request_body = TickStep, responses((status = 200, body = Incident)))]
async fn tick(at: At, Body(TickStep { runbook, step, improvised }): Body<TickStep>) -> Then {
    steps::tick(&at.app, &at.by, &at.id, runbook, step, improvised).await?;
    at.then()
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddAlert {
    /// The alert.
    #[schema(value_type = String, pattern = "^[0-9a-f]{32}$")]
    alert: Digest128,
}

/// Adds an alert that belongs to it.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/alerts", tag = "incidents", params(IncidentPath),
    request_body = AddAlert, responses((status = 200, body = Incident)))]
async fn attach(at: At, Body(AddAlert { alert }): Body<AddAlert>) -> Then {
    act::attach(&at.app, &at.by, &at.id, alert).await?;
    at.then()
}

/// The review's text, in whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DraftReview {
    /// What happened.
    #[serde(default)]
    #[schema(max_length = 4000)]
    summary: String,
    /// What it meant for those who were affected.
    #[serde(default)]
    #[schema(max_length = 4000)]
    consequences: String,
    /// The kind of cause.
    #[schema(schema_with = words::<Cause>)]
    cause: Option<Cause>,
    /// The cause, explained.
    #[serde(default)]
    #[schema(max_length = 4000)]
    explanation: String,
    /// What contributed to it.
    #[serde(default)]
    #[schema(max_items = 20)]
    factors: Vec<String>,
    /// Why it wasn't noticed earlier.
    #[serde(default)]
    #[schema(max_length = 4000)]
    detection_gap: String,
    /// What was learnt.
    #[serde(default)]
    #[schema(max_length = 4000)]
    lessons: String,
    /// The revision of the runbook that took it in.
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    runbook_revision: Option<RevisionId>,
    /// The `digest` of the text that this was written from; left out, whatever is there is replaced.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{32}$")]
    replaces: Option<Digest128>,
}

/// Writes the review; what was completed or signed before has to be again.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/review", tag = "incidents", params(IncidentPath),
    request_body = DraftReview, responses((status = 200, body = Incident)))]
async fn draft(at: At, Body(asked): Body<DraftReview>) -> Then {
    let text = ReviewText {
        summary: asked.summary,
        consequences: asked.consequences,
        cause: asked.cause,
        explanation: asked.explanation,
        factors: asked.factors,
        detection_gap: asked.detection_gap,
        lessons: asked.lessons,
        runbook_revision: asked.runbook_revision,
    };
    act::draft(&at.app, &at.by, &at.id, text, asked.replaces).await?;
    at.then()
}

/// Says that the review is complete.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/review/complete", tag = "incidents", params(IncidentPath),
    responses((status = 200, body = Incident)))]
async fn complete_review(at: At) -> Then {
    at.ask(Request::CompleteReview).await
}

/// Signs the review: somebody else than who completed it.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/review/sign", tag = "incidents", params(IncidentPath),
    responses((status = 200, body = Incident)))]
async fn sign(at: At) -> Then {
    at.ask(Request::SignReview).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddItem {
    /// What is to be done.
    #[schema(min_length = 1, max_length = 4000, pattern = "\\S")]
    what: String,
    /// The team that does it.
    #[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    owner: TeamId,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    due_at: Timestamp,
    /// How one will see that it works.
    #[schema(min_length = 1, max_length = 4000, pattern = "\\S")]
    verification: String,
}

/// Plans something against its return.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/items", tag = "incidents", params(IncidentPath),
    request_body = AddItem, responses((status = 200, body = Incident)))]
async fn add_item(at: At, Body(AddItem { what, owner, due_at, verification }): Body<AddItem>) -> Then {
    at.ask(Request::AddItem(Plan { what, owner, due: due_at, verification })).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CompleteItem {
    /// Its number, from 1.
    #[schema(minimum = 1, maximum = 50)]
    item: u16,
    /// What the verification showed.
    #[schema(min_length = 1, max_length = 4000, pattern = "\\S")]
    proof: String,
}

/// Says that an action item is done.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/items/complete", tag = "incidents", params(IncidentPath),
    request_body = CompleteItem, responses((status = 200, body = Incident)))]
async fn complete_item(at: At, Body(CompleteItem { item, proof }): Body<CompleteItem>) -> Then {
    at.ask(Request::CompleteItem { item, proof }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AbsorbIncident {
    /// The incident that is part of this one.
    #[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    other: IncidentId,
}

/// Takes another incident over, which becomes a duplicate of this one.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/absorb", tag = "incidents", params(IncidentPath),
    request_body = AbsorbIncident, responses((status = 200, body = Incident)))]
async fn absorb(at: At, Body(AbsorbIncident { other }): Body<AbsorbIncident>) -> Then {
    act::absorb(&at.app, &at.by, &at.id, &other).await?;
    at.then()
}

/// Reopens it: it is back, or it wasn't a duplicate.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/reopen", tag = "incidents", params(IncidentPath),
    request_body = Because, responses((status = 200, body = Incident)))]
async fn reopen(at: At, Body(Because { reason }): Body<Because>) -> Then {
    at.ask(Request::Reopen { reason }).await
}

/// Closes it, when everything that it must leave is there.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/close", tag = "incidents", params(IncidentPath),
    responses((status = 200, body = Incident)))]
async fn close(at: At) -> Then {
    at.ask(Request::Close).await
}
