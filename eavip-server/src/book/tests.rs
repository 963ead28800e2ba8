//! Tests of what the ledger amounts to.

use eavip_core::alert::episode::EpisodeEvent;
use eavip_core::alert::group::{self, GroupingPolicy};
use eavip_core::alert::notice::{Obstacle, Occasion, Reason};
use eavip_core::id::Digest128;
use eavip_core::labels::Labels;

use super::*;
use crate::record::{
    Actor, Content, DeliveryEvent, DeliveryStatus, JoinEvent, Joined, LinkEvent, Role, TokenEvent, UserEvent,
    VERSION,
};
use crate::testing::{node, place};

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn apply(book: &mut Book, secs: i64, event: Event) {
    let record = LedgerRecord {
        v: VERSION,
        at: at(secs),
        actor: Actor::User("ana".into()),
        reason: None,
        events: vec![event],
    };
    // As it comes back from disk.
    let record: LedgerRecord = serde_json::from_slice(&serde_json::to_vec(&record).unwrap()).unwrap();
    book.apply(secs.unsigned_abs(), &record);
}

fn user(event: UserEvent) -> Event {
    Event::User { name: "ben".into(), event }
}

#[test]
fn a_new_password_ends_the_sessions_of_the_old_one() {
    let mut book = Book::default();
    let set = || user(UserEvent::Set { password: "$argon2id$…".into(), role: Role::Viewer });
    apply(&mut book, 0, set());
    let signed_in = UserEvent::SignedIn { session: "s1".into(), role: Role::Viewer, expires_at: at(100) };
    apply(&mut book, 1, user(signed_in));
    assert_eq!(book.sessions.len(), 1);
    apply(&mut book, 2, set());
    assert_eq!(book.sessions.len(), 0);
}

#[test]
fn what_has_run_out_is_forgotten_by_the_time_of_records() {
    let mut book = Book::default();
    let link = LinkEvent::Created { user: "ben".into(), role: Role::Admin, expires_at: at(10) };
    apply(&mut book, 0, Event::Link { hash: "h".into(), event: link });
    let join = JoinEvent::Created { hash: "h".into(), place: place(), expires_at: at(20) };
    apply(&mut book, 1, Event::Join { id: "j".into(), event: join });
    assert_eq!((book.links.len(), book.joins.len()), (1, 1));
    apply(&mut book, 10, user(UserEvent::Removed));
    assert_eq!((book.links.len(), book.joins.len()), (0, 1));
    apply(&mut book, 20, user(UserEvent::Removed));
    assert_eq!(book.joins.len(), 0);
}

#[test]
fn events_that_do_not_fit_change_nothing() {
    let mut book = Book::default();
    let before = book.clone();
    let strangers = [
        Event::Node { id: node(1), event: NodeEvent::Revoked },
        Event::Delivery { id: Digest128([1; 16]), event: DeliveryEvent::Delivered { attempts: 1 } },
        Event::Link { hash: "x".into(), event: LinkEvent::Used },
        Event::Join { id: "x".into(), event: JoinEvent::Used { node: node(1) } },
    ];
    for event in strangers {
        apply(&mut book, 0, event);
    }
    book.changes = before.changes.clone();
    assert_eq!(book, before);
}

/// A book with one alert that two receivers are to be told of.
fn with_alert() -> (Book, Digest128) {
    let mut known = eavip_core::node::Node::new(node(1), place(), at(0));
    known.note(
        &eavip_core::signal::reading::Reading::exact(eavip_core::signal::metric::Metric::DiskReadOnly, 1.0),
        at(0),
    );
    (known.seen_at, known.reported_at) = (Some(at(0)), Some(at(0)));
    let policy = eavip_core::policy::Policy::builtin();
    let outcome =
        eavip_core::evaluate::evaluate([&known], Default::default(), &Default::default(), &policy, at(0));
    let transition = outcome.transitions.into_iter().next().unwrap();
    let joined = |receiver: &str| Joined {
        receiver: receiver.parse().unwrap(),
        labels: Labels::default(),
        grouping: GroupingPolicy::default(),
    };
    let mut book = Book::default();
    let groups = vec![joined("one"), joined("two")];
    apply(&mut book, 0, Event::Episode { id: transition.episode, event: transition.event, groups });
    (book, transition.episode)
}

fn over(book: &mut Book, secs: i64, episode: Digest128) {
    let event =
        EpisodeEvent::Resolved { ending: eavip_core::alert::episode::Ending::Recovered, at: at(secs) };
    apply(book, secs, Event::Episode { id: episode, event, groups: Vec::new() });
}

