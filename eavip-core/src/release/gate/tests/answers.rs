//! Each gate on every answer that it can give.

use super::*;

/// A gate, what is different in the case, and how it is made so.
type Row = (&'static str, &'static str, Spoil);

/// What one gate says of each case.
fn table(rows: &[Row]) -> String {
    let tell = |(code, what, spoil): &Row| {
        let sample = spoiled(*spoil);
        let found = finding(&sample.decide(), &format!("EAVIP-{code}"));
        assert_eq!(found.remedy.is_empty(), found.outcome < Outcome::Warn, "{code} {what}: a remedy");
        format!("{code} {what} -> {}: {}\n", found.outcome, found.message)
    };
    rows.iter().map(tell).collect()
}

const PATH: &[Row] = &[
    ("G00", "no checks", |s| s.policy.release.gate.validations.clear()),
    ("G00", "no approvals", |s| s.policy.release.approvals.teams.minor.clear()),
    ("G00", "a lonely team", |s| s.policy.roster.people.retain(|id, _| !id.as_str().ends_with("-spare"))),
    ("G00", "nobody", |s| s.policy.roster.people.clear()),
    ("G01", "a step left out", |s| s.request.source = Some(Environment::Development)),
    ("G01", "from nowhere", |s| s.request.source = None),
    ("G01", "past the end", |s| s.request.source = Some(Environment::Production)),
    ("G02", "another artifact", |s| source(s).verified = Some(Digest256::of(b"other"))),
    ("G02", "nothing verified", |s| source(s).verified = None),
    ("G02", "another environment", |s| source(s).environment = Environment::Integration),
    ("G12", "a rollout", |s| target(s).rollout_in_flight = Some("other".parse().unwrap())),
    ("G12", "not verified", |s| {
        target(s).installed = Installed::Release { version: "1.0.0".parse().unwrap(), verified: false };
    }),
    ("G12", "nothing installed", |s| target(s).installed = Installed::Nothing),
    ("G14", "a stranger", |s| s.request.requester = "stranger".parse().unwrap()),
    ("G14", "not as declared", |s| s.request.mode = Mode::OnPrem),
    ("G14", "On-Prem, at the vendor's", |s| in_mode(s, Mode::OnPrem)),
    ("G14", "On-Prem, at the customer's", |s| {
        in_mode(s, Mode::OnPrem);
        s.policy.release.gate.installation = Party::Customer;
    }),
    ("G14", "On-Prem, by the customer", |s| {
        in_mode(s, Mode::OnPrem);
        s.policy.roster.teams.values_mut().for_each(|team| team.party = Party::Customer);
    }),
    ("G15", "too short", |s| source(s).running_since = NOW - HOUR),
    ("G15", "in the future", |s| source(s).running_since = NOW + HOUR),
    ("G15", "long enough for a minor, not for a major release", major),
];

#[test]
fn the_gates_of_the_path_give_every_answer() {
    let told = table(PATH);
    insta::assert_snapshot!(told);
}

