//! Joining, renewing and reclaiming as agent and server speak it, over real TLS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use eavip_agent::enrol::{self, AskError, EnrolError};
use eavip_agent::identity::{Identity, StateDir, StateError};
use eavip_agent::join::JoinString;
use eavip_core::node::Place;
use eavip_core::wire::enrol::{EnrolRequest, Enrolment, JoinSecret, ReclaimRequest, RenewRequest};
use eavip_core::wire::v1::{Batch, Reply};

use super::host::{Answer, Asked, Host};
use super::*;

const SECRET: JoinSecret = JoinSecret::new([5; 20]);

/// A server that enrols whoever knows the secret, and what it was asked.
pub(super) struct Server {
    pub(super) authority: Arc<Authority>,
    pub(super) revoked: Arc<RevokedNodes>,
    agents: Host,
    web: Host,
    asked: Arc<Mutex<Vec<String>>>,
    /// How many answers get lost on the way.
    losing: Arc<Mutex<u32>>,
    /// Bodies of the reports that arrived, by number.
    pub(super) reports: Reports,
    pub(super) dir: tempfile::TempDir,
}

type Reports = Arc<Mutex<BTreeMap<u64, String>>>;

/// Keeps each report once and answers with the mark.
fn take(reports: &Reports, asked: &Asked) -> Answer {
    let json = zstd::bulk::decompress(&asked.body, 8 << 20).unwrap();
    let batch = Batch::decode(&json).unwrap();
    assert_eq!(peer_node(&asked.peer, STORE), Ok(batch.node));
    let mut kept = reports.lock().unwrap();
    for report in &batch.reports {
        kept.entry(report.seq).or_insert_with(|| report.body.get().to_owned());
    }
    let reply = Reply {
        store: STORE.to_string(),
        epoch: batch.epoch,
        acknowledged: batch.reports.last().unwrap().seq,
        server_time: clock::now(),
        pace: None,
        audit: None,
    };
    Some((200, serde_json::to_vec(&reply).unwrap()))
}

fn place() -> Place {
    Place {
        deployment: "site-1".parse().unwrap(),
        mode: "on-prem".parse().unwrap(),
        environment: "production".parse().unwrap(),
        labels: eavip_core::labels::Labels::default(),
    }
}

fn answer(authority: &Authority, revoked: &Arc<RevokedNodes>, asked: &Asked) -> Result<Issued, u16> {
    let now = clock::now();
    let (node, csr) = match asked.path.as_str() {
        "/agent/v1/enrol" => {
            let request = EnrolRequest::decode(&asked.body).map_err(|_| 400_u16)?;
            if request.token != "jt-1" || !SecretHash::of(&SECRET).matches(&request.secret) {
                return Err(403);
            }
            (request.node, request.csr)
        }
        "/agent/v1/renew" => {
            let request = RenewRequest::decode(&asked.body).map_err(|_| 400_u16)?;
            (peer_node(&asked.peer, STORE).map_err(|_| 403_u16)?, request.csr)
        }
        "/agent/v1/reclaim" => {
            let request = ReclaimRequest::decode(&asked.body).map_err(|_| 400_u16)?;
            (authority.check_reclaim(&request, revoked, now).map_err(|_| 403_u16)?.node, request.csr)
        }
        _ => return Err(404),
    };
    authority.sign_node(&csr, node, now).map_err(|_| 422)
}

