//! Tests of reading schedules and escalations.

use super::*;
use crate::policy::{Policy, Source};

fn problems(text: &str) -> String {
    let found = Policy::load(&[Source::new("runbook.toml", text)]).err().unwrap_or_default();
    let tell =
        |p: &crate::document::Problem| format!("{} {} {} ({})", p.place(), p.code, p.message, p.remedy);
    found.iter().map(tell).collect::<Vec<_>>().join("\n")
}

#[test]
fn nothing_declared_is_nobody_with_the_numbers_of_the_runbook() {
    assert_eq!(Policy::builtin().on_call, OnCallPolicy::default());
}

#[test]
fn reads_schedules_and_escalations() {
    let policy = Policy::load(&[Source::new(
        "runbook.toml",
        r#"
[person.ana]
teams = ["platform-operations"]
[person.ben]
teams = ["platform-operations"]

[on-call]
horizon = "14d"
proof_lasts = "30d"
retry = "2m"

[schedule.primary]
zone = "Europe/Berlin"
[[schedule.primary.rotation]]
people = ["ana", "ben"]
turn = "weekly"
since = 2026-01-05
at = "09:00"
[[schedule.primary.rotation.shift]]
days = ["mon", "tue"]
from = "08:00"
until = "18:00"
[[schedule.primary.override]]
person = "ben"
from = 2026-01-06T09:00:00Z
until = 2026-01-07T09:00:00Z

[escalation.platform]
team = "platform-operations"
repeat = 2
ack_lapse = "15m"
[[escalation.platform.step]]
schedules = ["primary"]
[[escalation.platform.step]]
after = "10m"
people = ["ben"]
teams = ["platform-operations"]
"#,
    )]);
    let policy = policy.unwrap_or_else(|problems| panic!("{problems:?}"));
    insta::assert_json_snapshot!(policy.on_call);
}

#[test]
fn tells_every_mistake_at_once() {
    insta::assert_snapshot!(problems(
        r#"
[person.ana]
teams = ["platform-operations"]

[on-call]
horizon = "1h"

[schedule.primary]
[[schedule.primary.rotation]]
people = ["anna"]
turn = "monthly"
since = "2026-02-30"
[[schedule.primary.rotation.shift]]
days = ["mo"]
from = "8"
[[schedule.primary.override]]
person = "bob"
from = 2026-01-07T09:00:00Z
until = 2026-01-06T09:00:00Z

[schedule.empty]
zone = "UTC"

[escalation.platform]
team = "platform-operations"
repeat = 1000
[[escalation.platform.step]]
after = "2d"
[[escalation.platform.step]]
schedules = ["primry"]
teams = ["nobody"]

[escalation.none]
"#
    ));
}
