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

fn enrolment(agents: usize) -> Enrolment {
    Enrolment {
        certificates: "-----BEGIN CERTIFICATE-----".into(),
        ca: "-----BEGIN CERTIFICATE-----".into(),
        store: uuid::Uuid::from_u128(1),
        agents: vec!["https://ops.example.com".into(); agents],
        place: Place {
            deployment: "eu".parse().unwrap(),
            environment: crate::environment::Environment::Production,
            mode: crate::mode::Mode::Saas,
            labels: crate::labels::Labels::default(),
        },
    }
}

#[test]
fn renewals_reclaims_and_replies_are_read_within_their_bounds() {
    fn path<T: std::fmt::Debug>(read: Result<T, WireError>) -> String {
        read.map_or_else(|error| error.path, |read| panic!("{read:?}"))
    }
    let bytes = |value: &serde_json::Value| serde_json::to_vec(value).unwrap();
    let renew = |csr: String| RenewRequest::decode(&bytes(&serde_json::json!({ "csr": csr })));
    assert_eq!(renew("c".into()).unwrap().csr, "c");
    assert_eq!(path(renew("x".repeat(MAX_PEM + 1))), "csr");

    let reclaim = ReclaimRequest {
        certificate: "c".into(),
        csr: "r".into(),
        at: Timestamp::from_millis(1),
        signature: "s".into(),
    };
    let sent = |edit: fn(&mut ReclaimRequest)| {
        let mut request = reclaim.clone();
        edit(&mut request);
        ReclaimRequest::decode(&serde_json::to_vec(&request).unwrap())
    };
    assert_eq!(sent(|_| {}).unwrap(), reclaim);
    assert_eq!(path(sent(|one| one.certificate = "x".repeat(MAX_PEM + 1))), "certificate");
    assert_eq!(path(sent(|one| one.csr = "x".repeat(MAX_PEM + 1))), "csr");
    assert_eq!(path(sent(|one| one.signature = "x".repeat(MAX_SIGNATURE + 1))), "signature");

    for (agents, taken) in [(0, false), (1, true), (MAX_URLS, true), (MAX_URLS + 1, false)] {
        let read = Enrolment::decode(&serde_json::to_vec(&enrolment(agents)).unwrap());
        assert_eq!(read.is_ok(), taken, "{agents} addresses");
    }
}
