//! Tests of taking in: which owner and runbook an alert from elsewhere gets, and what it is told that it lacks.

use super::*;
use crate::policy::Source;

const RUNBOOK: &str = r#"
[team.shop]
[[owner]]
match = { alertname = "ShopSlow" }
team = "shop"
runbook = "shop-slow"
[environment.staging]
owner = { saas = "platform-operations", byoc = "platform-operations", on-prem = "shop" }
[intake.severities]
critical = ["Disaster"]
"#;

fn policy() -> Policy {
    Policy::load(&[Source::new("runbook.toml", RUNBOOK)]).unwrap()
}

fn sent(labels: &[(&str, &str)], annotations: &[(&str, &str)]) -> Sent {
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Sent {
        labels: Labels::new(labels.iter().copied()).unwrap(),
        annotations: Annotations::new(annotations.iter().map(text).collect()).unwrap(),
        generator: None,
        since: Timestamp::default(),
        fallback: None,
    }
}

const WRITTEN: (&str, &str) = ("runbook_url", "https://wiki.example/x");

// Seed: "No alert without an owner".
#[test]
fn finds_an_owner_by_label_then_entry_then_sender_then_place() {
    let owner = |labels: &[(&str, &str)], fallback: Option<&str>| {
        let mut sent = sent(labels, &[WRITTEN]);
        sent.fallback = fallback.map(|team| team.parse().unwrap());
        admit(&sent, &policy())
            .map(|stated| stated.owner.to_string())
            .map_err(|lacks| lacks.0[0].rule.to_string())
    };
    let place = [("environment", "staging"), ("mode", "on-prem")];
    let name = ("alertname", "ShopSlow");
    assert_eq!(owner(&[name, ("owner", "platform-operations")], None).unwrap(), "platform-operations");
    assert_eq!(owner(&[name], Some("platform-operations")).unwrap(), "shop");
    assert_eq!(
        owner(&[("owner", "nobody")], Some("shop")).unwrap(),
        "shop",
        "a team that isn't declared is none"
    );
    assert_eq!(owner(&place, None).unwrap(), "shop");
    assert_eq!(owner(&[("alertname", "Other")], None).unwrap_err(), "EAVIP-A30");
}

// Seed: "Alerts must be actionable".
#[test]
fn tells_everything_that_an_alert_lacks() {
    let lacks = admit(&sent(&[("alertname", "X")], &[("runbook_url", "javascript:alert(1)")]), &policy())
        .unwrap_err();
    assert_eq!(
        lacks.0.iter().map(|finding| finding.rule.as_ref()).collect::<Vec<_>>(),
        ["EAVIP-A30", "EAVIP-A31"]
    );
    let known = admit(&sent(&[("alertname", "ShopSlow")], &[]), &policy()).unwrap();
    assert_eq!((known.runbook.as_str(), known.action.as_str()), ("shop-slow", "Follow shop-slow"));
}

#[test]
fn takes_what_the_sender_says_of_it() {
    let labels = [("alertname", "Disk Full!"), ("owner", "shop"), ("severity", "PAGE")];
    let texts = [WRITTEN, ("summary", "the disk of a is full"), ("action", "Free space.")];
    let stated = admit(&sent(&labels, &texts), &policy()).unwrap();
    assert_eq!(
        stated.labels.to_string(),
        r#"{alertname="Disk Full!",category="critical",owner="shop",rule="disk-full-",severity="PAGE"}"#
    );
    assert_eq!((stated.summary.as_str(), stated.action.as_str()), ("the disk of a is full", "Free space."));
    assert_eq!(stated.fingerprint, sent(&labels, &[]).fingerprint(), "annotations identify nothing");
    let nameless = admit(&sent(&[("owner", "shop"), ("zone", "a")], &[WRITTEN]), &policy()).unwrap();
    assert_eq!(nameless.summary, r#"{owner="shop",zone="a"}"#, "no line of a list is empty");
}

#[test]
fn knows_how_urgent_it_is() {
    let cases: [(&[(&str, &str)], Category); 6] = [
        (&[], Category::Warning),
        (&[("severity", "critical")], Category::Critical),
        (&[("severity", "disaster")], Category::Critical),
        (&[("severity", "info")], Category::Informational),
        (&[("severity", "critical"), ("category", "warning")], Category::Warning),
        (&[("severity", "critical"), ("category", "odd")], Category::Critical),
    ];
    for (labels, category) in cases {
        let labels: Vec<_> = labels.iter().copied().chain([("owner", "shop")]).collect();
        assert_eq!(admit(&sent(&labels, &[WRITTEN]), &policy()).unwrap().category, category, "{labels:?}");
    }
}

#[test]
fn any_name_becomes_a_rule() {
    for (name, rule) in
        [("DiskFull", "diskfull"), ("a b/c", "a-b-c"), ("---", "alert"), ("", "alert"), ("磁盘", "alert")]
    {
        assert_eq!(AlertRuleId::from_foreign(name).as_str(), rule);
    }
    let long = AlertRuleId::from_foreign(&"x".repeat(500));
    assert_eq!(long.as_str().parse::<AlertRuleId>().unwrap(), long);
}

#[test]
fn annotations_have_bounds() {
    let long = |bytes| Annotations::new([("a".to_owned(), "x".repeat(bytes))].into());
    assert!(long(MAX_ANNOTATION).is_ok());
    let error = long(MAX_ANNOTATION + 1).unwrap_err().to_string();
    assert_eq!(error, "annotation `a` has 8193 bytes; send at most 8192");
    let many = (0..=MAX_ANNOTATIONS).map(|n| (n.to_string(), "x".to_owned())).collect();
    assert!(Annotations::new(many).is_err());
    let large = (0..9).map(|n| (n.to_string(), "x".repeat(MAX_ANNOTATION))).collect();
    assert_eq!(Annotations::new(large), Err(InvalidAnnotations::Large(73_737)));
    assert!(Annotations::new([("a".to_owned(), String::new())].into()).unwrap().iter().next().is_none());
}
