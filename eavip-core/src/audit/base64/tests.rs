//! Tests of base64 against the vectors of RFC 4648, section 10, and against texts that must be refused.

use super::*;

#[test]
fn writes_and_reads_the_vectors_of_rfc_4648() {
    let vectors = [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ];
    for (bytes, text) in vectors {
        assert_eq!(encode(bytes.as_bytes()), text);
        assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
    }
    assert_eq!(encode(&[0xfb, 0xff, 0xfe]), "+//+", "the standard alphabet, not that of URLs");
}

#[test]
fn refuses_every_text_that_it_would_not_write_itself() {
    let wrong = [
        ("Zg", "no padding"),
        ("Zg=", "half of the padding"),
        ("Zm8", "no padding"),
        ("Zm9v====", "padding of nothing"),
        ("Zg==Zm9v", "padding within"),
        ("Z===", "a single digit"),
        ("====", "only padding"),
        ("Zh==", "left-over bits that aren't zero"),
        ("Zm9=", "left-over bits that aren't zero"),
        ("Zm9v\n", "a line break"),
        (" Zm9v", "a space"),
        ("Zm 9vYg=", "a space within"),
        ("-__-", "the alphabet of URLs"),
        ("Zm9ü", "a letter of no alphabet"),
    ];
    for (text, why) in wrong {
        assert_eq!(decode(text), None, "{text:?}: {why}");
    }
    assert_eq!(decode_array::<3>("Zm9v"), Some(*b"foo"));
    assert_eq!(decode_array::<4>("Zm9v"), None);
}

proptest::proptest! {
    #[test]
    fn what_is_written_is_read_back(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..100)) {
        proptest::prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
    }

    #[test]
    fn a_text_that_is_read_is_the_only_one_for_its_bytes(text in "[A-Za-z0-9+/= _-]{0,12}") {
        if let Some(bytes) = decode(&text) {
            proptest::prop_assert_eq!(encode(&bytes), text);
        }
    }
}
