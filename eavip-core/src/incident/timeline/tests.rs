//! Tests of the timeline and its export.

use super::super::change::Request;
use super::super::phase::Phase;
use super::super::sev::Scope;
use super::super::tests::{after, in_phase, minutes, now};
use super::*;

#[test]
fn is_exported_in_the_order_in_which_things_happened() {
    let release = Happening::Released { release: "4.2.0".into() };
    let incident = after(
        in_phase(Scope::MajorFunction, Phase::Closed),
        [
            Request::AddNote { text: "All is quiet.".into() },
            Request::CompleteItem { item: 1, proof: "It held.".into() },
        ],
    );
    let mut early = in_phase(Scope::Minor, Phase::Triage);
    early = after(early, [Request::Witness { happening: release, happened_at: now() - minutes(20) }]);
    insta::assert_snapshot!(markdown(&incident) + "\n" + &markdown(&early));
}

#[test]
fn what_people_wrote_stays_text_on_its_line() {
    let hostile = "| x |\n# <img src=x onerror=alert(1)> [a](javascript:b)\u{202e}";
    let incident = after(
        in_phase(Scope::Minor, Phase::Triage),
        [
            Request::AddNote { text: hostile.into() },
            Request::PublishUpdate { text: hostile.into() },
            Request::RecordAction { what: hostile.into(), proof: None },
        ],
    );
    let page = markdown(&incident);
    let rows = page.lines().filter(|line| line.starts_with("| 20")).count();
    assert_eq!(rows, incident.timeline.len());
    let bare = page.replace("\\<", "").replace("\\[", "").replace("\\]", "");
    assert!(!bare.contains(['<', '[', ']', '\u{202e}']), "{page}");
    let last = incident.timeline.last().unwrap();
    assert!(last.text.starts_with(hostile), "it is kept as it was written");
    let json = serde_json::to_string(&incident.timeline).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Entry>>(&json).unwrap(), incident.timeline);
}

#[test]
fn every_kind_of_change_leaves_an_entry() {
    use super::super::tests::every_change;
    let mut table = String::new();
    for (number, change) in (0..).zip(every_change()) {
        let event = IncidentEvent { number, at: now(), by: Actor::Platform, change };
        let entry = Entry::from(&event);
        table += &format!("{}: {}\n", entry.topic, entry.text);
    }
    insta::assert_snapshot!(table);
}
