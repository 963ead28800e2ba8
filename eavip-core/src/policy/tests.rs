//! Tests of the declared runbook: the built-in text, overriding it, and every mistake at once. Each test names the seed
//! line that it serves.

use super::*;
use crate::alert::Category;
use crate::alert::rule::Condition;
use crate::environment::Environment;
use crate::mode::Mode;
use crate::signal::Signal;

fn load(text: &str) -> Result<Policy, Vec<Problem>> {
    Policy::load(&[Source::new("runbook.toml", text)])
}

/// Place, code and message of every problem.
fn problems(text: &str) -> Vec<String> {
    let tell = |p: Problem| format!("{} {} {} ({})", p.place(), p.code, p.message, p.remedy);
    load(text).err().unwrap_or_default().into_iter().map(tell).collect()
}

/// A whole rule with one line left out.
fn rule_without(key: &str) -> String {
    let lines = [
        ("category", "category = \"critical\""),
        ("owner", "owner = \"platform-operations\""),
        ("action", "action = \"Fail over.\""),
        ("runbook", "runbook = \"fail-over\""),
        ("indicator", "indicator = \"probe_up\""),
        ("below", "below = 1.0"),
    ];
    let kept = lines.iter().filter(|(name, _)| *name != key).map(|(_, line)| *line);
    std::iter::once("[alert.mine]").chain(kept).collect::<Vec<_>>().join("\n")
}

// Seed: "Alerts must be actionable" and "No alert without an owner".
#[test]
fn every_built_in_rule_has_owner_action_and_runbook() {
    let policy = Policy::load(&[]).expect("the built-in text has no problem");
    assert!(policy.rules().len() >= 20);
    for rule in policy.rules() {
        for mode in Mode::ALL {
            assert!(policy.roster.teams.contains_key(rule.owner.in_mode(*mode)), "{}", rule.id);
        }
        assert!(rule.action.as_str().ends_with('.'), "{}: a sentence", rule.id);
        assert!(rule.runbook.page().is_some(), "{}: a page that ships with the product", rule.id);
    }
    assert_eq!(Policy::builtin().digest, policy.digest);
}

// Seed: "Platform Health Signals": API availability, error rates, latency percentiles, background job health, queue
// backlog.
#[test]
fn the_built_in_policy_watches_each_golden_signal() {
    let policy = Policy::builtin();
    for signal in Signal::GOLDEN {
        let found = policy.rules().iter().any(|rule| rule.indicator.signal() == signal);
        assert!(found, "no rule watches {signal}");
    }
}

// Seed: "Alerts are categorized as": Informational, Warning, Critical.
#[test]
fn a_rule_takes_each_category_and_no_other() {
    for category in Category::ALL {
        let text = rule_without("category") + &format!("\ncategory = \"{category}\"\n");
        assert_eq!(load(&text).unwrap().rule("mine").unwrap().category, *category);
    }
    let text = rule_without("category") + "\ncategory = \"urgent\"\n";
    assert_eq!(
        problems(&text),
        ["runbook.toml:7:12 EAVIP-P03 `alert.mine.category`: `urgent` is not a known alert category \
          (use one of informational, warning, critical)"]
    );
}

// Seed: "Core Operational Responsibilities": the three teams.
#[test]
fn the_three_teams_of_the_runbook_are_declared() {
    let names: Vec<String> = Policy::builtin().roster.teams.into_values().map(|team| team.name).collect();
    assert_eq!(names, ["Platform Operations", "Product & Architecture", "Security & Compliance"]);
}

// Seed: "Environment Model": Development, Integration, Staging, Production.
#[test]
fn every_environment_has_an_owner_in_every_mode() {
    let policy = Policy::builtin();
    for environment in Environment::ALL {
        for mode in Mode::ALL {
            assert!(policy.owners.environments.contains_key(&(*environment, *mode)), "{environment} {mode}");
        }
    }
}