const PROOF: &[Row] = &[
    ("G03", "never run", |s| s.evidence.validations.clear()),
    ("G03", "failed", |s| s.evidence.validations.iter_mut().for_each(|one| one.passed = false)),
    ("G03", "a day old", |s| s.evidence.validations.iter_mut().for_each(|one| one.at = NOW - DAY)),
    ("G03", "too old", |s| s.evidence.validations.iter_mut().for_each(|one| one.at = NOW - DAY - HOUR)),
    ("G03", "in the future", |s| s.evidence.validations.iter_mut().for_each(|one| one.at = NOW + HOUR)),
    ("G03", "of another artifact", |s| {
        s.evidence.validations.iter_mut().for_each(|one| one.artifact = Digest256::of(b"other"));
    }),
    ("G03", "failed, then passed", |s| {
        let mut failed = s.evidence.validations[0].clone();
        (failed.passed, failed.at) = (false, NOW - HOUR);
        s.evidence.validations.push(failed);
    }),
    ("G03", "passed and failed at one moment", |s| {
        let mut failed = s.evidence.validations[0].clone();
        failed.passed = false;
        s.evidence.validations.insert(0, failed);
    }),
    ("G04", "nobody", |s| s.evidence.approvals.clear()),
    ("G04", "one of two", |s| drop(s.evidence.approvals.pop())),
    ("G04", "too old", |s| s.evidence.approvals.iter_mut().for_each(|one| one.at = NOW - DAY - DAY - DAY)),
    ("G04", "in the future", |s| s.evidence.approvals.iter_mut().for_each(|one| one.at = NOW + HOUR)),
    ("G04", "of another request", |s| s.request.candidate.notes.known_issues = "one".to_owned()),
    ("G04", "of authors", |s| {
        s.request.candidate.authors = s.evidence.approvals.iter().map(|one| one.by.clone()).collect();
        s.approve(Kind::Minor);
    }),
    ("G04", "by an author's wish", |s| {
        s.request.candidate.authors.insert(s.request.requester.clone());
        s.approve(Kind::Minor);
    }),
    ("G04", "a major release approved as a minor one", |s| {
        s.request.candidate.version = "2.0.0".parse().unwrap();
        s.approve(Kind::Minor);
    }),
    ("G08", "restores, though nothing is irreversible", |s| {
        restoring(s);
        s.request.candidate.changes.iter_mut().for_each(|change| change.irreversible = false);
        s.approve(Kind::Minor);
        rehearse(s, Span::from_secs(60), s.now);
    }),
    ("G08", "a gap", |s| change(s, ChangeKind::Fix, &[Surface::Config], false)),
    ("G08", "never rehearsed", |s| s.evidence.rehearsals.clear()),
    ("G08", "of another version", |s| s.evidence.rehearsals[0].back_to = Some("0.9.0".parse().unwrap())),
    ("G08", "of another plan", |s| s.evidence.rehearsals[0].plan = Digest128([7; 16])),
    ("G08", "not in staging", |s| s.evidence.rehearsals[0].environment = Environment::Integration),
    ("G08", "didn't work", |s| s.evidence.rehearsals[0].worked = false),
    ("G08", "too old", |s| rehearse(s, HOUR, NOW - Span::from_secs(15 * 86_400))),
    ("G08", "old", |s| rehearse(s, Span::ZERO, NOW - Span::from_secs(15 * 86_400))),
    ("G08", "in the future", |s| rehearse(s, Span::ZERO, NOW + HOUR)),
    ("G08", "just in time", |s| rehearse(s, Span::from_secs(900), NOW)),
    ("G08", "too slow for SaaS", |s| rehearse(s, HOUR, NOW)),
    ("G08", "an hour On-Prem", |s| {
        in_mode(s, Mode::OnPrem);
        rehearse(s, HOUR, NOW);
    }),
    ("G08", "restored without Security", restoring),
    ("G08", "restored with Security", |s| {
        restoring(s);
        person(s, "sam", "security-compliance");
        approve_by(s, "sam");
    }),
    ("G11", "no notes", |s| s.request.candidate.notes = crate::release::notes::Notes::default()),
    ("G11", "no changes", |s| s.request.candidate.changes.clear()),
    ("G11", "declared too small", |s| change(s, ChangeKind::Breaking, &[], false)),
    ("G11", "raised too little", |s| s.request.candidate.version = "1.0.1".parse().unwrap()),
    ("G11", "not raised", |s| s.request.candidate.version = "1.0.0+2".parse().unwrap()),
    ("G11", "the first release", |s| target(s).installed = Installed::Nothing),
];

#[test]
fn the_gates_of_what_comes_with_a_release_give_every_answer() {
    let told = table(PROOF);
    insta::assert_snapshot!(told);
}

