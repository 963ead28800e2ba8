//! Tests of telling: what is held back and told later, why, and that a group is one message.

use std::sync::Arc;

use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::silence::{Request, Silence, SilenceCommand};
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::Span;
use uuid::Uuid;

use crate::record::{Content, DeliveryEvent, Event};
use crate::shared::now;
use crate::store::memory::MemoryStore;
use crate::testing::{Inside, policy};

use super::*;

const RUNBOOK: &str = "[person.ana]\nteams = [\"platform-operations\"]\n\
                       [[route]]\nreceivers = [\"chat\", \"pager\"]\n";

async fn inside(runbook: &str, nodes: u128) -> Inside {
    let inside = Inside::with_policy(Arc::new(MemoryStore::new(Uuid::nil())), policy(runbook));
    for number in 1..=nodes {
        let node = inside.enrol(number).await;
        inside.report(node, 1, vec![Reading::exact(Metric::DiskReadOnly, 1.0)]).await;
    }
    inside
}

/// What each receiver has been decided to get: occasion, and how many members are new.
fn told(inside: &Inside) -> Vec<(String, &'static str, usize)> {
    let book = inside.shared.book();
    let receivers = ["chat", "pager"].map(|name| name.parse().unwrap());
    let of = |receiver: &ReceiverId| {
        let disks = |content: &Content| match content {
            Content::Alerts { group, .. } => group.get("rule") == Some("disk-read-only"),
            Content::Notice(_) => true,
        };
        let all = book.outbox.waiting_for(receiver).filter(|(_, delivery)| disks(&delivery.content));
        let all = all.map(|(_, delivery)| match &delivery.content {
            Content::Alerts { message, .. } => {
                (receiver.to_string(), message.occasion.as_str(), message.new.len())
            }
            Content::Notice(notice) => (receiver.to_string(), notice.topic.as_str(), 0),
        });
        all.collect::<Vec<_>>()
    };
    receivers.iter().flat_map(of).collect()
}

async fn evaluate(inside: &Inside, later: u64) -> Option<Timestamp> {
    let at = now() + Span::from_secs(later);
    crate::evaluate::once(&inside.shared, &inside.committer, at).await.unwrap()
}

async fn silence(inside: &Inside, matcher: &str, secs: u64) {
    let at = now();
    let request = Request {
        id: Digest128([7; 16]),
        matchers: vec![matcher.parse().unwrap()].try_into().unwrap(),
        reason: "the rack is being moved".to_owned(),
        ticket: "OPS-7".to_owned(),
        by: "ana".parse().unwrap(),
        from: at,
        until: at + Span::from_secs(secs),
    };
    let id = request.id;
    let policy = inside.shared.policy.load();
    let events = Silence::decide(None, SilenceCommand::Request(request), &policy, at).unwrap();
    inside.write(events.into_iter().map(|event| Event::Silence { id, event }).collect()).await;
}

#[tokio::test]
async fn alerts_that_open_together_are_one_message_to_each_receiver() {
    let inside = inside(RUNBOOK, 3).await;
    evaluate(&inside, 0).await;
    let expected = [("chat", "first", 3), ("pager", "first", 3)];
    assert_eq!(told(&inside), expected.map(|(who, what, new)| (who.to_owned(), what, new)));
    evaluate(&inside, 0).await;
    assert_eq!(told(&inside).len(), 2, "looking again tells nothing again");
}

#[tokio::test]
async fn a_warning_waits_for_others_and_says_until_when() {
    let runbook = format!("{RUNBOOK}[alert.disk-read-only]\ncategory = \"warning\"\n");
    let inside = inside(&runbook, 1).await;
    let next = evaluate(&inside, 0).await.unwrap();
    assert!(told(&inside).is_empty());
    let left = next.since(now());
    assert!(left > Span::from_secs(20) && left <= Span::from_secs(30), "{left}");
    evaluate(&inside, 31).await;
    assert_eq!(told(&inside).len(), 2);
}

