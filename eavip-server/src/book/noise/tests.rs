//! Tests of what is kept of alerts: what people said, who was paged, when rules were silenced, and what is let go of.

use eavip_core::alert::group;
use eavip_core::alert::noise::AlertOutcome;
use eavip_core::alert::notice::Occasion;
use eavip_core::alert::silence::Request;
use eavip_core::labels::Labels;

use super::*;
use crate::book::Book;
use crate::record::{Event, Notice};
use crate::testing::{apply, came_and_went, episode, opened};

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn vote(by: &str, actionable: bool) -> Event {
    Event::Vote { episode: Digest128([1; 16]), by: by.to_owned(), actionable }
}

fn outcome(book: &Book) -> Option<AlertOutcome> {
    book.noise.record(Digest128([1; 16])).unwrap().outcome()
}

#[test]
fn what_most_people_say_goes_before_what_the_clock_says_and_of_one_person_the_last_vote_counts() {
    let mut book = Book::default();
    apply(&mut book, at(0), came_and_went(1, "probe-down", at(0), Span::from_secs(60)).into());
    assert_eq!(outcome(&book), Some(AlertOutcome::AutoResolved));
    let steps = [
        (vote("ana", false), AlertOutcome::MarkedNoise),
        (vote("ben", true), AlertOutcome::AutoResolved),
        (vote("ana", true), AlertOutcome::Acted),
    ];
    for (event, expected) in steps {
        apply(&mut book, at(1), vec![event]);
        assert_eq!(outcome(&book), Some(expected));
    }
    assert_eq!(book.noise.votes(Digest128([1; 16])).collect::<Vec<_>>(), [("ana", true), ("ben", true)]);
}

#[test]
fn a_vote_on_an_alert_that_nobody_counts_changes_nothing() {
    let mut book = Book::default();
    apply(&mut book, at(0), vec![vote("ana", false)]);
    assert_eq!(book.noise, Noise::default());
}

fn message(number: u8, receiver: &str, person: Option<&str>, new: &[u8]) -> Event {
    let to = Recipient {
        receiver: receiver.parse().unwrap(),
        person: person.map(|person| person.parse().unwrap()),
        address: None,
    };
    let new = new.iter().map(|number| Digest128([*number; 16])).collect();
    let message = group::Message { occasion: Occasion::First, new, resolved: Vec::new(), firing: Vec::new() };
    let content = Content::Alerts { group: Labels::default(), message };
    Event::Delivery { id: Digest128([number; 16]), event: DeliveryEvent::Decided { to, content } }
}

#[test]
fn a_page_goes_to_a_person_or_tells_of_a_critical_alert_and_is_one_for_all_in_it() {
    let mut book = Book::default();
    let warning = |number| {
        let mut opening = opened(number, "disk-full", at(0));
        opening.category = Category::Warning;
        episode(opening.id, EpisodeEvent::Opened(Box::new(opening)))
    };
    let critical = opened(3, "probe-down", at(0));
    let critical = episode(critical.id, EpisodeEvent::Opened(Box::new(critical)));
    apply(&mut book, at(0), vec![warning(1), warning(2), critical]);
    apply(&mut book, at(1), vec![message(11, "chat", None, &[1]), message(12, "chat", None, &[3])]);
    apply(&mut book, at(2), vec![message(13, "pager", Some("ana"), &[2, 3])]);
    let page = |number: u8| book.noise.record(Digest128([number; 16])).unwrap().page;
    assert_eq!([page(1), page(2), page(3)], [None, Some(Digest128([13; 16])), Some(Digest128([12; 16]))]);
    let told = book.noise.record(Digest128([3; 16])).unwrap().responders;
    assert_eq!(told, ["ana".parse().unwrap()].into());
}

fn held(obstacle: Obstacle) -> Event {
    let (receiver, reason) = ("chat".parse().unwrap(), Reason::Held(obstacle));
    Event::Held { episode: Digest128([1; 16]), receiver, reason }
}

#[test]
fn what_is_held_back_as_coming_and_going_counts_as_that() {
    let mut book = Book::default();
    apply(&mut book, at(0), came_and_went(1, "probe-down", at(0), Span::from_secs(60)).into());
    apply(&mut book, at(1), vec![held(Obstacle::Flapping)]);
    assert_eq!(outcome(&book), Some(AlertOutcome::Flap));
}

