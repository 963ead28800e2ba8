//! Tests of signed checkpoints: byte for byte, ids of keys as other implementations compute them, and every wrong form.

use super::super::checkpoint::InvalidCheckpoint;
use super::*;

const NOTE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} \
    example.com/behind-the-sofa \
    Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

/// Stands for Ed25519: the hash of key and message, twice.
fn sign(public: [u8; 32]) -> impl Fn(&[u8]) -> [u8; 64] {
    move |message| {
        let half = Sha256::new().chain_update(public).chain_update(message).finalize();
        let mut signature = [0; 64];
        signature.iter_mut().zip(half.iter().chain(&half)).for_each(|(to, from)| *to = *from);
        signature
    }
}

fn verify(public: [u8; 32]) -> impl Fn(&[u8], &[u8; 64]) -> bool {
    move |message, signature| sign(public)(message) == *signature
}

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint::new("ops.example.com/audit", size, crate::id::Digest256([7; 32])).unwrap()
}

fn key(public: [u8; 32]) -> Key {
    Key::ed25519("ops.example.com/audit", &public).unwrap()
}

#[test]
fn reads_what_another_log_signed_and_writes_it_back() {
    let note: SignedCheckpoint = NOTE.parse().unwrap();
    assert_eq!(note.unverified().size(), 20_852_163);
    assert_eq!(note.signatures[0].bytes.len(), 64);
    assert_eq!(note.to_string(), NOTE);
    let json = serde_json::to_string(&note).unwrap();
    assert_eq!(serde_json::from_str::<SignedCheckpoint>(&json).unwrap(), note);
}

#[test]
fn the_id_of_a_key_is_the_one_that_others_compute() {
    // Published with Go's golang.org/x/mod/sumdb/note: PeterNeumann+c74f20a3+ARpc2QcU…
    let encoded = base64::decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    let public = encoded[1..].try_into().unwrap();
    assert_eq!(
        (encoded[0], Key::ed25519("PeterNeumann", &public).unwrap().id()),
        (ED25519, [0xc7, 0x4f, 0x20, 0xa3])
    );
    for name in ["", "two words", "a+b", "a\u{a0}b", "a\nb", "a\u{0}b", &"x".repeat(1_025)] {
        assert_eq!(Key::ed25519(name, &public), Err(InvalidKeyName), "{name:?}");
    }
}

#[test]
fn only_the_known_key_makes_a_checkpoint_believed() {
    let (own, other) = ([1; 32], [2; 32]);
    let signed = SignedCheckpoint::sign(checkpoint(5), &key(own), sign(own));
    let read: SignedCheckpoint = signed.to_string().parse().unwrap();
    assert_eq!(read, signed);
    assert_eq!(read.clone().verified_by(&key(own), verify(own)).unwrap().checkpoint(), &checkpoint(5));
    assert_eq!(read.clone().verified_by(&key(other), verify(other)), Err(Untrusted::NotSigned));
    let renamed = Key::ed25519("elsewhere", &own).unwrap();
    assert_eq!(read.verified_by(&renamed, verify(own)), Err(Untrusted::NotSigned));
    let forged = SignedCheckpoint::sign(checkpoint(5), &key(own), sign(other));
    assert_eq!(forged.verified_by(&key(own), verify(own)), Err(Untrusted::WrongSignature));
}

#[test]
fn a_changed_text_is_not_what_was_signed() {
    let own = [1; 32];
    let text = SignedCheckpoint::sign(checkpoint(5), &key(own), sign(own)).to_string();
    let changed: SignedCheckpoint = text.replacen("\n5\n", "\n6\n", 1).parse().unwrap();
    assert_eq!(changed.verified_by(&key(own), verify(own)), Err(Untrusted::WrongSignature));
}

