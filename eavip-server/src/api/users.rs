//! `/api/v1/users`: people's accounts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use eavip_core::decision::Refused;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use super::Items;
use super::extract::{Body, Id};
use super::view::{User, words};
use crate::app::App;
use crate::auth::password::{MAX_PASSWORD, MIN_PASSWORD};
use crate::auth::{Admin, Allowed, Viewer, is_name};
use crate::book::Book;
use crate::problem::Problem;
use crate::record::{Event, Role, UserEvent};

/// Accounts at once.
const MAX_USERS: usize = 1_000;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(set, remove))
}

/// Accounts, by name.
#[utoipa::path(get, path = "/api/v1/users", tag = "access", responses((status = 200, body = Items<User>)))]
async fn list(State(app): State<App>, viewer: Allowed<Viewer>) -> Json<Items<User>> {
    Json(Items { items: users(&app, &viewer) })
}

/// Accounts, by name.
#[must_use]
pub fn users(app: &App, _: &Allowed<Viewer>) -> Vec<User> {
    let book = app.shared.book();
    book.users.iter().map(|(name, account)| User { name: name.clone(), role: account.role }).collect()
}

/// An account as it shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetUser {
    /// The password.
    #[schema(min_length = 12, max_length = 256)]
    password: String,
    /// What they may do.
    #[schema(schema_with = words::<Role>)]
    role: Role,
}

/// Makes an account, or sets its password and role anew; its sessions and own tokens end.
#[utoipa::path(put, path = "/api/v1/users/{name}", tag = "access", request_body = SetUser,
    params(("name" = String, Path, description = "The user name.", pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)),
    responses((status = 200, body = User)))]
async fn set(
    State(app): State<App>,
    admin: Allowed<Admin>,
    Id(name): Id<String>,
    Body(asked): Body<SetUser>,
) -> Result<Json<User>, Problem> {
    let (password, role) = (Zeroizing::new(asked.password), asked.role);
    if !is_name(&name) {
        return Err(Problem::invalid("name", "use 1 to 63 of a-z, 0-9, `-`, `_` and `.`"));
    }
    if !(MIN_PASSWORD..=MAX_PASSWORD).contains(&password.chars().count()) {
        let detail = format!("use {MIN_PASSWORD} to {MAX_PASSWORD} characters");
        return Err(Problem::invalid("password", detail));
    }
    let password = app.auth.hasher.hash(password).await?;
    let user = User { name: name.clone(), role };
    let decide = move |book: &Book, _| {
        if book.users.len() >= MAX_USERS && !book.users.contains_key(&name) {
            let message = format!("there are {MAX_USERS} accounts");
            return Err(Refused::because("EAVIP-U04", message, "remove those that nobody uses"));
        }
        Ok(vec![Event::User { name, event: UserEvent::Set { password, role } }])
    };
    admin.mutate(&app, None, decide).await?;
    Ok(Json(user))
}

/// Removes an account; its sessions and own tokens end.
#[utoipa::path(delete, path = "/api/v1/users/{name}", tag = "access",
    params(("name" = String, Path, description = "The user name.", pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)),
    responses((status = 204, description = "It is removed.")))]
async fn remove(
    State(app): State<App>,
    admin: Allowed<Admin>,
    Id(name): Id<String>,
) -> Result<StatusCode, Problem> {
    if !app.shared.book().users.contains_key(&name) {
        return Err(Problem::not_found("user", name));
    }
    let event = Event::User { name, event: UserEvent::Removed };
    admin.mutate(&app, None, move |_, _| Ok(vec![event])).await?;
    Ok(StatusCode::NO_CONTENT)
}
