//! The API's description for programs and for people, and the pages that explain problems: all from the document
//! itself, without scripts and without anything from elsewhere.

use std::sync::LazyLock;

use askama::Template;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Id;
use crate::app::App;
use crate::problem::{Code, Problem};

/// Put together once: it is the same for the life of the process.
static JSON: LazyLock<String> = LazyLock::new(super::openapi_json);

static PAGE: LazyLock<Option<String>> = LazyLock::new(|| Docs::read(&JSON)?.render().ok());

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(document)).routes(routes!(page)).routes(routes!(problem))
}

/// This description, for programs.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "server",
    responses((status = 200, body = serde_json::Value)))]
async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], JSON.as_str())
}

/// This description, for people.
#[utoipa::path(get, path = "/api/docs", tag = "server",
    responses((status = 200, body = String, content_type = "text/html")))]
async fn page() -> Result<Html<&'static str>, Problem> {
    let page = PAGE.as_deref();
    page.map(Html).ok_or_else(|| Problem::new(Code::Internal, "the page could not be put together"))
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    title: &'static str,
    code: Code,
    status: u16,
    remedy: &'static str,
}

/// What a problem's code means and what to do about it.
#[utoipa::path(get, path = "/problems/{code}", tag = "server",
    params(("code" = String, Path, description = "The problem's code.")),
    responses((status = 200, body = String, content_type = "text/html")))]
async fn problem(Id(code): Id<Code>) -> Result<Html<String>, Problem> {
    let (title, status, remedy) = (code.title(), code.status().as_u16(), code.remedy());
    let page = ProblemPage { title, code, status, remedy }.render();
    page.map(Html).map_err(|_| Problem::new(Code::Internal, "the page could not be put together"))
}

struct Content {
    name: String,
    linked: bool,
}

struct Parameter<'d> {
    name: &'d str,
    place: &'d str,
    required: bool,
    text: &'d str,
}

struct Answer<'d> {
    status: &'d str,
    text: &'d str,
    content: Option<Content>,
}

struct Operation<'d> {
    id: String,
    method: String,
    path: &'d str,
    summary: &'d str,
    role: &'d str,
    parameters: Vec<Parameter<'d>>,
    body: Option<Content>,
    answers: Vec<Answer<'d>>,
}

struct Shape<'d> {
    name: &'d str,
    json: String,
}

#[derive(Template)]
#[template(path = "api_docs.html")]
struct DocsPage<'d> {
    title: &'d str,
    version: &'d str,
    description: &'d str,
    operations: Vec<Operation<'d>>,
    schemas: Vec<Shape<'d>>,
}

struct Docs(Value);

impl Docs {
    fn read(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok().map(Self)
    }

    fn render(&self) -> askama::Result<String> {
        let text = |pointer| self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let paths = self.0.pointer("/paths").and_then(Value::as_object);
        let operations = paths.into_iter().flatten().flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| described(path, method, operation))
        });
        let schemas = self.0.pointer("/components/schemas").and_then(Value::as_object);
        let shape = |(name, schema)| Shape { name, json: format!("{schema:#}") };
        DocsPage {
            title: text("/info/title"),
            version: text("/info/version"),
            description: text("/info/description"),
            operations: operations.collect(),
            schemas: schemas
                .into_iter()
                .flatten()
                .map(|(name, schema)| shape((name.as_str(), schema)))
                .collect(),
        }
        .render()
    }
}

fn str_of<'d>(value: &'d Value, key: &str) -> &'d str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn described<'d>(path: &'d str, method: &str, operation: &'d Value) -> Operation<'d> {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let answers = operation.get("responses").and_then(Value::as_object);
    let plain = path.replace(['{', '}'], "");
    Operation {
        id: format!("{method}{}", plain.replace('/', "-")),
        method: method.to_uppercase(),
        path,
        summary: str_of(operation, "summary"),
        role: str_of(operation, "x-role"),
        parameters: parameters
            .into_iter()
            .flatten()
            .map(|parameter| Parameter {
                name: str_of(parameter, "name"),
                place: str_of(parameter, "in"),
                required: parameter.get("required").and_then(Value::as_bool).unwrap_or_default(),
                text: str_of(parameter, "description"),
            })
            .collect(),
        body: operation.get("requestBody").and_then(content),
        answers: answers
            .into_iter()
            .flatten()
            .map(|(status, answer)| Answer {
                status,
                text: str_of(answer, "description"),
                content: content(answer),
            })
            .collect(),
    }
}

/// The schema's name where it has one, else the media type.
fn content(holder: &Value) -> Option<Content> {
    let (media_type, content) = holder.get("content")?.as_object()?.iter().next()?;
    let named =
        content.pointer("/schema/$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    Some(Content { name: named.unwrap_or(media_type).to_owned(), linked: named.is_some() })
}