// Seed: "No alert without an owner", "Alerts must be actionable", "Unowned alerts" (forbidden).
#[test]
fn refuses_a_rule_without_owner_action_or_runbook() {
    assert!(load(&rule_without("nothing")).is_ok());
    for key in ["owner", "action", "runbook", "category", "indicator"] {
        let found = problems(&rule_without(key));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(&format!("EAVIP-P04 `alert.mine` has no `{key}`")), "{found:?}");
    }
    for (line, empty) in [("owner", "\"\""), ("action", "\"…\""), ("runbook", "\" \"")] {
        let found = problems(&format!("{}\n{line} = {empty}\n", rule_without(line)));
        assert_eq!(found.len(), 1, "an empty {line} is none: {found:#?}");
    }
}

// Seed: "Unowned alerts" (forbidden): an owner that doesn't exist is none.
#[test]
fn refuses_a_team_that_nobody_declared() {
    let text = rule_without("owner") + "\nowner = \"nobody\"\n[service.shop]\nowner = \"shop-team\"\n";
    insta::assert_snapshot!(problems(&text).join("\n"), @"
    runbook.toml:7:9 EAVIP-P06 no team is called `nobody` (declare [team.nobody], or use one of platform-operations, product-architecture, security-compliance)
    runbook.toml:9:9 EAVIP-P06 no team is called `shop-team` (declare [team.shop-team], or use one of platform-operations, product-architecture, security-compliance)
    ");
}

// Seed: "Unowned alerts" (forbidden): an owner of everything is an owner of nothing.
#[test]
fn refuses_a_catch_all_owner() {
    for text in [
        "[[owner]]\nteam = \"platform-operations\"\n",
        "[[owner]]\nteam = \"platform-operations\"\nmatch = {}\n",
    ] {
        let found = problems(text);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains("EAVIP-P07 an owner for everything is an owner of nothing"), "{found:?}");
    }
    let named = "[[owner]]\nteam = \"platform-operations\"\nmatch = { service = \"shop\" }\n";
    assert_eq!(load(named).unwrap().owners.entries.len(), 1);
}

// Seed: "Customer-managed infrastructure", "Clear responsibility boundaries defined".
#[test]
fn an_owner_may_differ_by_mode() {
    let text = "[team.customer]\n[alert.disk-full]\n\
                owner = { saas = \"platform-operations\", byoc = \"platform-operations\", on-prem = \"customer\" }\n";
    let policy = load(text).unwrap();
    let owner = &policy.rule("disk-full").unwrap().owner;
    assert_eq!(owner.in_mode(Mode::OnPrem).as_str(), "customer");
    assert_eq!(owner.in_mode(Mode::Saas).as_str(), "platform-operations");
    let partly = problems("[alert.disk-full]\nowner = { saas = \"platform-operations\" }\n");
    assert_eq!(partly.len(), 2, "each mode that is left out is told: {partly:#?}");
}

// Seed: "All modes share identical operational concepts": one text, overridden field by field.
#[test]
fn overrides_single_fields_and_keeps_the_others() {
    let text = "[alert.disk-full]\nabove = 0.97\nfor = \"10m\"\n[objectives]\nlatency_p99 = \"2s\"\n";
    let (policy, builtin) = (load(text).unwrap(), Policy::builtin());
    let (changed, before) = (policy.rule("disk-full").unwrap(), builtin.rule("disk-full").unwrap());
    assert_eq!(changed.condition, Condition::Above { fire: 0.97, clear: 0.93 });
    assert_eq!(changed.hold_for, "10m".parse().unwrap());
    assert_eq!((&changed.action, &changed.owner), (&before.action, &before.owner));
    assert_eq!(policy.rules().len(), builtin.rules().len());
    let objectives = policy.objectives(&"shop".parse().unwrap());
    assert_eq!((objectives.latency_p99, objectives.availability), ("2s".parse().unwrap(), 0.999));
    assert_ne!(policy.digest, builtin.digest);
}

// Seed: "Alert noise is treated as a defect".
#[test]
fn a_rule_can_be_switched_off() {
    let policy = load("[alert.cpu-saturated]\nenabled = false\n").unwrap();
    assert_eq!(policy.rule("cpu-saturated"), None);
    assert_eq!(policy.rules_on(Metric::CpuBusy).count(), 0);
    assert_eq!(policy.rules().len() + 1, Policy::builtin().rules().len());
}

