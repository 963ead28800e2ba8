//! `/api/v1/join-tokens`: what new nodes are let in with, and where they belong.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use eavip_agent::join::JoinString;
use eavip_core::decision::Refused;
use eavip_core::environment::Environment;
use eavip_core::id::DeploymentId;
use eavip_core::labels::Labels;
use eavip_core::mode::Mode;
use eavip_core::node::Place;
use eavip_core::time::Span;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use super::extract::{Body, Id, maybe_whole};
use super::view::{JoinToken, NewJoinToken, words};
use crate::app::App;
use crate::auth::{Admin, Allowed, Viewer};
use crate::authority::NewToken;
use crate::book::Book;
use crate::problem::{Code, Problem};
use crate::record::{Actor, Event, JoinEvent, LedgerRecord, VERSION};
use crate::shared::now;

/// Join tokens at once.
const MAX_JOINS: usize = 1_000;
/// Longest life in minutes: a week.
const MAX_MINUTES: u32 = 7 * 24 * 60;
/// The life when nobody says: an hour.
const MINUTES: u32 = 60;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// Join tokens that can still be used, without their secrets.
#[utoipa::path(get, path = "/api/v1/join-tokens", tag = "nodes",
    responses((status = 200, body = Items<JoinToken>)))]
async fn list(State(app): State<App>, viewer: Allowed<Viewer>) -> Json<Items<JoinToken>> {
    Json(Items { items: joins(&app, &viewer) })
}

/// Join tokens that can still be used, those that end first first.
#[must_use]
pub fn joins(app: &App, _: &Allowed<Viewer>) -> Vec<JoinToken> {
    let (book, now) = (app.shared.book(), now());
    let usable = book.joins.iter().filter(|(_, join)| join.expires_at > now && join.used_by.is_none());
    let mut found: Vec<JoinToken> = usable
        .map(|(id, join)| JoinToken {
            id: id.clone(),
            deployment: join.place.deployment.to_string(),
            environment: join.place.environment,
            mode: join.place.mode,
            created_by: join.created_by.clone(),
            expires_at: join.expires_at.to_string(),
        })
        .collect();
    found.sort_unstable_by(|a, b| (&a.expires_at, &a.id).cmp(&(&b.expires_at, &b.id)));
    found
}

/// A join token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateJoinToken {
    /// The installation its nodes become part of.
    #[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    pub deployment: DeploymentId,
    /// The environment they serve.
    #[schema(schema_with = words::<Environment>)]
    pub environment: Environment,
    /// Who runs the installation.
    #[schema(schema_with = words::<Mode>)]
    pub mode: Mode,
    /// More about them, as labels of their alerts.
    #[serde(default)]
    #[schema(schema_with = label_set, required = false)]
    pub labels: BTreeMap<String, String>,
    /// After how many minutes it ends; 60 when left out.
    #[serde(default, deserialize_with = "maybe_whole")]
    #[schema(minimum = 1, maximum = 10080)]
    pub expires_in_minutes: Option<u32>,
}

fn label_set() -> Schema {
    let name = ObjectBuilder::new().pattern(Some("^[A-Za-z_][A-Za-z0-9_]*$")).max_length(Some(128));
    let value = ObjectBuilder::new().schema_type(Type::String).max_length(Some(256));
    let set = ObjectBuilder::new()
        .property_names(Some(name))
        .additional_properties(Some(Schema::Object(value.build())));
    Schema::Object(set.max_properties(Some(32)).description(Some("Labels by name.")).build())
}

/// Makes a join token; its secret is shown this once.
#[utoipa::path(post, path = "/api/v1/join-tokens", tag = "nodes", request_body = CreateJoinToken,
    responses((status = 201, body = NewJoinToken)))]
async fn create(
    State(app): State<App>,
    admin: Allowed<Admin>,
    Body(asked): Body<CreateJoinToken>,
) -> Result<(StatusCode, Json<NewJoinToken>), Problem> {
    Ok((StatusCode::CREATED, Json(make(&app, &admin, asked).await?)))
}

