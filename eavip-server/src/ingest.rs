//! Takes the reports of authenticated agents: checks bounds, reads them, hands them to the commit thread, and answers
//! when they are on disk. It decides nothing about what they say.

use std::io::Read as _;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use eavip_core::id::NodeId;
use eavip_core::wire::v1::{Batch, Body, Reply, WireError};
use tokio::sync::Semaphore;

use crate::audit::AuditLog;
use crate::commit::{Checked, Committer, Reports, Taken};
use crate::problem::{Code, Problem};
use crate::shared::now;

/// Largest body of a request as it is sent.
pub const MAX_BODY: usize = 1024 * 1024;
/// Largest body when inflated: bounds what a small request can make of the server's memory.
pub const MAX_INFLATED: usize = 8 * 1024 * 1024;
/// The largest window that a zstd frame may ask for, as a power of two: nothing within the bound above needs more, and
/// the window is allocated before anything is inflated.
const WINDOW_LOG: u32 = MAX_INFLATED.ilog2();
/// Requests read at the same time; with the bounds above they hold 512 MiB at the most.
const AT_ONCE: usize = 32;
/// When all places are taken or the disk is full, an agent is asked to come again after this many seconds: with its own
/// jitter of at most 10 on top, a fresh report shows within 15 once there is room.
const COME_AGAIN: u64 = 2;
/// How long a request waits for a place before it is sent away.
const WAIT: std::time::Duration = std::time::Duration::from_secs(2);

/// What taking reports needs.
#[derive(Debug, Clone)]
pub struct Ingest {
    committer: Committer,
    store: Arc<str>,
    places: Arc<Semaphore>,
    audit: Option<Arc<AuditLog>>,
}

impl Ingest {
    /// Takes reports for a store.
    #[must_use]
    pub fn new(committer: Committer, store: uuid::Uuid) -> Self {
        Self {
            committer,
            store: store.to_string().into(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            audit: None,
        }
    }

    /// The same with an audit log, whose head each answer shows.
    #[must_use]
    pub fn with_audit(self, audit: Arc<AuditLog>) -> Self {
        Self { audit: Some(audit), ..self }
    }

    /// The route, for a listener that tells each request's node as an extension.
    pub fn router(self) -> Router {
        let limit = axum::extract::DefaultBodyLimit::max(MAX_BODY);
        Router::new().route("/agent/v1/reports", post(reports)).layer(limit).with_state(self)
    }
}

async fn reports(
    State(ingest): State<Ingest>,
    Extension(peer): Extension<NodeId>,
    headers: HeaderMap,
    request: axum::extract::Request,
) -> Result<Response, Problem> {
    let Ok(Ok(_place)) = tokio::time::timeout(WAIT, ingest.places.acquire()).await else {
        return Err(
            Problem::new(Code::Unavailable, "too many agents send at the same time").retry(COME_AGAIN)
        );
    };
    let body = axum::body::to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| {
        Problem::new(Code::TooLarge, "the body is larger than 1 MiB, or was cut; send smaller batches")
    })?;
    let bytes = inflated(&headers, body)?;
    let (reports, audit_seen) = read(peer, bytes).inspect_err(|problem| count(problem.code.as_str()))?;
    let taken = ingest.committer.reports(reports).await?;
    let (epoch, acknowledged) = match taken {
        Taken::Acknowledged { epoch, seq } | Taken::Rewound { epoch, seq } => (epoch, seq),
        Taken::Cloned { seq } => {
            let told = format!("report {seq} came with two contents: another host uses this node's identity");
            return Err(Problem::new(Code::Conflict, told));
        }
        Taken::NotEnrolled => {
            return Err(Problem::new(
                Code::Forbidden,
                "this node is not enrolled here, or was revoked; join anew",
            ));
        }
        Taken::Full => {
            let told = "the disk is full; nothing of this request is acknowledged";
            return Err(Problem::new(Code::StorageFull, told).retry(COME_AGAIN));
        }
    };
    let audit = ingest.audit.as_ref().and_then(|audit| {
        audit_seen.inspect(|seen| audit.witnessed(peer, *seen, now()));
        audit.shown(audit_seen)
    });
    let store = ingest.store.to_string();
    Ok(Json(Reply { store, epoch, acknowledged, server_time: now(), pace: None, audit }).into_response())
}

fn count(code: &'static str) {
    metrics::counter!("eavip_reports_refused_total", "code" => code).increment(1);
}

/// The body as it was before it was compressed, while it stays within its bound.
fn inflated(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Problem> {
    match headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes()) {
        None | Some(b"identity") => Ok(body),
        Some(b"zstd") => {
            let told = "the body is not zstd as its encoding says, or needs a window of more than 8 MiB";
            let malformed = |_| Problem::new(Code::Malformed, told);
            let mut reader = zstd::stream::read::Decoder::with_buffer(body.as_ref()).map_err(malformed)?;
            reader.window_log_max(WINDOW_LOG).map_err(malformed)?;
            let mut bytes = Vec::with_capacity(body.len().saturating_mul(4).min(MAX_INFLATED));
            reader.take(MAX_INFLATED as u64 + 1).read_to_end(&mut bytes).map_err(malformed)?;
            if bytes.len() > MAX_INFLATED {
                let told = "the body is larger than 8 MiB when inflated; send smaller batches";
                return Err(Problem::new(Code::TooLarge, told));
            }
            Ok(bytes.into())
        }
        Some(_) => {
            Err(Problem::new(Code::UnsupportedMediaType, "the content encoding is neither zstd nor identity"))
        }
    }
}

/// Reads the whole request before anything of it is written: it is taken whole or refused whole.
fn read(peer: NodeId, bytes: Bytes) -> Result<(Reports, Option<u64>), Problem> {
    let batch = Batch::decode(&bytes).map_err(refused)?;
    if batch.node != peer {
        return Err(refused(WireError::wrong("node", "the batch names another node than the certificate")));
    }
    let mut reports = Vec::with_capacity(batch.reports.len());
    for (at, report) in batch.reports.iter().enumerate() {
        let text = report.body.get().as_bytes();
        let body = Body::decode(text, &format!("reports[{at}].body")).map_err(refused)?;
        reports.push(Checked { seq: report.seq, digest: report.digest, bytes: bytes.slice_ref(text), body });
    }
    let (epoch, acknowledged, audit_seen) = (batch.epoch, batch.acknowledged, batch.audit_seen);
    Ok((Reports { node: peer, epoch, acknowledged, received_at: now(), reports }, audit_seen))
}

fn refused(error: WireError) -> Problem {
    let code = if error.too_much { Code::TooLarge } else { Code::Malformed };
    Problem { code, ..Problem::invalid(error.path, error.message) }
}

#[cfg(test)]
mod tests;
