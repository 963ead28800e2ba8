//! Tests of the numbers of access reviews.

use crate::testing::{load, problems};

// Seed: "Access reviews".
#[test]
fn ninety_days_hold_unless_the_runbook_says_otherwise() {
    let policy = load("[access_review]\nreview_every = \"30d\"\n").unwrap().access_review;
    assert_eq!(
        (policy.review_every.to_string(), policy.unused_for.to_string()),
        ("30d".into(), "90d".into())
    );
    assert_eq!(
        problems("[access_review]\nreview_every = \"10m\"\nunused = \"1d\"\n"),
        "runbook.toml:2:16 EAVIP-P03 `review_every` is 10m (write a duration from 1d to 366d)\n\
         runbook.toml:3:1 EAVIP-P02 `access_review.unused` is not a known key (did you mean `unused_for`?)"
    );
}
