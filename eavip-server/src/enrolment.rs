//! How nodes get, keep and give up their certificates: the handlers behind `/agent/v1/`. The authority proves and
//! signs, the ledger remembers; a certificate is given out only after the ledger has it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use eavip_core::decision::Refused;
use eavip_core::id::NodeId;
use eavip_core::node::Place;
use eavip_core::time::Timestamp;
use eavip_core::wire::enrol::{EnrolRequest, Enrolment, MAX_MESSAGE, ReclaimRequest, RenewRequest};
use eavip_core::wire::v1::WireError;

use crate::authority::{Authority, RevokedNodes, SecretHash};
use crate::book::Book;
use crate::commit::Committer;
use crate::problem::{Code, Problem};
use crate::record::{Actor, Event, JoinEvent, LedgerRecord, NodeEvent, VERSION};
use crate::shared::{Shared, now};

/// What the handlers need.
#[derive(Debug, Clone)]
pub struct Enrolments {
    /// The present state.
    pub shared: Arc<Shared>,
    /// The way to change it.
    pub committer: Committer,
    /// Who signs.
    pub authority: Arc<Authority>,
    /// Nodes whose certificates no longer count.
    pub revoked: Arc<RevokedNodes>,
    /// Addresses of the agents' listener, as nodes reach it.
    pub agents: Arc<[String]>,
}

impl Enrolments {
    /// What the web listener answers: to nodes that have no certificate that is still good.
    pub fn web_router(self) -> Router {
        Router::new()
            .route("/agent/v1/enrol", post(enrol))
            .route("/agent/v1/reclaim", post(reclaim))
            .layer(axum::extract::DefaultBodyLimit::max(MAX_MESSAGE))
            .with_state(self)
    }

    /// What the agents' listener answers, where each request's node is told as an extension.
    pub fn agents_router(self) -> Router {
        Router::new()
            .route("/agent/v1/renew", post(renew))
            .route("/agent/v1/leave", post(leave))
            .layer(axum::extract::DefaultBodyLimit::max(MAX_MESSAGE))
            .with_state(self)
    }

    fn issue(&self, csr: &str, node: NodeId, at: Timestamp) -> Result<crate::authority::Issued, Problem> {
        self.authority.sign_node(csr, node, at).map_err(|error| Problem::invalid("csr", error.to_string()))
    }

    fn reply(&self, certificates: String, place: Place) -> Json<Enrolment> {
        let (store, ca) = (self.authority.store(), self.authority.ca_pem().to_owned());
        Json(Enrolment { certificates, ca, store, agents: self.agents.to_vec(), place })
    }

    /// Writes that a node's certificate was renewed, and answers with it.
    async fn renewed(&self, node: NodeId, csr: &str) -> Result<Json<Enrolment>, Problem> {
        let issued = self.issue(csr, node, now())?;
        let key = issued.key.clone();
        let decide = move |book: &Book, at| {
            known(book, node)?;
            Ok(node_record(at, node, vec![Event::Node { id: node, event: NodeEvent::Renewed { key } }]))
        };
        self.committer.mutate(decide).await?;
        let place = self.shared.book().nodes.get(&node).map(|node| node.place.clone());
        let place = place.ok_or_else(|| Problem::new(Code::Forbidden, "this node was revoked"))?;
        Ok(self.reply(issued.pem, place))
    }
}

fn malformed(error: WireError) -> Problem {
    Problem::invalid(error.path, error.message)
}

fn node_record(at: Timestamp, node: NodeId, events: Vec<Event>) -> LedgerRecord {
    LedgerRecord { v: VERSION, at, actor: Actor::Node(node), reason: None, events }
}

fn known(book: &Book, node: NodeId) -> Result<(), Refused> {
    match book.nodes.get(&node) {
        Some(known) if !known.revoked => Ok(()),
        _ => {
            Err(Refused::because("EAVIP-N01", "this node is not enrolled here, or was revoked", "join anew"))
        }
    }
}

