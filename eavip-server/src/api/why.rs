//! "Why was I told, or not?": what was decided on an alert and what would be decided now; and where an alert would go.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use eavip_core::alert::intake::{Annotations, MAX_SENT_LABELS, Sent, category};
use eavip_core::alert::route;
use eavip_core::id::{Digest128, ReceiverId};
use eavip_core::labels::Labels;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::build;
use super::extract::{Id, Params};
use super::view::{RouteTarget, RouteTest, Why};
use crate::app::App;
use crate::auth::{Allowed, Viewer};
use crate::evaluate;
use crate::problem::{Code, Problem};
use crate::shared::now;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(why)).routes(routes!(test))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhyQuery {
    /// The receiver that asks; all of them where it isn't said.
    #[param(value_type = Option<String>, pattern = "^[a-z0-9][a-z0-9._-]*$", max_length = 63)]
    receiver: Option<ReceiverId>,
}

/// Why somebody was told of an alert or wasn't, and what each rule says now.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/why", tag = "alerts",
    params(("id" = String, Path, description = "The alert's id.", pattern = "^[0-9a-f]{32}$"), WhyQuery),
    responses((status = 200, body = Why)))]
async fn why(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(id): Id<Digest128>,
    Params(query): Params<WhyQuery>,
) -> Result<Json<Why>, Problem> {
    explain(&app, id, query.receiver.as_ref()).map(Json)
}

/// Why somebody was told of an alert or wasn't; for one receiver, or for all.
///
/// # Errors
/// When the alert or the receiver isn't known.
pub fn explain(app: &App, id: Digest128, receiver: Option<&ReceiverId>) -> Result<Why, Problem> {
    let (shared, policy, now) = (&app.shared, app.shared.policy.load(), now());
    let book = shared.book();
    let detail = build::alert::detail(shared, &book, &policy, id);
    let mut detail = detail.ok_or_else(|| Problem::not_found("alert", id))?;
    let ruling = evaluate::ruling(&book, &policy, &shared.flaps(), id, now);
    let ruling = ruling.ok_or_else(|| Problem::not_found("alert", id))?;
    if let Some(receiver) = receiver {
        let is_configured = app.web.receivers.iter().any(|about| about.id == *receiver);
        if !is_configured && !policy.receivers().contains(&receiver) {
            let detail = format!("no receiver `{receiver}` is configured, and no route leads to it");
            return Err(Problem::invalid("receiver", detail));
        }
        detail.deliveries.retain(|delivery| delivery.receiver == receiver.as_str());
        detail.held.retain(|held| held.receiver == receiver.as_str());
    }
    let wanted = |known: &&ReceiverId| receiver.is_none_or(|receiver| receiver == *known);
    Ok(Why {
        reason: ruling.reason.as_str(),
        receivers: ruling.receivers.iter().filter(wanted).map(ToString::to_string).collect(),
        findings: ruling.findings.iter().map(build::silence::finding).collect(),
        deliveries: detail.deliveries,
        held: detail.held,
    })
}

/// Only describes the parameter: it may repeat, which is read from the query itself.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "it is read by the description alone")]
struct TestQuery {
    /// A label, as `name=value`; may be given several times.
    #[param(schema_with = labels)]
    label: Vec<String>,
}

fn labels() -> Schema {
    let label = ObjectBuilder::new().schema_type(Type::String);
    let label = label.pattern(Some("^[a-zA-Z_][a-zA-Z0-9_]{0,127}=[\\s\\S]{0,256}$")).build();
    Schema::Array(ArrayBuilder::new().items(label).max_items(Some(MAX_SENT_LABELS)).build())
}

/// Where an alert with these labels would go, and with which others.
#[utoipa::path(get, path = "/api/v1/routes/test", tag = "alerts", params(TestQuery),
    responses((status = 200, body = RouteTest)))]
async fn test(State(app): State<App>, _: Allowed<Viewer>, uri: Uri) -> Result<Json<RouteTest>, Problem> {
    let read = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri);
    let pairs = read.map_err(|error| Problem::new(Code::Malformed, error.body_text()))?.0;
    let mut given = BTreeMap::new();
    for (name, value) in pairs {
        let pair = value.split_once('=').filter(|_| name == "label");
        let form = || Problem::invalid("label", "write it as `label=NAME=VALUE`, and nothing else");
        let (label, value) = pair.ok_or_else(form)?;
        given.insert(label.to_owned(), value.to_owned());
    }
    let labels = Labels::new(given).map_err(|error| Problem::invalid("label", error.to_string()))?;
    let policy = app.shared.policy.load();
    let category = category(&labels, &policy.alerting.intake);
    let sent =
        Sent { labels, annotations: Annotations::default(), generator: None, since: now(), fallback: None };
    // What isn't let in would go nowhere; the routes are looked at all the same, as far as its labels tell.
    let admitted = eavip_core::alert::intake::admit(&sent, &policy).map(|stated| stated.labels);
    let labels = admitted.unwrap_or_else(|_| sent.labels.with([("category", category.as_str())]));
    let target = |target: route::Target<'_>| RouteTarget {
        receiver: target.receiver.to_string(),
        group: build::labels(&target.grouping.key(&labels)),
        group_wait: target.grouping.wait.to_string(),
        group_interval: target.grouping.interval.to_string(),
        repeat_interval: target.grouping.repeat.to_string(),
    };
    let targets = route::targets(&policy.routes, &labels, category).into_iter().map(target).collect();
    Ok(Json(RouteTest { category, targets }))
}

#[cfg(test)]
mod tests;
