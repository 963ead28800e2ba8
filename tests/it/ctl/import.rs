//! `eavipctl import` against Alertmanager's own tool: for each configuration and each set of labels the imported runbook leads to
//! the receivers that `amtool config routes test` prints. What differs is listed here with its reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use eavip_core::alert::Category;
use eavip_core::alert::route;
use eavip_core::labels::Labels;
use eavip_core::policy::{Policy, Source};
use serde_json::Value;

use super::{alone, code, told};

/// Label sets are all combinations of these values; an empty one stands for a label that isn't there.
type Axes = &'static [(&'static str, &'static [&'static str])];

const TEAMS: Axes = &[
    ("service", &["", "cart", "checkout", "cartx", "files", "database"]),
    ("severity", &["", "critical", "warning", "info"]),
    ("env", &["", "prod", "staging"]),
    ("owner", &["", "shop", "files"]),
];
const CLUSTER: Axes = &[
    ("alertname", &["Watchdog", "InfoInhibitor", "Test", "KubePodCrash", "Slow"]),
    ("namespace", &["", "kube-system", "kube-public", "openshift-x", "dev-a", "shop"]),
    ("severity", &["", "critical", "page", "warning"]),
];
const PATTERNS: Axes = &[
    (
        "p",
        &[
            "",
            "42",
            "٤٢",
            "ab",
            "é1",
            "CRITICAL",
            "ab-x",
            "ab-1",
            "é-x",
            "abc",
            "aéc",
            "a\nc",
            "x",
            "say \"hi\"",
            "a,b",
            "back\\slash",
            "a b",
            "u v x",
            "u\u{a0}v x",
            "x\ny",
            "x\n",
        ],
    ),
    ("q", &["", "1", "2", "7"]),
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("it/ctl/import").join(name)
}

fn combinations(axes: Axes) -> Vec<Vec<(&'static str, &'static str)>> {
    axes.iter().fold(vec![Vec::new()], |sets, (name, values)| {
        let with = |set: Vec<_>| {
            values.iter().map(move |value| [set.clone(), vec![(*name, *value)]].concat()).collect::<Vec<_>>()
        };
        sets.into_iter().flat_map(with).collect()
    })
}

/// The receivers that Alertmanager tells, as its tool prints them.
fn asked(config: &Path, labels: &[(&str, &str)]) -> Vec<String> {
    let quoted = labels.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{name}=\"{value}\"")
    });
    let done = Command::new("amtool")
        .args(["config", "routes", "test", "--config.file"])
        .arg(config)
        .args(quoted)
        .output()
        .unwrap();
    assert!(done.status.success(), "{labels:?}: {done:?}");
    let text = String::from_utf8(done.stdout).unwrap();
    text.trim().split(',').map(str::to_owned).collect()
}

