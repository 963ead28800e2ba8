//! Tests of where messages may go, and of receivers that answer wrongly.

use axum::Router;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse as _, Redirect, Response as Answer};
use axum::routing::post;

use super::*;

#[test]
fn refuses_addresses_that_nothing_may_be_sent_to() {
    for url in [
        "",
        "not a url",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:169.254.169.254]/",
        "http://0.0.0.0/",
        "https://user:secret@example.com/",
    ] {
        let error = Endpoint::new(url).unwrap_err().to_string();
        assert!(error.starts_with("nothing can be sent") && !error.contains("secret"), "{url}: {error}");
    }
    for url in ["https://example.com/hook", "http://127.0.0.1:9000/", "http://10.0.0.1/x"] {
        assert!(Endpoint::new(url).is_ok(), "{url}");
    }
}

#[test]
fn a_secret_leaves_this_host_over_tls_alone_and_is_never_printed() {
    for (url, ok) in [
        ("https://example.com/T0/B0/s3cr3t", true),
        ("http://127.0.0.1:9/s3cr3t", true),
        ("http://example.com/s3cr3t", false),
    ] {
        let endpoint = Endpoint::secret(url);
        assert_eq!(endpoint.is_ok(), ok, "{url}");
        assert!(!format!("{endpoint:?}").contains("s3cr3t"));
    }
}

/// What a message meets at a receiver that answers so.
async fn meets(answer: impl Fn() -> Answer + Clone + Send + Sync + 'static) -> SendError {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let take = move || {
        let answer = answer.clone();
        async move { answer() }
    };
    let serving =
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(take))).await });
    let is_final = |status| status == StatusCode::GONE;
    let met = Endpoint::new(&url)
        .unwrap()
        .post("application/json", HeaderMap::new(), b"{}".to_vec(), is_final)
        .await;
    serving.abort();
    met.unwrap_err()
}

#[tokio::test]
async fn does_not_follow_redirects() {
    let error = meets(|| Redirect::temporary("http://169.254.169.254/").into_response()).await;
    assert!(error.to_string().contains("307") && !error.is_final(), "{error}");
}

#[tokio::test]
async fn of_an_endless_answer_only_the_beginning_is_read() {
    let endless = || {
        let chunks = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 1_024]));
        (StatusCode::INTERNAL_SERVER_ERROR, Body::from_stream(chunks)).into_response()
    };
    let error = meets(endless).await.to_string();
    assert!(error.len() < 300 && error.contains("xxx"), "{error}");
}

#[tokio::test]
async fn tells_what_the_receiver_said_on_one_line_and_waits_as_long_as_it_asks() {
    let busy = || {
        let headers = [(header::RETRY_AFTER, "30")];
        (StatusCode::TOO_MANY_REQUESTS, headers, "slow\r\ndown\u{1b}[31m").into_response()
    };
    let error = meets(busy).await;
    assert_eq!(error.to_string(), "the receiver answered 429 Too Many Requests: slow  down [31m");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert!(meets(|| StatusCode::GONE.into_response()).await.is_final());
}
