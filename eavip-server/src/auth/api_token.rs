//! The text of an API token: `eavip_pat_<id>_<secret><crc>`. A fixed beginning and a checksum let scanners of source
//! code find leaked ones, and let a mangled one be refused before anything is looked up.

use super::secret::{NoRandomness, random};

/// How every API token begins.
pub const PREFIX: &str = "eavip_pat_";
/// Hexadecimal digits of the id and of the checksum.
const ID: usize = 12;
const CRC: usize = 8;
/// Hexadecimal digits of the secret: 256 bits.
const SECRET: usize = 64;

/// A new token's id, its text and the hash that is kept.
pub struct Minted {
    /// The id, also part of the text.
    pub id: String,
    /// The whole text; shown once.
    pub text: String,
    /// SHA-256 of the secret, hexadecimal.
    pub hash: String,
}

/// Makes a token.
///
/// # Errors
/// When the system gives no random bytes.
pub fn mint() -> Result<Minted, NoRandomness> {
    let id = hex::encode(random::<{ ID / 2 }>()?);
    let secret = zeroize::Zeroizing::new(hex::encode(random::<{ SECRET / 2 }>()?));
    let body = format!("{PREFIX}{id}_{}", *secret);
    let crc = crc32fast::hash(body.as_bytes());
    let hash = super::secret::hash(&secret);
    Ok(Minted { id, text: format!("{body}{crc:08x}"), hash })
}

/// Id and secret of a token's text; `None` for what can't be one.
#[must_use]
pub fn parse(text: &str) -> Option<(&str, &str)> {
    let body_len = text.len().checked_sub(CRC)?;
    let (body, crc) = text.split_at_checked(body_len)?;
    let intact = u32::from_str_radix(crc, 16).ok()? == crc32fast::hash(body.as_bytes());
    let (id, secret) = body.strip_prefix(PREFIX)?.split_once('_')?;
    (intact && id.len() == ID && secret.len() == SECRET).then_some((id, secret))
}
