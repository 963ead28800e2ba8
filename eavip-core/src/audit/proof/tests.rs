//! Tests of proofs: the vectors of the Certificate Transparency projects, right and wrong ones, and every proof that
//! this code makes against every single flipped bit.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde::Deserialize;

use super::super::base64::decode;
use super::super::leaf_hash;
use super::super::tree::Tree;
use super::*;

/// Lies beside the checkout, not in it; sought from the crate upwards.
const VECTORS: &str = "shared/data/merkle_vectors.json";

#[derive(Deserialize)]
struct Vectors {
    inclusion: Vec<Included>,
    subtreeinclusion: Vec<Included>,
    consistency: Vec<Consistent>,
    subtreeconsistency: Vec<Consistent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Included {
    case: String,
    leaf_idx: u64,
    #[serde(default)]
    start: u64,
    #[serde(alias = "treeSize")]
    end: u64,
    root: String,
    leaf_hash: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consistent {
    case: String,
    #[serde(default)]
    start: u64,
    #[serde(alias = "size1")]
    end: u64,
    #[serde(alias = "size2")]
    size: u64,
    root1: String,
    root2: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[expect(clippy::disallowed_methods, reason = "the vectors lie beside the checkout")]
fn vectors() -> Option<Vectors> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1);
    let found: Option<PathBuf> = above.map(|above| above.join(VECTORS)).find(|path| path.is_file());
    let Some(path) = found else {
        // Past the test harness's capture, so that a skipped check is seen in a passing run.
        let skipped = "skipped: proofs are not checked against other logs', because no directory above holds";
        writeln!(std::io::stderr(), "{skipped} `{VECTORS}`").unwrap();
        return None;
    };
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

/// A vector's hash. An empty one is none; one of another length can't be written here and stands for some hash, the
/// same for the same text.
fn hash(text: &str) -> Option<Digest256> {
    let bytes = decode(text).unwrap();
    let other = || (!bytes.is_empty()).then(|| Digest256::of(&[b"other", &*bytes].concat()));
    <[u8; 32]>::try_from(bytes.as_slice()).map(Digest256).ok().or_else(other)
}

fn path(proof: Option<&Vec<String>>) -> Option<Vec<Digest256>> {
    proof.into_iter().flatten().map(|text| hash(text)).collect()
}

fn is_included(vector: &Included) -> Option<bool> {
    let subtree = Subtree::new(vector.start, vector.end).ok()?;
    let proof = Inclusion { index: vector.leaf_idx, subtree, path: path(vector.proof.as_ref())? };
    Some(proof.proves(hash(&vector.leaf_hash)?, hash(&vector.root)?))
}

fn is_consistent(
    vector: &Consistent,
    proves: fn(&Consistency, Digest256, Digest256) -> bool,
) -> Option<bool> {
    let subtree = Subtree::new(vector.start, vector.end).ok()?;
    let proof = Consistency { subtree, size: vector.size, path: path(vector.proof.as_ref())? };
    Some(proves(&proof, hash(&vector.root1)?, hash(&vector.root2)?))
}

#[test]
fn takes_and_refuses_the_vectors_of_other_logs() {
    let Some(vectors) = vectors() else { return };
    for vector in vectors.inclusion.iter().chain(&vectors.subtreeinclusion) {
        assert_eq!(is_included(vector) == Some(true), !vector.want_err, "inclusion {}", vector.case);
    }
    let kinds = [
        (&vectors.consistency, Consistency::proves_growth as fn(&_, _, _) -> _),
        (&vectors.subtreeconsistency, Consistency::proves),
    ];
    for (vectors, proves) in kinds {
        for vector in vectors {
            let taken = is_consistent(vector, proves) == Some(true);
            assert_eq!(taken, !vector.want_err, "consistency {}", vector.case);
        }
    }
    let counts = [
        vectors.inclusion.len(),
        vectors.subtreeinclusion.len(),
        vectors.consistency.len(),
        vectors.subtreeconsistency.len(),
    ];
    assert_eq!(counts, [98, 204, 98, 118], "none of them is missing");
}

fn leaves(count: u64) -> Vec<Digest256> {
    (0..count).map(|at| leaf_hash(&at.to_be_bytes())).collect()
}

fn root(leaves: &[Digest256]) -> Digest256 {
    leaves.iter().copied().collect::<Tree>().root()
}

/// Every way to flip one bit of a path, and to cut it or lengthen it by one.
fn spoiled(path: &[Digest256]) -> Vec<Vec<Digest256>> {
    let flip = |(at, bit): (usize, usize)| {
        let mut path = path.to_vec();
        path[at].0[bit / 8] ^= 1 << (bit % 8);
        path
    };
    let flipped = (0..path.len()).flat_map(|at| (0..256).step_by(37).map(move |bit| (at, bit))).map(flip);
    let shorter = path.split_last().map(|(_, rest)| rest.to_vec());
    let longer = [path, &path[..path.len().min(1)], &[empty_root()]].concat();
    flipped.chain(shorter).chain([longer]).collect()
}

#[test]
fn every_event_of_every_small_log_is_proved() {
    let leaves = leaves(40);
    for size in 1..=40 {
        let root = root(&leaves[..size as usize]);
        for index in 0..size {
            let proof = Inclusion::of(leaves.as_slice(), index, Subtree::first(size)).unwrap();
            assert!(proof.proves(leaves[index as usize], root), "{index} of {size}");
            assert!(!proof.proves(leaf_hash(b"x"), root), "{index} of {size}");
        }
        assert_eq!(Inclusion::of(leaves.as_slice(), size, Subtree::first(size)), None);
    }
}

#[test]
fn every_stretch_of_every_small_log_is_proved() {
    let leaves = leaves(33);
    for size in 1..=33 {
        let whole = root(&leaves[..size as usize]);
        for (start, end) in (0..=size).flat_map(|start| (start..=size).map(move |end| (start, end))) {
            let Ok(subtree) = Subtree::new(start, end) else { continue };
            let known = subtree.hash(leaves.as_slice()).unwrap_or_else(empty_root);
            assert_eq!(
                known,
                root(&leaves[start as usize..end as usize]),
                "its hash is that of a log of its own"
            );
            let proof = Consistency::of(leaves.as_slice(), subtree, size).unwrap();
            assert!(proof.proves(known, whole), "{start}..{end} of {size}");
            assert_eq!(proof.proves_growth(known, whole), start == 0 && end > 0);
            if start < end {
                assert!(!proof.proves(leaf_hash(b"x"), whole) && (!proof.proves(known, leaf_hash(b"x"))));
            }
        }
        assert_eq!(Consistency::of(leaves.as_slice(), Subtree::first(size + 1), size), None);
    }
}

#[test]
fn makes_no_proof_from_hashes_that_are_missing() {
    let leaves = leaves(5);
    assert_eq!(Inclusion::of(leaves.as_slice(), 0, Subtree::first(6)), None);
    assert_eq!(Inclusion::of(leaves.as_slice(), 0, Subtree::first(u64::MAX)), None);
    assert_eq!(Consistency::of(leaves.as_slice(), Subtree::first(2), 6), None);
    assert_eq!(Consistency::of(leaves.as_slice(), Subtree::first(2), u64::MAX), None);
    assert_eq!(Subtree::first(0).hash(leaves.as_slice()), None);
}

#[test]
fn a_stretch_that_the_tree_has_no_node_for_is_no_subtree() {
    for (start, end) in [(1, 3), (2, 5), (2, 6), (1, 15), (2, 1), (1, u64::MAX), (u64::MAX, 0)] {
        assert!(Subtree::new(start, end).is_err(), "{start}..{end}");
        let text = serde_json::json!({"start": start, "end": end}).to_string();
        assert!(serde_json::from_str::<Subtree>(&text).is_err(), "{start}..{end} from outside");
    }
    for (start, end) in [(0, 0), (7, 7), (2, 3), (4, 7), (8, 13), (0, 1 << 63), (1 << 63, u64::MAX)] {
        assert!(Subtree::new(start, end).is_ok(), "{start}..{end}");
    }
}

#[test]
fn refuses_a_path_from_outside_that_no_proof_has() {
    let read = |hashes: usize| {
        let path = vec![empty_root(); hashes];
        let proof = Consistency { subtree: Subtree::first(1), size: 2, path: path.clone() };
        let inclusion = Inclusion { index: 0, subtree: Subtree::first(1), path };
        (
            serde_json::from_str::<Consistency>(&serde_json::to_string(&proof).unwrap()).is_ok(),
            serde_json::from_str::<Inclusion>(&serde_json::to_string(&inclusion).unwrap()).is_ok(),
        )
    };
    assert_eq!((read(MAX_PATH), read(MAX_PATH + 1)), ((true, true), (false, false)));
}

proptest! {
    #[test]
    fn proofs_hold_and_any_spoiled_path_fails(size in 1u64..300, index: prop::sample::Index, early: prop::sample::Index) {
        let leaves = leaves(size);
        let root = root(&leaves);
        let index = index.index(leaves.len());
        let inclusion = Inclusion::of(leaves.as_slice(), index as u64, Subtree::first(size)).unwrap();
        prop_assert!(inclusion.proves(leaves[index], root));
        for path in spoiled(&inclusion.path) {
            let spoiled = Inclusion { path, ..inclusion.clone() };
            prop_assert!(!spoiled.proves(leaves[index], root));
        }
        for other in (0..size).filter(|other| *other != index as u64) {
            let elsewhere = Inclusion { index: other, ..inclusion.clone() };
            prop_assert!(!elsewhere.proves(leaves[index], root));
        }

        let early = early.index(leaves.len()) + 1;
        let before = self::root(&leaves[..early]);
        let consistency = Consistency::of(leaves.as_slice(), Subtree::first(early as u64), size).unwrap();
        prop_assert!(consistency.proves_growth(before, root));
        for path in spoiled(&consistency.path) {
            let spoiled = Consistency { path, ..consistency.clone() };
            prop_assert!(!spoiled.proves_growth(before, root));
        }
        let json = serde_json::to_string(&consistency).unwrap();
        prop_assert_eq!(serde_json::from_str::<Consistency>(&json).unwrap(), consistency);
    }

    #[test]
    fn a_log_that_changed_one_event_proves_no_growth(size in 2u64..100, at: prop::sample::Index) {
        let honest = leaves(size);
        let before = size - 1;
        let mut forged = honest.clone();
        forged[at.index(before as usize)] = leaf_hash(b"another event");
        let proof = Consistency::of(forged.as_slice(), Subtree::first(before), size).unwrap();
        prop_assert!(!proof.proves_growth(root(&honest[..before as usize]), root(&forged)));
    }

    #[test]
    fn any_proof_from_outside_gives_an_answer(
        index: u64, start: u64, end: u64, size: u64, path in prop::collection::vec(prop::array::uniform32(0u8..), 0..70)
    ) {
        let path: Vec<Digest256> = path.into_iter().map(Digest256).collect();
        for subtree in [Subtree::new(start, end).ok(), Some(Subtree::first(end))].into_iter().flatten() {
            let inclusion = Inclusion { index, subtree, path: path.clone() };
            prop_assert!(!inclusion.proves(empty_root(), empty_root()));
            let consistency = Consistency { subtree, size, path: path.clone() };
            prop_assert!(!consistency.proves_growth(leaf_hash(b"a"), leaf_hash(b"b")));
        }
    }
}
