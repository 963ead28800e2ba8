//! Paths, roles and moments.

use super::*;
use crate::dashboard::fixtures::chrome;

#[test]
fn knows_which_part_of_the_site_is_shown() {
    let chrome = Chrome { path: "/nodes/4?x=1".into(), ..chrome() };
    assert!(chrome.is_in("/nodes"));
    assert!(!chrome.is_in("/"));
    assert!(!chrome.is_in("/node"));
}

#[test]
fn a_role_includes_the_ones_before() {
    let mut chrome = chrome();
    chrome.principal = Some(Principal { name: "v".into(), role: Role::Viewer });
    assert!(!chrome.may_respond());
    chrome.principal = Some(Principal { name: "r".into(), role: Role::Responder });
    assert!(chrome.may_respond() && !chrome.may_manage());
    chrome.principal = None;
    assert!(!chrome.may(Role::Viewer));
}

#[test]
fn a_moment_names_its_day_unless_it_is_today() {
    let chrome = chrome();
    assert_eq!(
        chrome.time("2026-11-23T07:00:05Z").to_string(),
        "<time datetime=\"2026-11-23T07:00:05.000Z\">07:00:05 UTC</time>"
    );
    assert!(chrome.time("2026-11-20T07:00:05Z").to_string().contains(">2026-11-20 07:00:05 UTC<"));
    assert!(chrome.since("2026-11-23T07:28:00Z").to_string().ends_with(">2 min ago</span>"));
}

#[test]
fn what_is_no_moment_is_never_written_as_markup() {
    assert_eq!(chrome().time("<script>").to_string(), "not known");
}
