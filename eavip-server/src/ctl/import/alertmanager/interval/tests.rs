//! Tests of time intervals as windows.

use super::*;
use crate::ctl::import::yaml;

fn named(yaml: &str) -> Named {
    let text = format!("- name: x\n  time_intervals:\n{yaml}");
    let document = yaml::parse(&text).unwrap();
    let import = Import::new("x.yml", &text);
    let yaml::Value::List(list) = &document.root.value else { panic!("a list") };
    let found = read(&import, &[list]).remove("x").unwrap();
    assert!(import.problems.borrow().is_empty(), "{:?}", import.problems.borrow());
    found
}

fn told(week: &Week) -> Vec<String> {
    let windows = week.windows().into_iter();
    windows.map(|one| format!("{} {} {}", one.at, one.minutes, one.days.join(","))).collect()
}

#[test]
fn weekdays_and_times_become_windows_and_so_does_the_rest_of_the_week() {
    let office = named("  - weekdays: ['monday:friday']\n    times: [{start_time: '09:00', end_time: '17:00'}]\n    location: Europe/Berlin\n").unwrap();
    let week = &office["Europe/Berlin"];
    assert_eq!(told(week), ["09:00 480 mon,tue,wed,thu,fri"]);
    assert_eq!(
        told(&week.rest()),
        ["00:00 540 mon,tue,wed,thu,fri", "00:00 1440 sat,sun", "17:00 420 mon,tue,wed,thu,fri"]
    );
    let nights = named("  - times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '06:00'}]\n  - weekdays: ['Sunday', 'saturday']\n").unwrap();
    assert_eq!(
        told(&nights["UTC"]),
        ["00:00 360 mon,tue,wed,thu,fri", "00:00 1440 sat,sun", "22:00 120 mon,tue,wed,thu,fri"]
    );
}

#[test]
fn what_no_window_can_say_is_told() {
    for (yaml, why) in [
        ("  - days_of_month: ['1:5']\n", "`days_of_month`"),
        ("  - months: ['january']\n", "`months`"),
        ("  - years: ['2026']\n", "`years`"),
        ("  - location: Local\n", "`Local`"),
        ("  - location: Mars/Base\n", "Mars/Base"),
        ("  - weekdays: ['saturday:sunday']\n", "no range of weekdays"),
        ("  - weekdays: ['funday']\n", "no range of weekdays"),
        ("  - times: [{start_time: '9:00', end_time: '10:00'}]\n", "no time on the clock"),
        ("  - times: [{start_time: '10:00', end_time: '09:00'}]\n", "ends before it begins"),
    ] {
        let told = named(yaml).unwrap_err();
        assert!(told.contains(why), "{yaml}: {told}");
    }
}
