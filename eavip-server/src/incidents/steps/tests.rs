//! What counts as a step, and that ticks find it again.

use super::*;
use crate::testing::{asks, declaration, incident_id};

#[test]
fn steps_are_items_of_numbered_lists_and_of_task_lists_each_as_one_line() {
    let page = "# A page\n\n- no step\n- neither\n\n1. Open **the alert** and\n   read `it`.\n2. Then:\n\n   ```\n   curl URL\n   ```\n\n   More words.\n\
                3. Outer\n   1. Inner\n   - no inner step\n\n## More\n\n- [ ] Roll <b>back</b>\n- [x] Look again\n- plain\n\n1. Look again\n2. [a link](javascript:x)\n";
    assert_eq!(
        steps(page),
        [
            "Open the alert and read it.",
            "Then:",
            "Inner",
            "Outer",
            "Roll <b>back</b>",
            "Look again",
            "a link"
        ]
    );
    assert_eq!(steps(""), Vec::<String>::new());
}

#[test]
fn steps_are_bounded_in_number_and_length() {
    let many: String = (0..500).map(|number| format!("1. step {number} {}\n", "x".repeat(500))).collect();
    let found = steps(&many);
    assert_eq!(found.len(), MAX_STEPS);
    assert!(found.iter().all(|step| step.chars().count() == MAX_LINE));
}

#[test]
fn every_built_in_page_has_steps_and_a_revision_of_its_own() {
    let mut revisions = std::collections::BTreeSet::new();
    for (name, text) in crate::runbooks::BUILTIN {
        assert!(!steps(text).is_empty(), "{name} has no steps");
        assert!(revisions.insert(revision(text)), "{name}");
        assert!(revision(text).parse::<eavip_core::id::RevisionId>().is_ok(), "{name}");
    }
}

#[test]
fn a_tick_is_found_by_its_page_and_step() {
    let mut book = crate::book::Book::default();
    let at = eavip_core::time::Timestamp::from_millis(1_000);
    book.apply(1, &asks(&book, "inc-1", Request::Declare(Box::new(declaration("inc-1", "shop"))), at));
    let tick = |step: &str, improvised| Request::TickStep {
        runbook: "probe-down".parse().unwrap(),
        step: step.into(),
        improvised,
    };
    book.apply(2, &asks(&book, "inc-1", tick("Ask it.", false), at));
    book.apply(3, &asks(&book, "inc-1", tick("Kick it.", true), at));
    let incident = book.incidents.get(&incident_id("inc-1")).unwrap();
    assert!(ticked(incident, "probe-down", "Ask it.").is_some());
    for (page, step) in [("disk-full", "Ask it."), ("probe-down", "Ask"), ("probe-down", "Kick it.")] {
        assert!(ticked(incident, page, step).is_none(), "{page}: {step}");
    }
}
