//! `/api/v1/audit`: the audit log's checkpoints, proofs and records. The proofs are the audit log's; whether they convince
//! is for the client to check.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use eavip_core::audit::leaf_hash;
use eavip_core::id::Digest256;
use eavip_core::node::Node;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Value;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Params;
use super::page::{cursor, limit};
use super::view::Page;
use super::view::audit::{AuditCheckpoint, AuditConsistency, AuditInclusion, AuditLog, AuditRecord};
use crate::app::App;
use crate::audit::history::Entry;
use crate::audit::{self, Head, record};
use crate::auth::{Admin, Allowed, Viewer};
use crate::problem::{Code, Problem};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(key))
        .routes(routes!(checkpoint))
        .routes(routes!(checkpoints))
        .routes(routes!(inclusion))
        .routes(routes!(consistency))
        .routes(routes!(records))
}

fn log(app: &App) -> Result<&Arc<audit::AuditLog>, Problem> {
    app.audit
        .as_ref()
        .ok_or_else(|| Problem::new(Code::Unavailable, "this server keeps no audit log").retry(60))
}

fn head(app: &App) -> Result<Arc<Head>, Problem> {
    let none = || Problem::new(Code::Unavailable, "no checkpoint of the audit log is signed yet").retry(5);
    log(app)?.head().ok_or_else(none)
}

fn unreadable(error: std::io::Error) -> Problem {
    Problem::new(Code::Internal, format!("the audit log can't be read: {error}"))
}

/// What can't be proven, because it isn't there or isn't signed yet.
fn unproven(head: &Head, what: String) -> Problem {
    let newest = head.entry.size();
    Problem::new(Code::NotFound, format!("there is {what}; the newest checkpoint covers {newest} records"))
}

fn texts(path: &[Digest256]) -> Vec<String> {
    path.iter().map(ToString::to_string).collect()
}

fn view(entry: &Entry) -> AuditCheckpoint {
    let checkpoint = entry.note.unverified();
    AuditCheckpoint {
        at: entry.at.to_string(),
        size: checkpoint.size(),
        root: checkpoint.root().to_string(),
        note: entry.note.to_string(),
    }
}

/// How the audit log stands, and which nodes are its witnesses.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", responses((status = 200, body = AuditLog)))]
async fn show(State(app): State<App>, viewer: Allowed<Viewer>) -> Result<Json<AuditLog>, Problem> {
    Ok(Json(standing(&app, &viewer)?))
}

/// Whether a node reports that it was shown logs that contradict each other.
pub(crate) fn conflicts(node: &Node) -> bool {
    let conflict = |value: &Value| matches!(value, Value::Number(value) if *value > 0.0);
    node.series_of(Metric::AuditConflict).any(|(_, series)| conflict(&series.value))
}

/// How the audit log stands.
///
/// # Errors
/// When this server keeps none.
pub fn standing(app: &App, _: &Allowed<Viewer>) -> Result<AuditLog, Problem> {
    let log = log(app)?;
    let head = log.head();
    let newest = head.as_ref().map_or(0, |head| head.entry.size());
    let (mut nodes, mut conflicting) = (0, Vec::new());
    app.shared.nodes.each(|known| {
        nodes += 1;
        if conflicts(&known.node) {
            conflicting.push(known.node.id.to_string());
        }
    });
    conflicting.sort();
    let seen = log.witnesses();
    Ok(AuditLog {
        log: log.verifier().key().name().to_owned(),
        key: log.verifier().to_string(),
        records: log.records_end(),
        checkpoint: head.map(|head| view(&head.entry)),
        nodes,
        witnesses: seen.len(),
        up_to_date: seen.values().filter(|seen| seen.events == newest).count(),
        conflicting,
        contradiction: log.contradiction().map(|what| what.to_string()),
    })
}

/// The key that checkpoints are verified with, as a C2SP verifier key. Write it down at installation, elsewhere.
#[utoipa::path(get, path = "/api/v1/audit/key", tag = "audit",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn key(State(app): State<App>) -> Result<String, Problem> {
    Ok(format!("{}\n", log(&app)?.verifier()))
}

