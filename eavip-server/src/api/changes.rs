//! `GET /api/v1/changes`: what happened last.

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::build;
use super::extract::Params;
use super::page::{cursor, limit, page};
use super::view::{Change, Page};
use crate::app::App;
use crate::auth::{Allowed, Viewer};
use crate::problem::Problem;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Where the page begins: the `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,18}-[0-9]{1,6}$")]
    cursor: Option<String>,
    /// Most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u16>,
}

/// A change's place: its record, and which of that record's changes it is, counted from the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    seq: u64,
    nth: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.seq, self.nth)
    }
}

impl FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (seq, nth) = text.split_once('-').ok_or(())?;
        Ok(Self { seq: seq.parse().map_err(|_| ())?, nth: nth.parse().map_err(|_| ())? })
    }
}

/// What happened last, newest first; the last thousand changes are kept.
#[utoipa::path(get, path = "/api/v1/changes", tag = "overview", params(ListQuery),
    responses((status = 200, body = Page<Change>)))]
async fn list(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Change>>, Problem> {
    let (before, limit) = (cursor::<Place>(query.cursor.as_deref())?, limit(query.limit)?);
    let book = app.shared.book();
    let mut last = Place { seq: u64::MAX, nth: 0 };
    let placed = book.changes.newest().map(|change| {
        let nth = if change.seq == last.seq { last.nth + 1 } else { 0 };
        last = Place { seq: change.seq, nth };
        (last, change)
    });
    let later = |place: Place| {
        before.is_none_or(|before| {
            place.seq < before.seq || (place.seq == before.seq && place.nth > before.nth)
        })
    };
    let found: Vec<_> = placed.filter(|(place, _)| later(*place)).take(limit + 1).collect();
    Ok(Json(page(
        found,
        limit,
        |(place, _)| place.to_string(),
        |(_, found)| build::change(&app.shared.nodes, found),
    )))
}
