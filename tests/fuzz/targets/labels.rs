//! Any JSON as a label set: taken within its bounds, or refused; what was taken reads back as the same.

#![no_main]

use eavip_core::labels::{Labels, MAX_LABELS};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(labels) = serde_json::from_slice::<Labels>(bytes) else { return };
    assert!(labels.iter().count() <= MAX_LABELS, "more labels than the bound");
    let again =
        serde_json::to_vec(&labels).ok().and_then(|text| serde_json::from_slice::<Labels>(&text).ok());
    assert_eq!(again.as_ref(), Some(&labels), "what was taken doesn't read back as the same");
});