// Seed: "Alert noise is treated as a defect": hysteresis must lie on the good side.
#[test]
fn refuses_a_clear_on_the_bad_side_of_the_threshold() {
    for (limits, message) in [
        ("above = 0.9\nclear = 0.95", "clear at or below `above`"),
        ("below = 0.9\nclear = 0.85", "clear at or above `below`"),
    ] {
        let text = rule_without("below").replace("probe_up", "availability_ratio") + "\n" + limits;
        let found = problems(&text);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with("runbook.toml:8:9 EAVIP-P07 `clear` lies on the bad side"), "{found:?}");
        assert!(found[0].contains(message), "{found:?}");
    }
}

#[test]
fn a_threshold_moved_past_the_built_in_clear_is_cleared_at_itself() {
    let policy = load("[alert.disk-full]\nabove = 0.9\n").unwrap();
    assert_eq!(policy.rule("disk-full").unwrap().condition, Condition::Above { fire: 0.9, clear: 0.9 });
    let found = problems("[alert.disk-full]\nabove = 0.9\nclear = 0.93\n");
    assert_eq!(found.len(), 1, "who writes both has to write them right: {found:#?}");
}

// Seed: "Alerts must be actionable" and "Alert noise is treated as a defect".
#[test]
fn refuses_a_rule_that_never_fires_always_fires_or_never_clears() {
    for (indicator, limits, what) in [
        ("disk_used_ratio", "above = 1.0", "`above = 1` can never be: the value is from 0 to 1"),
        ("probe_up", "below = 0.0", "`below = 0` can never be: the value is from 0 to 1"),
        ("queue_ready", "below = 0", "`below = 0` can never be: the value is 0 or more"),
        ("probe_up", "below = 2", "`below = 2` is always so: the value is from 0 to 1"),
        ("queue_ready", "above = -1", "`above = -1` is always so: the value is 0 or more"),
        ("disk_used_ratio", "above = 0.9\nclear = -0.1", "`clear = -0.1` can never be reached"),
        ("probe_up", "below = 1.0\nclear = 1.1", "`clear = 1.1` can never be reached"),
    ] {
        let text = rule_without("below").replace("probe_up", indicator) + "\n" + limits;
        let found = problems(&text);
        assert_eq!(found.len(), 1, "{limits}: {found:#?}");
        assert!(found[0].contains(&format!("EAVIP-P07 {what}")), "{found:?}");
    }
    let offset = rule_without("below").replace("probe_up", "clock_offset_seconds") + "\nbelow = -0.5";
    assert!(load(&offset).is_ok(), "a clock can be behind");
}

// Seed: "Latency percentiles": a distribution is compared by its percentiles.
#[test]
fn refuses_a_histogram_as_an_indicator() {
    let text = rule_without("below").replace("probe_up", "request_duration_seconds") + "\nabove = 1";
    let found = problems(&text);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("is a distribution and has no single value"), "{found:?}");
    assert!(found[0].contains("latency_p99_seconds"), "{found:?}");
}

// Seed: "Silent configuration changes" (forbidden): no file wins over another unseen.
#[test]
fn two_files_that_declare_the_same_rule_are_told_apart() {
    let whole = rule_without("nothing");
    let other = whole.replace("critical", "warning");
    let found = Policy::load(&[Source::new("a.toml", whole), Source::new("b.toml", other)]).unwrap_err();
    assert_eq!(found.len(), 6, "each field that stands twice: {found:#?}");
    assert_eq!((found[0].code, found[0].place().as_str()), ("EAVIP-P05", "b.toml:2:1"));
    assert_eq!(found[0].message, "`category` is declared twice, first at a.toml:2:1");
}

