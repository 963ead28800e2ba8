//! The same `Idempotency-Key` from the same principal gets the same answer for a day: a client whose connection broke
//! can repeat its POST. Answers are held in memory; a restart forgets them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use eavip_core::id::Digest128;
use eavip_core::time::{Span, Timestamp};

use super::extract::MAX_BODY;
use crate::app::App;
use crate::auth::Principal;
use crate::problem::{Code, Problem};
use crate::shared::now;

/// The header.
pub const HEADER: &str = "idempotency-key";
/// How long an answer is given again.
const KEEP: Span = Span::from_secs(24 * 3_600);
/// Answers held; beyond, the oldest is forgotten.
const MAX_KEPT: usize = 1_000;
/// Longest key in bytes: a UUID is 36.
const MAX_KEY: usize = 255;
/// Largest answer to a POST of the API.
const MAX_ANSWER: usize = 256 * 1024;

#[derive(Debug, Clone)]
enum Answer {
    /// The first request is still under way.
    Pending,
    Given(StatusCode, HeaderMap, Bytes),
}

#[derive(Debug)]
struct Kept {
    at: Timestamp,
    request: Digest128,
    answer: Answer,
}

/// Answers by principal and key.
#[derive(Debug, Default)]
pub struct Idempotency(Mutex<HashMap<Digest128, Kept>>);

impl Idempotency {
    fn kept(&self) -> MutexGuard<'_, HashMap<Digest128, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the answer that is held, or notes that one is under way.
    fn begin(&self, key: Digest128, request: Digest128, at: Timestamp) -> Result<Option<Answer>, Problem> {
        let mut kept = self.kept();
        kept.retain(|_, kept| at.since(kept.at) < KEEP);
        if let Some(known) = kept.get(&key) {
            if known.request != request {
                let detail = "the Idempotency-Key was used for another request";
                return Err(Problem::new(Code::KeyReused, detail));
            }
            if matches!(known.answer, Answer::Pending) {
                let detail = "a request with this Idempotency-Key is under way";
                return Err(Problem::new(Code::Conflict, detail));
            }
            return Ok(Some(known.answer.clone()));
        }
        if kept.len() >= MAX_KEPT {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.at).map(|(key, _)| *key);
            oldest.and_then(|oldest| kept.remove(&oldest));
        }
        kept.insert(key, Kept { at, request, answer: Answer::Pending });
        Ok(None)
    }
}

/// Forgets a request that was cut off before its answer, so that its repeat is done.
struct UnderWay<'a> {
    all: &'a Idempotency,
    key: Digest128,
    answer: Option<Answer>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut kept = self.all.kept();
        match (self.answer.take(), kept.get_mut(&self.key)) {
            (Some(answer), Some(known)) => known.answer = answer,
            (None, Some(_)) => drop(kept.remove(&self.key)),
            (_, None) => {}
        }
    }
}

/// Answers repeats of a POST with the first answer. What the server couldn't do isn't held: a repeat may succeed.
pub async fn idempotent(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get(HEADER).filter(|_| request.method() == Method::POST).cloned();
    let who = request.extensions().get::<Principal>().map(|principal| principal.actor.to_string());
    match (key, who) {
        (Some(key), Some(who)) => repeatable(&app, &key, &who, request, next)
            .await
            .unwrap_or_else(|problem| problem.into_response()),
        _ => next.run(request).await,
    }
}

async fn repeatable(
    app: &App,
    key: &HeaderValue,
    who: &str,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let printable = key.as_bytes().iter().all(u8::is_ascii_graphic);
    if key.is_empty() || key.len() > MAX_KEY || !printable {
        let detail = format!("the Idempotency-Key has to be 1 to {MAX_KEY} printable ASCII characters");
        return Err(Problem::new(Code::Malformed, detail));
    }
    let (parts, body) = request.into_parts();
    let too_large = || Problem::new(Code::TooLarge, format!("the body is larger than {MAX_BODY} bytes"));
    let bytes = to_bytes(body, MAX_BODY).await.map_err(|_| too_large())?;
    let key = Digest128::of([who.as_bytes(), key.as_bytes()]);
    let uri = parts.uri.to_string();
    let digest = Digest128::of([uri.as_bytes(), bytes.as_ref()]);
    if let Some(answer) = app.idempotency.begin(key, digest, now())? {
        return Ok(answer.into_response());
    }
    let mut under_way = UnderWay { all: &app.idempotency, key, answer: None };
    let (parts, body) = next.run(Request::from_parts(parts, Body::from(bytes))).await.into_parts();
    let failed = || Problem::new(Code::Internal, "the answer could not be put together");
    let bytes = to_bytes(body, MAX_ANSWER).await.map_err(|_| failed())?;
    if parts.status.is_success() {
        under_way.answer = Some(Answer::Given(parts.status, parts.headers.clone(), bytes.clone()));
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

impl axum::response::IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Given(status, mut headers, bytes) => {
                headers.remove(header::CONTENT_LENGTH);
                (status, headers, bytes).into_response()
            }
            Self::Pending => Problem::new(Code::Conflict, "the request is under way").into_response(),
        }
    }
}
