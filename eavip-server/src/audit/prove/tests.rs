//! Tests of proofs that stand alone: each claim of one is checked.

use super::*;
use crate::audit::tests::files;

fn proven(data: &Path, asked: &Asked, form: Form) -> String {
    let mut out = Vec::new();
    prove(data, None, asked, form, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_proof_stands_alone_and_every_part_of_it_counts() {
    let site = files(25);
    let text = proven(site.path(), &Asked::Position(7), Form::Proofs);
    let sound: Document = serde_json::from_str(&text).unwrap();
    assert_eq!(sound.check(None), Ok(()));
    assert_eq!(sound.check(Some(&sound.key)), Ok(()));
    let other = VerifierKey::new("other", [7; 32]).unwrap();
    let mut wrong = sound.clone();
    wrong.record = Some(wrong.record.unwrap().replace('7', "8"));
    assert_eq!(wrong.check(None), Err(Disproved::Record));
    wrong.leaf = leaf_hash(wrong.record.as_deref().unwrap_or_default().as_bytes());
    assert_eq!(wrong.check(None), Err(Disproved::Path));
    assert_eq!(Document { position: 8, ..sound.clone() }.check(None), Err(Disproved::Path));
    assert_eq!(Document { path: vec![], ..sound.clone() }.check(None), Err(Disproved::Path));
    assert!(matches!(Document { v: 2, ..sound.clone() }.check(None), Err(Disproved::Form(_))));
    assert!(matches!(sound.check(Some(&other)), Err(Disproved::OtherKey(_))));
    let forged = Document { key: other, ..sound };
    assert!(matches!(forged.check(None), Err(Disproved::Signature(_))));
}

#[test]
fn an_export_has_the_records_of_its_period_and_no_others() {
    let site = files(25);
    let (from, to) = (Timestamp::from_millis(5_000), Timestamp::from_millis(9_000));
    let text = proven(site.path(), &Asked::Period(from..to), Form::Proofs);
    let documents: Vec<Document> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.iter().map(|document| document.position).collect::<Vec<_>>(), [5, 6, 7, 8]);
    documents.iter().for_each(|document| assert_eq!(document.check(None), Ok(())));
    let csv = proven(site.path(), &Asked::Period(from..to), Form::Csv);
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!((rows.len(), rows[0]), (5, "\"position\",\"at\",\"actor\",\"reason\",\"what\",\"leaf\""));
    assert!(
        rows[1].contains("\"server (test)\"") && rows[1].contains("\"server store-repaired\""),
        "{}",
        rows[1]
    );
}

#[test]
fn what_is_not_there_or_not_signed_is_not_proven() {
    let site = files(25);
    let data = site.path();
    let asked = |position| prove(data, None, &Asked::Position(position), Form::Proofs, &mut Vec::new());
    assert!(matches!(asked(25), Err(CannotProve::NoRecord(25))));
    crate::audit::tests::append_files(data, 25..26);
    assert!(matches!(asked(25), Err(CannotProve::NotSigned(25))));
    std::fs::remove_file(data.join("audit/checkpoints.jsonl")).unwrap();
    assert!(matches!(asked(3), Err(CannotProve::Files(CannotTell::NothingSigned))));
}
