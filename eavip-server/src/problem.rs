//! What every refused or failed request is answered with: `application/problem+json` (RFC 9457) with a code that has a
//! page of its own on this server, and the words of those pages.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use eavip_core::words;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::view::words as schema_of;
use crate::commit::{MutateError, Stopped};

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

words! {
    /// What went wrong, as a word that programs can compare.
    pub enum Code ("problem code") {
        /// The request can't be read.
        Malformed = "malformed",
        /// Nobody is signed in.
        Unauthenticated = "unauthenticated",
        /// The credentials are wrong, spent or expired.
        SignInFailed = "sign-in-failed",
        /// The role doesn't allow it.
        Forbidden = "forbidden",
        /// Only a person of the runbook's roster does it.
        NotAPerson = "not-a-person",
        /// The request came from another site's page.
        CrossSite = "cross-site",
        /// There is no such thing.
        NotFound = "not-found",
        /// The path doesn't take this method.
        MethodNotAllowed = "method-not-allowed",
        /// The state doesn't allow it.
        Conflict = "conflict",
        /// The same idempotency key came with another request.
        KeyReused = "idempotency-key-reused",
        /// The body is too large.
        TooLarge = "too-large",
        /// The body isn't JSON by its content type.
        UnsupportedMediaType = "unsupported-media-type",
        /// The request can be read and its values can't be used.
        Invalid = "invalid",
        /// Too many attempts.
        TooMany = "too-many-requests",
        /// The server made a mistake.
        Internal = "internal",
        /// The server can't do it at the moment.
        Unavailable = "unavailable",
        /// The server's disk is full.
        StorageFull = "storage-full",
    }
}

impl Code {
    /// The status it is sent with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::SignInFailed => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::NotAPerson | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict | Self::KeyReused => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request can't be read",
            Self::Unauthenticated => "Sign in first",
            Self::SignInFailed => "Signing in failed",
            Self::Forbidden => "Your role doesn't allow this",
            Self::NotAPerson => "Only a person of the runbook's roster does this",
            Self::CrossSite => "The request came from another site",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "The path doesn't take this method",
            Self::Conflict => "The present state doesn't allow this",
            Self::KeyReused => "The idempotency key was used for another request",
            Self::TooLarge => "The request is too large",
            Self::UnsupportedMediaType => "The body has to be JSON",
            Self::Invalid => "A value can't be used",
            Self::TooMany => "Too many attempts",
            Self::Internal => "The server made a mistake",
            Self::Unavailable => "The server can't do this at the moment",
            Self::StorageFull => "The server's disk is full",
        }
    }

    /// What to do about it, for the problem's page.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Malformed => "Compare the request with the API's description at /api/docs.",
            Self::Unauthenticated => {
                "Send an API token as `Authorization: Bearer eavip_pat_...`, or sign in at /sign-in."
            }
            Self::SignInFailed => {
                "Check name and password; ask for a new sign-in link when yours is older than 15 minutes or was used."
            }
            Self::Forbidden => {
                "Ask an administrator for a role that includes it, or for a token with that role."
            }
            Self::NotAPerson => {
                "Declare yourself as [person.NAME] in the runbook, by the name you sign in with, or sign in as somebody who is declared; a token acts for the account that made it."
            }
            Self::CrossSite => "Open the page on this server and repeat it there; scripts use an API token.",
            Self::NotFound => "Check the address; what is named in it may have been removed.",
            Self::MethodNotAllowed => "Use one of the methods named in the Allow header.",
            Self::Conflict => {
                "Read the present state and decide again; the detail says what stands against it."
            }
            Self::KeyReused => "Use a new Idempotency-Key for each different request.",
            Self::TooLarge => "Send less; the API's description names the largest sizes.",
            Self::UnsupportedMediaType => "Send JSON with `Content-Type: application/json`.",
            Self::Invalid => "Mend the values that `errors` names.",
            Self::TooMany => "Wait for as long as the Retry-After header says.",
            Self::Internal => "The server's log tells more; try again, and report it when it stays.",
            Self::Unavailable => "Try again after the time that the Retry-After header says.",
            Self::StorageFull => {
                "Free space below the server's data directory; nothing that was confirmed is lost."
            }
        }
    }
}

/// One value that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Which value: a path such as `labels.team`, a parameter's name, or a rule's code.
    pub at: String,
    /// What is wrong with it.
    pub detail: String,
}

/// Why a request was refused or failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// What went wrong.
    pub code: Code,
    /// What went wrong this time, for people.
    pub detail: String,
    /// The single values that can't be used.
    pub errors: Vec<Fault>,
    /// After how many seconds it may be tried again.
    pub retry_after: Option<u64>,
}

/// A problem as it is sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The page that explains the code, a path on this server.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the code is called.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, as a word.
    #[schema(schema_with = schema_of::<Code>)]
    pub code: Code,
    /// What went wrong this time, for people.
    pub detail: String,
    /// The single values that can't be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<Fault>,
}

impl Problem {
    /// A problem with what went wrong this time.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// There is no `what` of this id.
    #[must_use]
    pub fn not_found(what: &str, id: impl std::fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("there is no {what} `{id}`"))
    }

    /// What to show a person who filled in a form: everything that is wrong, with what to do about it.
    #[must_use]
    pub fn told(&self) -> String {
        if self.errors.is_empty() {
            return self.detail.clone();
        }
        self.errors.iter().map(|fault| fault.detail.as_str()).collect::<Vec<_>>().join("; ")
    }

    /// One value can't be used.
    #[must_use]
    pub fn invalid(at: impl Into<String>, detail: impl Into<String>) -> Self {
        let (at, detail) = (at.into(), detail.into());
        let told = format!("{at}: {detail}");
        Self { errors: vec![Fault { at, detail }], ..Self::new(Code::Invalid, told) }
    }

    /// It may be tried again after some seconds.
    #[must_use]
    pub fn retry(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }

    /// How it is sent.
    #[must_use]
    pub fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: format!("/problems/{}", self.code),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code,
            detail: self.detail.clone(),
            errors: self.errors.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.code.status(), Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.code.status() == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"eavip\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // What renders problems as pages for browsers finds it here.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<MutateError> for Problem {
    fn from(error: MutateError) -> Self {
        match error {
            MutateError::Refused(refused) => {
                let errors = refused.findings.iter().map(|finding| Fault {
                    at: finding.rule.to_string(),
                    detail: format!("{}; {}", finding.message, finding.remedy),
                });
                Self { errors: errors.collect(), ..Self::new(Code::Conflict, refused.to_string()) }
            }
            MutateError::Full => Self::new(Code::StorageFull, error.to_string()),
            MutateError::Unwritable(_) => Self::new(Code::Internal, error.to_string()),
            MutateError::Stopped(stopped) => stopped.into(),
        }
    }
}

impl From<Stopped> for Problem {
    fn from(stopped: Stopped) -> Self {
        Self::new(Code::Unavailable, stopped.to_string()).retry(5)
    }
}
