//! What each route of the API needs: the one table that the guard, the OpenAPI document and the test of routes against
//! roles read. A route that isn't here is refused to everybody.

use axum::http::Method;

use crate::auth::guard::{Entry, Need};
use crate::record::Role;

const VIEWER: Need = Need::Role(Role::Viewer);
const RESPONDER: Need = Need::Role(Role::Responder);
const ADMIN: Need = Need::Role(Role::Admin);

/// Routes and what they need.
pub static TABLE: &[Entry] = &[
    (Method::GET, "/healthz", Need::Nothing),
    (Method::GET, "/readyz", Need::Nothing),
    (Method::GET, "/version", Need::Nothing),
    (Method::GET, "/problems/{code}", Need::Nothing),
    (Method::GET, "/api/docs", Need::Nothing),
    (Method::GET, "/api/v1/openapi.json", Need::Nothing),
    (Method::POST, "/api/v1/session", Need::Nothing),
    (Method::GET, "/api/v1/session", VIEWER),
    (Method::DELETE, "/api/v1/session", VIEWER),
    (Method::GET, "/api/v1/overview", VIEWER),
    (Method::GET, "/api/v1/stream", VIEWER),
    (Method::GET, "/api/v1/changes", VIEWER),
    (Method::GET, "/api/v1/alerts", VIEWER),
    (Method::GET, "/api/v1/alerts/{id}", VIEWER),
    (Method::POST, "/api/v1/alerts/{id}/acknowledge", RESPONDER),
    (Method::GET, "/api/v1/nodes", VIEWER),
    (Method::GET, "/api/v1/nodes/{id}", VIEWER),
    (Method::DELETE, "/api/v1/nodes/{id}", ADMIN),
    (Method::GET, "/api/v1/nodes/{id}/series/{series}/history", VIEWER),
    (Method::GET, "/api/v1/on-call", VIEWER),
    (Method::GET, "/api/v1/on-call/schedules/{id}", VIEWER),
    (Method::GET, "/api/v1/on-call/schedules/{id}/calendar", VIEWER),
    (Method::GET, "/api/v1/on-call/people/{id}/calendar", VIEWER),
    (Method::GET, "/api/v1/on-call/coverage", VIEWER),
    (Method::GET, "/api/v1/on-call/overrides", VIEWER),
    (Method::POST, "/api/v1/on-call/overrides", RESPONDER),
    (Method::DELETE, "/api/v1/on-call/overrides/{id}", RESPONDER),
    (Method::GET, "/api/v1/on-call/pages", VIEWER),
    (Method::GET, "/api/v1/on-call/pages/{id}", VIEWER),
    (Method::POST, "/api/v1/on-call/pages/{id}/acknowledge", RESPONDER),
    (Method::POST, "/api/v1/on-call/pages/{id}/hand-over", RESPONDER),
    (Method::GET, "/api/v1/on-call/contacts", VIEWER),
    (Method::POST, "/api/v1/on-call/contacts", RESPONDER),
    (Method::DELETE, "/api/v1/on-call/contacts/{id}", RESPONDER),
    (Method::POST, "/api/v1/on-call/contacts/{id}/code", RESPONDER),
    (Method::POST, "/api/v1/on-call/contacts/{id}/verify", RESPONDER),
    (Method::POST, "/api/v1/on-call/contacts/{id}/test", RESPONDER),
    (Method::GET, "/api/v1/join-tokens", VIEWER),
    (Method::POST, "/api/v1/join-tokens", ADMIN),
    (Method::DELETE, "/api/v1/join-tokens/{id}", ADMIN),
    (Method::GET, "/api/v1/tokens", VIEWER),
    (Method::POST, "/api/v1/tokens", ADMIN),
    (Method::DELETE, "/api/v1/tokens/{id}", ADMIN),
    (Method::GET, "/api/v1/users", VIEWER),
    (Method::PUT, "/api/v1/users/{name}", ADMIN),
    (Method::DELETE, "/api/v1/users/{name}", ADMIN),
];
