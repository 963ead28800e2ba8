//! Any text as a checkpoint, signed or not, and as a proof: refused, or written back byte for byte; nobody believes a
//! checkpoint that the known key didn't sign, nor a proof between roots that have nothing to do with each other.

#![no_main]

use eavip_core::audit::checkpoint::Checkpoint;
use eavip_core::audit::note::{Key, MAX_NOTE, SignedCheckpoint};
use eavip_core::audit::proof::{Consistency, Inclusion, MAX_PATH};
use eavip_core::audit::witness::{Contact, compare};
use eavip_core::id::Digest256;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string(), text, "a checkpoint has one form");
    }
    if let Ok(note) = text.parse::<SignedCheckpoint>() {
        assert!(text.len() <= MAX_NOTE, "longer than the bound");
        assert_eq!(note.to_string(), text, "a note has one form");
        let again = serde_json::to_string(&note).map(|json| serde_json::from_str::<SignedCheckpoint>(&json));
        assert!(matches!(&again, Ok(Ok(again)) if *again == note), "{again:?}");
        assert_eq!(compare(note.unverified(), note.unverified(), None), Contact::Same);
        if let Ok(key) = Key::ed25519(note.unverified().origin(), &[7; 32]) {
            assert!(note.verified_by(&key, |_, _| false).is_err(), "believed without a signature");
        }
    }
    let (one, other) = (Digest256([1; 32]), Digest256([2; 32]));
    if let Ok(proof) = serde_json::from_str::<Consistency>(text) {
        assert!(proof.path.len() <= MAX_PATH, "longer than the bound");
        assert!(!proof.proves(one, other) && !proof.proves_growth(one, other), "{proof:?}");
    }
    if let Ok(proof) = serde_json::from_str::<Inclusion>(text) {
        assert!(proof.path.len() <= MAX_PATH, "longer than the bound");
        assert!(!proof.proves(one, other), "{proof:?}");
    }
});