async fn enrol(State(state): State<Enrolments>, body: Bytes) -> Result<Json<Enrolment>, Problem> {
    let request = EnrolRequest::decode(&body).map_err(malformed)?;
    let issued = state.issue(&request.csr, request.node, now())?;
    let place = place_of(&state, &request)?;
    let key = issued.key.clone();
    let decide = move |book: &Book, at| admit(book, at, &request, &key);
    state.committer.mutate(decide).await?;
    Ok(state.reply(issued.pem, place))
}

/// Where the token's nodes belong; every way in which a token can be wrong gets the same answer.
fn place_of(state: &Enrolments, request: &EnrolRequest) -> Result<Place, Problem> {
    let book = state.shared.book();
    let join = book.joins.get(&request.token).filter(|join| {
        let hash = join.hash.parse::<SecretHash>();
        join.expires_at > now() && hash.is_ok_and(|hash| hash.matches(&request.secret))
    });
    join.map(|join| join.place.clone()).ok_or_else(|| {
        Problem::new(Code::SignInFailed, "the join token is unknown, spent or expired; make a new one")
    })
}

/// Decides at the moment of writing, so that of many racers one wins. The same node with the same key may ask again.
fn admit(book: &Book, at: Timestamp, request: &EnrolRequest, key: &str) -> Result<LedgerRecord, Refused> {
    let spent = || Refused::because("EAVIP-N02", "the join token is spent or expired", "make a new one");
    let join = book.joins.get(&request.token).filter(|join| join.expires_at > at).ok_or_else(spent)?;
    let known = book.nodes.get(&request.node);
    match join.used_by {
        Some(node) if node == request.node && known.is_some_and(|node| node.key == key && !node.revoked) => {
            Ok(node_record(at, request.node, Vec::new()))
        }
        Some(_) => Err(spent()),
        None if known.is_some_and(|node| node.key != key) => {
            let told = "another key is known for this node";
            Err(Refused::because(
                "EAVIP-N03",
                told,
                "remove the agent's state directory and join as a new node",
            ))
        }
        None => {
            let (place, join, key) = (join.place.clone(), request.token.clone(), key.to_owned());
            let enrolled = NodeEvent::Enrolled { place, key, join };
            let events = vec![
                Event::Join { id: request.token.clone(), event: JoinEvent::Used { node: request.node } },
                Event::Node { id: request.node, event: enrolled },
            ];
            Ok(node_record(at, request.node, events))
        }
    }
}

async fn renew(
    State(state): State<Enrolments>,
    Extension(node): Extension<NodeId>,
    body: Bytes,
) -> Result<Json<Enrolment>, Problem> {
    let request = RenewRequest::decode(&body).map_err(malformed)?;
    state.renewed(node, &request.csr).await
}

async fn reclaim(State(state): State<Enrolments>, body: Bytes) -> Result<Json<Enrolment>, Problem> {
    let request = ReclaimRequest::decode(&body).map_err(malformed)?;
    let proven = state
        .authority
        .check_reclaim(&request, &state.revoked, now())
        .map_err(|error| Problem::new(Code::SignInFailed, error.to_string()))?;
    // The key that the ledger knows is the old one, or the new one when an earlier reply was lost.
    let asked = state.issue(&request.csr, proven.node, now())?.key;
    let current = state.shared.book().nodes.get(&proven.node).map(|node| node.key.clone());
    if !current.is_some_and(|key| key == proven.key || key == asked) {
        let told = "the certificate's key isn't the node's present one; join anew";
        return Err(Problem::new(Code::SignInFailed, told));
    }
    state.renewed(proven.node, &request.csr).await
}

async fn leave(
    State(state): State<Enrolments>,
    Extension(node): Extension<NodeId>,
) -> Result<StatusCode, Problem> {
    let decide = move |book: &Book, at| {
        known(book, node)?;
        Ok(node_record(at, node, vec![Event::Node { id: node, event: NodeEvent::Revoked }]))
    };
    state.committer.mutate(decide).await?;
    Ok(StatusCode::NO_CONTENT)
}
