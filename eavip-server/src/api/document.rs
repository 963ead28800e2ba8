//! The OpenAPI document: what the handlers say of themselves, completed with what holds for all of them, so that it
//! isn't written thirty times: problems, credentials, roles, and the `Idempotency-Key`.

use axum::http::Method;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::link::Link;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Ref, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, Info, OpenApi, OpenApiBuilder, Paths, RefOr, Required,
    ResponseBuilder, Schema, SecurityRequirement,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::roles::TABLE;
use crate::auth::guard::Need;
use crate::problem::{Code, Fault, MEDIA_TYPE, ProblemBody};

const DESCRIPTION: &str = "What EAVIP ops knows of the platform: its nodes, golden signals and alerts. \
    Every refused or failed request is answered with `application/problem+json` (RFC 9457). Answers to GET carry an \
    ETag. Lists come in pages: hand `next_cursor` back as `cursor`. A POST with an `Idempotency-Key` can be repeated \
    for 24 hours, or until the server restarts, and gets the first answer again.";

/// Where an answer leads: from an operation's answer to what can be asked with its values.
type Leads = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const FIRST: &str = "$response.body#/items/0/id";
const LINKS: &[Leads] = &[
    ("alerts_list", "200", "alerts_show", &[("id", FIRST)]),
    ("alerts_list", "200", "alerts_acknowledge", &[("id", FIRST)]),
    ("deliveries_list", "200", "deliveries_show", &[("id", FIRST)]),
    ("deliveries_list", "200", "deliveries_resend", &[("id", FIRST)]),
    ("receivers_list", "200", "receivers_test", &[("id", FIRST)]),
    ("incidents_list", "200", "incidents_show", &[("id", FIRST)]),
    ("nodes_list", "200", "nodes_show", &[("id", FIRST)]),
    (
        "nodes_show",
        "200",
        "nodes_history",
        &[("id", "$response.body#/id"), ("series", "$response.body#/series/0/id")],
    ),
    ("tokens_create", "201", "tokens_revoke", &[("id", "$response.body#/id")]),
    ("join_tokens_create", "201", "join_tokens_revoke", &[("id", "$response.body#/id")]),
];

/// The document before any route.
pub(super) fn head() -> OpenApi {
    let info = Info::builder()
        .title("EAVIP ops")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .build();
    OpenApiBuilder::new().info(info).paths(Paths::new()).build()
}

/// Adds what holds for all routes.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            complete_operation(path, &method, operation);
        }
    }
    for (from, status, to, parameters) in LINKS {
        let mut link = Link::builder().operation_id(*to);
        for (name, expression) in *parameters {
            link = link.parameter(*name, *expression);
        }
        let link = link.build();
        let operations = document.paths.paths.values_mut().flat_map(operations);
        for (_, operation) in operations.filter(|(_, known)| known.operation_id.as_deref() == Some(*from)) {
            if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(*status) {
                response.links.insert((*to).to_owned(), RefOr::T(link.clone()));
            }
        }
    }
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("eavip_pat_<id>_<secret><crc>")
        .description(Some("An API token."))
        .build();
    let session =
        ApiKeyValue::with_description("__Host-eavip", "A browser's session; `eavip` on plain loopback.");
    let known = document.components.take().unwrap_or_default();
    let builder = ComponentsBuilder::from(known)
        .schema(ProblemBody::name(), ProblemBody::schema())
        .schema(Fault::name(), Fault::schema())
        .security_scheme("token", SecurityScheme::Http(token))
        .security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    document.components = Some(builder.build());
    document
}

/// The operations of a path with their methods.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, put, post, delete, .. } = item;
    let all = [
        (Method::GET, get.as_mut()),
        (Method::PUT, put.as_mut()),
        (Method::POST, post.as_mut()),
        (Method::DELETE, delete.as_mut()),
    ];
    all.into_iter().filter_map(|(method, operation)| operation.map(|operation| (method, operation)))
}

fn complete_operation(path: &str, method: &Method, operation: &mut Operation) {
    let resource = path.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let own = operation.operation_id.take().unwrap_or_default();
    let whole = if resource.is_empty() { own } else { format!("{resource}_{own}") };
    operation.operation_id = Some(whole.replace(['-', '.'], "_"));
    let entry = TABLE.iter().find(|(known, at, _)| known == method && *at == path);
    let role = match entry {
        Some((.., Need::Role(role))) => Some(*role),
        Some((.., Need::Nothing)) | None => None,
    };
    let requirements = role.map(|_| ["token", "session"].map(|name| SecurityRequirement::new(name, [""; 0])));
    operation.security = Some(requirements.into_iter().flatten().collect());
    let word = role.map_or("none", |role| role.as_str());
    operation.extensions = Some(ExtensionsBuilder::new().add("x-role", word).build());
    if *method == Method::POST && role.is_some() {
        operation.parameters.get_or_insert_default().push(idempotency_key());
    }
    for code in problems(path, method, operation, role.is_some()) {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name()))).build();
        let response = ResponseBuilder::new().description(code.title()).content(MEDIA_TYPE, content);
        let status = code.status().as_u16().to_string();
        operation.responses.responses.entry(status).or_insert_with(|| RefOr::T(response.build()));
    }
}

/// The problems that a route can be answered with.
fn problems(path: &str, method: &Method, operation: &Operation, guarded: bool) -> Vec<Code> {
    let parameter = |place: &ParameterIn| {
        operation.parameters.iter().flatten().any(|parameter| parameter.parameter_in == *place)
    };
    let mut codes = vec![Code::Internal, Code::MethodNotAllowed];
    if guarded {
        codes.extend([Code::Unauthenticated, Code::Forbidden, Code::Unavailable]);
    }
    if path == "/api/v1/audit/key" {
        codes.push(Code::Unavailable);
    }
    if path.ends_with("/session") && *method == Method::POST {
        codes.extend([Code::SignInFailed, Code::CrossSite, Code::TooMany, Code::Conflict]);
    }
    // A proof is named by the places that it is about.
    if parameter(&ParameterIn::Path) || path.contains("/proof/") {
        codes.push(Code::NotFound);
    }
    if parameter(&ParameterIn::Query) {
        codes.extend([Code::Malformed, Code::Invalid]);
    }
    if operation.request_body.is_some() {
        codes.extend([Code::Malformed, Code::TooLarge, Code::UnsupportedMediaType, Code::Invalid]);
    }
    if !method.is_safe() {
        codes.extend([Code::Malformed, Code::Conflict, Code::Unavailable, Code::StorageFull]);
    }
    codes
}

fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("Repeats with the same key get the first answer; use a new UUID for each request."))
        .schema(Some(Schema::Object(text.pattern(Some("^[\\x21-\\x7e]+$")).build())))
        .build()
}
