//! Tests of keys and digests.

use super::*;

fn digest(key: &str, byte: u8) -> KeyedDigest {
    KeyedDigest { key: key.parse().unwrap(), digest: Digest256([byte; 32]) }
}

#[test]
fn a_key_is_one_visible_word() {
    for text in ["db.pool.size", "DATABASE_URL", "/etc/shop/shop.toml", "a", &"x".repeat(MAX_KEY)] {
        assert_eq!(text.parse::<ConfigKey>().unwrap().as_str(), text);
    }
    for text in ["", " ", "a b", "a=b", "`a`", "grün", "a\nb", &"x".repeat(MAX_KEY + 1)] {
        assert!(text.parse::<ConfigKey>().is_err(), "{text:?}");
        assert!(serde_json::from_value::<ConfigKey>(text.into()).is_err());
    }
    assert!("x y".repeat(100).parse::<ConfigKey>().unwrap_err().found.len() <= 80);
}

#[test]
fn digests_of_different_keys_tell_nothing() {
    let (one, same, other) = (digest("ulm", 1), digest("ulm", 1), digest("ulm", 2));
    let elsewhere = digest("bonn", 1);
    assert_eq!(one.is_same(&same), Some(true));
    assert_eq!(one.is_same(&other), Some(false));
    assert_eq!(one.is_same(&elsewhere), None);
    assert_eq!(is_same(None, None), Some(true));
    assert_eq!(is_same(Some(&one), None), Some(false));
    assert_eq!(is_same(None, Some(&elsewhere)), Some(false));
}
