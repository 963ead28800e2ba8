//! A proof checked with nothing of ours: hashes and the signature by openssl, the steps as docs/audit.md tells them.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eavip_tests::process::{run, tool};
use serde_json::Value;

use super::{SERVER, scene};

/// SHA-256 by openssl.
fn sha256(dir: &Path, bytes: &[u8]) -> Vec<u8> {
    let file = dir.join("hashed");
    std::fs::write(&file, bytes).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["dgst", "-sha256", "-binary"]).arg(&file);
    run(&mut openssl).stdout
}

fn hash(text: &Value) -> Vec<u8> {
    let digits = text.as_str().unwrap().strip_prefix("sha256:").unwrap();
    (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// The root that a path leads to (RFC 9162, section 2.1.3.2).
fn root(dir: &Path, proof: &Value, size: u64) -> Vec<u8> {
    let record = proof["record"].as_str().unwrap().as_bytes();
    let mut found = sha256(dir, &[&[0], record].concat());
    let (mut at, mut last) = (proof["position"].as_u64().unwrap(), size - 1);
    for beside in proof["path"].as_array().unwrap() {
        let beside = hash(beside);
        if at & 1 == 1 || at == last {
            found = sha256(dir, &[&[1], &*beside, &found].concat());
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            found = sha256(dir, &[&[1], &*found, &beside].concat());
        }
        (at, last) = (at >> 1, last >> 1);
    }
    found
}

/// Whether the key signed the checkpoint, by openssl.
fn signed(dir: &Path, key: &str, note: &str) -> bool {
    let (body, signatures) = note.split_once("\n\n").unwrap();
    let signature = signatures.trim_end().rsplit(' ').next().unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    let public = STANDARD.decode(key.splitn(3, '+').nth(2).unwrap()).unwrap();
    // An Ed25519 key as SubjectPublicKeyInfo is these twelve bytes and the key (RFC 8410).
    let prefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let at = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    std::fs::write(at("key.der"), [&prefix, &public[1..]].concat()).unwrap();
    std::fs::write(at("signed"), format!("{body}\n")).unwrap();
    std::fs::write(at("signature"), &signature[4..]).unwrap();
    let verify = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin", "-inkey", &at("key.der")];
    let files = ["-in", &at("signed"), "-sigfile", &at("signature")];
    tool("openssl", &[&verify[..], &files].concat()).is_ok()
}

#[test]
fn a_proof_is_checked_by_public_tools_alone() {
    let scene = scene();
    let data = scene.data.to_str().unwrap().to_owned();
    let audit = |args: &[&str]| run(Command::new(SERVER).arg("audit").args(args));
    let dir = tempfile::tempdir().unwrap();
    let records = super::Ledger::read(&scene.data).payloads.len() as u64;
    for position in [0, 1, records / 2, records - 1] {
        let proven = audit(&["prove", "--data", &data, &position.to_string()]);
        assert!(proven.status.success(), "{}", String::from_utf8_lossy(&proven.stderr));
        let proof: Value = serde_json::from_slice(&proven.stdout).unwrap();
        let note = proof["checkpoint"].as_str().unwrap();
        let mut lines = note.lines().skip(1);
        let size = lines.next().unwrap().parse().unwrap();
        let signed_root = STANDARD.decode(lines.next().unwrap()).unwrap();
        assert_eq!(root(dir.path(), &proof, size), signed_root, "record {position} of {size}");
        assert!(signed(dir.path(), proof["key"].as_str().unwrap(), note));
        let other = note.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1);
        assert!(
            !signed(dir.path(), proof["key"].as_str().unwrap(), &other),
            "openssl takes what isn't signed"
        );
        let file = dir.path().join("proof.json");
        std::fs::write(&file, &proven.stdout).unwrap();
        let key = audit(&["key", "--data", &data]);
        let key = String::from_utf8(key.stdout).unwrap();
        let checked = audit(&["check-proof", file.to_str().unwrap(), "--key", key.trim()]);
        assert!(checked.status.success(), "{checked:?}");
        let forged =
            String::from_utf8(proven.stdout).unwrap().replacen("\\\"at\\\":\\\"2", "\\\"at\\\":\\\"3", 1);
        std::fs::write(&file, forged).unwrap();
        assert_eq!(audit(&["check-proof", file.to_str().unwrap()]).status.code(), Some(3));
    }
    let export =
        ["export", "--data", &data, "--from", "2000-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"];
    let exported = audit(&export);
    let text = String::from_utf8(exported.stdout).unwrap();
    assert_eq!(text.lines().count() as u64, records);
    for secret in ["\"hash\"", "\\\"hash\\\"", "$argon2"] {
        assert!(!text.contains(secret), "an export holds hashes of secrets");
    }
    let file = dir.path().join("export.jsonl");
    std::fs::write(&file, &text).unwrap();
    assert!(audit(&["check-proof", file.to_str().unwrap()]).status.success());
    eprintln!("a proof: {records} records exported, 4 proofs checked by openssl alone");
}
