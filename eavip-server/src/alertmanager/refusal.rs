//! What is answered to a request that can't be taken, in Alertmanager's form: one JSON string that names the field and what
//! to do.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::api::extract::unread;
use crate::problem::{Code, Problem};

/// Why a request isn't taken.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) StatusCode, pub(super) String);

impl Refusal {
    /// What was sent can't be used.
    pub(super) fn bad(told: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, told.into())
    }
}

/// The field of a silence that a rule of the policy library is about.
fn field(rule: &str) -> Option<&'static str> {
    match rule {
        "EAVIP-A10" | "EAVIP-A11" => Some("comment"),
        "EAVIP-A12" => Some("endsAt"),
        "EAVIP-A13" | "EAVIP-A14" => Some("createdBy"),
        _ => None,
    }
}

/// Every finding with the field that it is about; clients show the text as it is.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let told = |fault: &crate::problem::Fault| match field(&fault.at) {
            Some(field) => format!("{field}: {} ({})", fault.detail, fault.at),
            None => format!("{} ({})", fault.detail, fault.at),
        };
        let told: Vec<String> = problem.errors.iter().map(told).collect();
        let told = if told.is_empty() { problem.detail.clone() } else { told.join("; ") };
        match problem.code {
            Code::Conflict | Code::Invalid => Self::bad(told),
            code => Self(code.status(), told),
        }
    }
}

impl From<BytesRejection> for Refusal {
    fn from(rejection: BytesRejection) -> Self {
        unread(&rejection).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}
