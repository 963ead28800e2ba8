//! Tests of a month's pack and of what is told when its review is late.

use eavip_core::incident::change::Request;

use super::*;
use crate::testing::{asks, declaration, people};

fn noon() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

pub(crate) fn month() -> Month {
    "2026-03".parse().unwrap()
}

/// That the server started.
pub(crate) fn started() -> crate::record::Event {
    let policy = eavip_core::id::Digest128([0; 16]);
    let event = crate::record::ServerEvent::Started { version: "0.1.0".to_owned(), policy };
    crate::record::Event::Server { event }
}

/// A book with two incidents of a service, days apart.
pub(crate) fn repeating() -> Book {
    let mut book = Book::default();
    crate::testing::apply(&mut book, noon(), vec![started()]);
    for (number, days) in [(1, 0), (2, 5)] {
        let id = format!("inc-2026-{number:04}");
        let at = noon() + eavip_core::time::Span::from_secs(days * 86_400);
        let mut declared = declaration(&id, "shop");
        declared.began_at = at;
        let record = asks(&book, &id, Request::Declare(Box::new(declared)), at);
        book.apply(1, &record);
    }
    book
}

#[test]
fn a_pack_counts_the_months_incidents_says_of_how_many_and_none_where_there_is_none() {
    let pack = pack(&repeating(), &people(), month(), month().period().to);
    let page = pack.markdown(None);
    assert!(page.contains("| service shop | 0 | 2 |"), "{page}");
    assert!(page.contains("| service shop | 2 | inc-2026-0001, inc-2026-0002 |"), "{page}");
    assert!(page.contains("## Capacity\n\nNone."), "{page}");
    assert!(page.contains("| SEV-1 | 0 | none | none | none | none | 0 |"), "{page}");
    assert_eq!(pack.proposals.len(), 1);
}

#[test]
fn a_review_that_is_late_is_an_alert_until_it_is_signed() {
    use eavip_core::aggregate::Aggregate as _;
    use eavip_core::trend::review::{OperationsReview, ReviewCommand};
    let (mut book, policy, over) = (repeating(), people(), month().period().to);
    let generate = ReviewCommand::Generate(Box::new(pack(&book, &policy, month(), over)));
    let record = |book: &Book, command, at| {
        let events = OperationsReview::decide(book.trends.review(month()), command, &people(), at).unwrap();
        events.into_iter().map(|event| crate::record::Event::Review { month: month(), event }).collect()
    };
    let events = record(&book, generate, over);
    crate::testing::apply(&mut book, over, events);
    let due = policy.trend.sign_off.after(over);
    assert!(stated(&book, &policy, due).is_empty());
    let late = due + eavip_core::time::Span::from_secs(1);
    let told = stated(&book, &policy, late);
    assert_eq!((told.len(), told[0].rule.as_str(), told[0].since), (1, "operations-review-overdue", due));
    let sign = ReviewCommand::Sign { by: "ana".parse().unwrap(), remark: "seen".to_owned() };
    let events = record(&book, sign, late);
    crate::testing::apply(&mut book, late, events);
    assert!(stated(&book, &policy, late).is_empty());
}