/// The message that a receiver is told of an episode; its id.
fn tell(book: &mut Book, secs: i64, receiver: &str, new: &[Digest128], resolved: &[Digest128]) -> Digest128 {
    let message = group::Message {
        occasion: Occasion::First,
        new: new.to_vec(),
        resolved: resolved.to_vec(),
        firing: Vec::new(),
    };
    let to = crate::record::Recipient::from(receiver.parse::<eavip_core::id::ReceiverId>().unwrap());
    let id = crate::record::delivery_id(&to, b"", at(secs));
    let content = Content::Alerts { group: Labels::default(), message };
    apply(book, secs, Event::Delivery { id, event: DeliveryEvent::Decided { to, content } });
    id
}

#[test]
fn a_message_waits_in_its_lane_until_it_ends() {
    let (mut book, episode) = with_alert();
    let ids = [tell(&mut book, 1, "one", &[episode], &[]), tell(&mut book, 1, "two", &[episode], &[])];
    assert_eq!((book.outbox.waiting(), book.outbox.oldest()), (2, Some(at(1))));
    apply(&mut book, 2, Event::Delivery { id: ids[0], event: DeliveryEvent::Delivered { attempts: 3 } });
    let given_up = || DeliveryEvent::GivenUp { attempts: 30, error: "refused".into() };
    for secs in [3, 4] {
        apply(&mut book, secs, Event::Delivery { id: ids[1], event: given_up() });
    }
    assert_eq!((book.outbox.waiting(), book.outbox.given_up().count()), (0, 1), "the end counts once");
    let statuses: Vec<DeliveryStatus> =
        book.outbox.of(episode).map(|(_, delivery)| delivery.status).collect();
    assert_eq!(statuses, [DeliveryStatus::Delivered, DeliveryStatus::GivenUp]);
    assert_eq!(book.outbox.decided_since(at(1)).len(), 2);
}

#[test]
fn a_group_goes_once_all_of_it_was_told() {
    let (mut book, episode) = with_alert();
    tell(&mut book, 1, "one", &[episode], &[]);
    over(&mut book, 2, episode);
    assert_eq!(book.groups.iter().count(), 2, "neither receiver knows that it is over");
    tell(&mut book, 3, "one", &[], &[episode]);
    assert_eq!(book.groups.of(episode).map(|group| group.receiver.as_str()).collect::<Vec<_>>(), ["two"]);
    tell(&mut book, 3, "two", &[episode], &[episode]);
    assert_eq!(book.groups.iter().count(), 0);
}

#[test]
fn who_is_over_while_held_back_leaves_its_group_and_the_reason_stays() {
    let (mut book, episode) = with_alert();
    let reason = Reason::Held(Obstacle::Silenced);
    apply(&mut book, 1, Event::Held { episode, receiver: "one".parse().unwrap(), reason });
    over(&mut book, 2, episode);
    assert_eq!(book.groups.of(episode).map(|group| group.receiver.as_str()).collect::<Vec<_>>(), ["two"]);
    assert_eq!(book.groups.held(episode).next().unwrap().reason, reason);
}

#[test]
fn the_feed_says_which_alert_is_over() {
    let (mut book, episode) = with_alert();
    over(&mut book, 9, episode);
    let last = book.changes.newest().next().unwrap();
    assert!(last.text.starts_with("over (recovered): disk_read_only"), "{}", last.text);
    assert_eq!(last.node, Some(node(1)));
}

#[test]
fn the_book_survives_its_checkpoint() {
    let (mut book, episode) = with_alert();
    tell(&mut book, 1, "one", &[episode], &[]);
    let json = serde_json::to_vec(&book).unwrap();
    assert_eq!(serde_json::from_slice::<Book>(&json).unwrap(), book);
}

#[test]
fn a_token_goes_back_to_the_account_that_made_it_even_through_another_token() {
    let mut book = Book::default();
    let token = |id: &str| Event::Token {
        id: id.into(),
        event: TokenEvent::Created {
            name: id.into(),
            hash: "h".into(),
            role: Role::Admin,
            team: None,
            own: false,
            expires_at: at(9),
        },
    };
    let makers = [
        (Actor::User("ana".into()), "first", Some("ana")),
        (Actor::Token("first".into()), "second", Some("ana")),
        (Actor::Token("second".into()), "third", Some("ana")),
        (Actor::Server("token".into()), "own", None),
        (Actor::Token("own".into()), "of-own", None),
        (Actor::Token("gone".into()), "of-gone", None),
    ];
    for (actor, id, account) in makers {
        book.apply(1, &LedgerRecord { v: VERSION, at: at(0), actor, reason: None, events: vec![token(id)] });
        assert_eq!(book.tokens[id].made_by.as_deref(), account, "{id}");
    }
}
