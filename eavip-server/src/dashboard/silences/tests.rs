//! Tests of the page of silences.

use eavip_core::alert::Category;
use eavip_core::alert::episode::Status;
use eavip_core::alert::matcher::Matchers;
use eavip_core::labels::Labels;

use super::super::fixtures;
use super::*;
use crate::record::Role;

fn page(attempt: &Attempt, chrome: &Chrome) -> String {
    let (silences_, windows) = (fixtures::silences::silences(), fixtures::silences::windows());
    silences(&silences_, &windows, attempt, chrome).unwrap().into_fragment()
}

#[test]
fn shows_who_why_the_ticket_and_what_it_hides() {
    let html = page(&Attempt::default(), &fixtures::chrome());
    for part in [
        "by <b>mara</b>",
        "ticket OPS-1207",
        "1 open alert",
        "CHG-99",
        "never again",
        "approved by <b>ben</b>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert_eq!(html.matches("/approve\"").count(), 1, "only what waits can be approved");
    assert_eq!(html.matches("/end\"").count(), 3, "what is over can't be ended");
}

#[test]
fn who_only_looks_has_no_form() {
    let mut chrome = fixtures::chrome();
    chrome.principal.as_mut().unwrap().role = Role::Viewer;
    let html = page(&Attempt::default(), &chrome);
    assert!(!html.contains("<form") && html.contains("needs the role responder"), "{html}");
}

#[test]
fn a_form_that_was_refused_keeps_what_was_written_and_is_not_replaced() {
    let chrome = fixtures::chrome();
    let main = silences(&[], &[], &fixtures::silences::refused(), &chrome).unwrap();
    let html = main.into_page(&chrome).unwrap();
    assert!(html.contains("role=\"alert\"") && html.contains("value=\"192\""), "{html}");
    assert!(!html.contains("data-fragment=\"/fragments/silences"), "{html}");
}

#[test]
fn the_link_of_an_alert_means_that_alert() {
    let mut alert = fixtures::alert(1, Status::Firing, Category::Critical);
    alert.labels.insert("odd".into(), "a \"b\" \\ , {c}\nd".into());
    alert.labels.insert("owner".into(), "shop".into());
    for named in [false, true] {
        if named {
            alert.labels.insert("alertname".into(), "disk-full".into());
        }
        let query = query_for(&alert);
        let encoded = query.strip_prefix("?match=").unwrap();
        let uri: axum::http::Uri = format!("/?match={encoded}").parse().unwrap();
        let read = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri).unwrap().0;
        let matchers: Matchers = read[0].1.parse().unwrap();
        let mut labels = alert.labels.clone();
        labels.insert("rule".into(), alert.rule.clone());
        labels.insert("owner".into(), "another".into());
        assert!(matchers.matches(&Labels::new(&labels).unwrap()), "{matchers}");
        labels.insert("odd".into(), "else".into());
        assert!(!matchers.matches(&Labels::new(&labels).unwrap()), "{matchers}");
    }
}