// Seed: "Alerts must be actionable": the reason why somebody isn't told is kept, and who was held back is told in time.
#[tokio::test]
async fn who_is_silenced_is_told_once_the_silence_ends() {
    let inside = inside(RUNBOOK, 1).await;
    silence(&inside, "rule=disk-read-only", 3_600).await;
    for _ in 0..3 {
        evaluate(&inside, 0).await;
    }
    assert!(told(&inside).is_empty());
    let mut held: Vec<_> = {
        let book = inside.shared.book();
        let id = book.alerts.open().next().unwrap().opening.id;
        book.groups.held(id).map(|held| (held.receiver.to_string(), held.reason.as_str())).collect()
    };
    held.sort_unstable();
    let expected = [("chat", "silenced"), ("pager", "silenced")].map(|(who, why)| (who.to_owned(), why));
    assert_eq!(held, expected, "each receiver once, however often it is looked at");
    evaluate(&inside, 3_601).await;
    assert_eq!(told(&inside).len(), 2);
}

#[tokio::test]
async fn who_is_held_back_stays_so_over_a_restart() {
    let inside = inside(RUNBOOK, 1).await;
    silence(&inside, "rule=disk-read-only", 3_600).await;
    evaluate(&inside, 0).await;
    let before = inside.shared.book().groups.clone();
    let inside = Inside::with_policy(inside.stop(), policy(RUNBOOK));
    evaluate(&inside, 0).await;
    assert!(told(&inside).is_empty());
    assert_eq!(inside.shared.book().groups, before);
}

#[tokio::test]
async fn an_alert_that_another_one_explains_is_held_back() {
    let runbook = format!(
        "{RUNBOOK}[[inhibit]]\nsource = {{ rule = \"disk-read-only\" }}\ntarget = {{ rule = \"clock-off\" }}\nequal = [\"node\"]\n\
         [alert.clock-off]\nfor = \"0s\"\ncategory = \"critical\"\n"
    );
    let inside = inside(&runbook, 1).await;
    let readings = [Reading::exact(Metric::DiskReadOnly, 1.0), Reading::exact(Metric::ClockOffset, 100.0)];
    inside.report(crate::testing::node(1), 2, readings.into()).await;
    evaluate(&inside, 0).await;
    let book = inside.shared.book();
    assert_eq!(book.alerts.open().count(), 2);
    let clock = book.alerts.open().find(|episode| episode.opening.rule.as_str() == "clock-off").unwrap();
    assert!(book.groups.held(clock.opening.id).all(|held| held.reason.as_str() == "inhibited"));
    assert_eq!(book.groups.held(clock.opening.id).count(), 2);
}

#[tokio::test]
async fn a_flooded_receiver_gets_no_more_warnings() {
    let inside = inside(RUNBOOK, 1).await;
    let to = Recipient::from("chat".parse::<ReceiverId>().unwrap());
    let notice = crate::record::Notice {
        topic: crate::record::Topic::Test,
        title: "x".to_owned(),
        text: String::new(),
        path: "/".to_owned(),
    };
    let flood = (0..10_u8).map(|n| Event::Delivery {
        id: Digest128([n; 16]),
        event: DeliveryEvent::Decided { to: to.clone(), content: Content::Notice(notice.clone()) },
    });
    inside.write(flood.collect()).await;
    evaluate(&inside, 0).await;
    let alerts = |inside: &Inside| told(inside).into_iter().filter(|(_, what, _)| *what != "test").count();
    assert_eq!(alerts(&inside), 2, "a Critical alert is never held back for that");
    let known = Known { recent: [("chat".parse().unwrap(), 10)].into(), ..Known::default() };
    let (book, flaps) = (inside.shared.book(), inside.shared.flaps());
    let runbook = policy(&format!("{RUNBOOK}[alert.disk-read-only]\ncategory = \"warning\"\n"));
    let mut episode = book.alerts.open().next().unwrap().clone();
    episode.opening.category = eavip_core::alert::Category::Warning;
    let alert = Alert::from(&episode.opening);
    let moment = Moment { book: &book, policy: &runbook, flaps: &flaps, known: &known, at: now() };
    assert_eq!(moment.of_alert(&alert, Occasion::First, &"chat".parse().unwrap()).as_str(), "rate-limited");
    assert_eq!(moment.of_alert(&alert, Occasion::First, &"pager".parse().unwrap()).as_str(), "first");
}
