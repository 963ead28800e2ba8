//! Tests of the tree's state against the definition of RFC 6962, and against its known roots.

use super::super::leaf_hash;
use super::*;

/// MTH of RFC 6962, section 2.1, word for word.
fn by_definition(leaves: &[Digest256]) -> Digest256 {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let half = leaves.len().next_power_of_two() / 2;
            node_hash(by_definition(&leaves[..half]), by_definition(&leaves[half..]))
        }
    }
}

fn leaves(count: u64) -> Vec<Digest256> {
    (0..count).map(|at| leaf_hash(&at.to_be_bytes())).collect()
}

#[test]
fn the_root_is_that_of_the_definition_at_every_size() {
    let leaves = leaves(130);
    let mut tree = Tree::default();
    for (size, leaf) in leaves.iter().enumerate() {
        assert_eq!(tree.root(), by_definition(&leaves[..size]), "{size} events");
        assert_eq!((tree.size(), tree.peaks.len()), (size as u64, size.count_ones() as usize));
        tree.append(*leaf);
    }
}

#[test]
fn roots_are_those_that_other_logs_compute() {
    // Of the reference tree of the Certificate Transparency projects.
    let events: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let root = |count: usize| events[..count].iter().map(|event| leaf_hash(event)).collect::<Tree>().root();
    let known = [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ];
    for (count, hex) in known {
        assert_eq!(root(count), hex.parse().unwrap(), "{count} events");
    }
}

#[test]
fn the_state_survives_json_and_goes_on_from_there() {
    let leaves = leaves(100);
    let early: Tree = leaves[..37].iter().copied().collect();
    let mut stored: Tree = serde_json::from_str(&serde_json::to_string(&early).unwrap()).unwrap();
    assert_eq!(stored, early);
    stored.extend(leaves[37..].iter().copied());
    assert_eq!(stored.root(), by_definition(&leaves));
}

#[test]
fn refuses_a_stored_state_that_no_log_can_have() {
    let hash = leaf_hash(b"x");
    for (size, peaks) in [(0, 1), (1, 0), (3, 1), (4, 2), (MAX_EVENTS + 1, 2), (u64::MAX, 64)] {
        let text = serde_json::json!({"size": size, "peaks": vec![hash; peaks]}).to_string();
        assert!(serde_json::from_str::<Tree>(&text).is_err(), "{size} with {peaks}");
    }
}
