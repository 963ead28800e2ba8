//! Tests of the weekly digest: once, on Monday, to whom routes lead, and only when there is something.

use eavip_core::policy::Policy;

use super::*;
use crate::noise::tests::{MINUTE, noisy};
use crate::testing::{apply, policy};

const ROUTED: &str = "[[route]]\nreceivers = [\"chat\", \"mail\"]\n";

/// The Monday after the alerts, 08:00 UTC.
fn monday() -> Timestamp {
    "2026-03-16T08:00:00Z".parse().unwrap()
}

fn notices(book: &Book, policy: &Policy, at: Timestamp) -> Vec<(String, Notice)> {
    let one = |event: Event| match event {
        Event::Delivery {
            event: DeliveryEvent::Decided { to, content: Content::Notice(notice) }, ..
        } => (to.receiver.to_string(), notice),
        other => panic!("{other:?}"),
    };
    due(book, policy, at).into_iter().map(one).collect()
}

#[test]
fn a_team_is_told_on_monday_morning_what_its_alerts_were_worth() {
    let book = noisy(3);
    let told = notices(&book, &policy(ROUTED), monday() + MINUTE);
    assert_eq!(told.iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), ["chat", "mail"]);
    let notice = &told[0].1;
    assert_eq!(notice.title, "3 alerts of platform-operations in the last week");
    assert_eq!(
        notice.text,
        "Worth it: 0 of 3 that have an outcome.\nPaging incidents: 0, 0 in the worst shift.\n- probe-down: 3"
    );
}

#[test]
fn nobody_is_told_twice_before_monday_long_after_it_or_of_nothing() {
    let (mut book, routed) = (noisy(3), policy(ROUTED));
    assert!(notices(&book, &routed, monday() - MINUTE).is_empty(), "it isn't Monday");
    assert!(notices(&book, &routed, monday() + DAY + MINUTE).is_empty(), "Monday is over");
    assert!(notices(&Book::default(), &routed, monday()).is_empty(), "there was nothing");
    let events = due(&book, &routed, monday());
    assert_eq!(events.len(), 2);
    apply(&mut book, monday(), events);
    assert!(notices(&book, &routed, monday() + MINUTE).is_empty(), "it was told");
}
