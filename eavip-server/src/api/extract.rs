//! How requests are read: strictly, with a problem that names what can't be used.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use crate::problem::{Code, Problem};

/// Largest body of the API: no request of it needs more.
pub const MAX_BODY: usize = 64 * 1024;

/// A JSON body; unknown fields are refused by the types that are read.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "the body has to be JSON, with `Content-Type: application/json`";
            return Err(Problem::new(Code::UnsupportedMediaType, detail));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| unread(&rejection))?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let (at, inner) = (error.path().to_string(), error.inner());
            match inner.classify() {
                serde_json::error::Category::Data => Problem::invalid(at, inner.to_string()),
                _ => Problem::new(Code::Malformed, format!("the body isn't JSON: {inner}")),
            }
        })?;
        json.end().map_err(|error| Problem::new(Code::Malformed, format!("the body isn't JSON: {error}")))?;
        Ok(Self(value))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Reads a whole number that may be written `90.0`: to JSON Schema that is one as well.
///
/// # Errors
/// When it isn't whole, or out of range.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = f64::deserialize(deserializer)?;
    let in_range = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    if in_range { Ok(number as u32) } else { Err(D::Error::custom(format!("{number} isn't a whole number"))) }
}

/// The same where it may be left out.
///
/// # Errors
/// See [`whole`].
pub(crate) fn maybe_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Whole(#[serde(deserialize_with = "whole")] u32);
    Ok(Option::<Whole>::deserialize(deserializer)?.map(|Whole(number)| number))
}

/// What is told of a body that can't be had.
pub(crate) fn unread(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(Code::TooLarge, "the body is larger than this takes");
    }
    Problem::new(Code::Malformed, "the body ended before it was whole")
}

/// The query's parameters; unknown ones are refused by the types that are read.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(value)| Self(value)).map_err(|rejection| {
            Problem::new(Code::Malformed, format!("the query can't be read: {}", rejection.body_text()))
        })
    }
}

/// An id in the path. A text that can't be one names nothing, which is told as such.
#[derive(Debug)]
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: std::str::FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let found = text.ok().and_then(|Path(text)| text.parse().ok());
        found.map(Self).ok_or_else(|| Problem::new(Code::NotFound, "the path names nothing that can be"))
    }
}

/// The address that a request came from, where the listener tells.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub Option<std::net::IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let told = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(told.map(|ConnectInfo(address)| address.ip())))
    }
}
