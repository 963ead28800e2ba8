//! Tests of the client against servers of a few lines, plain and over TLS.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

const ASK: Ask<'static> = Ask { head: false, limit: 1_000, cut: true, authorization: None };

fn target(url: &str) -> Target {
    Target { url: url.parse().unwrap(), unix_socket: None, ca_file: None, authorization: None }
}

async fn reply<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, reply: &str) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            return;
        }
        request.extend(byte);
    }
    let _ = stream.write_all(reply.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// Answers each connection with the same text.
async fn serve(answer: &'static str) -> (u16, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(reply(stream, answer));
        }
    });
    (port, task)
}

#[tokio::test]
async fn times_each_phase_of_an_answer() {
    let (port, server) = serve("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let fetched = fetch(&target(&format!("http://localhost:{port}/")), ASK).await;
    assert_eq!(fetched.answer.unwrap(), Answer { status: 200, body: b"ok".to_vec() });
    let phases = fetched.phases;
    assert!(phases.dns.is_some() && phases.connect.is_some() && phases.tls.is_none());
    assert!(phases.first_byte.is_some() && phases.transfer.is_some());
    let fetched = fetch(&target(&format!("http://127.0.0.1:{port}/")), ASK).await;
    assert!(fetched.phases.dns.is_none(), "an address needs no resolver");
    server.abort();
}

#[tokio::test]
async fn follows_no_redirect_and_bounds_the_body() {
    let (port, server) =
        serve("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 9\r\n\r\n123456789")
            .await;
    let to = target(&format!("http://127.0.0.1:{port}/"));
    let cut = fetch(&to, Ask { limit: 4, ..ASK }).await.answer.unwrap();
    assert_eq!((cut.status, cut.body.as_slice()), (302, b"1234".as_slice()));
    let refused = fetch(&to, Ask { limit: 4, cut: false, ..ASK }).await.answer;
    assert!(matches!(refused, Err(FetchError::TooLarge(4))));
    assert!(matches!(document(&to, ASK).await, Err(FetchError::Http(_))), "a redirect is no document");
    server.abort();
}

#[tokio::test]
async fn says_why_there_is_no_answer() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = |url: String| async move { fetch(&target(&url), ASK).await.answer.unwrap_err() };
    assert!(matches!(error(format!("http://127.0.0.1:{port}/")).await, FetchError::Connect { .. }));
    assert!(matches!(error("http://169.254.169.254/latest".into()).await, FetchError::Refused(_)));
    assert!(matches!(error("http://[fe80::1]/".into()).await, FetchError::Refused(_)));
    let (port, server) = serve("SSH-2.0-OpenSSH\r\n").await;
    assert!(matches!(error(format!("http://127.0.0.1:{port}/")).await, FetchError::Http(_)));
    server.abort();
}

#[tokio::test]
async fn asks_over_a_unix_socket_and_signs_in() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4_096];
        let read = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    let secret = directory.path().join("token");
    std::fs::write(&secret, "Bearer hunter2\n").unwrap();
    let authorization = Some(crate::secret::SecretRef::File(secret));
    let to = Target { unix_socket: Some(path), authorization, ..target("http://app/health?x=1") };
    assert_eq!(fetch(&to, ASK).await.answer.unwrap().status, 204);
    let request = server.await.unwrap();
    assert!(
        request.starts_with("GET /health?x=1 HTTP/1.1\r\n") && request.contains("host: app\r\n"),
        "{request}"
    );
    assert!(request.contains("authorization: Bearer hunter2\r\n"), "{request}");
}

/// A server with a certificate that runs out in that many days, and the file of its authority.
async fn serve_tls(days: i64) -> (u16, tempfile::TempDir, tokio::task::JoinHandle<()>) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let now = std::time::SystemTime::now();
    let day = Duration::from_secs(86_400);
    leaf.not_before = (now - 30 * day).into();
    leaf.not_after = (if days < 0 { now - day } else { now + u32::try_from(days).unwrap() * day }).into();
    let certificate = leaf.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls_pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("ca.pem"), ca_certificate.pem()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                reply(stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            }
        }
    });
    (port, directory, task)
}

#[tokio::test]
async fn trusts_the_named_authority_and_tells_when_the_certificate_runs_out() {
    let (port, directory, server) = serve_tls(10).await;
    let ca_file = Some(directory.path().join("ca.pem"));
    let to = Target { ca_file: ca_file.clone(), ..target(&format!("https://localhost:{port}/")) };
    let fetched = fetch(&to, ASK).await;
    assert_eq!(fetched.answer.unwrap().status, 200);
    assert!(fetched.phases.tls.is_some());
    let left = fetched.certificate_expires.unwrap().since(crate::collect::now()).as_secs_f64() / 86_400.0;
    assert!((9.9..=10.0).contains(&left), "{left}");
    // Another name, and no authority that is known.
    let wrong_name = Target { ca_file, ..target(&format!("https://127.0.0.1:{port}/")) };
    assert!(matches!(fetch(&wrong_name, ASK).await.answer, Err(FetchError::Tls(_))));
    let unknown = fetch(&target(&format!("https://localhost:{port}/")), ASK).await;
    assert!(matches!(unknown.answer, Err(FetchError::Tls(_))));
    server.abort();
}

#[tokio::test]
async fn a_certificate_that_ran_out_is_refused_and_tells_when() {
    let (port, directory, server) = serve_tls(-1).await;
    let ca_file = Some(directory.path().join("ca.pem"));
    let to = Target { ca_file, ..target(&format!("https://localhost:{port}/")) };
    let fetched = fetch(&to, ASK).await;
    assert!(matches!(fetched.answer, Err(FetchError::Tls(_))));
    assert!(fetched.certificate_expires.unwrap() < crate::collect::now());
    server.abort();
}
