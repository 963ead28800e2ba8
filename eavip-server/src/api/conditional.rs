//! Entity tags: every answer to a GET carries the digest of its content, and who has it already is told so.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use eavip_core::id::Digest128;

use crate::problem::{Code, Problem};

/// Largest answer that is held to be tagged: above every answer there is.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Tags answers, and answers 304 to who has them already. Streams pass as they are.
pub async fn conditional(request: Request, next: Next) -> Response {
    let asked = request.headers().get(header::IF_NONE_MATCH).cloned();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let response = next.run(request).await;
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !reads || response.status() != StatusCode::OK || !is_json {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_ANSWER).await else {
        return Problem::new(Code::Internal, "the answer could not be put together").into_response();
    };
    let tag = format!("\"{}\"", Digest128::of([bytes.as_ref()]));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, tag);
    }
    if asked.is_some_and(|asked| names(&asked, &tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Whether an `If-None-Match` names a tag; weak ones count as well (RFC 9110, 13.1.2).
fn names(asked: &HeaderValue, tag: &str) -> bool {
    let text = asked.to_str().unwrap_or_default();
    text.trim() == "*" || text.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
}
