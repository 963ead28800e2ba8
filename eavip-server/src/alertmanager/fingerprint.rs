//! An alert as Alertmanager's clients know it: the labels that it goes by outside, and the fingerprint that Alertmanager
//! makes of them.

use eavip_core::alert::episode::{Opening, Origin};
use eavip_core::labels::{Labels, MAX_LABELS};

/// FNV-1a, 64 bits: what the sum begins with, and what it is multiplied with (RFC 9923, section 5).
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;
/// Stands behind each name and value; no UTF-8 text holds it.
const SEPARATOR: u8 = 0xff;

/// The fingerprint that Alertmanager gives to an alert with these labels, 16 hexadecimal digits.
#[must_use]
pub fn fingerprint(labels: &Labels) -> String {
    let texts = labels.iter().flat_map(|(name, value)| [name, value]);
    let bytes = texts.flat_map(|text| text.bytes().chain([SEPARATOR]));
    let sum = bytes.fold(OFFSET, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(PRIME));
    format!("{sum:016x}")
}

/// The labels that an alert has outside. What another system sent keeps that system's, so that it recognises its own; an alert
/// of this server is called `alertname` by its rule, for which at the bound the last of its labels gives way.
#[must_use]
pub fn labels(opening: &Opening) -> Labels {
    if let Origin::Sent { .. } = opening.origin {
        return opening.sent_labels();
    }
    let own = opening.labels.iter().filter(|(name, _)| *name != "alertname").take(MAX_LABELS - 1);
    // Each comes from a checked set, and the rule's name is shorter than any value may be.
    Labels::new(own.chain([("alertname", opening.rule.as_str())])).unwrap_or_default()
}

#[cfg(test)]
mod tests;
