//! Filters and links of alerts.

use super::*;
use crate::dashboard::fixtures;

#[test]
fn a_filter_reads_and_writes_its_query() {
    let filter = Filter::new("firing", "critical", " db 1&x ");
    assert_eq!(filter.query(), "?status=firing&category=critical&q=db%201%26x");
    assert!(Filter::new("", "nonsense", "").is_any());
    assert_eq!(Filter::default().query(), "");
}

#[test]
fn a_filter_looks_at_status_category_and_text() {
    let alert = fixtures::alert_detail().alert;
    assert!(Filter::default().matches(&alert));
    assert!(Filter::new("firing", "critical", "PROBE").matches(&alert));
    assert!(!Filter::new("resolved", "", "").matches(&alert));
    assert!(!Filter::new("", "warning", "").matches(&alert));
    assert!(!Filter::new("", "", "no such thing").matches(&alert));
}

#[test]
fn a_runbook_link_leads_to_a_page_or_the_web_and_nowhere_else() {
    let chrome = Chrome { base: "/ops".into(), ..fixtures::chrome() };
    let mut alert = fixtures::alert_detail().alert;
    for (url, link) in [
        ("/runbooks/probe-down", Some("/ops/runbooks/probe-down")),
        ("https://wiki.example.org/x", Some("https://wiki.example.org/x")),
        ("//evil.example.org", None),
        ("javascript:alert(1)", None),
    ] {
        alert.runbook_url = url.into();
        assert_eq!(runbook_link(&alert, &chrome).as_deref(), link);
    }
}
