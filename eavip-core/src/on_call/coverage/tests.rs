//! Tests of the proof before use.

use proptest::prelude::*;

use super::*;
use crate::decision::Verdict;
use crate::finding::Outcome;
use crate::id::Digest128;
use crate::on_call::Contact;
use crate::policy::Source;
use crate::testing;

const RUNBOOK: &str = r#"
[person.ana]
teams = ["platform-operations"]
[person.ben]
teams = ["platform-operations"]

[schedule.primary]
zone = "Europe/Berlin"
[[schedule.primary.rotation]]
people = ["ana", "ben"]
turn = "weekly"
since = 2026-01-05
at = "09:00"

[escalation.platform]
team = "platform-operations"
[[escalation.platform.step]]
schedules = ["primary"]
[[escalation.platform.step]]
after = "5m"
teams = ["platform-operations"]

[escalation.security]
team = "security-compliance"
[[escalation.security.step]]
teams = ["platform-operations"]
"#;

fn now() -> Timestamp {
    "2026-03-20T12:00:00Z".parse().unwrap()
}

fn policy(more: &str) -> Policy {
    let loaded = Policy::load(&[Source::new("runbook.toml", RUNBOOK.to_owned() + more)]);
    loaded.unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn reach(people: &[(&str, Contact)]) -> Reach {
    let contacts = people.iter().map(|(name, contact)| (name.parse().unwrap(), *contact)).collect();
    Reach { contacts, ..Reach::default() }
}

fn working() -> Contact {
    Contact { proven_at: Some(now()), failed_at: None }
}

/// What isn't a pass, with its rule.
fn found(policy: &Policy, reach: &Reach) -> (Verdict, String) {
    let basis = Basis { policy: policy.digest, evidence: Digest128([0; 16]), at: now() };
    let decision = prove(policy, reach, basis);
    let wrong = decision.findings.iter().filter(|finding| finding.outcome != Outcome::Pass);
    let tell = |finding: &Finding| {
        assert!(!finding.remedy.is_empty());
        format!("{} {} {}: {}", finding.rule, finding.outcome, finding.message, finding.evidence.join(", "))
    };
    (decision.verdict, wrong.map(tell).collect::<Vec<_>>().join("\n"))
}

fn all() -> Reach {
    reach(&[("ana", working()), ("ben", working())])
}

// Seed: "Platform reliability does not depend on tribal knowledge".
#[test]
fn duties_without_gaps_and_with_channels_that_work_are_allowed() {
    assert_eq!(found(&policy(""), &all()), (Verdict::Allow, String::new()));
}

#[test]
fn gaps_are_found_before_they_come() {
    let gap = r#"
[schedule.nights]
zone = "UTC"
[[schedule.nights.rotation]]
people = ["ana"]
turn = "daily"
since = 2026-04-01
at = "00:00"
[[schedule.nights.rotation.shift]]
from = "20:00"
until = "08:00"
"#;
    let (verdict, text) = found(&policy(gap), &all());
    assert_eq!(verdict, Verdict::Deny);
    assert!(text.starts_with(
        "EAVIP-O01 fail `nights` has 17 gaps, the first from 2026-03-20T12:00:00.000Z to 2026-04-01T20:00:00.000Z"
    ), "{text}");
    let mut reach = all();
    let whole = crate::on_call::schedule::Override {
        person: "ben".parse().unwrap(),
        from: now(),
        until: now() + crate::time::Span::from_secs(86_400 * 40),
    };
    reach.overrides.insert("nights".parse().unwrap(), vec![whole]);
    assert_eq!(found(&policy(gap), &reach).0, Verdict::Allow, "an override fills them");
}

#[test]
fn people_without_a_working_channel_and_steps_that_reach_nobody_are_found() {
    let broken = Contact { proven_at: Some(now()), failed_at: Some(now()) };
    for (contacts, verdict, expected) in [
        (
            &[("ana", working())][..],
            Verdict::Deny,
            &["O02 fail `ben`", "O03 fail step 1 of `platform` reaches nobody at 2"][..],
        ),
        (&[("ana", working()), ("ben", broken)], Verdict::Deny, &["O02 fail `ben`", "O03 fail step 1"]),
        (
            &[("ana", working()), ("ben", Contact::default())],
            Verdict::Hold,
            &["O02 undetermined", "O03 undetermined"],
        ),
        (&[], Verdict::Deny, &["O02 fail `ana`", "O02 fail `ben`", "O03 fail step 1", "O03 fail step 2"]),
    ] {
        let (found_verdict, text) = found(&policy(""), &reach(contacts));
        assert_eq!(found_verdict, verdict, "{text}");
        expected.iter().for_each(|part| assert!(text.contains(part), "{part}: {text}"));
        let reached = contacts.iter().any(|(_, contact)| *contact == working());
        assert!(!reached || !text.contains("step 2"), "one of its people is enough: {text}");
    }
}

#[test]
fn a_team_with_critical_alerts_and_no_escalation_is_found() {
    let (verdict, text) = found(&Policy::builtin(), &Reach::default());
    assert_eq!(verdict, Verdict::Deny);
    assert!(text.contains("EAVIP-O04 fail `platform-operations` owns critical alerts"), "{text}");
}

#[test]
fn who_left_while_on_duty_is_found() {
    let mut policy = policy("");
    policy.roster.people.get_mut("ben").unwrap().active = false;
    let (verdict, text) = found(&policy, &all());
    assert_eq!(verdict, Verdict::Deny);
    assert!(text.contains("EAVIP-O02 fail `ben` is not an active person"), "{text}");
}

#[test]
fn less_or_older_evidence_never_improves_the_verdict() {
    let policy = policy("");
    let older = Contact { proven_at: Some("2020-01-01T00:00:00Z".parse().unwrap()), failed_at: None };
    let contacts = [Some(working()), Some(older), None];
    let verdict = |ana: Option<Contact>, ben: Option<Contact>| {
        let known =
            [("ana", ana), ("ben", ben)].into_iter().filter_map(|(name, contact)| Some((name, contact?)));
        found(&policy, &reach(&known.collect::<Vec<_>>())).0
    };
    for ana in 0..3 {
        for ben in 0..3 {
            for worse in ben..3 {
                assert!(verdict(contacts[ana], contacts[ben]) <= verdict(contacts[ana], contacts[worse]));
            }
        }
    }
}

#[test]
fn nobody_on_the_roster_and_a_proof_ahead_of_the_clock_reach_nobody_for_sure() {
    let mut nobody = policy("");
    nobody.roster.people.clear();
    assert_eq!(found(&nobody, &all()).0, Verdict::Deny);
    let ahead = Contact { proven_at: Some(now() + Span::from_secs(60)), failed_at: None };
    assert_eq!(found(&policy(""), &reach(&[("ana", ahead), ("ben", ahead)])).0, Verdict::Hold);
}

/// What is known of somebody: nothing, or when messages did and didn't reach them, in days ago.
fn contact() -> impl Strategy<Value = Option<Contact>> {
    let ago = || prop::option::of(prop_oneof![3 => 0_u64..80, 1 => 80_u64..120]);
    let day = Span::from_secs(86_400);
    prop::option::weighted(
        0.9,
        (ago(), ago()).prop_map(move |(proven, failed)| Contact {
            proven_at: proven.map(|days| now() - day.times(days)),
            failed_at: failed.map(|days| now() - day.times(days)),
        }),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn losing_sight_of_people_or_losing_them_never_improves(
        ana in contact(), ben in contact(), days in 0_u64..200, weeks in 0_i64..500, ana_goes in any::<bool>(),
    ) {
        let policy = policy("");
        let known = [("ana", ana), ("ben", ben)];
        let contacts: Vec<(&str, Contact)> =
            known.into_iter().filter_map(|(name, contact)| Some((name, contact?))).collect();
        let reach = reach(&contacts);
        let prove = |policy: &Policy, reach: &Reach, at| {
            prove(policy, reach, Basis { policy: policy.digest, evidence: Digest128([0; 16]), at })
        };
        let before = prove(&policy, &reach, now()).verdict;
        prop_assert!(prove(&policy, &reach, now() + Span::from_secs(86_400 * days)).verdict >= before, "ageing");
        let gone = if ana_goes { "ana" } else { "ben" };
        let mut less = reach.clone();
        less.contacts.remove(gone);
        prop_assert!(prove(&policy, &less, now()).verdict >= before, "a channel that is gone");
        let mut failing = reach.clone();
        failing.contacts.values_mut().for_each(|contact| contact.failed_at = Some(now()));
        prop_assert!(prove(&policy, &failing, now()).verdict >= before, "a message that didn't arrive");
        let mut left = policy.clone();
        left.roster.people.get_mut(gone).unwrap().active = false;
        prop_assert!(prove(&left, &reach, now()).verdict >= before, "somebody who left");
        testing::survives_json(&reach);
        // Two weeks later the same person has duty, but for the hour of summer time.
        let millis = weeks * 2 * 7 * 86_400_000;
        let later = prove(&policy, &testing::moved(&reach, millis), Timestamp::from_millis(now().as_millis() + millis));
        prop_assert_eq!(later.verdict, before);
    }
}
