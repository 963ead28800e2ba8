//! Shifts as Debian's python3-icalendar reads them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use eavip_tests::site::Site;
use serde_json::Value;

use super::SERVER;

const RUNBOOK: &str = r#"
[person.ana]
name = "Ana; \"Beispiel\", ÄÖÜ with a name that is longer than one line of a calendar may be"
teams = ["platform-operations"]
[person.ben]
teams = ["platform-operations"]

[schedule.primary]
zone = "Europe/Berlin"
[[schedule.primary.rotation]]
people = ["ana", "ben"]
turn = "daily"
since = 2026-01-05
at = "09:00"
"#;

/// Prints each event as a line of JSON, with its moments by Berlin's clock.
const READ: &str = r#"
import json, sys, zoneinfo
from icalendar import Calendar
berlin = zoneinfo.ZoneInfo("Europe/Berlin")
calendar = Calendar.from_ical(sys.stdin.buffer.read())
for event in calendar.walk("VEVENT"):
    at = lambda name: event.decoded(name).astimezone(berlin).isoformat()
    print(json.dumps([str(event["uid"]), str(event["summary"]), at("dtstart"), at("dtend")]))
"#;

#[test]
fn a_calendar_program_reads_shifts_without_holes_at_nine_by_the_zones_clock() {
    let mut site = Site::new(SERVER);
    let runbook = site.write("runbook.toml", RUNBOOK);
    site.configure(&format!("runbook = {runbook:?}\n"));
    site.start();
    let answer = site.api("GET", "/on-call/schedules/primary/calendar", &Value::Null);
    assert_eq!(answer.status, 200);
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", READ]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut reader = python.spawn().unwrap();
    reader.stdin.take().unwrap().write_all(answer.text().as_bytes()).unwrap();
    let read = reader.wait_with_output().unwrap();
    assert!(read.status.success());
    let text = String::from_utf8(read.stdout).unwrap();
    let events: Vec<[String; 4]> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.len() > 200, "half a year and a month: {}", events.len());
    let ids: BTreeSet<&String> = events.iter().map(|[id, ..]| id).collect();
    assert_eq!(ids.len(), events.len());
    // Half a year from any day has a change of clocks in it; the first and the last are cut by the period.
    for pair in events[1..events.len() - 1].windows(2) {
        let ([_, _, from, until], [_, _, next, _]) = (&pair[0], &pair[1]);
        assert!(from.contains("T09:00:00") && until == next, "{pair:?}");
    }
    let name = "On call: Ana; \"Beispiel\", ÄÖÜ with a name that is longer than one line of a calendar may be (primary)";
    assert!(events.iter().any(|[_, summary, ..]| summary == name), "{:?}", events[0]);
}
