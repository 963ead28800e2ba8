//! Tests of enrolment on the wire.

use super::*;

fn request() -> EnrolRequest {
    EnrolRequest {
        token: "jt1".into(),
        secret: JoinSecret::new([0xab; 20]),
        csr: "-----BEGIN CERTIFICATE REQUEST-----".into(),
        node: "01980000-0000-7000-8000-000000000001".parse().unwrap(),
        hostname: "db-1".into(),
        agent_version: "0.1.0".into(),
    }
}

#[test]
fn carries_a_request_and_back() {
    let bytes = serde_json::to_vec(&request()).unwrap();
    assert_eq!(EnrolRequest::decode(&bytes).unwrap(), request());
}

#[test]
fn never_shows_the_secret() {
    let shown = format!("{:?}", request());
    assert!(shown.contains("JoinSecret(..)") && !shown.contains("abab"), "{shown}");
    let bytes = serde_json::to_string(&request()).unwrap().replace("abab", "zzzz");
    let error = EnrolRequest::decode(bytes.as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("secret: not a join secret") && !error.contains("zzzz"), "{error}");
}

#[test]
fn names_the_field_that_is_too_long_or_empty() {
    let long = |edit: fn(&mut EnrolRequest)| {
        let mut request = request();
        edit(&mut request);
        EnrolRequest::decode(&serde_json::to_vec(&request).unwrap()).unwrap_err().path
    };
    assert_eq!(long(|r| r.token = "x".repeat(MAX_TOKEN_ID + 1)), "token");
    assert_eq!(long(|r| r.csr = "x".repeat(MAX_PEM + 1)), "csr");
    assert_eq!(long(|r| r.csr.clear()), "csr");
    assert_eq!(long(|r| r.hostname = "x".repeat(MAX_HOSTNAME + 1)), "hostname");
    assert_eq!(long(|r| r.agent_version = "x".repeat(MAX_VERSION + 1)), "agent_version");
    assert_eq!(long(|r| r.csr = "x".repeat(MAX_MESSAGE)), "the body");
}

#[test]
fn signs_parts_that_cannot_run_together() {
    let at = Timestamp::from_millis(1);
    assert_ne!(ReclaimRequest::signed("ab", "c", at), ReclaimRequest::signed("a", "bc", at));
    assert_ne!(
        ReclaimRequest::signed("a", "b", at),
        ReclaimRequest::signed("a", "b", Timestamp::from_millis(2))
    );
}