const CONDITION: &[Row] = &[
    ("G05", "SEV-1", |s| open(s, incident(Sev::Sev1))),
    ("G05", "SEV-2", |s| open(s, incident(Sev::Sev2))),
    ("G05", "SEV-2, fixed", |s| fixing(s, true)),
    ("G05", "SEV-2, fixed without its commander", |s| fixing(s, false)),
    ("G05", "SEV-1, just mitigated", |s| {
        open(s, OpenIncident { mitigated_at: Some(NOW - HOUR), ..incident(Sev::Sev1) });
    }),
    ("G05", "SEV-1, mitigated, its cause looked for", |s| {
        let owner = Some("rita".parse().unwrap());
        open(s, OpenIncident { mitigated_at: Some(NOW - HOUR), rca_owner: owner, ..incident(Sev::Sev1) });
    }),
    ("G05", "SEV-1, mitigated a day ago", |s| {
        open(s, OpenIncident { mitigated_at: Some(NOW - DAY), ..incident(Sev::Sev1) });
    }),
    ("G05", "SEV-2, mitigated in the future", |s| {
        open(s, OpenIncident { mitigated_at: Some(NOW + HOUR), ..incident(Sev::Sev2) });
    }),
    ("G05", "SEV-3", |s| open(s, incident(Sev::Sev3))),
    ("G05", "SEV-3, nobody has it", |s| {
        open(s, OpenIncident { acknowledged: false, ..incident(Sev::Sev3) });
    }),
    ("G05", "SEV-4, nobody has it", |s| {
        open(s, OpenIncident { acknowledged: false, ..incident(Sev::Sev4) });
    }),
    ("G05", "a look in the future", |s| s.evidence.incidents.as_mut().unwrap().at = NOW + HOUR),
    ("G06", "no budgets", |s| s.evidence.budgets.as_mut().unwrap().what.clear()),
    ("G06", "used up", |s| budget(s, 0.0, Burn::None)),
    ("G06", "overspent", |s| budget(s, -3.0, Burn::None)),
    ("G06", "used up, fixing an incident", |s| {
        fixing(s, true);
        budget(s, 0.0, Burn::None);
    }),
    ("G06", "used up, security said so", |s| {
        change(s, ChangeKind::Security, &[], false);
        s.approve(Kind::Minor);
        person(s, "sam", "security-compliance");
        approve_by(s, "sam");
        budget(s, 0.0, Burn::None);
    }),
    ("G06", "used up, only called a security fix", |s| {
        change(s, ChangeKind::Security, &[], false);
        s.approve(Kind::Minor);
        budget(s, 0.0, Burn::None);
    }),
    ("G06", "used up, fixing a SEV-3", |s| {
        fixing(s, true);
        s.evidence.incidents.as_mut().unwrap().what[0].sev = Sev::Sev3;
        budget(s, 0.0, Burn::None);
    }),
    ("G06", "used up, and a SEV-1 that it doesn't fix", |s| {
        open(s, incident(Sev::Sev1));
        budget(s, 0.0, Burn::None);
    }),
    ("G06", "a page", |s| budget(s, 1.0, Burn::Page)),
    ("G06", "a ticket", |s| budget(s, 1.0, Burn::Ticket)),
    ("G06", "a ticket, a patch", |s| {
        patch(s);
        budget(s, 1.0, Burn::Ticket);
    }),
    ("G06", "a fifth left", |s| budget(s, 0.2, Burn::None)),
    ("G06", "a fifth left, a major release", |s| {
        major(s);
        budget(s, 0.2, Burn::None);
    }),
    ("G06", "not a number", |s| budget(s, f64::NAN, Burn::None)),
    ("G06", "infinite", |s| budget(s, f64::NEG_INFINITY, Burn::None)),
    ("G06", "more than all", |s| budget(s, 1.5, Burn::None)),
    ("G07", "no data sets", |s| s.evidence.backups.as_mut().unwrap().what.clear()),
    ("G07", "never verified", |s| backup(s).verified_at = None),
    ("G07", "a day old", |s| backup(s).verified_at = Some(NOW - DAY)),
    ("G07", "older", |s| backup(s).verified_at = Some(NOW - DAY - HOUR)),
    ("G07", "older than its RPO", |s| {
        backup(s).rpo = HOUR;
        backup(s).verified_at = Some(NOW - HOUR - HOUR);
    }),
    ("G07", "two hours, and the schema changes", |s| {
        change(s, ChangeKind::Feature, &[Surface::Schema], false);
        backup(s).verified_at = Some(NOW - HOUR - HOUR);
    }),
    ("G07", "half an hour, its RPO is shorter, and the schema changes", |s| {
        change(s, ChangeKind::Feature, &[Surface::Schema], false);
        backup(s).rpo = Span::from_secs(600);
        backup(s).verified_at = Some(NOW - Span::from_secs(1_800));
    }),
    ("G07", "in the future", |s| backup(s).verified_at = Some(NOW + HOUR)),
    ("G07", "no drill", |s| backup(s).drill = None),
    ("G07", "an old drill", |s| backup(s).drill.as_mut().unwrap().at = NOW - Span::from_secs(91 * 86_400)),
    ("G07", "a drill just not too old", |s| {
        backup(s).drill.as_mut().unwrap().at = NOW - Span::from_secs(90 * 86_400);
    }),
    ("G07", "a drill in the future", |s| backup(s).drill.as_mut().unwrap().at = NOW + HOUR),
    ("G07", "a failed drill", |s| backup(s).drill.as_mut().unwrap().worked = false),
    ("G07", "a drill just in time", |s| {
        let rto = backup(s).rto;
        backup(s).drill.as_mut().unwrap().took = rto;
    }),
    ("G07", "a slow drill", |s| backup(s).drill.as_mut().unwrap().took = DAY),
    ("G09", "everything", |s| {
        let found = &mut s.evidence.configuration.as_mut().unwrap().what;
        found.unaudited.push("change-1".to_owned());
        found.undeclared_keys.extend(["b".to_owned(), "a".to_owned()]);
        found.secrets.push("db.password".to_owned());
        found.drift.push("node-1".to_owned());
    }),
    ("G10", "a freeze", |s| freezing(s, freeze(FreezeKind::Freeze, NOW, NOW + HOUR))),
    ("G10", "a hold", |s| freezing(s, freeze(FreezeKind::Hold, NOW - DAY, NOW + HOUR))),
    ("G10", "one that ended now", |s| freezing(s, freeze(FreezeKind::Freeze, NOW - DAY, NOW))),
    ("G10", "one to come", |s| freezing(s, freeze(FreezeKind::Freeze, NOW + HOUR, NOW + DAY))),
    ("G10", "one elsewhere", |s| {
        let elsewhere = freeze(FreezeKind::Freeze, NOW, NOW + HOUR);
        freezing(s, Freeze { environment: Environment::Staging, ..elsewhere });
    }),
    ("G10", "an unreviewed break-glass", |s| used(s, NOW - DAY - HOUR, None)),
    ("G10", "one a day ago", |s| used(s, NOW - DAY, None)),
    ("G10", "one of today", |s| used(s, NOW - HOUR, None)),
    ("G10", "a reviewed one", |s| used(s, NOW - DAY - DAY, Some(NOW - DAY))),
    ("G13", "an alert without owner", |s| figures(s).critical = 2),
    ("G13", "no critical alerts", |s| *figures(s) = OwnerFigures::default()),
    ("G13", "more owners than alerts", |s| figures(s).critical_resolved = 9),
    ("G13", "a team of one", |s| figures(s).groups[0].1 = 1),
    ("G13", "gaps", |s| figures(s).on_call_gaps = 3),
];

#[test]
fn the_gates_of_the_targets_condition_give_every_answer() {
    let told = table(CONDITION);
    insta::assert_snapshot!(told);
}

#[test]
fn asks_again_when_the_cause_of_a_mitigated_incident_should_have_an_owner() {
    let mitigated = NOW - HOUR;
    let sample = spoiled(|s| open(s, OpenIncident { mitigated_at: Some(mitigated), ..incident(Sev::Sev1) }));
    let limit = sample.policy.release.gate.rca_owner_within;
    let found = finding(&sample.decide(), "EAVIP-G05");
    assert_eq!((found.outcome, found.clears_at), (Outcome::Undetermined, Some(mitigated + limit)));
}
