//! Tests of taking over Alertmanager's configuration: one file with a bit of everything, what is refused, and that no secret is
//! repeated.

use eavip_core::policy::{Policy, Source};

use super::*;
use crate::ctl::import::yaml;

fn import(text: &str) -> (Parts, String) {
    let document = yaml::parse(text).unwrap_or_else(|flaw| panic!("{}", flaw.message));
    let import = Import::new("alertmanager.yml", text);
    let parts = read(&import, &document, "2026-11-26T12:00:00Z".parse().unwrap());
    let problems = import.problems.borrow();
    let problems = problems.iter().map(|problem| format!("{} {}", problem.place(), problem.message));
    let remarks = import.remarks.borrow();
    let remarks =
        remarks.iter().map(|one| format!("{} {}: {}: {}", one.line, one.outcome.as_str(), one.what, one.why));
    let told = problems.chain(remarks).collect::<Vec<_>>().join("\n");
    (parts, told)
}

const EVERYTHING: &str = include_str!("tests/everything.yml");

#[test]
fn takes_over_what_can_be_said_and_tells_of_the_rest() {
    let (parts, told) = import(EVERYTHING);
    insta::assert_snapshot!("runbook", parts.runbook);
    insta::assert_snapshot!("server", parts.server);
    insta::assert_snapshot!("told", told);
    let policy = Policy::load(&[Source::new("alertmanager.toml", parts.runbook)]);
    policy.unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<String>())
    });
}

#[test]
fn repeats_no_secret() {
    let (parts, told) = import(EVERYTHING);
    let secrets: Vec<&str> = EVERYTHING.split("SECRET").skip(1).filter_map(|rest| rest.get(..4)).collect();
    assert!(secrets.len() >= 10, "the file has secrets: {secrets:?}");
    for text in [&parts.runbook, &parts.server, &told] {
        assert!(!text.contains("SECRET"), "{text}");
    }
}

const HEAD: &str = "receivers: [{name: a, webhook_configs: [{url: 'https://a.example/hook'}]}]\n";

#[test]
fn refuses_what_alertmanager_refuses() {
    for (rest, why) in [
        ("", "has no `route`"),
        ("route: {}", "a route has no `receiver`"),
        ("route: []", "a route is a list"),
        ("route: {receiver: b}", "no receiver is called `b`"),
        ("route: {receiver: a, matchers: [x=y]}", "the outermost route has matchers"),
        ("route: {receiver: a, routes: [{receiver: c}]}", "no receiver is called `c`"),
        ("route: {receiver: a, group_wait: soon}", "which is no duration"),
        ("route: {receiver: a, routes: [{continue: maybe}]}", "`continue` of a route is `maybe`"),
        ("route: {receiver: a, routes: [{matchers: ['a']}]}", "`a` compares nothing"),
        ("route: {receiver: a, routes: [{matchers: ['a=\"b']}]}", "stands alone"),
        ("route: {receiver: a, routes: [{mute_time_intervals: [x]}]}", "no time interval is called `x`"),
        ("route: {receiver: a, routes: x}", "`routes` of a route is a text"),
        ("route: {receiver: a, group_by: x}", "`group_by` is no list"),
    ] {
        let (_, told) = import(&format!("{HEAD}{rest}\n"));
        assert!(told.contains(why), "{rest}: {told}");
    }
    let (_, told) = import("route: {receiver: a}\nreceivers: [{name: a}, {name: a}, {}]\n");
    assert!(told.contains("stands twice") && told.contains("a receiver has no `name`"), "{told}");
}

#[test]
fn a_route_that_would_take_more_is_left_out_whole() {
    let route = |inner: &str| import(&format!("{HEAD}route:\n  receiver: a\n  routes:\n  - {inner}\n"));
    for (inner, why) in [
        ("match_re: {x: 'a(b'}", "can't be used as a regular expression"),
        ("match_re: {x: '(((a{100}){100}){100}){100}'}", "grows too large"),
        ("matchers: ['x=~\"\\\\pL\"']", "can't be used as a regular expression"),
        ("match_re: {x: '[[a]&&b'}", "can't be used as a regular expression"),
        ("match: {'x:y': z}", "can't be a label name"),
    ] {
        let (parts, told) = route(inner);
        assert!(told.contains(why) && told.contains("left-out: a route"), "{inner}: {told}");
        assert_eq!(parts.runbook.matches("[[route").count(), 1, "{inner}");
    }
    let deep: String = (1..12)
        .map(|depth| format!("{}routes:\n{}- receiver: a\n", "  ".repeat(depth), "  ".repeat(depth)))
        .collect();
    let (parts, told) = import(&format!("{HEAD}route:\n  receiver: a\n{deep}"));
    assert!(told.contains("routes lie at most 8 deep"), "{told}");
    assert!(Policy::load(&[Source::new("x.toml", parts.runbook)]).is_ok());
}

#[test]
fn hostile_texts_stay_texts() {
    let hostile = r#""x\"]\n[team.evil]\nname = 'x'\u202e""#;
    let (parts, told) = import(&format!(
        "{HEAD}route: {{receiver: a, group_by: ['...'], routes: [{{match: {{x: {hostile}}}}}]}}\n{}",
        "receivers2: 1\n"
    ));
    assert!(told.contains("`receivers2` of the configuration: the importer doesn't know this key"), "{told}");
    assert!(!parts.runbook.contains('\u{202e}'));
    let policy = Policy::load(&[Source::new("x.toml", parts.runbook)]).unwrap();
    assert!(!policy.roster.teams.keys().any(|team| team.as_str() == "evil"));
}