#[test]
fn the_request_floor_goes_with_error_ratios_only() {
    let found = problems(&(rule_without("nothing") + "\nleast_requests = 10\n"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("`least_requests` says nothing about this indicator"), "{found:?}");
}

// Seed: "Alerts must be actionable": a route that leads to nobody is none.
#[test]
fn refuses_a_route_without_receivers() {
    let found = problems("[[route]]\nleast = \"critical\"\n");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("EAVIP-P04 the route leads to nobody"), "{found:?}");
    let policy = load("[[route]]\nreceivers = [\"b\", \"a\"]\n[[route]]\nreceivers = [\"a\"]\n").unwrap();
    assert_eq!(policy.receivers().iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_service_has_an_owner_and_its_own_objectives() {
    let text = "[service.shop]\nowner = \"platform-operations\"\nobjectives = { availability = 0.99 }\n";
    let policy = load(text).unwrap();
    let objectives = policy.objectives(&"shop".parse().unwrap());
    assert_eq!((objectives.availability, objectives.error_ratio), (0.99, 0.01));
    assert_eq!(policy.services["shop"].owner.as_str(), "platform-operations");
}

// Seed: "Platform reliability does not depend on tribal knowledge": every mistake, where it stands and what would be right.
#[test]
fn ten_planted_mistakes_give_ten_problems_with_their_places() {
    let text = r#"[team.payments]
nmae = "Payments"

[alert.checkout-down]
category = "urgent"
owner = "payment"
action = "…"
indicator = "probe_up"
below = 1.0

[alert.queue-long]
category = "warning"
owner = "payments"
action = "Add consumers."
runbook = "queue slow"
indicator = "queue_redy"
above = 1000
for = "5 minutes"

[alert.disk-full]
clear = 0.99

[[owner]]
team = "payments"
"#;
    let found = problems(text);
    insta::assert_snapshot!(found.join("\n"), @"
    runbook.toml:2:1 EAVIP-P02 `team.payments.nmae` is not a known key (did you mean `name`?)
    runbook.toml:4:8 EAVIP-P04 `alert.checkout-down` has no `runbook` (name the page where it is written, such as `disk-full`)
    runbook.toml:5:12 EAVIP-P03 `alert.checkout-down.category`: `urgent` is not a known alert category (use one of informational, warning, critical)
    runbook.toml:6:9 EAVIP-P06 no team is called `payment` (did you mean `payments`? or declare [team.payment])
    runbook.toml:7:10 EAVIP-P03 `alert.checkout-down.action`: the action is empty or too long (say in one sentence of at most 400 characters what the operator does first)
    runbook.toml:15:11 EAVIP-P03 `alert.queue-long.runbook`: the runbook reference is empty, too long or no link (name a page such as `disk-full` or an https:// address)
    runbook.toml:16:13 EAVIP-P03 `alert.queue-long.indicator`: `queue_redy` is not a known indicator (did you mean `queue_ready`?)
    runbook.toml:18:7 EAVIP-P03 `alert.queue-long.for`: `5 minutes` is not a duration (write it like 30s, 5m, 1h30m or 14d)
    runbook.toml:21:9 EAVIP-P07 `clear` lies on the bad side of the threshold (clear at or below `above`)
    runbook.toml:23:1 EAVIP-P07 an owner for everything is an owner of nothing (add `match = { … }` with at least one label)
    ");
    assert_eq!(found.len(), 10);
}

#[test]
fn refuses_too_many_rules_at_once() {
    let text: String = (0..=MAX_RULES).map(|at| format!("[alert.r{at}]\nenabled = false\n")).collect();
    let found = problems(&text);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("alert rules are too many"), "{found:?}");
}

proptest::proptest! {
    #[test]
    fn any_policy_text_gives_a_policy_or_problems_and_never_a_panic(
        keys in proptest::collection::vec(
            ("(alert|team|service|owner|route|objectives|environment)", "[a-z]{1,9}", "(1|-1|'5m'|\\{\\}|\\[\\]|true|'x')"), 0..12)
    ) {
        let text: String = keys.iter().map(|(section, key, value)| format!("[{section}.{key}]\n{key} = {value}\n")).collect();
        if let Err(problems) = load(&text) {
            proptest::prop_assert!(!problems.is_empty());
        }
    }
}

// Seed: "Audit readiness": the numbers of the audit log are declared like everything else.
#[test]
fn the_audit_logs_numbers_are_declared_within_their_ranges() {
    let policy = load("[audit]\ncheckpoint_every = \"30s\"\ncheckpoint_events = 500\n").unwrap();
    let expected = crate::audit::AuditPolicy {
        checkpoint_every: "30s".parse().unwrap(),
        checkpoint_events: 500,
        ..Default::default()
    };
    assert_eq!(policy.audit, expected);
    assert_eq!(
        problems("[audit]\ncheckpoint_every = \"2h\"\nstale = \"1h\"\ncheckpoint_events = 0\n"),
        [
            "runbook.toml:2:20 EAVIP-P03 `checkpoint_every` is 2h (write a duration from 1s to 1h)",
            "runbook.toml:3:1 EAVIP-P02 `audit.stale` is not a known key (did you mean `stale_after`?)",
            "runbook.toml:4:21 EAVIP-P03 `audit.checkpoint_events` is 0 (write a whole number from 1 to 100000)",
        ]
    );
}

// Seed: "Every incident results in a documented review".
#[test]
fn incident_deadlines_are_declared_per_severity() {
    let text = "[incident.sev-1]\nupdate = \"15m\"\n[incident.sev-3]\nreview = \"7 business days\"\n";
    let found = load(text).unwrap().incident;
    let default = crate::incident::IncidentPolicy::default();
    assert_eq!(found.sev_1.update.to_string(), "15m");
    assert_eq!(found.sev_1.review, default.sev_1.review, "what isn't declared stays");
    assert_eq!(found.sev_3.review.to_string(), "7 business days");
    assert_eq!(Policy::builtin().incident, default);
    let wrong = "[incident]\nsev-5 = {}\n[incident.sev-1]\nupdate = \"0s\"\nreview = \"5 days\"\nupdates = \"5m\"\n\
                 [incident.sev-2]\nupdate = \"8d\"\n";
    insta::assert_snapshot!(problems(wrong).join("\n"), @"
    runbook.toml:2:1 EAVIP-P02 `incident.sev-5` is not a known key (did you mean `sev-4`?)
    runbook.toml:4:10 EAVIP-P03 `update` is 0s (write a duration of up to 7 days)
    runbook.toml:5:10 EAVIP-P03 `incident.sev-1.review`: `5 days` is not a deadline (write it like 4h, 3d or 5 business days, of which 1 to 260)
    runbook.toml:6:1 EAVIP-P02 `incident.sev-1.updates` is not a known key (did you mean `update`?)
    runbook.toml:8:10 EAVIP-P03 `update` is 8d (write a duration of up to 7 days)
    ");
    insta::assert_snapshot!(problems("[incident.sev-1]\nupdate = \"2h\"\n").join("\n"), @"runbook.toml:1:2 EAVIP-P07 a more severe incident is told of less often than a lighter one (let `update` grow from sev-1 to sev-4)");
}

// Seed: "Operational metrics reviewed regularly".
#[test]
fn the_review_of_operations_is_declared() {
    let text = "[review]\nsign_off = \"5 business days\"\nrepeats_within = \"14d\"\ndecision_after = 2\n";
    let found = load(text).unwrap().trend;
    let default = crate::trend::TrendPolicy::default();
    assert_eq!(found.sign_off.to_string(), "5 business days");
    assert_eq!((found.repeats_within.to_string().as_str(), found.decision_after), ("14d", 2));
    assert_eq!((found.decision, found.capacity_horizon), (default.decision, default.capacity_horizon));
    assert_eq!(Policy::builtin().trend, default);
    let wrong = "[review]\nsign_of = \"5d\"\nrepeats_within = \"0s\"\ncapacity_horizon = \"367d\"\ndecision_after = 1\n\
                 decision = \"soon\"\nrunbook_change = 7\n";
    insta::assert_snapshot!(problems(wrong).join("\n"), @"
    runbook.toml:2:1 EAVIP-P02 `review.sign_of` is not a known key (did you mean `sign_off`?)
    runbook.toml:3:18 EAVIP-P03 `repeats_within` is 0s (write a duration of up to 366 days)
    runbook.toml:4:20 EAVIP-P03 `capacity_horizon` is 367d (write a duration of up to 366 days)
    runbook.toml:5:18 EAVIP-P03 `review.decision_after` is 1 (write a whole number from 2 to 100)
    runbook.toml:6:12 EAVIP-P03 `review.decision`: `soon` is not a deadline (write it like 4h, 3d or 5 business days, of which 1 to 260)
    runbook.toml:7:18 EAVIP-P03 `review.runbook_change` is a whole number (write a text in quotes)
    ");
}
