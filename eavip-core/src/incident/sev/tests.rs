//! Tests of the severity table.

use super::*;

#[test]
fn the_whole_table() {
    let mut table = String::new();
    for integrity in Integrity::ALL {
        for scope in Scope::ALL {
            let sev = classify(Impact { scope: *scope, integrity: *integrity });
            table += &format!("{integrity:8} {scope:20} {sev}\n");
        }
    }
    insta::assert_snapshot!(table, @"
    intact   platform-unavailable SEV-1
    intact   major-function       SEV-2
    intact   partial              SEV-3
    intact   minor                SEV-4
    unknown  platform-unavailable SEV-1
    unknown  major-function       SEV-1
    unknown  partial              SEV-1
    unknown  minor                SEV-1
    at-risk  platform-unavailable SEV-1
    at-risk  major-function       SEV-1
    at-risk  partial              SEV-1
    at-risk  minor                SEV-1
    ");
}

// Seed: "Incident Severity Levels".
#[test]
fn the_whole_table_of_signals() {
    let mut table = String::new();
    for integrity in [Integrity::Intact, Integrity::Unknown] {
        for security in [false, true] {
            for availability in Health::ALL {
                for reach in Reach::ALL {
                    let signals = Signals { availability: *availability, reach: *reach, integrity, security };
                    let flag = if security { "security" } else { "" };
                    let sev = signals.severity();
                    table += &format!("{integrity:8} {flag:9}{availability:9} {reach:15} {sev}\n");
                }
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn worse_signals_never_give_a_lighter_severity() {
    let reach_from_least = Reach::ALL.iter().rev();
    let every =
        || Health::ALL.iter().flat_map(|health| reach_from_least.clone().map(|reach| (*health, *reach)));
    let rank = |health: Health| match health {
        Health::Healthy => 0,
        Health::Degraded => 1,
        Health::Unknown | Health::Failing => 2,
    };
    for (a, b) in every().flat_map(|a| every().map(move |b| (a, b))) {
        for security in [false, true] {
            let of = |(availability, reach)| Signals {
                availability,
                reach,
                integrity: Integrity::Intact,
                security,
            };
            if rank(a.0) <= rank(b.0) && a.1 >= b.1 {
                assert!(of(b).severity() <= of(a).severity(), "{a:?} {b:?}");
                let risky = Signals { integrity: Integrity::AtRisk, ..of(b) };
                assert_eq!(risky.severity(), Sev::Sev1);
            }
        }
    }
}

#[test]
fn rises_freely_and_falls_only_by_a_person_with_a_reason() {
    let roster = &super::super::tests::policy().roster;
    let person = |name: &str| Actor::Person(name.parse().unwrap());
    for (from, to) in Sev::ALL.iter().flat_map(|from| Sev::ALL.iter().map(move |to| (*from, *to))) {
        let reasons = |by: &Actor, reason: &str| change(from, to, by, reason, roster).len();
        let falls = usize::from(to > from);
        assert_eq!(reasons(&person("ana"), "it is smaller"), 0);
        assert_eq!(reasons(&person("ana"), " "), falls);
        assert_eq!(reasons(&Actor::Platform, "it is smaller"), falls);
        assert_eq!(reasons(&person("eve"), "it is smaller"), falls, "who left lowers nothing");
        assert_eq!(reasons(&Actor::Platform, ""), 2 * falls, "both reasons at once");
    }
}
