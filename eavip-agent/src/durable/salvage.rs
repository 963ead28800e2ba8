//! Reading what is left in a database that its engine cannot open: each stored frame names itself and has a checksum,
//! so the raw file is searched for them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::frame::{self, HEADER, MAGIC, PART_MAX};
use super::{DB_FILE, KEY_MAX};

/// How much of the file is looked at in one go; larger than the largest frame.
const WINDOW: usize = 1 << 20;
/// Per key, per part: how many parts there are, and the part's bytes.
type Parts = BTreeMap<Vec<u8>, BTreeMap<u16, (u16, Vec<u8>)>>;
const FRAME_MAX: usize = HEADER + KEY_MAX + PART_MAX;

/// Collects every whole value in the raw file of a database whose key `wanted` accepts. Removed values may be among them,
/// and of a key that was put twice either version: it suits keys that are written once.
///
/// # Errors
/// The file system's; an absent file yields nothing.
pub fn salvage(dir: &Path, mut wanted: impl FnMut(&[u8]) -> bool) -> io::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let file = match File::open(dir.join(DB_FILE)) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(e) => return Err(e),
    };
    let mut found: Parts = BTreeMap::new();
    search_file(file, &mut |f| {
        if wanted(f.key) {
            found.entry(f.key.to_vec()).or_default().insert(f.part, (f.parts, f.payload.to_vec()));
        }
    })?;
    Ok(found.into_iter().filter_map(|(key, parts)| Some((key, join(&parts)?))).collect())
}

fn search_file(mut file: File, take: &mut impl FnMut(&frame::Frame<'_>)) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(WINDOW + FRAME_MAX);
    loop {
        let before = buffer.len();
        file.by_ref().take(WINDOW as u64).read_to_end(&mut buffer)?;
        let ended = buffer.len() == before;
        let used = search(&buffer, ended, &mut *take);
        buffer.drain(..used.min(buffer.len()));
        if ended {
            return Ok(());
        }
    }
}

/// Shows each sound frame in `bytes` to `take`; returns how many bytes are done with. Without `ended`, the last
/// [`FRAME_MAX`] bytes wait for what follows.
fn search(bytes: &[u8], ended: bool, mut take: impl FnMut(&frame::Frame<'_>)) -> usize {
    let limit = if ended { bytes.len() } else { bytes.len().saturating_sub(FRAME_MAX) };
    let mut at = 0;
    while at < limit {
        let Some(rest) = bytes.get(at..) else { break };
        let Some(hop) = rest.windows(MAGIC.len()).position(|w| w == MAGIC) else { return limit.max(at) };
        at += hop;
        if at >= limit {
            return limit;
        }
        match bytes.get(at..).and_then(frame::decode) {
            Some(f) => {
                take(&f);
                at += f.len;
            }
            None => at += 1,
        }
    }
    at
}

fn join(parts: &BTreeMap<u16, (u16, Vec<u8>)>) -> Option<Vec<u8>> {
    let (total, _) = parts.get(&0)?;
    (0..*total).map(|part| parts.get(&part).filter(|(t, _)| t == total)).try_fold(
        Vec::new(),
        |mut value, part| {
            value.extend_from_slice(&part?.1);
            Some(value)
        },
    )
}
