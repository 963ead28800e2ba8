//! What is late, and whose it is.

use eavip_core::incident::change::{Plan, Request};
use eavip_core::time::Span;

use super::*;
use crate::testing::{asks, declaration, people};

#[test]
fn tells_what_is_late_of_open_and_of_closed_incidents_and_nothing_that_is_in_time() {
    let policy = people();
    let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    let minutes = |n| Span::from_secs(60).times(n);
    let mut book = Book::default();
    let ask = |book: &mut Book, id: &str, request, at| book.apply(1, &asks(book, id, request, at));
    ask(&mut book, "inc-1", Request::Declare(Box::new(declaration("inc-1", "shop"))), now);
    ask(&mut book, "inc-1", Request::Acknowledge, now);
    ask(&mut book, "inc-1", Request::Advance, now);
    let plan = Plan {
        what: "bound it".into(),
        owner: "product-architecture".parse().unwrap(),
        due: now + minutes(30),
        verification: "a test".into(),
    };
    ask(&mut book, "inc-1", Request::AddItem(plan), now);
    let late = |book: &Book, at| -> Vec<(String, String, String)> {
        let told =
            |one: Overdue| (one.incident.to_string(), one.finding.rule.to_string(), one.owner.to_string());
        overdue(book, &policy, at).into_iter().map(told).collect()
    };
    let told = |rule: &str, owner: &str| ("inc-1".to_owned(), rule.to_owned(), owner.to_owned());
    let (platform, product) = ("platform-operations", "product-architecture");
    for (after, expected) in [
        (0, vec![]),
        (30, vec![]),
        (31, vec![told("EAVIP-I45", product)]),
        // A SEV-3 hears every 4 hours and is reviewed in 10 business days.
        (241, vec![told("EAVIP-I30", platform), told("EAVIP-I45", product)]),
        (
            14 * 24 * 60 + 1,
            vec![told("EAVIP-I30", platform), told("EAVIP-I44", platform), told("EAVIP-I45", product)],
        ),
    ] {
        assert_eq!(late(&book, now + minutes(after)), expected, "after {after} minutes");
    }
    let update = Request::PublishUpdate { text: "we are on it".into() };
    ask(&mut book, "inc-1", update, now + minutes(240));
    let done = Request::CompleteItem { item: 1, proof: "it holds".into() };
    ask(&mut book, "inc-1", done, now + minutes(240));
    assert_eq!(late(&book, now + minutes(241)), vec![]);
}
