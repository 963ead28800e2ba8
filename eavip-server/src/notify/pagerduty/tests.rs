//! Tests of what PagerDuty gets.

use eavip_core::labels::Labels;

use super::super::testing::{HOSTILE, about, message, notice, told};
use super::*;

fn event(message: &Message) -> Value {
    let to = Endpoint::secret(URL).unwrap();
    let service = PagerDuty { to, key: Secret::new("R0UT1NG".to_owned()) };
    serde_json::to_value(service.event(message)).unwrap()
}

#[test]
fn a_group_is_one_incident_that_is_triggered_and_resolved_by_its_key() {
    let (begins, ends) = (event(&message("/var is full", true)), event(&message("/var is full", false)));
    assert_eq!((&begins["event_action"], &ends["event_action"]), (&json!("trigger"), &json!("resolve")));
    assert_eq!(begins["dedup_key"], ends["dedup_key"]);
    assert_eq!(begins["payload"]["severity"], "critical");
    assert_eq!(begins["payload"]["source"], "/var is full", "the place");
    assert_eq!(begins["payload"]["summary"], "FIRING critical: /var is full");
    assert_eq!(begins["routing_key"], "R0UT1NG");
    let mixed = about(vec![told(1, "a", true), told(2, "b", false)], "/var is full");
    assert_eq!(event(&mixed)["event_action"], "trigger", "one still fires");
    let notice = event(&notice("ana silences x"));
    assert_eq!(notice["payload"]["severity"], "info");
    assert_ne!(notice["dedup_key"], begins["dedup_key"]);
}

#[test]
fn an_event_keeps_pagerdutys_limits_whatever_it_tells() {
    let long = "\u{1f525}".repeat(250);
    let alerts = (0..=255).map(|number| told(number, &long, true)).collect();
    let event = event(&about(alerts, &long));
    assert!(event.to_string().len() <= 512 * 1024, "{}", event.to_string().len());
    for text in HOSTILE {
        let summary = self::event(&message(text, true))["payload"]["summary"].as_str().unwrap().to_owned();
        assert!(!summary.contains(char::is_control) && summary.chars().count() <= MAX_SUMMARY);
    }
}

#[test]
fn each_page_of_each_person_is_an_incident_of_its_own() {
    let page = |person: &str, alert: &str| {
        let mut message = message("a disk is full", true);
        message.to.person = Some(person.parse().unwrap());
        let Body::Alerts(alerts) = &mut message.body else { unreachable!() };
        alerts.group = Labels::new([("alertname", alert)]).unwrap();
        message.key()
    };
    assert_eq!(page("ana", "DiskFull"), page("ana", "DiskFull"));
    assert_ne!(page("ana", "DiskFull"), page("ana", "Down"));
    assert_ne!(page("ana", "DiskFull"), page("ben", "DiskFull"), "or who comes second isn't woken");
}
