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
use crate::auth::{Allowed, MAX_TOKEN_DAYS, Principal, Viewer, api_token, permitted};
use crate::book::{ApiToken, Book};
use crate::problem::{Code, Problem};
use crate::record::{Event, Role, TokenEvent};
use crate::shared::now;

/// Tokens at once: a few for each of many scripts.
const MAX_TOKENS: usize = 1_000;
/// Tokens of one account that isn't an admin's.
const MAX_OWN: usize = 20;
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
        account: token.made_by.clone(),
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
///
/// Who isn't an admin makes them for themselves, signed in, with their own role or one that it includes.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", request_body = CreateToken,
    responses((status = 201, body = NewToken)))]
async fn create(
    State(app): State<App>,
    viewer: Allowed<Viewer>,
    Body(asked): Body<CreateToken>,
) -> Result<(StatusCode, Json<NewToken>), Problem> {
    Ok((StatusCode::CREATED, Json(make(&app, &viewer, asked).await?)))
}

/// Whether who isn't an admin may make a token.
fn own(principal: &Principal, asked: &CreateToken) -> Result<(), Problem> {
    permitted(principal, asked.role)?;
    if !principal.by_cookie() {
        let detail =
            "a token that isn't an admin's makes no others; sign in, and make it on the page Settings";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    match &asked.team {
        Some(_) => Err(Problem::invalid("team", "an admin makes the tokens that send for a team")),
        None => Ok(()),
    }
}

/// Makes an API token.
///
/// # Errors
/// When they may not, a value can't be used, or there are too many.
pub async fn make(app: &App, by: &Allowed<Viewer>, asked: CreateToken) -> Result<NewToken, Problem> {
    let is_admin = by.principal().role >= Role::Admin;
    if !is_admin {
        own(by.principal(), &asked)?;
    }
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
    let account = by.principal().account.clone();
    let decide = move |book: &Book, at: Timestamp| {
        let in_force = || book.tokens.values().filter(|token| token.expires_at > at);
        let own = in_force().filter(|token| token.is_own && token.made_by == account).count();
        let full = match (own >= MAX_OWN, in_force().count() >= MAX_TOKENS) {
            (true, _) if !is_admin => Some(format!("you have {MAX_OWN} API tokens")),
            (_, true) => Some(format!("there are {MAX_TOKENS} API tokens")),
            _ => None,
        };
        if let Some(message) = full {
            return Err(Refused::because("EAVIP-U03", message, "revoke those that nobody uses"));
        }
        let event = TokenEvent::Created { name, hash, role, team, own: !is_admin, expires_at: at + life };
        Ok(vec![Event::Token { id: for_ledger, event }])
    };
    by.mutate(app, None, decide).await?;
    let token = app.shared.book().tokens.get(&id).map(|token| view(app, &id, token));
    let token = token.ok_or_else(|| Problem::not_found("token", &id))?;
    Ok(NewToken { token, secret: minted.text })
}

/// Takes an API token back; who isn't an admin takes back their own.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "access",
    params(("id" = String, Path, description = "The token's id.", pattern = "^[0-9a-f]{12}$")),
    responses((status = 204, description = "It is revoked.")))]
async fn revoke(
    State(app): State<App>,
    viewer: Allowed<Viewer>,
    Id(id): Id<String>,
) -> Result<StatusCode, Problem> {
    take_back(&app, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an API token back.
///
/// # Errors
/// When there is no such token, or it isn't theirs.
pub async fn take_back(app: &App, by: &Allowed<Viewer>, id: String) -> Result<(), Problem> {
    let principal = by.principal();
    let is_own = |token: &ApiToken| token.is_own && principal.is_own && token.made_by == principal.account;
    match app.shared.book().tokens.get(&id) {
        None => return Err(Problem::not_found("token", id)),
        Some(token) if !is_own(token) => permitted(principal, Role::Admin)?,
        Some(_) => {}
    }
    let event = Event::Token { id: id.clone(), event: TokenEvent::Revoked };
    by.mutate(app, None, move |_, _| Ok(vec![event])).await?;
    app.auth.forget(&id);
    Ok(())
}
