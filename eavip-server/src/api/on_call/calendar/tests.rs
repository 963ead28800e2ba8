//! Tests of calendars: what a parser has to get, with names that mean to break it.

use eavip_core::roster::Person;

use super::*;

fn shift(from: &str, until: &str) -> (ScheduleId, Shift) {
    let (person, from, until) = (Some("ana".parse().unwrap()), from.parse().unwrap(), until.parse().unwrap());
    ("primary".parse().unwrap(), Shift { person, from, until })
}

fn roster(name: &str) -> Roster {
    let person = Person { name: name.to_owned(), teams: Default::default(), active: true };
    Roster { people: [("ana".parse().unwrap(), person)].into(), ..Roster::default() }
}

#[test]
fn a_shift_is_an_event_in_utc_whose_id_stays() {
    let (first, second) = (
        shift("2026-03-22T08:00:00Z", "2026-03-29T07:00:00Z"),
        shift("2026-03-29T07:00:00Z", "2026-04-05T07:00:00Z"),
    );
    let whole = calendar("On call", &[first, second.clone()], &roster("Ana"));
    assert!(whole.contains(
        "DTSTART:20260322T080000Z\r\nDTEND:20260329T070000Z\r\nSUMMARY:On call: Ana (primary)\r\n"
    ));
    let ids = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix("UID:")).map(str::to_owned).collect()
    };
    let later =
        calendar("On call", &[shift("2026-03-24T00:00:00Z", "2026-03-29T07:00:00Z"), second], &roster("Ana"));
    assert_eq!(ids(&whole), ids(&later), "whatever was cut off");
    assert_eq!(ids(&whole).len(), 2);
}

#[test]
fn hostile_names_neither_end_lines_nor_events_and_lines_are_folded() {
    let name = format!("A;n,a\\\r\nEND:VEVENT\r\nBEGIN:VALARM{}", "ü".repeat(100));
    let whole = calendar("x", &[shift("2026-03-22T08:00:00Z", "2026-03-29T07:00:00Z")], &roster(&name));
    assert!(whole.split("\r\n").all(|line| line.len() <= LINE), "{whole}");
    assert_eq!(whole.matches("\r\nEND:VEVENT").count(), 1);
    assert!(!whole.contains("\r\nBEGIN:VALARM"));
    let unfolded = whole.replace("\r\n ", "");
    assert!(unfolded.contains("SUMMARY:On call: A\\;n\\,a\\\\\\nEND:VEVENT\\nBEGIN:VALARMüü"), "{unfolded}");
    assert!(whole.ends_with("END:VCALENDAR\r\n"));
}
