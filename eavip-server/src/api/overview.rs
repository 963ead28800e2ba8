//! `GET /api/v1/overview`: the whole platform at a glance, put together once for all who ask at the same time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use tokio::sync::Mutex;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::build;
use super::view::Overview;
use crate::app::App;
use crate::auth::{Allowed, Viewer};
use crate::problem::{Code, Problem};
use crate::shared::now;

/// How long an overview without changes may be shown again: silence shows by the clock alone.
const FRESH: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Known {
    overview: Arc<Overview>,
    /// The last change that it surely includes.
    seq: u64,
    started: Instant,
}

/// The overview as it was put together last.
#[derive(Debug, Default)]
pub struct Latest(Mutex<Option<Known>>);

/// The overview, not older than the question: whoever asks while one is put together waits for the next, together
/// with all others who wait.
///
/// # Errors
/// When it can't be put together.
pub async fn latest(app: &App) -> Result<Arc<Overview>, Problem> {
    let asked = Instant::now();
    let mut latest = app.overview.0.lock().await;
    if let Some(known) = latest.as_ref() {
        let unchanged = known.seq == app.shared.seq() && known.started.elapsed() < FRESH;
        if unchanged || known.started >= asked {
            return Ok(Arc::clone(&known.overview));
        }
    }
    let (seq, started) = (app.shared.seq(), Instant::now());
    let shared = Arc::clone(&app.shared);
    let build = tokio::task::spawn_blocking(move || build::overview::overview(&shared, now()));
    let failed = |_| Problem::new(Code::Internal, "the overview could not be put together");
    let overview = Arc::new(build.await.map_err(failed)?);
    *latest = Some(Known { overview: Arc::clone(&overview), seq, started });
    Ok(overview)
}

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show))
}

/// The whole platform at a glance.
#[utoipa::path(get, path = "/api/v1/overview", tag = "overview", responses((status = 200, body = Overview)))]
async fn show(State(app): State<App>, _: Allowed<Viewer>) -> Result<impl IntoResponse, Problem> {
    let overview = latest(&app).await?;
    let json = serde_json::to_vec(overview.as_ref());
    let json = json.map_err(|_| Problem::new(Code::Internal, "the overview could not be written"))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], Bytes::from(json)))
}