impl Server {
    pub(super) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let authority = Arc::new(authority(dir.path()));
        let revoked = Arc::new(RevokedNodes::default());
        let identity = ServerIdentity::new(&authority, Vec::new(), clock::now()).unwrap();
        let (asked, losing) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<u32>>::default());
        let reports = Reports::default();
        let address = Arc::new(Mutex::new(String::from("https://127.0.0.1:1")));
        let handler = || {
            let (authority, revoked, asked) =
                (Arc::clone(&authority), Arc::clone(&revoked), Arc::clone(&asked));
            let (losing, address) = (Arc::clone(&losing), Arc::clone(&address));
            let reports = Arc::clone(&reports);
            move |request: Asked| -> Answer {
                asked.lock().unwrap().push(request.path.clone());
                if request.path == "/agent/v1/reports" {
                    return take(&reports, &request);
                }
                let agents = address.lock().unwrap().clone();
                let reply = match answer(&authority, &revoked, &request) {
                    Ok(issued) => serde_json::to_vec(&Enrolment {
                        certificates: issued.pem,
                        ca: authority.ca_pem().to_owned(),
                        store: STORE,
                        agents: vec![agents],
                        place: place(),
                    })
                    .unwrap(),
                    Err(status) => return Some((status, br#"{"detail":"not for you"}"#.to_vec())),
                };
                let mut losing = losing.lock().unwrap();
                let lost = *losing > 0;
                *losing = losing.saturating_sub(1);
                (!lost).then_some((200, reply))
            }
        };
        let config = agents_config(&authority, &identity, &revoked).unwrap();
        let agents = Host::start(config, handler()).await;
        let mut config = web_config(&identity).unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let web = Host::start(config, handler()).await;
        *address.lock().unwrap() = agents.url();
        Self { authority, revoked, agents, web, asked, losing, reports, dir }
    }

    fn join_string(&self) -> JoinString {
        JoinString {
            urls: vec![self.web.url()],
            pin: self.authority.pin(),
            token: "jt-1".into(),
            secret: SECRET,
            expires: clock::now() + Span::from_secs(60),
        }
    }

    pub(super) fn state(&self) -> StateDir {
        StateDir::open(&self.dir.path().join("node")).unwrap()
    }

    pub(super) async fn joined(&self, state: &StateDir) -> Identity {
        enrol::join(state, &self.join_string(), "db-1").await.unwrap()
    }
}

#[tokio::test]
async fn a_node_joins_once_and_keeps_its_identity() {
    let server = Server::start().await;
    let state = server.state();
    let identity = server.joined(&state).await;
    assert_eq!(identity.servers.agents, [server.agents.url()]);
    assert_eq!(identity.servers.web, [server.web.url()]);
    assert_eq!(identity.servers.place, place());
    let loaded = Identity::load(state.path()).unwrap();
    assert_eq!((loaded.node, loaded.validity), (identity.node, identity.validity));
    let again = enrol::join(&state, &server.join_string(), "db-1").await;
    assert!(matches!(again, Err(EnrolError::State(StateError::Enrolled(_)))), "{again:?}");
}

#[tokio::test]
async fn a_lost_reply_costs_nothing() {
    let server = Server::start().await;
    let state = server.state();
    *server.losing.lock().unwrap() = 1;
    let first = enrol::join(&state, &server.join_string(), "db-1").await;
    assert!(matches!(first, Err(EnrolError::Ask(AskError::Unreachable { .. }))), "{first:?}");
    let before = state.candidate().unwrap();
    let identity = server.joined(&state).await;
    assert_eq!(identity.node, before.node, "the same node asks again with the same key");
}

#[tokio::test]
async fn the_secret_is_never_sent_to_a_server_of_another_ca() {
    let (right, wrong) = (Server::start().await, Server::start().await);
    let mut join = right.join_string();
    join.urls = vec![wrong.web.url()];
    let error = enrol::join(&right.state(), &join, "db-1").await.unwrap_err();
    assert!(matches!(error, EnrolError::Ask(AskError::WrongServer { .. })), "{error:?}");
    assert!(wrong.asked.lock().unwrap().is_empty(), "no request reached it");
}

