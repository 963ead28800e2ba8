//! Tests of the file of hashes against the tree that keeps no hashes.

use eavip_core::audit::leaf_hash;
use eavip_core::audit::proof::{Consistency, Inclusion};
use eavip_core::audit::tree::Tree;

use super::*;

fn leaf(number: u64) -> Digest256 {
    leaf_hash(&number.to_le_bytes())
}

fn root(size: u64) -> Digest256 {
    (0..size).map(leaf).collect::<Tree>().root()
}

#[test]
fn every_root_and_proof_is_that_of_the_leaves() {
    const SIZE: u64 = 70;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    let mut tree = TreeFile::anew(&path).unwrap();
    for number in 0..SIZE {
        tree.append(leaf(number)).unwrap();
    }
    let (hashes, over_all) = tree.sync().unwrap();
    assert_eq!(over_all, root(SIZE));
    for size in 0..=SIZE {
        assert_eq!(hashes.root(size), Some(root(size)), "of {size}");
        for index in 0..size {
            let proof = Inclusion::of(&hashes, index, Subtree::first(size)).unwrap();
            assert!(proof.proves(leaf(index), root(size)), "{index} in {size}");
        }
        for before in 1..size {
            let proof = Consistency::of(&hashes, Subtree::first(before), size).unwrap();
            assert!(proof.proves_growth(root(before), root(size)), "{before} to {size}");
        }
    }
    assert_eq!((hashes.root(SIZE + 1), hashes.leaf(SIZE)), (None, None));
    assert_eq!(hashes.all().count() as u64, nodes(SIZE));
}

#[test]
fn a_length_says_how_many_leaves_are_whole() {
    for leaves in 0..200 {
        for more in 0..nodes(leaves + 1) - nodes(leaves) {
            assert_eq!(leaves_within((nodes(leaves) + more) * HASH + 31), leaves);
        }
    }
}

#[test]
fn goes_on_from_a_known_root_whatever_stands_after_it() {
    for size in [0, 1, 5, 8, 31] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let mut tree = TreeFile::anew(&path).unwrap();
        (0..size).for_each(|number| tree.append(leaf(number)).unwrap());
        tree.append(leaf(999)).unwrap();
        drop(tree.sync().unwrap());
        let mut tree = TreeFile::open_at(&path, size, root(size)).unwrap().unwrap();
        (size..40).for_each(|number| tree.append(leaf(number)).unwrap());
        assert_eq!(tree.sync().unwrap().1, root(40), "from {size}");
        assert!(TreeFile::open_at(&path, 40, root(39)).unwrap().is_none(), "another root");
        assert!(TreeFile::open_at(&path, 41, root(41)).unwrap().is_none(), "too short");
    }
}