#[test]
fn a_rule_is_silenced_while_a_silence_keeps_somebody_from_being_told_of_it() {
    let mut book = Book::default();
    apply(&mut book, at(0), came_and_went(1, "probe-down", at(0), Span::from_secs(60)).into());
    let id = Digest128([9; 16]);
    let request = Request {
        id,
        matchers: vec!["rule=probe-down".parse().unwrap()].try_into().unwrap(),
        reason: "moved".to_owned(),
        ticket: "OPS-1".to_owned(),
        by: "ana".parse().unwrap(),
        from: at(0),
        until: at(7_200),
    };
    let event =
        SilenceEvent::Requested { request: Box::new(request), waits: false, owners: [].into(), at: at(0) };
    apply(&mut book, at(1), vec![Event::Silence { id, event }]);
    assert_eq!(book.noise.silenced().count(), 0, "it silences nothing yet");
    for secs in [2, 3] {
        apply(&mut book, at(secs), vec![held(Obstacle::Silenced)]);
    }
    let event = SilenceEvent::Ended { by: "ana".parse().unwrap(), reason: "done".to_owned(), at: at(3_600) };
    apply(&mut book, at(3_600), vec![Event::Silence { id, event }]);
    let silenced: Vec<_> =
        book.noise.silenced().map(|one| (one.rule.as_str(), one.from, one.until)).collect();
    assert_eq!(silenced, [("probe-down", at(0), at(3_600))]);
}

#[test]
fn an_alert_that_is_over_is_counted_for_some_weeks_and_an_open_one_as_long_as_it_is() {
    let mut book = Book::default();
    apply(&mut book, at(0), came_and_went(1, "probe-down", at(0), Span::from_secs(60)).into());
    let open = opened(2, "disk-full", at(0));
    apply(&mut book, at(0), vec![episode(open.id, EpisodeEvent::Opened(Box::new(open)))]);
    let ids = |book: &Book| book.noise.records().map(|(id, _)| id.0[0]).collect::<Vec<_>>();
    apply(&mut book, at(59) + KEPT, vec![vote("ana", true)]);
    assert_eq!(ids(&book), [1, 2]);
    apply(&mut book, at(60) + KEPT, vec![vote("ana", true)]);
    assert_eq!(ids(&book), [2]);
    assert_eq!(book.noise.complete_from(), None, "nothing was let go of for want of room");
}

#[test]
fn without_room_those_that_ended_first_go_and_it_is_known_since_when_all_are_there() {
    let mut noise = Noise::default();
    let open = |number: u32| {
        let mut opening = opened(0, "probe-down", at(i64::from(number)));
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        opening.id = Digest128(id);
        opening
    };
    let over = |at| EpisodeEvent::Resolved { ending: eavip_core::alert::episode::Ending::Recovered, at };
    for number in 0..u32::try_from(MAX_RECORDS).unwrap() + 2 {
        let opening = open(number);
        let (id, began) = (opening.id, opening.at);
        noise.episode(id, &EpisodeEvent::Opened(Box::new(opening)));
        noise.episode(id, &over(began + Span::from_secs(10)));
    }
    noise.forget(at(40_000));
    assert_eq!(noise.counted.len(), MAX_RECORDS);
    assert_eq!(noise.complete_from(), Some(at(11)));
}

#[test]
fn it_is_known_when_teams_were_told_of_their_noise() {
    let mut book = Book::default();
    let notice = |topic| Notice { topic, title: "t".into(), text: "t".into(), path: "/noise".into() };
    for (secs, topic) in [(1, Topic::Digest), (2, Topic::Flapping)] {
        let to = Recipient::from("chat".parse::<eavip_core::id::ReceiverId>().unwrap());
        let event = DeliveryEvent::Decided { to, content: Content::Notice(notice(topic)) };
        apply(&mut book, at(secs), vec![Event::Delivery { id: Digest128([secs as u8; 16]), event }]);
    }
    assert_eq!(book.noise.digest_at(), Some(at(1)));
}
