//! Tests of webhook signatures, against the example that the Standard Webhooks specification's libraries test with.

use super::*;

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const AT: i64 = 1_614_265_330;

#[test]
fn signs_as_the_specification_does() {
    let key = SigningKey::parse(KEY).unwrap();
    assert_eq!(key.sign(ID, AT, BODY), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn verifies_only_the_same_message_from_about_now() {
    let key = SigningKey::parse(KEY).unwrap();
    let header = key.sign(ID, AT, BODY);
    let both = format!("v1,AAAA {header}");
    for (what, header, id, timestamp, now, body, expected) in [
        ("the message", header.as_str(), ID, AT, AT, BODY, true),
        ("one of several signatures", both.as_str(), ID, AT, AT + 299, BODY, true),
        ("an empty header", "", ID, AT, AT, BODY, false),
        ("a bare version", "v1,", ID, AT, AT, BODY, false),
        ("another body", header.as_str(), ID, AT, AT, b"{}".as_slice(), false),
        ("another id", header.as_str(), "msg_x", AT, AT, BODY, false),
        ("an old message", header.as_str(), ID, AT, AT + 301, BODY, false),
        ("a message from the future", header.as_str(), ID, AT, AT - 301, BODY, false),
        ("another version", &header.replace("v1,", "v2,"), ID, AT, AT, BODY, false),
    ] {
        assert_eq!(key.verifies(header, id, timestamp, now, body), expected, "{what}");
    }
}

#[test]
fn refuses_keys_that_are_none_without_repeating_them() {
    for text in ["", "whsec_", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!"] {
        let error = SigningKey::parse(text).unwrap_err().to_string();
        assert!(text.is_empty() || !error.contains(text) || text == "whsec_", "{error}");
    }
    assert_eq!(format!("{:?}", SigningKey::parse(KEY).unwrap()), "SigningKey(…)");
}
