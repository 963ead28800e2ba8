//! `/api/v1/nodes`: the list, one node, the histories of its series, and taking its identity back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use eavip_core::alert::episode::MAX_REASON;
use eavip_core::id::{Digest128, NodeId};
use eavip_core::time::{Span, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::build::history::Range;
use super::build::{self, firing};
use super::extract::{Id, Params};
use super::page::{cursor, limit};
use super::text;
use super::view::{History, NodeDetail, NodeRow, Page};
use crate::app::App;
use crate::auth::{Admin, Allowed, Viewer};
use crate::problem::Problem;
use crate::record::{Event, NodeEvent};
use crate::shared::now;

/// What a history covers when nobody says.
const HOUR: Span = Span::from_secs(3_600);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, revoke)).routes(routes!(history))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Where the page begins: the `next_cursor` of the page before.
    #[param(value_type = Option<uuid::Uuid>)]
    cursor: Option<String>,
    /// Most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u16>,
    /// Only those whose host name, deployment or environment contains this, in any case.
    #[param(max_length = 200)]
    q: Option<String>,
}

/// Longest text that is searched for, in characters.
const MAX_SEARCH: usize = 200;

/// Nodes, by id.
#[utoipa::path(get, path = "/api/v1/nodes", tag = "nodes", params(ListQuery),
    responses((status = 200, body = Page<NodeRow>)))]
async fn list(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<NodeRow>>, Problem> {
    let (after, limit) = (cursor(query.cursor.as_deref())?, limit(query.limit)?);
    let wanted = query.q.unwrap_or_default();
    if wanted.chars().count() > MAX_SEARCH {
        return Err(Problem::invalid("q", format!("use at most {MAX_SEARCH} characters")));
    }
    Ok(Json(rows(&app, &wanted, after, limit)))
}

/// A page of nodes, by id: those whose host name, deployment or environment contains `wanted`, in any case.
#[must_use]
pub fn rows(app: &App, wanted: &str, after: Option<NodeId>, limit: usize) -> Page<NodeRow> {
    let wanted = wanted.trim().to_lowercase();
    let mut ids = Vec::new();
    app.shared.nodes.each(|known| {
        let (node, place) = (&known.node, &known.node.place);
        let texts = [node.facts.hostname.as_str(), place.deployment.as_str(), place.environment.as_str()];
        let found = wanted.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&wanted));
        ids.extend((found && after.is_none_or(|after| node.id > after)).then_some(node.id));
    });
    ids.sort_unstable();
    ids.truncate(limit + 1);
    let (firing, policy, now) = (firing(&app.shared.book()), app.shared.policy.load(), now());
    let row = |id: NodeId| {
        app.shared.nodes.with(id, |known| {
            let firing = firing.get(&id).copied().unwrap_or_default();
            build::node::row(&known.node, &known.node.service_health(&policy, now), firing, now)
        })
    };
    // One that was revoked just now is left out.
    let Page { items, next_cursor } = super::page::page(ids, limit, NodeId::to_string, row);
    Page { items: items.into_iter().flatten().collect(), next_cursor }
}

/// One node, whole.
#[utoipa::path(get, path = "/api/v1/nodes/{id}", tag = "nodes",
    params(("id" = uuid::Uuid, Path, description = "The node's id.")),
    responses((status = 200, body = NodeDetail)))]
async fn show(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(id): Id<NodeId>,
) -> Result<Json<NodeDetail>, Problem> {
    detail(&app, id).map(Json)
}

/// One node, whole.
///
/// # Errors
/// When it isn't enrolled or was revoked.
pub fn detail(app: &App, id: NodeId) -> Result<NodeDetail, Problem> {
    let (shared, policy) = (&app.shared, app.shared.policy.load());
    let found = build::node::detail(shared, &shared.book(), &policy, id, now());
    found.ok_or_else(|| Problem::not_found("node", id))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RevokeQuery {
    /// Why; kept in the ledger.
    #[param(min_length = 1, max_length = 1000, pattern = "\\S")]
    reason: String,
}

/// Takes a node's identity back: it may not report any more, and its alerts end.
#[utoipa::path(delete, path = "/api/v1/nodes/{id}", tag = "nodes",
    params(("id" = uuid::Uuid, Path, description = "The node's id."), RevokeQuery),
    responses((status = 204, description = "It is revoked.")))]
async fn revoke(
    State(app): State<App>,
    admin: Allowed<Admin>,
    Id(id): Id<NodeId>,
    Params(query): Params<RevokeQuery>,
) -> Result<StatusCode, Problem> {
    let reason = text("reason", &query.reason, MAX_REASON)?;
    let enrolled = app.shared.book().nodes.get(&id).is_some_and(|node| !node.revoked);
    if !enrolled {
        return Err(Problem::not_found("node", id));
    }
    let event = Event::Node { id, event: NodeEvent::Revoked };
    admin.mutate(&app, Some(reason), move |_, _| Ok(vec![event])).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// From when, RFC 3339; an hour before `to` when left out.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Until when, RFC 3339; now when left out.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// A series over time: single points of the last hour, five-minute spans of the last day.
#[utoipa::path(get, path = "/api/v1/nodes/{id}/series/{series}/history", tag = "nodes",
    params(
        ("id" = uuid::Uuid, Path, description = "The node's id."),
        ("series" = String, Path, description = "The series' id.", pattern = "^[0-9a-f]{32}$"),
        HistoryQuery,
    ),
    responses((status = 200, body = History)))]
async fn history(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Path((node, series)): Path<(String, String)>,
    Params(query): Params<HistoryQuery>,
) -> Result<Json<History>, Problem> {
    let nothing = || Problem::not_found("series", &series);
    let id = node.parse().map_err(|_| Problem::not_found("node", &node))?;
    let series = series.parse().map_err(|_| nothing())?;
    let to = query.to.unwrap_or_else(now);
    let range = Range { from: query.from.unwrap_or(to - HOUR), to };
    history_of(&app, id, series, range).map(Json)
}

/// The history of a node's series.
///
/// # Errors
/// When either isn't known.
pub fn history_of(app: &App, id: NodeId, series: Digest128, range: Range) -> Result<History, Problem> {
    let (shared, policy) = (&app.shared, app.shared.policy.load());
    let found = build::history::history(&shared.book(), &shared.nodes, &policy, (id, series), range, now());
    found.ok_or_else(|| Problem::not_found("series", series))
}
