//! The ledger's segment file as an attacker rewrites it: records taken out, changed and put back with positions and
//! checksums that fit. Shares no code with the product; the layout is that of `log/frame.rs` and `log/segment.rs`.

use std::path::{Path, PathBuf};

/// Bytes before the first record, and before each record's payload.
const FILE_HEADER: usize = 64;
const HEADER: usize = 24;
/// Where the salt stands in the file's header.
const SALT: std::ops::Range<usize> = 10..26;
/// Bytes of an entry of the root history.
const ENTRY: usize = 512;

/// The only segment of a small ledger.
pub(super) struct Ledger {
    path: PathBuf,
    head: Vec<u8>,
    /// The records, without their headers.
    pub(super) payloads: Vec<Vec<u8>>,
    /// The checksums as they were.
    checksums: Vec<[u8; 4]>,
}

impl Ledger {
    pub(super) fn read(data: &Path) -> Self {
        let path = data.join("log/ledger-00000000000000000000.seg");
        let bytes = std::fs::read(&path).unwrap();
        let (head, mut rest) = bytes.split_at(FILE_HEADER);
        let (mut payloads, mut checksums) = (Vec::new(), Vec::new());
        while !rest.is_empty() {
            let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
            checksums.push(rest[4..8].try_into().unwrap());
            payloads.push(rest[HEADER..HEADER + length].to_vec());
            rest = &rest[HEADER + length..];
        }
        Self { path, head: head.to_vec(), payloads, checksums }
    }

    /// The position of the only record that holds a text.
    pub(super) fn find(&self, text: &str) -> usize {
        let holds = |payload: &Vec<u8>| String::from_utf8_lossy(payload).contains(text);
        let found: Vec<usize> = (0..self.payloads.len()).filter(|at| holds(&self.payloads[*at])).collect();
        assert_eq!(found.len(), 1, "{text}");
        found[0]
    }

    /// Changes a text within a record.
    pub(super) fn change(&mut self, at: usize, from: &str, to: &str) {
        let text = String::from_utf8(self.payloads[at].clone()).unwrap();
        assert!(text.contains(from));
        self.payloads[at] = text.replace(from, to).into_bytes();
    }

    /// Writes the records with positions and checksums that fit.
    pub(super) fn write(&self) {
        self.store(|_, sum| sum.to_le_bytes());
    }

    /// Writes the records and leaves the checksums as they were.
    pub(super) fn write_with_old_checksums(&self) {
        self.store(|at, _| self.checksums[at]);
    }

    fn store(&self, checksum: impl Fn(usize, u32) -> [u8; 4]) {
        let salt = &self.head[SALT];
        let mut bytes = self.head.clone();
        for (at, payload) in self.payloads.iter().enumerate() {
            let mut fields = (payload.len() as u32).to_le_bytes().to_vec();
            fields.extend([1, 1, 0, 0]);
            fields.extend((at as u64).to_le_bytes());
            let sum = crc32(&[salt, &fields, payload].concat());
            bytes.extend(crc32(salt).to_le_bytes());
            bytes.extend(checksum(at, sum));
            bytes.extend(fields);
            bytes.extend(payload);
        }
        std::fs::write(&self.path, bytes).unwrap();
    }
}

/// Removes the checkpoints that cover more records than are left.
pub(super) fn cut_checkpoints(data: &Path, records: u64) {
    let path = data.join("audit/checkpoints.jsonl");
    let bytes = std::fs::read(&path).unwrap();
    let covers = |entry: &[u8]| -> u64 {
        let entry: serde_json::Value = serde_json::from_slice(entry).unwrap();
        entry["note"].as_str().unwrap().lines().nth(1).unwrap().parse().unwrap()
    };
    let left: Vec<&[u8]> = bytes.chunks(ENTRY).take_while(|entry| covers(entry) <= records).collect();
    assert!(!left.is_empty() && left.len() * ENTRY < bytes.len());
    std::fs::write(path, left.concat()).unwrap();
}

/// CRC-32 as in gzip, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum)))
}
