//! `/api/v1/alerts`: the list, one alert with its deliveries and past, and taking one.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::State;
use eavip_core::alert::Category;
use eavip_core::alert::episode::{Episode, MAX_REASON, Status};
use eavip_core::id::{AlertRuleId, Digest128, NodeId, TeamId};
use eavip_core::time::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::build;
use super::extract::{Body, Id, Params};
use super::page::{Place, cursor, limit, page};
use super::text;
use super::view::{Alert, AlertDetail, Page, words};
use crate::app::App;
use crate::auth::{Allowed, Responder, Viewer};
use crate::book::Book;
use crate::on_call::{self, Taker};
use crate::problem::{Code, Problem};
use crate::record::Event;

/// Open alerts on one page: beyond, somebody has to look at fewer, larger things.
const MAX_OPEN: usize = 1_000;
/// Resolved alerts on one page.
const MAX_RECENT: usize = 100;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(acknowledge))
        .routes(routes!(vote))
}

/// Which alerts are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Where they stand.
    #[param(schema_with = words::<Status>)]
    pub status: Option<Status>,
    /// How urgent they are.
    #[param(schema_with = words::<Category>)]
    pub category: Option<Category>,
    /// The team that owns them.
    #[param(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    pub owner: Option<TeamId>,
    /// The node they are about.
    #[param(value_type = Option<uuid::Uuid>)]
    pub node: Option<NodeId>,
    /// The rule that opened them.
    #[param(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    pub rule: Option<AlertRuleId>,
    /// Only those that opened at this moment or later, RFC 3339.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Only those that opened before this moment, RFC 3339.
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// Where the page begins: the `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,14}_[0-9a-f]{32}$")]
    pub cursor: Option<String>,
    /// Most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    pub limit: Option<u16>,
}

impl ListQuery {
    fn wants(&self, episode: &Episode) -> bool {
        let opening = &episode.opening;
        self.status.is_none_or(|status| status == episode.status())
            && self.category.is_none_or(|category| category == opening.category)
            && self.owner.as_ref().is_none_or(|owner| *owner == opening.owner)
            && self.node.is_none_or(|node| opening.origin.node() == Some(node))
            && self.rule.as_ref().is_none_or(|rule| *rule == opening.rule)
            && self.from.is_none_or(|from| from <= opening.at)
            && self.to.is_none_or(|to| opening.at < to)
    }
}

/// An alert's place in the list: when it opened, then its id.
fn place(episode: &Episode) -> Place<Digest128> {
    Place(episode.opening.at.as_millis(), episode.opening.id)
}

/// Alerts, the newest first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(ListQuery),
    responses((status = 200, body = Page<Alert>)))]
async fn list(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Alert>>, Problem> {
    alerts(&app, &query).map(Json)
}

/// A page of alerts, the newest first.
///
/// # Errors
/// When cursor or limit can't be used.
pub fn alerts(app: &App, query: &ListQuery) -> Result<Page<Alert>, Problem> {
    let (before, limit) = (cursor(query.cursor.as_deref())?, limit(query.limit)?);
    let (book, policy) = (app.shared.book(), app.shared.policy.load());
    let later = |episode: &Episode| before.is_none_or(|before| place(episode) < before);
    let wanted = book.alerts.iter().filter(|episode| query.wants(episode) && later(episode));
    let mut found: Vec<&Episode> = wanted.collect();
    found.sort_unstable_by_key(|episode| Reverse(place(episode)));
    found.truncate(limit + 1);
    Ok(page(
        found,
        limit,
        |episode| place(episode).to_string(),
        |episode| build::alert(&app.shared, &policy, episode),
    ))
}

/// Every open alert and the latest resolved ones, the newest first: for people, who look at the open ones.
#[must_use]
pub fn open_and_recent(app: &App) -> Vec<Alert> {
    let (book, policy) = (app.shared.book(), app.shared.policy.load());
    let mut found: Vec<&Episode> = book.alerts.iter().collect();
    found.sort_unstable_by_key(|episode| (episode.resolved.is_some(), Reverse(place(episode))));
    let open = found.partition_point(|episode| episode.resolved.is_none());
    found.truncate(open.min(MAX_OPEN) + MAX_RECENT);
    found.into_iter().map(|episode| build::alert(&app.shared, &policy, episode)).collect()
}

/// One alert with its deliveries and its past.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts",
    params(("id" = String, Path, description = "The alert's id.", pattern = "^[0-9a-f]{32}$")),
    responses((status = 200, body = AlertDetail)))]
