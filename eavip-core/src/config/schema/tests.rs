//! Tests of the schema.

use super::*;
use crate::finding::Outcome;

// Seed: "Configuration externalized".
#[test]
fn every_key_in_use_must_be_declared() {
    let key = |name: &str| name.parse::<ConfigKey>().unwrap();
    let schema = Schema { keys: BTreeMap::from([(key("db.pool"), KeySpec::default())]) };
    let table: [(&[&str], &[Outcome]); 4] = [
        (&[], &[Outcome::Pass]),
        (&["db.pool"], &[Outcome::Pass]),
        (&["db.pool", "db.url"], &[Outcome::Fail]),
        (&["a", "b"], &[Outcome::Fail, Outcome::Fail]),
    ];
    for (in_use, expected) in table {
        let in_use = in_use.iter().map(|name| key(name)).collect();
        let found: Vec<Outcome> =
            undeclared(&schema, &in_use).iter().map(|finding| finding.outcome).collect();
        assert_eq!(found, expected, "{in_use:?}");
    }
}

#[test]
fn a_further_key_in_use_never_looks_better() {
    let key = |at: u8| format!("k{at}").parse::<ConfigKey>().unwrap();
    let schema = Schema { keys: (0..3).map(|at| (key(at), KeySpec::default())).collect() };
    let worst = |count: u8| {
        let in_use = (0..count).map(key).collect();
        undeclared(&schema, &in_use).iter().map(|finding| finding.outcome).max()
    };
    assert!((0..6).all(|count| worst(count + 1) >= worst(count)));
}
