//! `/api/v1/tokens`: what scripts sign in with.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use eavip_core::decision::Refused;
use eavip_core::id::TeamId;
use eavip_core::time::{Span, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Body, Id, whole};
use super::view::{NewToken, Token, words};
use super::{Items, text};
use crate::app::App;
use crate::auth::{Admin, Allowed, MAX_TOKEN_DAYS, Viewer, api_token};
use crate::book::{ApiToken, Book};
use crate::problem::Problem;
use crate::record::{Event, Role, TokenEvent};
use crate::shared::now;

/// Tokens at once: a few for each of many scripts.
const MAX_TOKENS: usize = 1_000;
/// Longest name in characters.
const MAX_NAME: usize = 100;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// API tokens in force, without their secrets.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "access", responses((status = 200, body = Items<Token>)))]
async fn list(State(app): State<App>, viewer: Allowed<Viewer>) -> Json<Items<Token>> {
    Json(Items { items: tokens(&app, &viewer) })
}

/// API tokens in force.
#[must_use]
pub fn tokens(app: &App, _: &Allowed<Viewer>) -> Vec<Token> {
    let (book, now) = (app.shared.book(), now());
    let in_force = book.tokens.iter().filter(|(_, token)| token.expires_at > now);
    in_force.map(|(id, token)| view(app, id, token)).collect()
}

fn view(app: &App, id: &str, token: &ApiToken) -> Token {
    Token {
        id: id.to_owned(),
        name: token.name.clone(),
        role: token.role,
        team: token.team.as_ref().map(ToString::to_string),
        created_by: token.created_by.clone(),
        created_at: token.created_at.to_string(),
        expires_at: token.expires_at.to_string(),
        last_used_at: app.auth.last_used(id).map(|at| at.to_string()),
    }
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100, pattern = "\\S")]
    pub name: String,
    /// What it may do.
    #[schema(schema_with = words::<Role>)]
    pub role: Role,
    /// The team that owns the alerts that are sent with it and have no other owner.
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    #[serde(default)]
    pub team: Option<TeamId>,
    /// After how many days it ends.
    #[schema(minimum = 1, maximum = 366)]
    #[serde(deserialize_with = "whole")]
    pub expires_in_days: u32,
}

/// Makes an API token; its secret is shown this once.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", request_body = CreateToken,
    responses((status = 201, body = NewToken)))]
async fn create(
    State(app): State<App>,
    admin: Allowed<Admin>,
    Body(asked): Body<CreateToken>,
) -> Result<(StatusCode, Json<NewToken>), Problem> {
    Ok((StatusCode::CREATED, Json(make(&app, &admin, asked).await?)))
}

/// Makes an API token.
///
/// # Errors
/// When a value can't be used, or there are too many.
pub async fn make(app: &App, admin: &Allowed<Admin>, asked: CreateToken) -> Result<NewToken, Problem> {
    let name = text("name", &asked.name, MAX_NAME)?;
    if !(1..=MAX_TOKEN_DAYS).contains(&asked.expires_in_days) {
        return Err(Problem::invalid("expires_in_days", format!("use 1 to {MAX_TOKEN_DAYS}")));
    }
    if let Some(team) = &asked.team
        && !app.shared.policy.load().roster.teams.contains_key(team)
    {
        return Err(Problem::invalid("team", format!("no team `{team}` is declared in the runbook")));
    }
    let minted = api_token::mint()?;
    let team = asked.team;
    let (id, role, life) =
        (minted.id, asked.role, Span::from_secs(86_400).times(asked.expires_in_days.into()));
    let (for_ledger, hash) = (id.clone(), minted.hash);
    let decide = move |book: &Book, at: Timestamp| {
        if book.tokens.values().filter(|token| token.expires_at > at).count() >= MAX_TOKENS {
            let message = format!("there are {MAX_TOKENS} API tokens");
            return Err(Refused::because("EAVIP-U03", message, "revoke those that nobody uses"));
        }
        let event = TokenEvent::Created { name, hash, role, team, expires_at: at + life };
        Ok(vec![Event::Token { id: for_ledger, event }])
    };
    admin.mutate(app, None, decide).await?;
    let token = app.shared.book().tokens.get(&id).map(|token| view(app, &id, token));
    let token = token.ok_or_else(|| Problem::not_found("token", &id))?;
    Ok(NewToken { token, secret: minted.text })
}

/// Takes an API token back.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "access",
    params(("id" = String, Path, description = "The token's id.", pattern = "^[0-9a-f]{12}$")),
    responses((status = 204, description = "It is revoked.")))]
async fn revoke(
    State(app): State<App>,
    admin: Allowed<Admin>,
    Id(id): Id<String>,
) -> Result<StatusCode, Problem> {
    take_back(&app, &admin, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an API token back.
///
/// # Errors
/// When there is no such token.
pub async fn take_back(app: &App, admin: &Allowed<Admin>, id: String) -> Result<(), Problem> {
    if !app.shared.book().tokens.contains_key(&id) {
        return Err(Problem::not_found("token", id));
    }
    let event = Event::Token { id: id.clone(), event: TokenEvent::Revoked };
    admin.mutate(app, None, move |_, _| Ok(vec![event])).await?;
    app.auth.forget(&id);
    Ok(())
}
