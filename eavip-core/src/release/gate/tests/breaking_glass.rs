//! What break-glass sets aside, what it never does, and who may do it.

use super::*;

fn opened(sample: &mut Sample) -> &mut BreakGlass {
    sample.evidence.break_glass.as_mut().unwrap()
}

// Seed: "Manual hotfixes in production" (forbidden): the way in an emergency leads through the gates all the same.
#[test]
fn break_glass_sets_named_gates_aside_and_hides_none() {
    let decision = spoiled(|sample| {
        break_glass(sample, &["EAVIP-G04", "EAVIP-G05"]);
        sample.evidence.approvals.clear();
    })
    .decide();
    assert_eq!(decision.verdict, Verdict::Allow, "{:#?}", decision.blocking().collect::<Vec<_>>());
    assert_eq!(finding(&decision, "EAVIP-G05").outcome, Outcome::Fail);
    assert_eq!(finding(&decision, "EAVIP-G04").outcome, Outcome::Undetermined);
    assert_eq!(decision.findings.len(), 16 + 5);
    let of_one = decision.overrides.first().unwrap();
    assert_eq!((of_one.by.len(), of_one.until), (2, NOW + HOUR));
    assert_eq!(of_one.reason, "the shop is down");
}

#[test]
fn break_glass_is_kept_when_it_was_not_needed() {
    let decision = spoiled(|sample| break_glass(sample, &["EAVIP-G05", "EAVIP-G15"])).decide();
    assert_eq!(finding(&decision, "EAVIP-G15").outcome, Outcome::Pass);
    assert_eq!(decision.overrides.len(), 2);
}

#[test]
fn break_glass_that_a_rule_refuses_sets_nothing_aside() {
    let rows: [(&str, &str, Spoil); 15] = [
        ("B01", "no such incident", |s| opened(s).incident = "inc-2".to_owned()),
        ("B01", "only a SEV-3", |s| s.evidence.incidents.as_mut().unwrap().what[0].sev = Sev::Sev3),
        ("B01", "nobody looked", |s| s.evidence.incidents = None),
        ("B02", "no justification", |s| opened(s).justification = " ".to_owned()),
        ("B02", "too much of it", |s| opened(s).justification = "x".repeat(1_001)),
        ("B03", "nobody", |s| opened(s).by.clear()),
        ("B03", "alone", |s| drop(opened(s).by.pop_first())),
        ("B03", "one who left", |s| {
            s.policy.roster.people.get_mut("ana").unwrap().active = false;
        }),
        ("B04", "no gate", |s| opened(s).rules.clear()),
        ("B04", "what is no gate", |s| opened(s).rules.extend(["EAVIP-A01".to_owned()])),
        ("B04", "path and artifact", |s| {
            opened(s).rules.extend(["EAVIP-G01".to_owned(), "EAVIP-G02".to_owned()]);
        }),
        ("B05", "too long", |s| opened(s).until = NOW + DAY),
        ("B05", "over", |s| (opened(s).opened_at, opened(s).until) = (NOW - HOUR, NOW)),
        ("B05", "over before it begins", |s| opened(s).until = NOW - HOUR),
        ("B05", "in the future", |s| opened(s).opened_at = NOW + HOUR),
    ];
    let mut told = String::new();
    for (code, what, spoil) in rows {
        let decision = spoiled(|sample| {
            break_glass(sample, &["EAVIP-G05"]);
            spoil(sample);
        })
        .decide();
        let found = finding(&decision, &format!("EAVIP-{code}"));
        assert_ne!(decision.verdict, Verdict::Allow, "{code} {what}");
        assert!(decision.overrides.is_empty(), "{code} {what}");
        told += &format!("{code} {what} -> {}: {}\n", found.outcome, found.message);
    }
    insta::assert_snapshot!(told);
    let paged = spoiled(|sample| {
        break_glass(sample, &["EAVIP-G05"]);
        opened(sample).paged = true;
        opened(sample).by.pop_first();
    });
    assert_eq!(paged.decide().verdict, Verdict::Allow, "one person and a page are enough");
}

#[test]
fn some_things_are_never_set_aside() {
    let rows: [(&str, Spoil); 6] = [
        ("EAVIP-G08", |s| s.request.rollback.binary = Undo::Unchanged),
        ("EAVIP-G09", |s| {
            s.evidence.configuration.as_mut().unwrap().what.secrets.push("db.password".to_owned());
        }),
        ("EAVIP-G09", |s| s.evidence.configuration = None),
        ("EAVIP-G10", |s| used(s, NOW - DAY - DAY, None)),
        ("EAVIP-G10", |s| s.evidence.holds = None),
        ("EAVIP-G01", |s| s.request.source = None),
    ];
    for (code, spoil) in rows {
        let decision = spoiled(|sample| {
            spoil(sample);
            sample.approve(Kind::Minor);
            break_glass(sample, &["EAVIP-G05", code]);
        })
        .decide();
        assert_ne!(decision.verdict, Verdict::Allow, "{code}");
        assert_eq!(finding(&decision, "EAVIP-B04").outcome, Outcome::Fail, "{code}");
        assert!(decision.blocking().any(|one| one.rule == code), "{code}");
    }
    let drift = spoiled(|sample| {
        sample.evidence.configuration.as_mut().unwrap().what.drift.push("node-1".to_owned());
        break_glass(sample, &["EAVIP-G05", "EAVIP-G09"]);
    });
    assert_eq!(drift.decide().verdict, Verdict::Allow, "drift can be");
}
