//! The judgement itself, on made-up advisories: a check that can't fail would pass every day.

use super::*;

fn advisory(patched: &[&str], unaffected: &[&str]) -> Advisory {
    let parse = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
    Advisory {
        id: "RUSTSEC-0000-0001".to_owned(),
        package: "leaky".to_owned(),
        patched: parse(patched),
        unaffected: parse(unaffected),
        title: "leaks".to_owned(),
    }
}

fn lock(version: &str) -> Lock {
    Lock { package: vec![Locked { name: "leaky".to_owned(), version: version.parse().unwrap() }] }
}

fn ignore(id: &str) -> Ignore {
    Ignore {
        id: id.to_owned(),
        package: "leaky".to_owned(),
        reason: "not reached".to_owned(),
        until: jiff::civil::date(2026, 6, 30),
    }
}

#[test]
fn a_version_is_affected_unless_patched_or_never_affected() {
    let cases = [
        ("1.2.0", true),
        ("1.2.5", false), // patched on its line
        ("1.3.0", true),  // between the lines
        ("2.0.0", false), // patched
        ("0.9.9", false), // older than the flaw
        ("1.2.5-rc.1", true),
    ];
    let advisory = advisory(&[">= 1.2.5, < 1.3.0", ">= 2.0.0"], &["< 1.0.0"]);
    for (version, affected) in cases {
        assert_eq!(advisory.affects(&version.parse().unwrap()), affected, "{version}");
    }
}

#[test]
fn reports_a_flaw_and_honours_its_ignore() {
    let advisories = [advisory(&[">= 2.0.0"], &[])];
    let reported = unsettled(&lock("1.0.0"), &advisories, &[]);
    assert_eq!(reported, ["RUSTSEC-0000-0001: `leaky` 1.0.0: leaks"]);
    assert!(unsettled(&lock("1.0.0"), &advisories, &[ignore("RUSTSEC-0000-0001")]).is_empty());
}

#[test]
fn reports_an_ignore_that_matches_nothing() {
    let reported = unsettled(&lock("2.0.0"), &[advisory(&[">= 2.0.0"], &[])], &[ignore("RUSTSEC-0000-0001")]);
    assert_eq!(reported, ["the ignore of RUSTSEC-0000-0001 matches no locked `leaky`"]);
}

#[test]
fn reports_an_ignore_past_its_day() {
    let ignores = [ignore("RUSTSEC-0000-0001")];
    assert!(stale(&ignores, jiff::civil::date(2026, 6, 30)).is_empty());
    let reported = stale(&ignores, jiff::civil::date(2026, 7, 1));
    assert_eq!(reported, ["the ignore of RUSTSEC-0000-0001 ended on 2026-06-30"]);
}