async fn show(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(id): Id<Digest128>,
) -> Result<Json<AlertDetail>, Problem> {
    detail(&app, id).map(Json)
}

/// One alert with its deliveries and its past.
///
/// # Errors
/// When it isn't known.
pub fn detail(app: &App, id: Digest128) -> Result<AlertDetail, Problem> {
    let (shared, policy) = (&app.shared, app.shared.policy.load());
    let found = build::alert::detail(shared, &shared.book(), &policy, id);
    found.ok_or_else(|| Problem::not_found("alert", id))
}

/// What somebody says who takes an alert.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acknowledge {
    /// What they are about to do.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    reason: String,
}

/// Takes an alert.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/acknowledge", tag = "alerts",
    params(("id" = String, Path, description = "The alert's id.", pattern = "^[0-9a-f]{32}$")),
    request_body = Acknowledge, responses((status = 200, body = AlertDetail)))]
async fn acknowledge(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    Body(asked): Body<Acknowledge>,
) -> Result<Json<AlertDetail>, Problem> {
    take(&app, &responder, id, &asked.reason).await?;
    detail(&app, id).map(Json)
}

/// Acknowledges an alert in somebody's name.
///
/// # Errors
/// When it isn't known, is over, or somebody has it.
pub async fn take(app: &App, by: &Allowed<Responder>, id: Digest128, reason: &str) -> Result<(), Problem> {
    let reason = text("reason", reason, MAX_REASON)?;
    if app.shared.book().alerts.get(id).is_none() {
        return Err(Problem::not_found("alert", id));
    }
    let policy = app.shared.policy.load_full();
    let person = by.principal().person(&policy.roster);
    let is_paged = app.shared.book().on_call.page(id).is_some_and(|paged| paged.page.stopped.is_none());
    if is_paged && let Err(problem) = &person {
        // Others would go on to be woken.
        return Err(problem.clone());
    }
    let person = person.ok();
    let name = person.as_ref().map_or_else(|| by.principal().actor.to_string(), ToString::to_string);
    let (taker, told) = (Taker { name, person }, reason.clone());
    let decide = move |book: &Book, at| on_call::acknowledge(book, &policy, id, taker, told, at);
    by.mutate(app, Some(reason), decide).await
}

/// What somebody says an alert was worth.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CastVote {
    /// Whether there was something to do.
    actionable: bool,
}

/// Says whether there was something to do; of one person the last vote counts.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/vote", tag = "alerts",
    params(("id" = String, Path, description = "The alert's id.", pattern = "^[0-9a-f]{32}$")),
    request_body = CastVote, responses((status = 200, body = AlertDetail)))]
async fn vote(
    State(app): State<App>,
    responder: Allowed<Responder>,
    Id(id): Id<Digest128>,
    Body(asked): Body<CastVote>,
) -> Result<Json<AlertDetail>, Problem> {
    cast(&app, &responder, id, asked.actionable).await?;
    detail(&app, id).map(Json)
}

/// Says in somebody's name whether there was something to do about an alert.
///
/// # Errors
/// When it isn't counted any more, or nobody stands behind the token.
pub async fn cast(
    app: &App,
    by: &Allowed<Responder>,
    episode: Digest128,
    actionable: bool,
) -> Result<(), Problem> {
    let principal = by.principal();
    let Some(name) = principal.account.clone() else {
        let detail = format!("token `{}` goes back to no account, and a vote is a person's", principal.name);
        return Err(Problem::new(Code::NotAPerson, detail));
    };
    if !app.shared.book().noise.knows(episode) {
        return Err(Problem::not_found("alert", episode));
    }
    let decide = move |book: &Book, _| {
        let same = book.noise.votes(episode).any(|vote| vote == (name.as_str(), actionable));
        let event = Event::Vote { episode, by: name, actionable };
        Ok((!same).then_some(event).into_iter().collect())
    };
    by.mutate(app, None, decide).await
}
