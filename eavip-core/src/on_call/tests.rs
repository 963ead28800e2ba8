//! Tests of what is known of channels.

use super::*;
use crate::roster::Person;

#[test]
fn a_channel_works_while_its_last_message_arrived_and_not_for_ever() {
    let at = |days: u64| Timestamp::from_millis(1_700_000_000_000) + Span::from_secs(days * 86_400);
    let lasts = OnCallPolicy::default().proof_lasts;
    for (proven, failed, now, expected) in [
        (Some(0), None, 90, Channel::Working),
        (Some(0), None, 91, Channel::Unproven),
        (Some(5), None, 0, Channel::Unproven),
        (Some(5), Some(4), 5, Channel::Working),
        (Some(4), Some(4), 5, Channel::Broken),
        (Some(4), Some(5), 5, Channel::Broken),
        (None, Some(0), 5, Channel::Broken),
        (None, None, 5, Channel::Unproven),
    ] {
        let contact = Contact { proven_at: proven.map(at), failed_at: failed.map(at) };
        assert_eq!(contact.channel(lasts, at(now)), expected, "{proven:?} {failed:?} {now}");
    }
}

#[test]
fn who_left_or_has_no_channel_cannot_be_reached() {
    let person = |active| Person { name: "x".into(), teams: Default::default(), active };
    let id = |text: &str| text.parse::<PersonId>().unwrap();
    let roster = Roster {
        people: [(id("ana"), person(true)), (id("ben"), person(false)), (id("cem"), person(true))].into(),
        ..Roster::default()
    };
    let contacts = ["ana", "ben", "eve"].map(|name| (id(name), Contact::default()));
    let reach = Reach { contacts: contacts.into(), ..Reach::default() };
    for (name, expected) in [
        ("ana", Channel::Unproven),
        ("ben", Channel::Broken),
        ("cem", Channel::Broken),
        ("eve", Channel::Broken),
    ] {
        assert_eq!(reach.channel(&id(name), &roster, Span::ZERO, Timestamp::default()), expected, "{name}");
    }
}
