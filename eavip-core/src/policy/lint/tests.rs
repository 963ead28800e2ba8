//! Tests of what sections amount to together: a runbook that is clean, and one mistake at a time in it.

use std::collections::BTreeMap;

use super::Pages;
use crate::document::Source;
use crate::policy::Policy;

/// Clean: every lint has something to look at, and nothing to say.
const CLEAN: &str = r#"
[person.ana]
teams = ["platform-operations", "security-compliance"]
[person.ben]
teams = ["platform-operations"]
[person.cem]
teams = ["product-architecture"]
[person.dora]
teams = ["product-architecture"]
[person.eva]
teams = ["security-compliance"]
[person.finn]
teams = ["security-compliance"]
[person.zoe]
teams = ["product-architecture"]
active = false
[service.shop]
owner = "platform-operations"
stateless = true
[alert.shop-slow]
category = "warning"
owner = "platform-operations"
action = "Add a node."
runbook = "shop-slow"
indicator = "latency_p99_seconds"
above = 1.0
match = { service = "shop" }
[slo.shop]
service = "shop"
measure = "availability"
least_events = 100
below = "probe"
[[route]]
match = { service = "shop" }
receivers = ["chat"]
[[route]]
receivers = ["pager"]
[schedule.all]
zone = "UTC"
[[schedule.all.rotation]]
people = ["ana", "ben"]
turn = "weekly"
since = 2026-01-05
at = "09:00"
[escalation.operations]
team = "platform-operations"
[[escalation.operations.step]]
schedules = ["all"]
[escalation.security]
team = "security-compliance"
[[escalation.security.step]]
people = ["eva"]
"#;

fn pages() -> Pages {
    let builtin = Policy::builtin();
    let cited = builtin.rules().iter().filter_map(|rule| rule.runbook.page());
    let page = |name: &str| {
        (name.to_owned(), Source::new(format!("runbooks/{name}.md"), "# It broke\n\n1. Mend it.\n"))
    };
    cited.chain(["shop-slow"]).map(page).collect()
}

fn told(text: &str, pages: &Pages) -> Vec<String> {
    let found = Policy::lint(&[Source::new("runbook.toml", text)], Some(pages)).err().unwrap_or_default();
    found.into_iter().map(|p| format!("{} {} {} ({})", p.place(), p.code, p.message, p.remedy)).collect()
}

#[test]
fn a_clean_runbook_has_nothing_to_tell() {
    assert_eq!(told(CLEAN, &pages()), Vec::<String>::new());
}

// Seed: "No alert without an owner", "Platform availability", "Change approval", "Automated backups scheduled".
#[test]
fn one_mistake_at_a_time_is_told_with_its_place() {
    let table: &[(&str, &str)] = &[
        // Too few people, by every way to lose one.
        (
            "[person.ben]\nteams = [\"platform-operations\"]",
            "[person.ben]\nteams = [\"platform-operations\"]\nactive = false",
        ),
        (
            "[person.dora]\nteams = [\"product-architecture\"]",
            "[person.dora]\nteams = [\"security-compliance\"]",
        ),
        // Nobody is told next.
        (
            "[escalation.operations]\nteam = \"platform-operations\"",
            "[escalation.operations]\nteam = \"product-architecture\"",
        ),
        // No burn rule can fire for half of everything.
        ("measure = \"availability\"", "measure = \"availability\"\ntarget = 0.6"),
        ("stateless = true", ""),
        ("runbook = \"shop-slow\"", "runbook = \"shop-sloww\""),
        (
            "[[route]]\nreceivers",
            "[[owner]]\nmatch = { alertname = \"X\" }\nteam = \"platform-operations\"\nrunbook = \"shop-slo\"\n[[route]]\nreceivers",
        ),
        ("match = { service = \"shop\" }\n[slo", "match = { service = \"shopp\" }\n[slo"),
        ("[[route]]\nreceivers = [\"pager\"]", ""),
        ("[[route]]\nmatch = { service = \"shop\" }", "[[route]]\n"),
        ("receivers = [\"chat\"]", "receivers = [\"chat\"]\nrepeat_interval = \"1m\""),
        (
            "receivers = [\"chat\"]",
            "receivers = [\"chat\"]\ngroup_interval = \"1d\"\n[[route.routes]]\ngroup_wait = \"1m\"",
        ),
        ("[schedule.all]", "[grouping]\nrepeat = \"1m\"\n[schedule.all]"),
        ("people = [\"eva\"]", "people = [\"zoe\"]"),
        ("people = [\"ana\", \"ben\"]", "people = [\"zoe\", \"ben\"]"),
    ];
    let tell = |(good, bad): &(&str, &str)| {
        assert!(CLEAN.contains(good), "{good}");
        let found = told(&CLEAN.replacen(good, bad, 1), &pages());
        assert!(!found.is_empty(), "{bad}");
        format!("{bad:?}\n  {}", found.join("\n  "))
    };
    insta::assert_snapshot!(table.iter().map(tell).collect::<Vec<_>>().join("\n"));
}

// Seed: "Recovery procedures must be documented and rehearsed".
#[test]
fn a_page_says_what_happened_and_what_to_do() {
    let with = |text: &str| {
        let mut pages = pages();
        pages.insert("shop-slow".to_owned(), Source::new("runbooks/shop-slow.md", text));
        told(CLEAN, &pages).join("\n")
    };
    assert_eq!(with("\n# Slow\n\nText.\n\n  2) Do it.\n"), "");
    let untitled = "runbooks/shop-slow.md:1:1 EAVIP-P28 the page has no title (begin it with `# ` and what has happened)";
    for text in ["", "\n\n", "Slow\n1. Do it.\n", "#Slow\n1. Do it.\n", "# \n1. Do it.\n"] {
        assert_eq!(with(text), untitled, "{text:?}");
    }
    let stepless = "runbooks/shop-slow.md:1:1 EAVIP-P28 the page has no steps (write what to do as a numbered list: `1. …`)";
    for text in ["# Slow\n", "# Slow\n- Do it.\n", "# Slow\n1.5 s is slow.\n", "# Slow\n. Do it.\n"] {
        assert_eq!(with(text), stepless, "{text:?}");
    }
}

#[test]
fn a_text_that_cannot_be_loaded_is_told_alone() {
    let found = told(&CLEAN.replace("stateless = true", "statless = true"), &BTreeMap::new());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("runbook.toml:19:1 EAVIP-P02"), "{found:?}");
}

#[test]
fn routes_in_routes_are_looked_at_too() {
    let nested = "[[route]]\nreceivers = [\"pager\"]\n[[route.routes]]\nreceivers = [\"a\"]\n\
                  [[route.routes]]\nreceivers = [\"b\"]\n";
    let found = told(&CLEAN.replace("[[route]]\nreceivers = [\"pager\"]\n", nested), &pages());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("runbook.toml:40:"), "{found:?}");
}

#[test]
fn a_route_behind_one_that_leaves_something_over_is_reached() {
    for text in ["service!=shop", "service!~shop.*", "service=~.+", "service="] {
        let matched = format!("[[route]]\nmatch = [\"{text}\"]\n");
        let found = told(&CLEAN.replacen("[[route]]\nmatch = { service = \"shop\" }", &matched, 1), &pages());
        assert_eq!(found, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn the_built_in_policy_alone_lacks_people() {
    let found = Policy::lint(&[], None).unwrap_err();
    let codes: std::collections::BTreeSet<&str> = found.iter().map(|problem| problem.code).collect();
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), ["EAVIP-P20", "EAVIP-P21", "EAVIP-P22", "EAVIP-P25"]);
}
