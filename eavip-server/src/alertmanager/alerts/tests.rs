//! Tests of the order of lists.

use super::*;

#[test]
fn sorts_as_alertmanager_does() {
    let labels = |text: &str| Labels::new(text.split(' ').filter_map(|pair| pair.split_once('='))).unwrap();
    let sorted =
        ["job=a instance=1 z=1", "job=a instance=2", "job=b", "z=1", "a=1", "a=2", "a=1 b=2", "a=1 b=3"];
    for (at, first) in sorted.iter().enumerate() {
        for (behind, second) in sorted.iter().enumerate() {
            assert_eq!(
                listed_before(&labels(first), &labels(second)),
                at.cmp(&behind),
                "{first} and {second}"
            );
        }
    }
}
