//! Takes what browsers report of pages that wanted to load what the content security policy forbids: counted, and
//! logged now and then. Anybody can send reports, so nothing else is done with them.

use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::routing::post;

use crate::api::extract::unread;
use crate::problem::Problem;
use crate::shared::now;

/// Largest report: browsers send a few hundred bytes.
const MAX_REPORT: usize = 16 * 1024;
/// A report is logged this often at the most: a broken extension of one browser reports on every page.
const LOG_EVERY_MS: i64 = 60_000;
/// Characters of a report that are logged.
const LOGGED: usize = 500;

/// The route.
pub fn router() -> Router {
    Router::new().route("/csp-report", post(take)).layer(DefaultBodyLimit::max(MAX_REPORT))
}

async fn take(body: Result<Bytes, BytesRejection>) -> Result<StatusCode, Problem> {
    static LOGGED_AT: AtomicI64 = AtomicI64::new(i64::MIN);
    let body = body.map_err(|rejection| unread(&rejection))?;
    metrics::counter!("eavip_csp_reports_total").increment(1);
    let (now, last) = (now().as_millis(), LOGGED_AT.load(Ordering::Relaxed));
    if now.saturating_sub(last) >= LOG_EVERY_MS
        && LOGGED_AT.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    {
        let report: String = String::from_utf8_lossy(&body).chars().take(LOGGED).collect();
        // Written with Debug, so that its control characters are escaped.
        tracing::warn!(?report, "a browser refused to load something that a page wanted");
    }
    Ok(StatusCode::NO_CONTENT)
}
