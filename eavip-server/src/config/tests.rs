//! Tests of reading configuration and runbook together.

use super::*;

fn load(server: &str, runbook: Option<&str>) -> Result<(Config, Policy), Vec<Problem>> {
    let directory = tempfile::tempdir().unwrap();
    let (file, book) = (directory.path().join("server.toml"), directory.path().join("runbook.toml"));
    let named = runbook.map_or(String::new(), |_| format!("runbook = {:?}\n", book.display().to_string()));
    std::fs::write(&file, named + server).unwrap();
    if let Some(text) = runbook {
        std::fs::write(&book, text).unwrap();
    }
    Config::load(&Layers::read(&file, true))
}

fn told(server: &str, runbook: Option<&str>) -> Vec<String> {
    let problems = load(server, runbook).map(|_| ()).unwrap_err();
    let name = |problem: &Problem| problem.source.rsplit('/').next().unwrap().to_owned();
    let place = |problem: &Problem| {
        problem.position.map_or(String::new(), |(line, column)| format!(":{line}:{column}"))
    };
    problems.iter().map(|p| format!("{}{} {} {}", name(p), place(p), p.code, p.message)).collect()
}

#[test]
fn nothing_has_to_be_configured() {
    let (config, policy) = load("", None).unwrap();
    assert_eq!(config.web.to_string(), "127.0.0.1:7480");
    assert!(config.plain_http(), "plain HTTP on loopback");
    assert!(policy.rules().len() > 10);
}

#[test]
fn off_loopback_plain_http_has_to_be_asked_for() {
    let listen = "[web]\nlisten = \"0.0.0.0:7480\"\n";
    assert!(!load(listen, None).unwrap().0.plain_http());
    assert!(load(&format!("{listen}insecure_http = true\n"), None).unwrap().0.plain_http());
}

#[test]
fn every_problem_of_both_files_is_told_at_once() {
    let server = "dat = \"/x\"\n[web]\nlisten = 80\nurl = \"ops.example\"\n[admin]\nlisten = \"0.0.0.0:1\"\n\
        [receiver.pager]\nurl = \"https://x\"\nsecret = \"whsec_plain\"\n";
    let runbook = "[alert.x]\ncategory = \"urgent\"\n";
    insta::assert_snapshot!(told(server, Some(runbook)).join("\n"), @r"
    server.toml:2:1 EAVIP-P02 `dat` is not a known key
    server.toml:4:10 EAVIP-P03 `web.listen` is a whole number
    server.toml:5:7 EAVIP-P03 `ops.example` can't be an address of this server
    server.toml:7:10 EAVIP-P07 `admin.listen` is `0.0.0.0:1`, which others can reach
    server.toml:10:10 EAVIP-C02 `secret` holds a value instead of naming a secret
    runbook.toml:1:8 EAVIP-P04 `alert.x` has no `above`
    runbook.toml:1:8 EAVIP-P04 `alert.x` has no `action`
    runbook.toml:1:8 EAVIP-P04 `alert.x` has no `indicator`
    runbook.toml:1:8 EAVIP-P04 `alert.x` has no `owner`
    runbook.toml:1:8 EAVIP-P04 `alert.x` has no `runbook`
    runbook.toml:2:12 EAVIP-P03 `alert.x.category`: `urgent` is not a known alert category
    ");
}

#[test]
fn a_route_to_nowhere_is_found_before_the_first_alert() {
    let problems = told("", Some("[[route]]\nreceivers = [\"pager\"]\n"));
    assert_eq!(problems, ["runbook.toml:2:13 EAVIP-P06 no receiver is called `pager`"]);
}

#[test]
fn a_runbook_that_was_named_must_be_there() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("server.toml");
    std::fs::write(&file, "runbook = \"/nowhere/runbook.toml\"\n").unwrap();
    let problems = Config::load(&Layers::read(&file, true)).map(|_| ()).unwrap_err();
    assert!(problems[0].message.contains("can't be read"), "{}", problems[0]);
}