/// Makes a join token.
///
/// # Errors
/// When a value can't be used, there are too many, or this server lets no nodes in.
pub async fn make(
    app: &App,
    admin: &Allowed<Admin>,
    asked: CreateJoinToken,
) -> Result<NewJoinToken, Problem> {
    let minutes = asked.expires_in_minutes.unwrap_or(MINUTES);
    if !(1..=MAX_MINUTES).contains(&minutes) {
        return Err(Problem::invalid("expires_in_minutes", format!("use 1 to {MAX_MINUTES}")));
    }
    let labels = labels(&asked.labels)?;
    let place =
        Place { deployment: asked.deployment, mode: asked.mode, environment: asked.environment, labels };
    let made = Made::new(app, place, Span::from_secs(60).times(minutes.into()))?;
    let event = made.event;
    admin.mutate(app, None, move |book, _| bounded(book).map(|()| vec![event])).await?;
    Ok(made.shown)
}

/// Makes a join string for the server's own use, such as for the agent that quickstart starts beside it; `actor` is the
/// part of the server that will use it.
///
/// # Errors
/// When this server lets no nodes in, or nothing can be written.
pub async fn for_server(app: &App, actor: Actor, place: Place) -> Result<JoinString, Problem> {
    let made = Made::new(app, place, Span::from_secs(60).times(MINUTES.into()))?;
    let event = made.event;
    let decide = move |book: &Book, at| {
        bounded(book).map(|()| LedgerRecord { v: VERSION, at, actor, reason: None, events: vec![event] })
    };
    app.committer.mutate(decide).await?;
    Ok(made.join)
}

/// A join token that isn't written yet.
struct Made {
    event: Event,
    join: JoinString,
    shown: NewJoinToken,
}

impl Made {
    fn new(app: &App, place: Place, life: Span) -> Result<Self, Problem> {
        let failed = |error: &dyn std::fmt::Display| Problem::new(Code::Internal, error.to_string());
        let none = || Problem::new(Code::Conflict, "this server lets no nodes in");
        let enrolment = app.web.enrolment.as_ref().ok_or_else(none)?;
        let token = NewToken::generate().map_err(|error| failed(&error))?;
        let (urls, pin, id, expires) = (enrolment.urls.clone(), enrolment.pin, token.id, now() + life);
        let join = JoinString { urls, pin, token: id.clone(), secret: token.secret, expires };
        let text = join.encode().map_err(|error| failed(&error))?;
        let created = JoinEvent::Created { hash: token.hash.to_string(), place, expires_at: expires };
        let event = Event::Join { id: id.clone(), event: created };
        // Through a pipe, because every process of a host can read every other's arguments.
        let command = format!("echo {text} | eavip-agent join");
        let shown = NewJoinToken { id, expires_at: expires.to_string(), join: text, command };
        Ok(Self { event, join, shown })
    }
}

fn bounded(book: &Book) -> Result<(), Refused> {
    if book.joins.len() < MAX_JOINS {
        return Ok(());
    }
    let message = format!("there are {MAX_JOINS} join tokens");
    Err(Refused::because("EAVIP-U05", message, "revoke some, or wait until they end"))
}

/// Most labels of a place: the alerts' own and the series' come on top.
const MAX_PLACE_LABELS: usize = 32;
/// Longest value in characters, so that four bytes each stay within a label's bound.
const MAX_VALUE: usize = eavip_core::labels::MAX_LABEL_VALUE / 4;

fn labels(asked: &BTreeMap<String, String>) -> Result<Labels, Problem> {
    let long = asked.iter().find(|(_, value)| value.chars().count() > MAX_VALUE);
    if let Some((name, _)) = long {
        return Err(Problem::invalid(
            format!("labels.{name}"),
            format!("use at most {MAX_VALUE} characters"),
        ));
    }
    if asked.len() > MAX_PLACE_LABELS {
        return Err(Problem::invalid("labels", format!("use at most {MAX_PLACE_LABELS}")));
    }
    Labels::new(asked).map_err(|error| Problem::invalid("labels", error.to_string()))
}

/// Takes a join token back.
#[utoipa::path(delete, path = "/api/v1/join-tokens/{id}", tag = "nodes",
    params(("id" = String, Path, description = "The join token's id.", pattern = "^jt-[0-9a-f]{12}$")),
    responses((status = 204, description = "It is revoked.")))]
async fn revoke(
    State(app): State<App>,
    admin: Allowed<Admin>,
    Id(id): Id<String>,
) -> Result<StatusCode, Problem> {
    if !app.shared.book().joins.contains_key(&id) {
        return Err(Problem::not_found("join token", id));
    }
    let event = Event::Join { id, event: JoinEvent::Revoked };
    admin.mutate(&app, None, move |_, _| Ok(vec![event])).await?;
    Ok(StatusCode::NO_CONTENT)
}
