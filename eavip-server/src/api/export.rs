//! Answers that are kept as files: figures as Markdown, JSON or CSV.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::view::words;
use crate::problem::{Code, Problem};

eavip_core::words! {
    /// How figures are written down.
    pub enum Format ("format of figures") {
        /// For people.
        Markdown = "markdown",
        /// For programs.
        Json = "json",
        /// For spreadsheets.
        Csv = "csv",
    }
}

/// In which format figures are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// How it is written down; Markdown when it is left out.
    #[param(schema_with = words::<Format>)]
    format: Option<Format>,
}

impl ExportQuery {
    /// The format that is asked for.
    pub fn format(&self) -> Format {
        self.format.unwrap_or(Format::Markdown)
    }
}

/// Figures as a file; `name` has letters, digits and `-` alone.
///
/// # Errors
/// When they can't be JSON.
pub fn figures<T: Serialize>(
    format: Format,
    name: &str,
    figures: &T,
    markdown: impl FnOnce(&T) -> String,
    csv: impl FnOnce(&T) -> String,
) -> Result<Response, Problem> {
    let (kind, end, body) = match format {
        Format::Markdown => (MARKDOWN, "md", markdown(figures).into_bytes()),
        Format::Json => (JSON, "json", json(figures)?),
        Format::Csv => ("text/csv; charset=utf-8", "csv", csv(figures).into_bytes()),
    };
    Ok(file(kind, &format!("{name}.{end}"), body))
}

/// The media type of Markdown.
pub const MARKDOWN: &str = "text/markdown; charset=utf-8";
/// The media type of JSON.
pub const JSON: &str = "application/json";

/// JSON for people who keep it.
///
/// # Errors
/// When it can't be JSON.
pub fn json(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec_pretty(value)
        .map_err(|_| Problem::new(Code::Internal, "what was asked for could not be written"))
}

/// A file of a name, which has letters, digits, `-`, `_` and `.` alone.
pub fn file(kind: &'static str, name: &str, body: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (headers, body).into_response()
}
