//! Tests of what a command on a silence comes to.

use eavip_core::alert::matcher::Matchers;
use eavip_core::time::Span;

use super::*;
use crate::shared::now;
use crate::testing::policy;

const RUNBOOK: &str = r#"
[team.shop]
name = "Shop"
[person.ana]
teams = ["shop"]
[alert.shop-slow]
category = "warning"
owner = "shop"
action = "Look."
runbook = "https://wiki.example/"
indicator = "disk_used_ratio"
above = 0.5
match = { service = "shop" }
[[route]]
match = { owner = "shop" }
least = "critical"
receivers = ["shop-chat", "shop-mail"]
[[route]]
match = { owner = "platform-operations" }
receivers = ["ops"]
"#;

fn asked(matchers: &str, hours: u64) -> Request {
    let from = now();
    Request {
        id: new_id(),
        matchers: matchers.parse::<Matchers>().unwrap(),
        reason: "mending".into(),
        ticket: "OPS-7".into(),
        by: "ana".parse().unwrap(),
        from,
        until: from + Span::from_secs(hours * 3_600),
    }
}

/// The receivers that are told, and the title of what they are told.
fn told_of(events: &[Event]) -> (Vec<String>, String) {
    let mut title = String::new();
    let told = events.iter().filter_map(|event| match event {
        Event::Delivery {
            event: DeliveryEvent::Decided { to, content: Content::Notice(notice) }, ..
        } => {
            title.clone_from(&notice.title);
            Some(to.receiver.to_string())
        }
        _ => None,
    });
    (told.collect(), title)
}

#[test]
fn tells_the_owners_of_what_is_silenced_in_the_same_record() {
    let (book, policy) = (Book::default(), policy(RUNBOOK));
    let speaks: PersonId = "ana".parse().unwrap();
    for (matchers, hours, receivers, title) in [
        ("alertname=shop-slow", 1, vec!["shop-chat", "shop-mail"], "ana silences {alertname=\"shop-slow\"}"),
        ("rule=~\"disk-full|shop-.*\"", 1, vec!["ops", "shop-chat", "shop-mail"], "ana silences"),
        ("alertname=Elsewhere", 1, vec![], ""),
        ("alertname=disk-full", 30, vec!["ops"], "ana asks to silence"),
    ] {
        let events = request(&book, &policy, asked(matchers, hours), None, Some(&speaks), now()).unwrap();
        assert!(matches!(events.first(), Some(Event::Silence { .. })), "{matchers}");
        let (told, said) = told_of(&events);
        assert_eq!(told, receivers, "{matchers}");
        assert!(said.starts_with(title), "{matchers}: {said}");
    }
}

#[test]
fn nobody_makes_themselves_the_second_person() {
    let (book, policy) = (Book::default(), policy(RUNBOOK));
    let other: PersonId = "ben".parse().unwrap();
    for (matchers, hours, refused) in
        [("alertname=x", 1, false), ("alertname=x", 25, true), ("alertname!=x", 1, true)]
    {
        for speaks in [None, Some(&other)] {
            let result = request(&book, &policy, asked(matchers, hours), None, speaks, now());
            assert_eq!(result.is_err(), refused, "{matchers} for {hours} h, spoken for by {speaks:?}");
        }
    }
}

#[test]
fn many_short_silences_of_one_person_need_a_second_one_as_a_long_one_does() {
    let policy = policy(RUNBOOK);
    let (mut book, ana) = (Book::default(), "ana".parse().unwrap());
    let ask = |book: &Book, matchers: &str, hours, before| {
        request(book, &policy, asked(matchers, hours), before, Some(&ana), now())
            .map(|mut events| events.remove(0))
    };
    let waits = |event: &Event| {
        matches!(event, Event::Silence { event: SilenceEvent::Requested { waits: true, .. }, .. })
    };
    let first = ask(&book, "service=shop,zone=a", 20, None).unwrap();
    assert!(!waits(&first));
    let Event::Silence { id, .. } = first.clone() else { unreachable!() };
    let actor = crate::record::Actor::Server("test".to_owned());
    let record = crate::record::LedgerRecord { v: 1, at: now(), actor, reason: None, events: vec![first] };
    book.apply(0, &record);
    assert!(waits(&ask(&book, "zone=a,service=shop", 5, None).unwrap()), "25 h of the same");
    assert!(!waits(&ask(&book, "zone=a,service=shop", 3, None).unwrap()));
    assert!(!waits(&ask(&book, "service=shop,zone=b", 20, None).unwrap()), "of other alerts");
    assert!(!waits(&ask(&book, "zone=a,service=shop", 20, Some(id)).unwrap()), "in its place");
}