#[test]
fn signatures_of_others_are_passed_over_and_none_of_the_own_may_be_wrong() {
    let (own, other) = ([1; 32], [2; 32]);
    let signed = SignedCheckpoint::sign(checkpoint(5), &key(own), sign(own));
    let cosigned =
        SignedCheckpoint::sign(checkpoint(5), &Key::ed25519("witness", &other).unwrap(), sign(other));
    let mut both = cosigned.clone();
    both.signatures.extend(signed.signatures.clone());
    // A kind that isn't known here has another length.
    both.signatures[0].bytes.push(0);
    assert!(both.verified_by(&key(own), verify(own)).is_ok());

    // An id is short and can be forged under another name; only both together are the key's.
    let mut renamed = signed.clone();
    let other = Signature { name: "elsewhere".into(), bytes: vec![0; 64], ..signed.signatures[0].clone() };
    renamed.signatures.push(other);
    assert!(renamed.verified_by(&key(own), verify(own)).is_ok());

    let mut twice = signed.clone();
    twice.signatures.push(Signature { bytes: vec![0; 64], ..signed.signatures[0].clone() });
    assert_eq!(twice.verified_by(&key(own), verify(own)), Err(Untrusted::WrongSignature));
    let mut short = signed;
    short.signatures[0].bytes.pop();
    assert_eq!(short.verified_by(&key(own), verify(own)), Err(Untrusted::WrongSignature));
}

#[test]
fn refuses_every_wrong_form() {
    use InvalidNote::{Signature, TooLong, TooManySignatures, Unsigned};
    let line = NOTE.lines().last().unwrap();
    let body = NOTE.strip_suffix(&format!("\n{line}\n")).unwrap();
    let with = |lines: &str| format!("{body}\n{lines}");
    let table = [
        (String::new(), Unsigned),
        (body.to_owned(), Unsigned),
        (format!("{body}\n"), Unsigned),
        (format!("{body}{line}\n"), Unsigned),
        (with(line), Unsigned),
        (with(&format!("{line}\n\n")), Signature),
        (with(&format!("{line}\nmore\n")), Signature),
        (with(&format!("{}\n", line.replacen('\u{2014}', "-", 1))), Signature),
        (with(&format!("{}\n", line.replacen('\u{2014}', "\u{2013}", 1))), Signature),
        (with(&format!(" {line}\n")), Signature),
        (with(&format!("{line} \n")), Signature),
        (with(&format!("{line}\r\n")), Signature),
        (with(&format!("{}\n", line.replacen(' ', "  ", 1))), Signature),
        (with(&format!("{}\n", line.replacen("example.com", "example+com", 1))), Signature),
        (with(&format!("{}\n", line.replacen("example.com", "example\u{2003}com", 1))), Signature),
        (with(&format!("{}\n", line.trim_end_matches('='))), Signature),
        (with("\u{2014} name AAAAAA==\n"), Signature),
        (with("\u{2014} name \n"), Signature),
        (with("\u{2014} name\n"), Signature),
        (with(&format!("{line}\n").repeat(MAX_SIGNATURES + 1)), TooManySignatures),
        (format!("{NOTE}{}", "x".repeat(MAX_NOTE)), TooLong),
        (format!("\n{NOTE}"), InvalidNote::Checkpoint(InvalidCheckpoint::Size)),
        (
            NOTE.replacen("example.com/behind-the-sofa", "", 1),
            InvalidNote::Checkpoint(InvalidCheckpoint::Origin),
        ),
        (NOTE.replacen("20852163", "020852163", 1), InvalidNote::Checkpoint(InvalidCheckpoint::Size)),
        (NOTE.replacen("\n\n", "\n\n\n", 1), InvalidNote::Checkpoint(InvalidCheckpoint::Extension)),
    ];
    for (text, why) in table {
        assert_eq!(text.parse::<SignedCheckpoint>(), Err(why), "{text:?}");
    }
    assert!(with(&format!("{line}\n").repeat(MAX_SIGNATURES)).parse::<SignedCheckpoint>().is_ok());
}

proptest::proptest! {
    #[test]
    fn a_note_that_is_read_is_written_back_byte_for_byte(at: proptest::sample::Index, with in "[\n +=A0\u{2014}-]?") {
        let starts: Vec<usize> = NOTE.char_indices().map(|(at, _)| at).collect();
        let at = *at.get(&starts);
        let rest = NOTE[at..].chars().next().unwrap().len_utf8();
        let text = format!("{}{with}{}", &NOTE[..at], &NOTE[at + rest..]);
        if let Ok(note) = text.parse::<SignedCheckpoint>() {
            proptest::prop_assert_eq!(note.to_string(), text);
        }
    }
}

#[test]
fn a_key_has_the_name_that_it_was_made_with() {
    assert_eq!(key([1; 32]).name(), "ops.example.com/audit");
}
