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
    (Method::GET, "/api/v1/incidents", VIEWER),
    (Method::POST, "/api/v1/incidents", RESPONDER),
    (Method::GET, "/api/v1/incidents/{id}", VIEWER),
    (Method::GET, "/api/v1/incidents/{id}/export", VIEWER),
    (Method::POST, "/api/v1/incidents/{id}/acknowledge", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/advance", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/impact", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/security", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/services", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/roles", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/actions", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/updates", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/notes", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/steps", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/alerts", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/review", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/review/complete", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/review/sign", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/items", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/items/complete", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/absorb", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/reopen", RESPONDER),
    (Method::POST, "/api/v1/incidents/{id}/close", RESPONDER),
    (Method::POST, "/api/v1/alerts/{id}/vote", RESPONDER),
    (Method::GET, "/api/v1/noise", VIEWER),
    (Method::GET, "/api/v1/noise/export", VIEWER),
    (Method::GET, "/api/v1/defects", VIEWER),
    (Method::POST, "/api/v1/defects/{id}/mend", RESPONDER),
    (Method::GET, "/api/v1/nodes", VIEWER),
    (Method::GET, "/api/v1/nodes/{id}", VIEWER),
    (Method::DELETE, "/api/v1/nodes/{id}", ADMIN),
    (Method::GET, "/api/v1/nodes/{id}/series/{series}/history", VIEWER),
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