/// The newest checkpoint as it was signed, a C2SP signed note.
#[utoipa::path(get, path = "/api/v1/audit/checkpoint", tag = "audit",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn checkpoint(State(app): State<App>, _: Allowed<Viewer>) -> Result<String, Problem> {
    Ok(head(&app)?.entry.note.to_string())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Where the page begins: the `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
    /// Most items of the page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u16>,
}

impl ListQuery {
    /// The places of the page in a list that is numbered from 0, whose newest items come first.
    fn places(&self, end: u64) -> Result<std::ops::Range<u64>, Problem> {
        let before = cursor::<u64>(self.cursor.as_deref())?.unwrap_or(end).min(end);
        Ok(before.saturating_sub(limit(self.limit)? as u64)..before)
    }
}

fn page<T>(from: u64, items: Vec<T>) -> Page<T> {
    Page { items, next_cursor: (from > 0).then(|| from.to_string()) }
}

/// Every checkpoint that was ever signed, newest first.
#[utoipa::path(get, path = "/api/v1/audit/checkpoints", tag = "audit", params(ListQuery),
    responses((status = 200, body = Page<AuditCheckpoint>)))]
async fn checkpoints(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<AuditCheckpoint>>, Problem> {
    let history = log(&app)?.history();
    let places = query.places(history.len())?;
    let entries: Result<Vec<_>, _> = places.clone().rev().map(|at| history.get(at)).collect();
    Ok(Json(page(places.start, entries.map_err(unreadable)?.iter().map(view).collect())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InclusionQuery {
    /// The record's place; the first is 0.
    #[param(maximum = 281474976710656_u64)]
    position: u64,
    /// The size of the log; that of the newest checkpoint when left out.
    #[param(maximum = 281474976710656_u64)]
    size: Option<u64>,
}

/// Proves that a record is in the log.
#[utoipa::path(get, path = "/api/v1/audit/proof/inclusion", tag = "audit", params(InclusionQuery),
    responses((status = 200, body = AuditInclusion)))]
async fn inclusion(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Params(InclusionQuery { position, size }): Params<InclusionQuery>,
) -> Result<Json<AuditInclusion>, Problem> {
    let head = head(&app)?;
    let size = size.unwrap_or(head.entry.size());
    let outside = || unproven(&head, format!("no record {position} in a log of {size}"));
    let (leaf, proof) = head.inclusion(position, size).ok_or_else(outside)?;
    let root = head.root(size).ok_or_else(outside)?.to_string();
    let checkpoint = log(&app)?.history().of_size(size).map_err(unreadable)?;
    let (leaf, path) = (leaf.to_string(), texts(&proof.path));
    let checkpoint = checkpoint.map(|entry| entry.note.to_string());
    Ok(Json(AuditInclusion { position, size, leaf, path, root, checkpoint }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConsistencyQuery {
    /// The size of the smaller log.
    #[param(minimum = 1, maximum = 281474976710656_u64)]
    from: u64,
    /// The size of the larger log; that of the newest checkpoint when left out.
    #[param(maximum = 281474976710656_u64)]
    to: Option<u64>,
}

/// Proves that the log continues a smaller one: nothing that was in it is gone or changed.
#[utoipa::path(get, path = "/api/v1/audit/proof/consistency", tag = "audit", params(ConsistencyQuery),
    responses((status = 200, body = AuditConsistency)))]
async fn consistency(
    State(app): State<App>,
    _: Allowed<Viewer>,
    Params(ConsistencyQuery { from, to }): Params<ConsistencyQuery>,
) -> Result<Json<AuditConsistency>, Problem> {
    let head = head(&app)?;
    let to = to.unwrap_or(head.entry.size());
    let proof = head.consistency(from, to);
    let roots = head.root(from).zip(head.root(to));
    let Some((proof, (from_root, to_root))) = proof.zip(roots) else {
        return Err(unproven(&head, format!("no log of {from} records that one of {to} continues")));
    };
    let (path, from_root, to_root) = (texts(&proof.path), from_root.to_string(), to_root.to_string());
    Ok(Json(AuditConsistency { from, to, path, from_root, to_root }))
}

/// The ledger's records, newest first: who, when, why and what.
#[utoipa::path(get, path = "/api/v1/audit/records", tag = "audit", params(ListQuery),
    responses((status = 200, body = Page<AuditRecord>)))]
async fn records(
    State(app): State<App>,
    _: Allowed<Admin>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<AuditRecord>>, Problem> {
    let log = Arc::clone(log(&app)?);
    let places = query.places(log.records_end())?;
    let signed = log.head().map_or(0, |head| head.entry.size());
    let from = places.start;
    let read = move || -> Vec<AuditRecord> {
        let within = log.records(places.start).take_while(|(position, _)| *position < places.end);
        within.filter_map(|(position, stored)| recorded(position, &stored, signed)).collect()
    };
    let mut items = tokio::task::spawn_blocking(read)
        .await
        .map_err(|_| Problem::new(Code::Internal, "the ledger could not be read"))?;
    items.reverse();
    Ok(Json(page(from, items)))
}

fn recorded(position: u64, stored: &[u8], signed: u64) -> Option<AuditRecord> {
    let shown = record::shown(stored)?;
    Some(AuditRecord {
        position,
        at: shown.at.to_string(),
        what: record::kinds(&shown),
        actor: shown.actor,
        reason: shown.reason,
        events: shown.events,
        leaf: leaf_hash(stored).to_string(),
        signed: position < signed,
    })
}
