//! Tests of digests and names.

use super::*;

#[test]
fn a_sha_256_digest_is_read_with_and_without_its_prefix() {
    let empty = Digest256::of(b"");
    let text = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(empty.to_string(), text);
    assert_eq!(text.parse(), Ok(empty));
    assert_eq!(text.trim_start_matches("sha256:").parse(), Ok(empty));
    for wrong in ["", "sha256:", "sha512:e3", &text.to_uppercase(), &text[..70], &format!("{text}0")] {
        assert_eq!(wrong.parse::<Digest256>(), Err(InvalidDigest256), "{wrong}");
    }
}

#[test]
fn a_values_digest_is_that_of_its_json() {
    use sha2::Digest as _;
    let value = ["one", "two"];
    let full: [u8; 32] = sha2::Sha256::digest(br#"["one","two"]"#).into();
    assert_eq!(Digest128::of_value(&value), Digest128::half(full));
    assert_ne!(Digest128::of_value(&value), Digest128::of_value(&["two", "one"]));
}
