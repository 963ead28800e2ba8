//! A listener on loopback that answers over real TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls_pki_types::CertificateDer;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What a handler is asked: path, body, the client's certificates.
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) body: Bytes,
    pub(super) peer: Vec<CertificateDer<'static>>,
}

/// Status and body; `None` closes the connection without an answer.
pub(super) type Answer = Option<(u16, Vec<u8>)>;

/// A running listener; ends with the value.
pub(super) struct Host {
    pub(super) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Host {
    pub(super) async fn start(
        config: ServerConfig,
        handler: impl Fn(Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let handler = Arc::new(handler);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, handler) = (acceptor.clone(), Arc::clone(&handler));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let peer: Vec<_> = stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
                    let service = service_fn(move |request: Request<Incoming>| {
                        let (handler, peer) = (Arc::clone(&handler), peer.clone());
                        async move {
                            let path = request.uri().path().to_owned();
                            let body =
                                request.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes();
                            let (status, body) = handler(Asked { path, body, peer }).ok_or("closed")?;
                            let mut response = Response::new(Full::new(Bytes::from(body)));
                            *response.status_mut() = status.try_into().map_err(|_| "status")?;
                            Ok::<_, String>(response)
                        }
                    });
                    let http = hyper::server::conn::http1::Builder::new();
                    let _closed = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, task }
    }

    pub(super) fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}
