//! Tests of where webhooks may lead.

use super::*;

fn webhook(url: &str) -> Result<Webhook, InvalidUrl> {
    Webhook::new(url, SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap())
}

#[test]
fn refuses_addresses_that_nothing_may_be_sent_to() {
    for url in [
        "",
        "not a url",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://0.0.0.0/",
        "https://user:secret@example.com/",
    ] {
        let error = webhook(url).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("can't be a webhook"), "{url}: {error}");
    }
    for url in ["https://example.com/hook", "http://127.0.0.1:9000/", "http://10.0.0.1/x"] {
        assert!(webhook(url).is_ok(), "{url}");
    }
}

#[tokio::test]
async fn a_name_that_leads_only_to_forbidden_addresses_is_not_connected_to() {
    // `localhost` is allowed, so the guard is asked directly about what it would leave out.
    assert!(forbidden("169.254.1.1".parse().unwrap()));
    assert!(forbidden("::ffff:169.254.169.254".parse().unwrap()));
    assert!(!forbidden("127.0.0.1".parse().unwrap()));
    let resolved = Guarded.resolve("localhost".parse().unwrap()).await;
    assert!(resolved.is_ok());
}

#[tokio::test]
async fn does_not_follow_redirects() {
    use axum::Router;
    use axum::response::Redirect;
    use axum::routing::post;
    let redirect = || async { Redirect::temporary("http://169.254.169.254/") };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(redirect))).await });
    let id = eavip_core::id::Digest128([1; 16]);
    let message = Message { id, decided_at: now(), body: b"{}".to_vec() };
    let error = webhook(&url).unwrap().send(&message).await.unwrap_err();
    assert!(error.to_string().contains("307"), "{error}");
}
