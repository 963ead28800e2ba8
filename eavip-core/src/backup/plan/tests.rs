//! Tests of a plan's parts, and the plan that the tests of the other rooms use.

use super::*;
use crate::policy::{Policy, Source as Text};

/// A plan as a platform would declare it.
pub(crate) const TEXT: &str = r#"
[service.orders]
owner = "platform-operations"

[team.site]

[backup.orders]
service = "orders"
severity = "SEV-2"
owner = { saas = "platform-operations", byoc = "platform-operations", on-prem = "site" }
sources = ["/var/lib/orders", "postgres:orders"]
every = "6h"
repository = "sftp:vault.example.com:/orders"
key = "{file=/etc/eavip/orders.key}"
access = ["platform-operations"]
keep = { last = 2, daily = 7, monthly = 12 }
rpo = "12h"
rto = "1h"
health = "orders-smoke-test --quick"
"#;

pub(crate) fn plan() -> Plan {
    static PLAN: std::sync::OnceLock<Plan> = std::sync::OnceLock::new();
    let load = || Policy::load(&[Text::new("runbook.toml", TEXT)]).unwrap().backups.plans["orders"].clone();
    PLAN.get_or_init(load).clone()
}

// Seed: "Backups are encrypted and access-controlled."
#[test]
fn a_plan_without_encryption_cannot_be_built() {
    let whole = serde_json::to_value(plan()).unwrap();
    assert_eq!(serde_json::from_value::<Plan>(whole.clone()).unwrap(), plan());
    for key in [None, Some(""), Some("none"), Some("{file=}"), Some("hunter2")] {
        let mut json = whole.clone();
        match key {
            Some(text) => json["key"] = text.into(),
            None => drop(json.as_object_mut().unwrap().remove("key")),
        }
        assert!(serde_json::from_value::<Plan>(json).is_err(), "{key:?}");
    }
}

// Seed: "No secrets in code or images": a plan says where the key lies, never what it is.
#[test]
fn a_key_is_a_reference_and_a_repository_holds_no_password() {
    for text in
        ["{credential=backup-key}", "{file=/etc/backup.key}", "{env=BACKUP_KEY}", "{vault=secret/backup#key}"]
    {
        assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
    }
    for text in
        ["", "{}", "{file}", "{file= }", "{password=x}", "file=/etc/key", "{file=/etc/`key`}", "{file=a\nb}"]
    {
        assert_eq!(text.parse::<Key>(), Err(NotUsable::Key), "{text:?}");
    }
    for text in [
        "sftp:backup@vault:/orders",
        "s3:https://s3.example.com/orders@1:2",
        "rest:https://me@vault/x",
        "/mnt/backup",
    ] {
        assert!(text.parse::<Repository>().is_ok(), "{text}");
    }
    for text in
        ["rest:https://me:hunter2@vault/x", "https://a:b@c", "", "  ", "/mnt/`x`", &"x".repeat(MAX_TEXT + 1)]
    {
        let error = text.parse::<Repository>().unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "the password isn't repeated");
    }
}

#[test]
fn a_text_is_one_line_that_a_page_can_show() {
    for text in ["", " ", "…", "a\nb", " padded", "tick`tick", "bell\u{7}", &"x".repeat(MAX_TEXT + 1)] {
        assert_eq!(text.parse::<Source>(), Err(NotUsable::Source), "{text:?}");
        assert_eq!(text.parse::<Health>(), Err(NotUsable::Health), "{text:?}");
    }
    assert_eq!("/srv/größe".parse::<Source>().unwrap().as_str(), "/srv/größe");
}
