//! Tests of the generated restore procedure.

use super::super::plan::tests::plan;
use super::*;

// Seed: "Restore procedures documented".
#[test]
fn every_plan_has_a_restore_procedure_that_names_its_parts() {
    insta::assert_snapshot!(Procedure::of(&plan()).to_markdown());
}

// Seed: "Undocumented recovery steps" (forbidden): the page and the steps of a drill are the same.
#[test]
fn every_phase_comes_in_order_and_every_step_stands_on_the_page() {
    let procedure = Procedure::of(&plan());
    let phases: Vec<Phase> = procedure.steps.iter().map(|step| step.phase).collect();
    let mut sorted = phases.clone();
    sorted.sort();
    assert_eq!(phases, sorted);
    assert!(Phase::ALL.iter().all(|phase| phases.contains(phase)));
    let page = procedure.to_markdown();
    assert!(procedure.steps.iter().all(|step| page.contains(&step.action) && page.contains(&step.expect)));
}

#[test]
fn the_revision_changes_with_what_has_to_be_done_and_only_with_it() {
    let digest = |change: fn(&mut Plan)| {
        let mut plan = plan();
        change(&mut plan);
        Procedure::of(&plan).digest()
    };
    let before = digest(|_| {});
    assert_eq!(before, digest(|plan| plan.rpo = plan.rpo.times(2)));
    let changes: [fn(&mut Plan); 5] = [
        |plan| plan.id = "other".parse().unwrap(),
        |plan| plan.rto = plan.rto.times(2),
        |plan| plan.key = "{env=KEY}".parse().unwrap(),
        |plan| plan.health = "true".parse().unwrap(),
        |plan| plan.sources.extend(["/etc/orders".parse().ok()].into_iter().flatten()),
    ];
    for change in changes {
        assert_ne!(digest(change), before);
    }
}
