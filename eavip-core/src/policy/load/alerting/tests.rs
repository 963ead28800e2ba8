//! Tests of reading how alerts become notices.

use super::*;
use crate::alert::Category;
use crate::alert::route;
use crate::policy::{Policy, Source};

fn load(text: &str) -> Policy {
    let loaded = Policy::load(&[Source::new("runbook.toml", text)]);
    loaded
        .unwrap_or_else(|problems| panic!("{}", problems.iter().map(ToString::to_string).collect::<String>()))
}

fn problems(text: &str) -> String {
    let found = Policy::load(&[Source::new("runbook.toml", text)]).err().unwrap_or_default();
    let tell =
        |p: &crate::document::Problem| format!("{} {} {} ({})", p.place(), p.code, p.message, p.remedy);
    found.iter().map(tell).collect::<Vec<_>>().join("\n")
}

#[test]
fn nothing_declared_gives_the_numbers_of_the_runbook() {
    let intake = IntakePolicy { owner: "platform-operations".parse().ok(), ..IntakePolicy::default() };
    assert_eq!(load("").alerting, AlertingPolicy { intake, ..AlertingPolicy::default() });
}

#[test]
fn reads_every_section() {
    let policy = load(
        r#"
[grouping]
by = ["node"]
wait = "1m"
wait_critical = "5s"
interval = "10m"
repeat = "8h"

[[inhibit]]
source = { rule = "node-silent" }
target = ["rule!=node-silent", "category != critical"]
equal = ["node"]

[intake]
strict = true
owner = "security-compliance"
resolve_timeout = "2m"
severities = { critical = ["Sev1"] }

[silence]
alone = "8h"
approved = "3d"

[maintenance.patching]
zone = "Europe/Berlin"
days = ["sat", "sun"]
at = "02:00"
for = "2h"
match = { environment = "staging" }
change = "CHG-7"
owner = "platform-operations"
expires = 2027-01-01T00:00:00Z

[flapping]
states = 11
oldest = 1.0
newest = 1.0
start = 0.4
stop = 0.2
pace = "30s"

[noise]
shift = "8h"
pages_per_shift = 1
alerts_per_day = 100
flood_period = "5m"
flood_over = 5
flood_share = 0.02
precision = 0.8
least_episodes = 20
chatter_times = 4
chatter_within = "2m"
chatter = 1
stale_after = "12h"
stale = 3
due = "7d"
"#,
    );
    insta::assert_json_snapshot!(policy.alerting);
}

#[test]
fn tells_every_mistake_at_once() {
    insta::assert_snapshot!(problems(
        r#"
[grouping]
by = ["no de"]
wait = "1s"
wait_critical = "2s"
repeat = "1s"
wiat = "1s"

[[inhibit]]
source = ["rule!=node-silent"]

[[inhibit]]
source = ["rule=~node(.*"]
target = {}

[silence]
alone = "8d"

[maintenance.all]
zone = "Europe/Berln"
days = ["sunday"]
at = "2:00"
for = "25h"
owner = "platform-operation"

[flapping]
start = 0.2
stop = 0.3
oldest = 2.0
states = 1

[noise]
precision = 50
shift = "0s"
"#
    ));
}

#[test]
fn a_route_within_a_route_has_its_receivers_unless_it_names_others() {
    let policy = load(
        r#"
[[route]]
match = ["category!=informational"]
receivers = ["chat"]
[[route.routes]]
match = { service = "shop" }
continue = true
[[route.routes]]
least = "critical"
receivers = ["pager"]
"#,
    );
    let labels = |pairs: &[(&str, &str)]| Labels::new(pairs.iter().copied()).unwrap();
    for (pairs, category, expected) in [
        (&[("service", "shop"), ("category", "critical")][..], Category::Critical, &["chat", "pager"][..]),
        (&[("service", "x"), ("category", "critical")], Category::Critical, &["pager"]),
        (&[("service", "x"), ("category", "warning")], Category::Warning, &["chat"]),
        (&[("category", "informational")], Category::Informational, &[]),
    ] {
        let found = route::targets(&policy.routes, &labels(pairs), category);
        assert_eq!(
            found.iter().map(|target| target.receiver.as_str()).collect::<Vec<_>>(),
            expected,
            "{pairs:?}"
        );
    }
    assert_eq!(policy.receivers().len(), 2);
}

