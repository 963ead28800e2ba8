//! Tests of how alerts and pages fit together.

use super::*;
use crate::policy::Source;

const RUNBOOK: &str = r#"
[[owner]]
match = { alertname = "OrdersStuck" }
team = "platform-operations"
runbook = "orders-stuck"
[[owner]]
match = { alertname = "NodeDown" }
team = "platform-operations"
runbook = "no-such-page"
[[owner]]
match = { alertname = "Elsewhere" }
team = "platform-operations"
runbook = "https://runbooks.example.com/x"
[[owner]]
match = { team = "shop" }
team = "platform-operations"
"#;

fn pages(list: &[(&str, &str)]) -> Pages {
    let page = |(name, text): &(&str, &str)| ((*name).to_owned(), Source::new(format!("{name}.md"), *text));
    list.iter().map(page).collect()
}

#[test]
fn says_where_each_alert_leads_and_what_leads_to_each_page() {
    let policy = Policy::load(&[Source::new("runbook.toml", RUNBOOK)]).unwrap();
    let pages = pages(&[
        ("orders-stuck", "# Orders\n1. Look.\n2) Mend.\n"),
        ("disk-full", "No title\n"),
        ("spare", "# Spare\n"),
    ]);
    let rehearsed = BTreeMap::from([("orders-stuck".to_owned(), Timestamp::from_millis(1_000))]);
    let found = coverage(&policy, &pages, &rehearsed);
    let standing = |by: &str| found.citations.iter().find(|one| one.by.contains(by)).unwrap().standing;
    for (by, expected) in [
        ("OrdersStuck", Standing::There),
        ("NodeDown", Standing::Missing),
        ("Elsewhere", Standing::Elsewhere),
        ("shop", Standing::Unsaid),
        ("[alert.disk-full]", Standing::There),
        ("[alert.probe-down]", Standing::Missing),
        ("notification-undelivered", Standing::Missing),
    ] {
        assert_eq!(standing(by), expected, "{by}");
    }
    let [disk, orders, spare] = &found.pages[..] else { panic!("three pages") };
    assert_eq!(
        (orders.steps, orders.rehearsed_at, orders.can_be_followed()),
        (2, Some(Timestamp::from_millis(1_000)), true)
    );
    assert_eq!(orders.cited_by, [r#"[[owner]] {alertname="OrdersStuck"}"#]);
    assert!(disk.cited_by.contains(&"[alert.disk-full]".to_owned()) && !disk.can_be_followed());
    assert_eq!(
        (spare.cited_by.len(), spare.title.as_deref(), spare.can_be_followed()),
        (0, Some("Spare"), false)
    );
    assert!(!found.is_complete());
}

#[test]
fn is_complete_when_every_cited_page_can_be_followed() {
    let builtin = Policy::builtin();
    let names: Vec<&str> = builtin.rules().iter().filter_map(|rule| rule.runbook.page()).collect();
    let names = [names, Concern::ALL.iter().map(|concern| concern.page()).collect()].concat();
    let of = |text: &'static str| pages(&names.iter().map(|name| (*name, text)).collect::<Vec<_>>());
    let complete = |pages: &Pages| coverage(&builtin, pages, &BTreeMap::new()).is_complete();
    let mut all = of("# T\n- [ ] Do it.\n");
    assert!(complete(&all));
    all.insert("uncited".to_owned(), Source::new("uncited.md", ""));
    assert!(complete(&all), "a page that nothing leads to keeps nobody from acting");
    assert!(!complete(&of("# T\n")));
    all.pop_first();
    assert!(!complete(&all));
}

#[test]
fn counts_steps_outside_of_code() {
    for (text, expected) in [
        ("", 0),
        ("1. a\n2. b\n", 2),
        ("  3) a\n", 1),
        ("- [ ] a\n* [x] b\n+ [X] c\n- d\n- []e\n", 3),
        ("```\n1. a\n```\n1. b\n", 1),
        ("~~~sh\n1. a\n", 0),
        ("1.5 s\n. a\n12\n", 0),
    ] {
        assert_eq!(steps(text), expected, "{text:?}");
    }
    assert_ne!(revision("a"), revision("a\n"));
}
