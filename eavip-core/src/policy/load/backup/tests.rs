//! Tests of declared backups: what a plan must say, and what it can't promise.

use crate::backup::plan::Plan;
use crate::backup::plan::tests::TEXT;
use crate::policy::{Policy, Source};

fn problems(text: &str) -> Vec<String> {
    let found = Policy::load(&[Source::new("runbook.toml", text)]).err().unwrap_or_default();
    found.into_iter().map(|p| format!("{} {} {} ({})", p.place(), p.code, p.message, p.remedy)).collect()
}

fn plan(text: &str) -> Plan {
    Policy::load(&[Source::new("runbook.toml", text)]).unwrap().backups.plans["orders"].clone()
}

// Seed: "Automated backups scheduled".
#[test]
fn reads_a_plan_and_fills_in_what_the_platform_asks_for() {
    let orders = plan(TEXT);
    assert_eq!(orders.schedule.to_string(), "every 6h");
    assert_eq!(orders.verify_every.to_string(), "12h", "no longer than the recovery point objective");
    assert_eq!(orders.drill_every.to_string(), "90d");
    assert_eq!(plan(&TEXT.replace("SEV-2", "SEV-1")).drill_every.to_string(), "30d");
    let weekly =
        plan(&TEXT.replace("every = \"6h\"", "at = [\"02:30\", \"sun 14:00\"]").replace("12h", "30h"));
    assert_eq!(weekly.schedule.to_string(), "at 02:30, sun 14:00 UTC");
    assert_eq!(weekly.verify_every.to_string(), "1d");
    let faster = plan(&format!("{TEXT}verify_every = \"3h\"\ndrill_every = \"14d\"\n"));
    assert_eq!(
        (faster.verify_every.to_string(), faster.drill_every.to_string()),
        ("3h".into(), "14d".into())
    );
}

// Seed: "Backups are encrypted and access-controlled.", "Restore procedures documented".
#[test]
fn a_plan_says_everything_that_a_restore_needs() {
    let needed = [
        "service",
        "severity",
        "owner",
        "repository",
        "key",
        "access",
        "keep",
        "rpo",
        "rto",
        "health",
        "every",
    ];
    for key in needed {
        let text: String = TEXT
            .lines()
            .filter(|line| !line.starts_with(&format!("{key} =")))
            .map(|line| format!("{line}\n"))
            .collect();
        // The service has an owner line of its own.
        let text = text.replace("[service.orders]\n", "[service.orders]\nowner = \"platform-operations\"\n");
        let text =
            if key == "owner" { text } else { text.replacen("owner = \"platform-operations\"\n", "", 1) };
        let found = problems(&text);
        assert_eq!(found.len(), 1, "{key}: {found:#?}");
        assert!(found[0].contains(&format!("EAVIP-P04 `backup.orders` has no `{key}`")), "{found:?}");
    }
}

#[test]
fn tells_every_mistake_of_a_plan_at_once() {
    let text = r#"[service.orders]
owner = "platform-operations"
[backups]
drill_every = "2y"
[backup.orders]
service = "order"
severity = "SEV-5"
owner = "platform-operations"
sources = []
every = "6h"
at = ["25:00"]
repository = "rest:https://me:hunter2@vault.example.com/x"
key = "hunter2"
access = ["everyone"]
keep = { daily = 0, fortnightly = 3 }
rpo = "0s"
rto = "1h"
health = "smoke"
verify_every = "9d"
drill_every = "365d"
encryption = false
"#;
    let found = problems(text).join("\n");
    assert!(!found.contains("hunter2"), "a secret is never told");
    insta::assert_snapshot!(found);
}

// Seed: "Automated backups scheduled": a recovery point that the schedule can't keep is told before the first backup.
#[test]
fn refuses_a_recovery_point_that_schedule_or_checks_cannot_keep() {
    let found = problems(&TEXT.replace("12h", "6h"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("backups are up to 6h apart, and at most 6h of data may be lost"), "{found:?}");
    let found = problems(&format!("{TEXT}verify_every = \"13h\"\n"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("up to 13h later, and `rpo` is 12h"), "{found:?}");
}

#[test]
fn the_platforms_numbers_are_declared_once_for_every_plan() {
    let text = format!("[backups]\ndrill_every = \"60d\"\nverify_every = \"6h\"\ngrace = \"10m\"\n{TEXT}");
    let policy = Policy::load(&[Source::new("runbook.toml", text)]).unwrap();
    let orders = &policy.backups.plans["orders"];
    assert_eq!(
        (orders.drill_every.to_string(), orders.verify_every.to_string()),
        ("60d".into(), "6h".into())
    );
    assert_eq!(policy.backups.policy.grace.to_string(), "10m");
    let plans: String = (0..=500).map(|at| format!("[backup.p{at}]\n")).collect();
    assert!(problems(&plans)[0].contains("501 backup plans are too many"));
}
