//! Tests of rule files: whose each alert is, what it lacks, and what is written for it.

use eavip_core::policy::{Policy, Source};

use super::*;
use crate::ctl::import::yaml;

fn import(text: &str) -> (Vec<Alert>, String) {
    let document = yaml::parse(text).unwrap_or_else(|flaw| panic!("{}", flaw.message));
    let import = Import::new("rules.yml", text);
    let alerts = read(&import, &document);
    let problems = import.problems.borrow();
    let problems = problems.iter().map(|problem| format!("{} {}", problem.place(), problem.message));
    let remarks = import.remarks.borrow();
    let remarks =
        remarks.iter().map(|one| format!("{} {}: {}: {}", one.line, one.outcome.as_str(), one.what, one.why));
    let told = problems.chain(remarks).collect::<Vec<_>>().join("\n");
    (alerts, told)
}

const EVERYTHING: &str = include_str!("tests/everything.yml");

#[test]
fn says_whose_each_alert_is_and_what_it_lacks() {
    let (alerts, told) = import(EVERYTHING);
    let found = |found: &Option<Found>| {
        found.as_ref().map_or("-".to_owned(), |one| format!("{} ({:?})", one.text, one.from))
    };
    let table: Vec<String> = alerts
        .iter()
        .map(|one| {
            let lacks: Vec<&str> = one.lacks.iter().map(|lack| lack.as_str()).collect();
            format!(
                "{}:{} | {} | {} | lacks {}",
                one.line,
                one.alert,
                found(&one.owner),
                found(&one.runbook),
                lacks.join(", ")
            )
        })
        .collect();
    insta::assert_snapshot!("alerts", table.join("\n"));
    insta::assert_snapshot!("told", told);
}

#[test]
fn what_is_written_loads_and_gives_each_alert_its_owner() {
    let (alerts, _) = import(EVERYTHING);
    let text = write(&alerts);
    insta::assert_snapshot!("runbook", text);
    let policy = Policy::load(&[Source::new("rules.toml", text)]).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<String>())
    });
    let declared = |team: &TeamId| policy.roster.teams.contains_key(team);
    for one in &alerts {
        let name = ("alertname", one.alert.as_str());
        let labels = one.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let labels = Labels::new(labels.chain([name])).unwrap();
        let owner = eavip_core::alert::owner::resolve(&labels, None, None, &policy.owners, declared).ok();
        let expected = one.owner.as_ref().map(|owner| toml::slug(&owner.text));
        assert_eq!(owner.map(|team| team.to_string()), expected, "{}", one.alert);
    }
}

#[test]
fn refuses_what_prometheus_refuses() {
    for (text, why) in [
        ("groups: [{rules: []}]", "a group has no `name`"),
        ("groups: [{name: g, rules: [{expr: up}]}]", "one of `alert` and `record`"),
        ("groups: [{name: g, rules: [{alert: A, record: b, expr: up}]}]", "one of `alert` and `record`"),
        ("groups: [{name: g, rules: [{alert: A}]}]", "has no `expr`"),
        ("groups: [{name: g, rules: [{alert: A, expr: up, for: soon}]}]", "which is no duration"),
        ("groups: [{name: g, rules: [{alert: A, expr: up, labels: [x]}]}]", "is a list"),
        ("groups: x", "`groups` of the file is a text"),
        ("- x", "the file is a list"),
    ] {
        let (_, told) = import(text);
        assert!(told.contains(why), "{text}: {told}");
    }
}

#[test]
fn a_hostile_name_stays_a_name() {
    let (alerts, _) = import(
        "groups: [{name: g, rules: [{alert: \"x\\\" }\\n[team.evil]\\n#\", expr: up, labels: {team: \"a\\nb\"}}]}]",
    );
    let policy = Policy::load(&[Source::new("rules.toml", write(&alerts))]).unwrap();
    assert!(!policy.roster.teams.keys().any(|team| team.as_str() == "evil"));
    assert_eq!(policy.owners.entries.len(), 1);
}
