//! Tests of the reconciler: a defect is opened once, and again when it comes back.

use std::sync::Arc;

use eavip_core::alert::noise::defect::DefectStatus;
use eavip_core::time::Span;
use uuid::Uuid;

use super::*;
use crate::store::memory::MemoryStore;
use crate::testing::{Inside, came_and_went, people};

/// Alerts that were over by themselves, an hour apart until a moment.
async fn told(inside: &Inside, first: u8, times: u8, until: Timestamp) {
    let mut events = Vec::new();
    for number in first..first + times {
        let began = until - Span::from_secs(3_600).times(u64::from(first + times - number));
        events.extend(came_and_went(number, "probe-down", began, Span::from_secs(60)));
    }
    inside.write(events).await;
}

async fn look(inside: &Inside, at: Timestamp) {
    once(&inside.shared, &inside.committer, at).await.unwrap();
}

fn defects(inside: &Inside) -> Vec<(String, DefectStatus, u32)> {
    let book = inside.shared.book();
    let all = book.noise.defects().map(|(_, one)| (one.scope.to_string(), one.status(now()), one.reopened));
    let mut all: Vec<_> = all.collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_noisy_rule_opens_one_defect_with_evidence_and_is_over_its_budget() {
    let inside = Inside::with_policy(Arc::new(MemoryStore::new(Uuid::nil())), people());
    told(&inside, 1, 10, now()).await;
    for _ in 0..3 {
        look(&inside, now()).await;
    }
    let rule = ("rule `probe-down`".to_owned(), DefectStatus::Open, 0);
    let team = ("team `platform-operations`".to_owned(), DefectStatus::Open, 0);
    assert_eq!(defects(&inside), [rule, team]);
    let book = inside.shared.book();
    assert_eq!(book.noise.over_budget(now()).map(|rule| rule.as_str()).collect::<Vec<_>>(), ["probe-down"]);
    let opened = book.changes.newest().filter(|change| change.kind == "defect-opened").count();
    assert_eq!(opened, 2, "looking again changes nothing");
    assert!(book.noise.defects().all(|(_, defect)| defect.evidence.len() == 1), "what fails is the evidence");
}

#[tokio::test]
async fn a_defect_that_was_mended_is_opened_again_by_new_noise_alone_and_survives_a_restart() {
    let inside = Inside::with_policy(Arc::new(MemoryStore::new(Uuid::nil())), people());
    told(&inside, 1, 10, now()).await;
    look(&inside, now()).await;
    let id = defect::id(&Scope::Rule("probe-down".parse().unwrap()));
    let mended = DefectCommand::Mend { by: "ana".parse().unwrap(), how: "for = 5m".to_owned() };
    let events = Defect::decide(inside.shared.book().noise.defect(id), mended, &people(), now()).unwrap();
    inside.write(events.into_iter().map(|event| Event::Defect { id, event }).collect()).await;
    let of_rule =
        |inside: &Inside| defects(inside).into_iter().find(|one| one.0.starts_with("rule")).unwrap();
    let inside = Inside::with_policy(inside.stop(), people());
    look(&inside, now()).await;
    assert_eq!(of_rule(&inside).1, DefectStatus::Mended, "what was before is mended");
    let later = now() + Span::from_secs(12 * 3_600);
    told(&inside, 101, 10, later).await;
    look(&inside, later).await;
    assert_eq!((of_rule(&inside).1, of_rule(&inside).2), (DefectStatus::Open, 1));
}