#[tokio::test]
async fn a_server_that_shows_the_right_ca_beside_its_own_chain_is_wrong() {
    let (right, wrong) = (Server::start().await, Server::start().await);
    let (chain, key, _) = wrong.authority.sign_server(&[], clock::now()).unwrap();
    let certified = tls::certified_key(&format!("{chain}{}", right.authority.ca_pem()), &key).unwrap();
    let builder = rustls::ServerConfig::builder_with_provider(tls::provider());
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = builder.with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
    let asked = Arc::clone(&wrong.asked);
    let host = Host::start(config, move |request| {
        asked.lock().unwrap().push(request.path);
        None
    })
    .await;
    let mut join = right.join_string();
    join.urls = vec![host.url()];
    assert!(enrol::join(&right.state(), &join, "db-1").await.is_err());
    assert!(wrong.asked.lock().unwrap().is_empty(), "no request reached it");
}

#[tokio::test]
async fn a_server_that_is_down_is_passed_over_and_a_refusal_is_final() {
    let server = Server::start().await;
    let state = server.state();
    let mut join = server.join_string();
    join.secret = JoinSecret::new([6; 20]);
    let error = enrol::join(&state, &join, "db-1").await.unwrap_err();
    let EnrolError::Ask(AskError::Refused { status: 403, detail, .. }) = error else { panic!("{error:?}") };
    assert_eq!(detail, "not for you");
    let mut join = server.join_string();
    join.urls.insert(0, "https://127.0.0.1:1".into());
    enrol::join(&state, &join, "db-1").await.unwrap();
}

#[tokio::test]
async fn renews_with_a_new_key_that_open_clients_use() {
    let server = Server::start().await;
    let state = server.state();
    let identity = server.joined(&state).await;
    let credentials = identity.credentials().unwrap();
    let client = enrol::agent_client(&credentials).unwrap();
    *server.losing.lock().unwrap() = 1;
    assert!(enrol::renew(&state, &identity, &client).await.is_err(), "the reply got lost");
    let renewed = enrol::renew(&state, &identity, &client).await.unwrap();
    assert_eq!(renewed.node, identity.node);
    assert_ne!(renewed.chain_pem, identity.chain_pem);
    renewed.use_in(&credentials).unwrap();
    enrol::renew(&state, &renewed, &client).await.unwrap();
    let loaded = state.identity().unwrap();
    assert_eq!(loaded.node, identity.node);
}

#[tokio::test]
async fn reclaims_by_the_key_within_ninety_days_unless_revoked() {
    let server = Server::start().await;
    let state = server.state();
    let identity = server.joined(&state).await;
    let check = |at: Timestamp, edit: fn(&mut ReclaimRequest)| {
        let mut request = enrol::reclaim_request(&identity, state.successor().unwrap(), at).unwrap();
        edit(&mut request);
        server.authority.check_reclaim(&request, &server.revoked, at)
    };
    let end = identity.validity.until;
    let day = Span::from_secs(86_400);
    assert_eq!(check(end + day, |_| {}).unwrap().node, identity.node);
    assert!(matches!(check(end + day.times(91), |_| {}), Err(ReclaimError::TooLate { .. })));
    assert!(matches!(check(end, |r| r.at = r.at + Span::from_secs(9_999)), Err(ReclaimError::Skew { .. })));
    assert!(matches!(check(end, |r| r.at = r.at + Span::from_secs(9)), Err(ReclaimError::Signature)));
    assert!(matches!(check(end, |r| r.csr.push(' ')), Err(ReclaimError::Signature)));
    assert!(matches!(check(end, |r| r.signature = "00".into()), Err(ReclaimError::Signature)));
    let other = Server::start().await;
    let request = enrol::reclaim_request(&identity, state.successor().unwrap(), end).unwrap();
    let strange = other.authority.check_reclaim(&request, &other.revoked, end);
    assert!(matches!(strange, Err(ReclaimError::Certificate)));
    enrol::reclaim(&state, &identity, clock::now()).await.unwrap();
    server.revoked.replace([identity.node].into());
    assert!(matches!(check(end, |_| {}), Err(ReclaimError::Certificate)));
    let error = enrol::reclaim(&state, &state.identity().unwrap(), clock::now()).await.unwrap_err();
    assert!(matches!(error, EnrolError::Ask(AskError::Refused { status: 403, .. })), "{error:?}");
}
