//! The pages of nodes and their series.

use axum::extract::{Path, State};
use axum::response::Response;
use eavip_core::id::{Digest128, NodeId};
use eavip_core::time::Span;
use serde::Deserialize;

use super::Viewing;
use crate::api::build::history::Range;
use crate::api::extract::{Id, Params};
use crate::api::nodes::{detail, history_of, rows};
use crate::app::App;
use crate::dashboard::pages;
use crate::problem::Problem;
use crate::shared::now;

/// Nodes on one page.
const MOST_NODES: usize = 100;

#[derive(Debug, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    cursor: String,
}

pub(super) async fn list(
    State(app): State<App>,
    viewing: Viewing,
    Params(query): Params<ListQuery>,
) -> Result<Response, Problem> {
    let page = rows(&app, &query.q, query.cursor.parse().ok(), MOST_NODES);
    viewing.show(pages::nodes(&page, &query.q, &viewing.chrome))
}

fn last(span: Span) -> Range {
    let to = now();
    Range { from: to - span, to }
}

pub(super) async fn show(
    State(app): State<App>,
    viewing: Viewing,
    Id(id): Id<NodeId>,
) -> Result<Response, Problem> {
    let node = detail(&app, id)?;
    let hour = last(Span::from_secs(3_600));
    let series = pages::main_series(&node).into_iter().filter_map(|series| series.parse().ok());
    let histories: Vec<_> = series.filter_map(|series| history_of(&app, id, series, hour).ok()).collect();
    viewing.show(pages::node(&node, &histories, &viewing.chrome))
}

#[derive(Debug, Deserialize)]
pub(super) struct SpanQuery {
    #[serde(default)]
    span: String,
}

pub(super) async fn series(
    State(app): State<App>,
    viewing: Viewing,
    Path((node, series)): Path<(String, String)>,
    Params(query): Params<SpanQuery>,
) -> Result<Response, Problem> {
    let id: NodeId = node.parse().map_err(|_| Problem::not_found("node", &node))?;
    let series: Digest128 = series.parse().map_err(|_| Problem::not_found("series", &series))?;
    let offered = pages::SPANS.iter().map(|(span, _)| *span);
    let span = offered.clone().find(|span| *span == query.span).or_else(|| offered.clone().next());
    let span = span.unwrap_or("1h");
    let length = span.parse().unwrap_or(Span::from_secs(3_600));
    let history = history_of(&app, id, series, last(length))?;
    viewing.show(pages::series(&detail(&app, id)?.row, &history, span, &viewing.chrome))
}
