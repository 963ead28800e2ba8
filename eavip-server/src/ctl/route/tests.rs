//! Tests of what a route test says.

use super::*;
use crate::ctl::output::tests::Written;

fn test(labels: &[&str], runbook: &str) -> (u8, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("runbook.toml");
    std::fs::write(&file, runbook).unwrap();
    let labels = labels.iter().map(|text| label(text).unwrap()).collect();
    let test = Test { labels, category: None, runbook: vec![file] };
    let written = Written::default();
    let exit = test.run(&mut written.output(Format::Table, false)).unwrap();
    (exit, written.text())
}

const RUNBOOK: &str = r#"
[[route]]
match = { service = "shop" }
receivers = ["shop-chat"]
group_by = ["alertname"]
continue = true
[[route.routes]]
least = "critical"
receivers = ["shop-pager"]
[[route.routes]]
match = ["env=~dev|test"]
receivers = ["nobody"]
[[route]]
match = ["category!=informational"]
receivers = ["operations"]
"#;

#[test]
fn says_where_an_alert_goes_and_what_each_route_said() {
    let labels = ["alertname=Slow", "service=shop", "severity=page"];
    let (exit, critical) = test(&labels, RUNBOOK);
    assert_eq!(exit, 0);
    let (_, warning) = test(&labels[..2], RUNBOOK);
    insta::assert_snapshot!(format!("{critical}\n{warning}"));
    let (exit, none) = test(&["severity=info"], RUNBOOK);
    assert_eq!(exit, 3, "{none}");
}

#[test]
fn an_alert_has_the_labels_that_the_server_adds() {
    let policy = Policy::load(&[eavip_core::policy::Source::new(
        "x.toml",
        "[[owner]]\nmatch = { service = 'shop' }\nteam = 'platform-operations'\n",
    )])
    .unwrap();
    for (pairs, expected) in [
        (
            &[("alertname", "Disk Full"), ("service", "shop")][..],
            r#"{alertname="Disk Full",category="warning",owner="platform-operations",rule="disk-full",service="shop"}"#,
        ),
        (&[("rule", "x")], r#"{category="warning",rule="x"}"#),
    ] {
        let labels = Labels::new(pairs.iter().copied()).unwrap();
        assert_eq!(completed(&labels, Category::Warning, &policy).to_string(), expected);
    }
    assert!(label("no-value").is_err());
}
