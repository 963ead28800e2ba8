//! Names that are never given twice, and what is let go of.

use eavip_core::incident::change::Request;
use eavip_core::time::Span;

use super::*;
use crate::book::Book;
use crate::record::{Event, LedgerRecord};
use crate::testing::{asks, declaration, incident_id};

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn apply(book: &mut Book, record: &LedgerRecord) {
    // As it comes back from disk.
    let record: LedgerRecord = serde_json::from_slice(&serde_json::to_vec(record).unwrap()).unwrap();
    book.apply(1, &record);
}

fn declare(book: &mut Book, secs: i64) -> String {
    let id = book.incidents.next_id(at(secs)).unwrap().to_string();
    let record = asks(book, &id, Request::Declare(Box::new(declaration(&id, "shop"))), at(secs));
    apply(book, &record);
    id
}

/// A duplicate of another: over, with nothing to do.
fn mark_duplicate(book: &mut Book, id: &str, of: &str, secs: i64) {
    use eavip_core::incident::change::{Absorbed, Survivor};
    let part = Absorbed::from(book.incidents.get(&incident_id(id)).unwrap());
    let record = asks(book, of, Request::Absorb(Box::new(part)), at(secs));
    apply(book, &record);
    let survivor = Survivor::from(book.incidents.get(&incident_id(of)).unwrap());
    let record = asks(book, id, Request::MarkDuplicate(Box::new(survivor)), at(secs));
    apply(book, &record);
}

#[test]
fn a_name_has_year_and_a_number_that_runs_on_over_the_years_and_over_what_is_forgotten() {
    let mut book = Book::default();
    assert_eq!(declare(&mut book, 0), "inc-2023-0001");
    assert_eq!(declare(&mut book, 1), "inc-2023-0002");
    let later = at(0) + Span::from_secs(200 * 86_400);
    assert_eq!(book.incidents.next_id(later).unwrap().as_str(), "inc-2024-0003");
    let kept: Incidents = serde_json::from_value(serde_json::to_value(&book.incidents).unwrap()).unwrap();
    assert_eq!(kept, book.incidents);
}

#[test]
fn settled_incidents_are_let_go_of_in_their_order_and_what_needs_somebody_stays() {
    let mut book = Book::default();
    let of = declare(&mut book, 0);
    let mut duplicates = Vec::new();
    // One incident absorbs at most a hundred others.
    for secs in 0..100 {
        let id = declare(&mut book, secs);
        mark_duplicate(&mut book, &id, &of, secs);
        duplicates.push(id);
    }
    assert_eq!((book.incidents.kept(), book.incidents.iter().count()), (1, 101));
    let mut full = book.incidents.clone();
    full.settled.extend((0..MAX_SETTLED).map(|number| incident_id(&format!("gone-{number}"))));
    full.forget();
    assert!(full.get(&incident_id(&duplicates[0])).is_none(), "the oldest goes first");
    assert!(full.get(&incident_id(&of)).is_some(), "an open one never goes");
    assert_eq!(full.settled.len(), MAX_SETTLED);
}

#[test]
fn settled_incidents_hold_a_bounded_number_of_entries_together() {
    let mut book = Book::default();
    let of = declare(&mut book, 0);
    let (first, second) = (declare(&mut book, 1), declare(&mut book, 1));
    mark_duplicate(&mut book, &first, &of, 2);
    mark_duplicate(&mut book, &second, &of, 2);
    let mut incidents = book.incidents.clone();
    let entry = incidents.known[&incident_id(&first)].timeline[0].clone();
    incidents.known.get_mut(&incident_id(&second)).unwrap().timeline = vec![entry; MAX_ENTRIES];
    incidents.forget();
    assert!(incidents.get(&incident_id(&first)).is_none());
    assert!(incidents.get(&incident_id(&second)).is_some(), "what is left is within the bound");
}

#[test]
fn an_incident_with_an_action_item_to_do_isnt_settled() {
    use eavip_core::incident::change::Plan;
    let mut book = Book::default();
    let (of, id) = (declare(&mut book, 0), declare(&mut book, 1));
    let plan = Plan {
        what: "bound it".into(),
        owner: "platform-operations".parse().unwrap(),
        due: at(1_000),
        verification: "a test".into(),
    };
    let record = asks(&book, &id, Request::AddItem(plan), at(2));
    apply(&mut book, &record);
    mark_duplicate(&mut book, &id, &of, 3);
    assert_eq!(book.incidents.kept(), 2);
    let record = asks(&book, &id, Request::CompleteItem { item: 1, proof: "it holds".into() }, at(4));
    apply(&mut book, &record);
    assert_eq!(book.incidents.kept(), 1);
}

#[test]
fn events_of_an_incident_that_is_gone_change_nothing_and_give_no_number() {
    let mut book = Book::default();
    let id = declare(&mut book, 0);
    let note = asks(&book, &id, Request::AddNote { text: "a note".into() }, at(1));
    let mut empty = Book::default();
    apply(&mut empty, &note);
    assert_eq!(empty.incidents, Incidents::default());
    let Event::Incident { .. } = &note.events[0] else { panic!("another event") };
}