#[test]
fn a_route_groups_as_it_says_and_for_the_rest_as_what_is_around_it() {
    let policy = load(
        r#"
[grouping]
by = ["service"]
wait = "20s"
wait_critical = "5s"
[[route]]
receivers = ["chat"]
group_by = ["..."]
group_interval = "10m"
[[route.routes]]
group_wait = "0s"
repeat_interval = "1d"
[[route.routes.routes]]
group_by = []
[[route]]
receivers = ["pager"]
"#,
    );
    let told = |route: &route::Route| {
        let GroupingPolicy { by, wait, wait_critical, interval, repeat } = &route.grouping;
        format!("{by:?} {wait} {wait_critical} {interval} {repeat}")
    };
    let [outer, plain] = &policy.routes[..] else { panic!("two routes") };
    assert_eq!(told(outer), r#"{"..."} 20s 5s 10m 4h"#);
    assert_eq!(told(&outer.routes[0]), r#"{"..."} 0s 0s 10m 1d"#);
    assert_eq!(told(&outer.routes[0].routes[0]), "{} 0s 0s 10m 1d");
    assert_eq!(told(plain), r#"{"service"} 20s 5s 5m 4h"#);
}

#[test]
fn refuses_groupings_that_cannot_be_meant() {
    let route = |line: &str| problems(&format!("[[route]]\nreceivers = ['x']\n{line}\n"));
    for (line, told) in [
        (
            "group_by = ['...', 'service']",
            "runbook.toml:3:12 EAVIP-P07 `...` means all labels, and others stand",
        ),
        ("group_by = ['a-b']", "`a-b` can't be a label name"),
        ("group_by = ['a', 'a']", "label `a` stands twice"),
        ("group_by = 'a'", "write a list in brackets"),
        ("repeat_interval = '59s'", "`repeat_interval` is 59s"),
        ("group_wait = '-1s'", "group_wait"),
        ("group_wiat = '1s'", "did you mean `group_wait`?"),
    ] {
        let found = route(line);
        assert!(found.contains(told), "{line}: {found}");
    }
    assert!(problems("[grouping]\nby = ['...', 'a']\n").contains("means all labels"));
}

#[test]
fn refuses_a_route_to_nobody_and_routes_that_lie_too_deep() {
    let text = "[[route]]\nreceivers = []\n[[route.routes]]\nmatch = { a = 'b' }\n";
    assert_eq!(problems(text).matches("the route leads to nobody").count(), 2);
    let deep = (1..=9).map(|depth| format!("[[route{}]]\nreceivers = ['x']\n", ".routes".repeat(depth - 1)));
    assert!(problems(&deep.collect::<String>()).contains("more than 8 deep"));
}

#[test]
fn tells_what_windows_inhibitions_and_labels_lack() {
    let told = problems(
        r#"
        [maintenance.empty]
        [[owner]]
        match = { "" = "x" }
        team = "platform-operations"
        [alert.both]
        category = "warning"
        owner = "platform-operations"
        action = "Look."
        runbook = "both"
        indicator = "probe_up"
        below = 1.0
        above = 2.0
        [alert.neither]
        category = "warning"
        owner = "platform-operations"
        action = "Look."
        runbook = "neither"
        indicator = "probe_up"
        "#,
    );
    insta::assert_snapshot!(told);
    let many = |count: usize, one: fn(usize) -> String| problems(&(0..count).map(one).collect::<String>());
    assert!(
        many(MAX_WINDOWS + 1, |at| format!("[maintenance.w{at}]\n"))
            .contains("maintenance windows are too many")
    );
    assert!(many(MAX_INHIBITIONS + 1, |_| "[[inhibit]]\n".to_owned()).contains("inhibitions are too many"));
}
