//! `/api/v1/runbooks`: the pages that alerts lead to, with their steps, and which alerts lead to none.

use std::collections::BTreeMap;
use std::path::Path as Dir;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use eavip_core::policy::runbooks::{self as policy, Coverage};
use eavip_core::policy::{Policy, Source};
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::beside::beside;
use super::extract::Id;
use super::view::runbook::{Runbook, RunbookDetail, Runbooks};
use crate::app::App;
use crate::auth::{Allowed, Viewer};
use crate::incidents::steps;
use crate::problem::{Code, Problem};
use crate::runbooks::{self, Page, Unreads};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_runbooks)).routes(routes!(show_runbook))
}

/// Every page with what leads to it, and every alert with where it leads.
#[utoipa::path(get, path = "/api/v1/runbooks", tag = "runbooks", responses((status = 200, body = Runbooks)))]
async fn list_runbooks(State(app): State<App>, _: Allowed<Viewer>) -> Result<Json<Runbooks>, Problem> {
    let policy = app.shared.policy.load_full();
    let listed = on_disk(&app, move |dir| {
        let (pages, unread) = runbooks::all(dir);
        warn(&unread);
        let found = coverage(&policy, &pages);
        let text = |name: &str| pages.get(name).map_or("", |page| &*page.text);
        Runbooks {
            items: found.pages.iter().map(|page| Runbook::of(page, text(&page.name))).collect(),
            citations: found.citations.iter().map(Into::into).collect(),
            unread: unread.len(),
        }
    });
    listed.await.map(Json)
}

/// A page with its text and its steps.
#[utoipa::path(get, path = "/api/v1/runbooks/{name}", tag = "runbooks",
    params(("name" = String, Path, description = "The page's name.", pattern = "^[A-Za-z0-9][A-Za-z0-9_-]*$")),
    responses((status = 200, body = RunbookDetail)))]
async fn show_runbook(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Id(name): Id<String>,
) -> Result<Json<RunbookDetail>, Problem> {
    let (page, known) = find(&app, &name).await?;
    let text = page.text.into_owned();
    Ok(Json(RunbookDetail { runbook: Runbook::of(&known, &text), steps: steps::steps(&text), text }))
}

/// A page, and what leads to it.
///
/// # Errors
/// When there is none, or it can't be read.
pub async fn find(app: &App, name: &str) -> Result<(Page, policy::Page), Problem> {
    let wanted = name.to_owned();
    let (page, unread) = on_disk(app, move |dir| runbooks::find(dir, &wanted)).await?;
    if let Some(error) = &unread {
        tracing::warn!(%error, page = name, "a runbook page can't be read");
    }
    let page = page.ok_or_else(|| match unread {
        Some(_) => {
            Problem::new(Code::Internal, "the page is there and can't be read; the server's log says why")
        }
        None => Problem::not_found("runbook", name),
    })?;
    let found = coverage(&app.shared.policy.load(), &BTreeMap::from([(name.to_owned(), page.clone())]));
    let known = found.pages.into_iter().next().ok_or_else(|| Problem::not_found("runbook", name))?;
    Ok((page, known))
}

/// How the alerts of the runbook in force and the pages fit together, as far as the pages' beginnings tell: their titles, and what leads
/// to them.
///
/// # Errors
/// When reading came to no end.
pub async fn index(app: &App) -> Result<Coverage, Problem> {
    let policy = app.shared.policy.load_full();
    let found = on_disk(app, move |dir| {
        let (pages, unread) = runbooks::beginnings(dir);
        warn(&unread);
        coverage(&policy, &pages)
    });
    found.await
}

fn warn(unread: &Unreads) {
    for (path, error) in unread {
        tracing::warn!(path = %path.display(), %error, "a runbook page can't be read");
    }
}

fn coverage(policy: &Policy, pages: &BTreeMap<String, Page>) -> Coverage {
    let source =
        |(name, page): (&String, &Page)| (name.clone(), Source::new(page.place.clone(), page.text.clone()));
    let pages = pages.iter().map(source).collect();
    // Nothing records drills of pages yet, so none was rehearsed.
    policy::coverage(policy, &pages, &BTreeMap::new())
}

/// Readers of the directory at the same time: a handbook may be large.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Reads from the directory of pages without holding others up.
async fn on_disk<T: Send + 'static>(
    app: &App,
    read: impl FnOnce(&Dir) -> T + Send + 'static,
) -> Result<T, Problem> {
    let web = Arc::clone(&app.web);
    beside(&AT_ONCE, move || read(&web.runbooks)).await
}
