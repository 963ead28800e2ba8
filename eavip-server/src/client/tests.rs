//! Tests of the client without a server.

use super::*;

#[test]
fn plain_http_reaches_this_host_only() {
    for good in [
        "http://127.0.0.1:7480",
        "http://[::1]:7480/",
        "http://localhost:7480",
        "https://ops.example.com/eavip/",
    ] {
        assert!(good.parse::<ServerUrl>().is_ok(), "{good}");
    }
    for bad in [
        "http://10.0.0.1:7480",
        "http://ops.example.com",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "ops",
        "",
    ] {
        assert!(bad.parse::<ServerUrl>().is_err(), "{bad}");
    }
    assert_eq!(
        "https://ops.example.com/eavip/".parse::<ServerUrl>().unwrap().to_string(),
        "https://ops.example.com/eavip"
    );
}

#[test]
fn an_address_that_cannot_be_used_does_not_repeat_a_secret() {
    for text in
        ["http://ops.example.com/sign-in#token=hidden", "https://me:hidden@ops.example.com", "no url#hidden"]
    {
        let told = text.parse::<ServerUrl>().unwrap_err().to_string();
        assert!(!told.contains("hidden"), "{told}");
    }
}

#[test]
fn an_id_cannot_lead_to_another_path() {
    for bad in ["", "../tokens", "a/b", "a?b", "..", "a b", "ä"] {
        assert!(segment(bad).is_err(), "{bad}");
    }
    assert_eq!(segment("jt-0123").unwrap(), "jt-0123");
}

#[test]
fn a_refusal_without_a_problem_document_is_told_by_its_status() {
    let refusal = Refusal::read(502, Some(3), b"<html>bad gateway</html>");
    assert_eq!((refusal.status, refusal.retry_after), (502, Some(3)));
    assert_eq!(refusal.detail, "the server answered with status 502: <html>bad gateway</html>");
}

#[test]
fn the_status_line_outranks_the_document() {
    let body = br#"{"type":"/problems/conflict","title":"t","status":200,"code":"conflict","detail":"d"}"#;
    assert_eq!(Refusal::read(409, None, body).status, 409);
    let said = format!("comment: {}", "it names no ticket ".repeat(20));
    assert_eq!(Refusal::read(400, None, serde_json::to_string(&said).unwrap().as_bytes()).detail, said);
}

#[test]
fn neither_client_nor_link_shows_its_secret() {
    let token = Secret::new("eavip_pat_hidden".to_owned());
    let client = Client::new("http://127.0.0.1:1".parse().unwrap(), &token, &Trust::System).unwrap();
    let link = sign_in::Link::read("http://127.0.0.1:1/sign-in#token=hidden").unwrap().unwrap();
    assert!(!format!("{client:?} {link:?}").contains("hidden"));
    assert!(sign_in::Link::read("eavip_pat_x").unwrap().is_none());
}
