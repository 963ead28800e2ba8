//! Tests of declared configuration keys and the numbers of drift.

use crate::policy::Policy;
use crate::testing::{load, problems};

// Seed: "Configuration externalized", "Environment-specific values only".
#[test]
fn a_key_says_whether_it_differs_may_be_absent_changes_or_is_secret() {
    let text = "[config.\"db.url\"]\ndiffers = true\n[config.DB_PASSWORD]\nsecret = true\n[config.pool]\n\
                optional = true\ndynamic = true\n[drift]\ntolerance = \"2m\"\n";
    let config = load(text).unwrap().config;
    let get = |key: &str| config.schema.keys[&key.parse().unwrap()];
    assert!(get("db.url").differs && !get("db.url").optional && !get("db.url").secret);
    assert!(get("DB_PASSWORD").secret && !get("DB_PASSWORD").dynamic);
    assert!(get("pool").optional && get("pool").dynamic);
    assert_eq!(
        (config.drift_tolerance.to_string(), config.stale_after.to_string()),
        ("2m".into(), "10m".into())
    );
    assert_eq!(Policy::builtin().config, crate::config::ConfigPolicy::default());
}

#[test]
fn every_mistake_in_keys_and_drift_is_told_at_once() {
    let text = "[config.\"a b\"]\n[config.b]\ndiffer = true\n[config.c]\nsecret = true\ndynamic = true\n\
                [drift]\ntolerance = \"2d\"\n";
    insta::assert_snapshot!(problems(text));
}

#[test]
fn too_many_keys_are_refused_at_once() {
    let many: String = (0..=crate::config::MAX_KEYS).map(|at| format!("[config.k{at}]\n")).collect();
    assert!(problems(&many).contains("10001 configuration keys are too many"));
}
