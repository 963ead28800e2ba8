//! Tests of fingerprints, with sums that Alertmanager's own library gives.

use super::*;

#[test]
fn sums_labels_as_alertmanager_does() {
    for (pairs, sum) in [
        (&[][..], 14_695_981_039_346_656_037_u64),
        (&[("name", "garland, briggs"), ("fear", "love is not enough")], 5_799_056_148_416_392_346),
        (&[("fear", "love is not enough"), ("name", "garland, briggs")], 5_799_056_148_416_392_346),
    ] {
        let labels = Labels::new(pairs.iter().copied()).unwrap();
        assert_eq!(fingerprint(&labels), format!("{sum:016x}"), "{pairs:?}");
    }
}