/// A configuration imported: the runbook's text and what was said.
fn imported(config: &Path, dir: &Path) -> Value {
    let done = alone(dir, &["import", "alertmanager", config.to_str().unwrap(), "-o", "json"], &[]);
    assert!(matches!(code(&done), 0 | 3), "{}", told(&done));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// What Alertmanager calls a receiver, as it is called here.
fn slug(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

/// Fails at the first set of labels that leads elsewhere; says what was compared.
fn compare(file: &str, axes: Axes, twice: usize) -> String {
    let dir = tempfile::tempdir().unwrap();
    let config = fixture(file);
    let check = Command::new("amtool").arg("check-config").arg(&config).output().unwrap();
    assert!(check.status.success(), "{check:?}");
    let text = imported(&config, dir.path())["runbook"].as_str().unwrap().to_owned();
    let policy = Policy::load(&[Source::new(file, text)]).unwrap();
    let (mut sets, mut repeated, mut seen) = (0, 0, BTreeMap::<String, usize>::new());
    for labels in combinations(axes) {
        let there: Vec<String> = asked(&config, &labels).iter().map(|name| slug(name)).collect();
        let set = Labels::new(labels.iter().filter(|(_, value)| !value.is_empty()).copied()).unwrap();
        let here = route::targets(&policy.routes, &set, Category::Warning);
        let here: Vec<String> = here.iter().map(|target| target.receiver.to_string()).collect();
        // The one difference: who is reached by two routes is told once here, and by each of them there.
        let mut once: Vec<String> = Vec::new();
        for name in there.iter().filter(|name| !name.is_empty()) {
            if !once.contains(name) {
                once.push(name.clone());
            }
        }
        repeated += usize::from(once.len() != there.len());
        assert_eq!(here, once, "{file}: {set}");
        here.iter().for_each(|name| *seen.entry(name.clone()).or_default() += 1);
        sets += 1;
    }
    assert_eq!(repeated, twice, "{file}: sets of labels of which Alertmanager tells somebody twice");
    let never: Vec<_> = policy.receivers().into_iter().filter(|id| !seen.contains_key(id.as_str())).collect();
    assert!(never.is_empty(), "{file}: no set of labels leads to {never:?}");
    format!("{file}: {sets} sets of labels lead where they led ({repeated} with a receiver told twice there)")
}

#[test]
fn a_tree_of_teams_leads_where_it_led() {
    println!("{}", compare("teams.yml", TEAMS, 24));
}

#[test]
fn a_clusters_tree_of_patterns_leads_where_it_led() {
    println!("{}", compare("cluster.yml", CLUSTER, 0));
}

#[test]
fn patterns_and_quotes_mean_what_they_meant() {
    println!("{}", compare("patterns.yml", PATTERNS, 0));
}

#[test]
fn an_imported_runbook_is_clean_once_people_are_declared() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("runbook");
    let to = out.to_str().unwrap();
    let config = fixture("cluster.yml");
    let done = alone(dir.path(), &["import", "alertmanager", config.to_str().unwrap(), "--out", to], &[]);
    // A window for alerts without severity would hide everything.
    assert_eq!(code(&done), 3, "{}", told(&done));
    assert!(done.stdout.is_empty());
    let rules = fixture("rules.yml");
    let done = alone(dir.path(), &["import", "prometheus-rules", rules.to_str().unwrap(), "--out", to], &[]);
    assert_eq!(code(&done), 3, "{}", told(&done));
    assert!(told(&done).contains("rules.yml:15: DiskFilling has no owner and no runbook"), "{}", told(&done));
    assert!(out.join("server.d/alertmanager.toml").exists());

    assert_eq!(code(&alone(dir.path(), &["policy", "check", to], &[])), 0, "it loads as it is");
    let people = r#"
        person.ana.teams = ["platform-operations", "payments", "security-compliance"]
        person.ben.teams = ["platform-operations", "payments", "security-compliance"]
        person.cem.teams = ["platform-operations", "product-architecture", "security-compliance"]
        person.dora.teams = ["product-architecture"]
        person.eva.teams = ["product-architecture"]
        [escalation.operations]
        team = "platform-operations"
        step = [{ people = ["ana"] }, { after = "15m", people = ["ben"] }]
        [escalation.security]
        team = "security-compliance"
        step = [{ people = ["ben"] }, { after = "15m", people = ["cem"] }]
    "#;
    std::fs::write(out.join("people.toml"), people).unwrap();
    let done = alone(dir.path(), &["check", to], &[]);
    assert_eq!(code(&done), 0, "{}{}", String::from_utf8_lossy(&done.stdout), told(&done));

    let again = alone(dir.path(), &["import", "alertmanager", config.to_str().unwrap(), "--out", to], &[]);
    assert_eq!(code(&again), 6, "{}", told(&again));
    let routed = alone(
        dir.path(),
        &[
            "route",
            "test",
            "alertname=X",
            "namespace=kube-system",
            "severity=critical",
            "--runbook",
            to,
            "-o",
            "json",
        ],
        &[],
    );
    let routed: Value = serde_json::from_slice(&routed.stdout).unwrap();
    assert_eq!(routed["items"][0]["receiver"], "platform-pager", "{routed}");
    assert_eq!(routed["items"][0]["group"]["namespace"], "kube-system");
}

#[test]
fn rules_that_prometheus_takes_are_read_and_those_with_owners_exit_zero() {
    let dir = tempfile::tempdir().unwrap();
    let rules = fixture("rules.yml");
    let check = Command::new("promtool").args(["check", "rules"]).arg(&rules).output().unwrap();
    assert!(check.status.success(), "{check:?}");
    let owned = dir.path().join("owned.yml");
    let text = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&owned, text.split("      - alert: DiskFilling").next().unwrap()).unwrap();
    let done = alone(dir.path(), &["import", "prometheus-rules", owned.to_str().unwrap(), "-o", "json"], &[]);
    assert_eq!(code(&done), 0, "{}", told(&done));
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(report["alerts"].as_array().unwrap().len(), 2);
    assert_eq!(report["alerts"][0]["owner"]["text"], "payments");
}

#[test]
fn what_cannot_be_imported_is_told_with_its_place_and_without_its_values() {
    let dir = tempfile::tempdir().unwrap();
    let import = |text: &str| {
        let file = dir.path().join("x.yml");
        std::fs::write(&file, text).unwrap();
        alone(dir.path(), &["import", "alertmanager", file.to_str().unwrap()], &[])
    };
    let bomb: String = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, at| {
        let before = vec![format!("*a{}", at - 1); 10].join(", ");
        format!("{text}a{at}: &a{at} [{before}]\n")
    });
    for (text, says) in [
        ("route: [", "x.yml:1:8: isn't YAML"),
        ("route: {receiver: a}\nreceivers: []\n", "no receiver is called `a`"),
        ("route: a: b: c\n", "isn't YAML"),
        ("", "the configuration is empty"),
        (&bomb, "more than 200000 values"),
        ("receivers: [{name: a, slack_configs: {api_url: hunter2}}]\nroute: {receiver: a}", "is a map"),
    ] {
        let done = import(text);
        assert_eq!((code(&done), done.stdout.is_empty()), (2, true), "{text}: {}", told(&done));
        assert!(told(&done).contains(says), "{says}: {}", told(&done));
        assert!(!told(&done).contains("hunter2"), "{}", told(&done));
    }
    let missing = alone(dir.path(), &["import", "prometheus-rules", "nowhere.yml"], &[]);
    assert_eq!(code(&missing), 2);
    assert!(told(&missing).contains("EAVIP-Y01"), "{}", told(&missing));
}
