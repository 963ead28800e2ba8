//! Simulated agents: each with its own key, its own join token and the certificate that the server gave it for them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, ensure};
use eavip_agent::join::JoinString;
use eavip_agent::tls::client::{Credentials, agent_config, pinned_config};
use eavip_core::id::NodeId;
use eavip_core::wire::enrol::{EnrolRequest, Enrolment};
use rustls::ClientConfig;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::link::Link;
use super::product::{Api, Product};

/// Enrolments under way at the same time.
const AT_ONCE: usize = 16;

/// An enrolled agent.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Its identity.
    pub node: NodeId,
    /// Where it reports to.
    pub server: SocketAddr,
    tls: Arc<ClientConfig>,
}

impl Agent {
    /// A connection on which it shows its certificate.
    ///
    /// # Errors
    /// The network's or the handshake's.
    pub async fn connect(&self) -> anyhow::Result<Link<TlsStream<TcpStream>>> {
        Link::tls(self.server, Arc::clone(&self.tls)).await
    }

    /// The same agent, reporting elsewhere.
    #[must_use]
    pub fn at(&self, server: SocketAddr) -> Self {
        Self { server, ..self.clone() }
    }
}

/// Enrols agents as the real one does, several at a time.
///
/// # Errors
/// When the server refuses one.
pub async fn enrol(product: &Product, count: usize) -> anyhow::Result<Vec<Agent>> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE.min(count) {
        let (mut api, next) = (product.api().await?, Arc::clone(&next));
        workers.spawn(async move {
            let mut agents = Vec::new();
            while next.fetch_add(1, Ordering::Relaxed) < count {
                agents.push(one(&mut api).await?);
            }
            anyhow::Ok(agents)
        });
    }
    let mut agents = Vec::with_capacity(count);
    while let Some(made) = workers.join_next().await {
        agents.extend(made??);
    }
    Ok(agents)
}

async fn one(api: &mut Api) -> anyhow::Result<Agent> {
    let place = json!({"deployment": "load", "environment": "production", "mode": "saas"});
    let made = api.ask("POST", "/api/v1/join-tokens", Some(&place)).await?;
    let text = made.get("join").and_then(Value::as_str).context("no join string was made")?;
    let join = JoinString::parse(text, eavip_agent::clock::now())?;
    let key = rcgen::KeyPair::generate()?;
    let node = NodeId(uuid::Uuid::now_v7());
    let request = EnrolRequest {
        token: join.token.clone(),
        secret: join.secret.clone(),
        csr: rcgen::CertificateParams::default().serialize_request(&key)?.pem()?,
        node,
        hostname: format!("load-{node}"),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut link = Link::tls(address(join.urls.first())?, Arc::new(pinned_config(join.pin)?)).await?;
    let head = "POST /agent/v1/enrol HTTP/1.1\r\nhost: load\r\ncontent-type: application/json\r\n";
    let answer = link.exchange(head, &[&serde_json::to_vec(&request)?]).await?;
    ensure!(answer.status == 200, "the enrolment was refused: {}", String::from_utf8_lossy(answer.body));
    let enrolment = Enrolment::decode(answer.body)?;
    let credentials = Credentials::new(&enrolment.certificates, &key.serialize_pem(), &enrolment.ca)?;
    // A thousand tokens are kept at once; this one is spent.
    api.ask("DELETE", &format!("/api/v1/join-tokens/{}", join.token), None).await?;
    Ok(Agent { node, server: address(enrolment.agents.first())?, tls: Arc::new(agent_config(&credentials)?) })
}

fn address(url: Option<&String>) -> anyhow::Result<SocketAddr> {
    let url = url.context("the server told no address")?;
    Ok(url.strip_prefix("https://").context("the address isn't https")?.parse()?)
}
