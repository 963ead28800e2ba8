//! A signed checkpoint: the text, a blank line, and who signed it (C2SP signed-note, Ed25519). The signature itself is
//! made and checked by a function that the caller brings.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::base64;
use super::checkpoint::{Checkpoint, InvalidCheckpoint};

/// Longest signed checkpoint, in bytes: 16 signatures of the longest kind, 5 kB before base64, and the text.
pub const MAX_NOTE: usize = 128 * 1024;
/// Most signatures of one checkpoint; the form asks for at least 16 to be taken.
pub const MAX_SIGNATURES: usize = 16;
/// What a signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";
/// The byte that stands for Ed25519 in a key's id.
const ED25519: u8 = 1;

/// Who signs: a name and an Ed25519 public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    name: String,
    id: [u8; 4],
}

/// A text that can't be a key's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key's name is empty, too long, or has a space or `+` in it; name it like the log, such as `ops.example.com/audit`"
)]
pub struct InvalidKeyName;

impl Key {
    /// The key of a name. Its id is the first four bytes of SHA-256 over the name, a line break, the byte for Ed25519
    /// and the public key.
    ///
    /// # Errors
    /// When the name can't stand in a signature line.
    pub fn ed25519(name: &str, public: &[u8; 32]) -> Result<Self, InvalidKeyName> {
        if !is_name(name) {
            return Err(InvalidKeyName);
        }
        let hash =
            Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(public).finalize();
        let mut id = [0; 4];
        id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        Ok(Self { name: name.to_owned(), id })
    }

    /// The name that signature lines carry.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id that precedes a signature.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        self.id
    }
}

fn is_name(text: &str) -> bool {
    (1..=super::checkpoint::MAX_LINE).contains(&text.len())
        && !text.chars().any(|c| c.is_whitespace() || c == '+' || c < ' ')
}

/// One signature line. Of a kind that isn't known here it is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// A checkpoint with signatures that nobody has checked yet; text and JSON are the note, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    signatures: Vec<Signature>,
}

/// A checkpoint whose signature was found to be that of a known key. Only [`SignedCheckpoint::verified_by`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified(SignedCheckpoint);

impl Verified {
    /// The checkpoint with its signatures, as evidence.
    #[must_use]
    pub fn into_signed(self) -> SignedCheckpoint {
        self.0
    }

    /// What was signed.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.0.checkpoint
    }
}

/// Why a checkpoint isn't to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// No signature is by the key.
    #[error("the checkpoint isn't signed by the known key; compare name and key id with those of the log")]
    NotSigned,
    /// A signature under the key's name and id isn't its own.
    #[error("the signature of the known key is wrong; keep the checkpoint and alert the log's owner")]
    WrongSignature,
}

impl SignedCheckpoint {
    /// Signs a checkpoint; `sign` gives the Ed25519 signature of the bytes it gets.
    #[must_use]
    pub fn sign(checkpoint: Checkpoint, key: &Key, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Self {
        let bytes = sign(checkpoint.to_string().as_bytes()).to_vec();
        let signature = Signature { name: key.name.clone(), id: key.id, bytes };
        Self { checkpoint, signatures: vec![signature] }
    }

    /// What it says, whoever signed it.
    #[must_use]
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Checks the key's signature; `verify` is told the signed bytes and the signature, and knows the public key.
    /// Signatures of other keys are passed over.
    ///
    /// # Errors
    /// When the key didn't sign it, or any signature under its name and id is wrong.
    pub fn verified_by(
        self,
        key: &Key,
        verify: impl Fn(&[u8], &[u8; 64]) -> bool,
    ) -> Result<Verified, Untrusted> {
        let text = self.checkpoint.to_string();
        let mut own =
            self.signatures.iter().filter(|one| one.name == key.name && one.id == key.id).peekable();
        if own.peek().is_none() {
            return Err(Untrusted::NotSigned);
        }
        let right = own.all(|one| {
            <&[u8; 64]>::try_from(one.bytes.as_slice()).is_ok_and(|bytes| verify(text.as_bytes(), bytes))
        });
        if right { Ok(Verified(self)) } else { Err(Untrusted::WrongSignature) }
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.checkpoint)?;
        self.signatures.iter().try_for_each(|one| {
            writeln!(f, "{DASH}{} {}", one.name, base64::encode(&[one.id.as_slice(), &one.bytes].concat()))
        })
    }
}

/// A text that is no signed checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidNote {
    /// It is too long to be read.
    #[error("the signed checkpoint is over the limit of 128 KiB; ask the log for a checkpoint")]
    TooLong,
    /// No blank line, nothing below it, or a last line that doesn't end.
    #[error("the checkpoint has no signatures; end it with a blank line and one line for each signature")]
    Unsigned,
    /// A line below the blank one isn't a signature.
    #[error("a signature line is wrong; write an em dash, a space, the key's name, a space and base64")]
    Signature,
    /// There are more signatures than anybody needs.
    #[error("there are more than 16 signatures; leave out those that nobody checks")]
    TooManySignatures,
    /// What was signed is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] InvalidCheckpoint),
}

impl FromStr for SignedCheckpoint {
    type Err = InvalidNote;
    fn from_str(text: &str) -> Result<Self, InvalidNote> {
        if text.len() > MAX_NOTE {
            return Err(InvalidNote::TooLong);
        }
        // The last empty line divides; a checkpoint has none of its own.
        let divided = text.strip_suffix('\n').and_then(|text| text.rsplit_once("\n\n"));
        let (body, lines) = divided.ok_or(InvalidNote::Unsigned)?;
        let checkpoint = format!("{body}\n").parse()?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(InvalidNote::TooManySignatures);
            }
            signatures.push(signature(line).ok_or(InvalidNote::Signature)?);
        }
        Ok(Self { checkpoint, signatures })
    }
}

fn signature(line: &str) -> Option<Signature> {
    let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
    let decoded = base64::decode(encoded)?;
    let (id, bytes) = decoded.split_first_chunk()?;
    let usable = is_name(name) && !bytes.is_empty();
    usable.then(|| Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
}

impl Serialize for SignedCheckpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SignedCheckpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

#[cfg(test)]
mod tests;
