//! Tests of declared objectives and burn rules.

use crate::policy::Policy;
use crate::testing::{load, problems};

const SHOP: &str = "[service.shop]\nowner = \"platform-operations\"\n";

// Seed: "Platform availability".
#[test]
fn an_objective_keeps_what_its_service_promises_unless_it_says_otherwise() {
    let text = format!(
        "{SHOP}objectives = {{ availability = 0.995, error_ratio = 0.02, latency_p99 = \"300ms\" }}\n\
         [slo.up]\nservice = \"shop\"\nmeasure = \"availability\"\nleast_events = 100\nbelow = \"probe\"\n\
         [slo.right]\nservice = \"shop\"\nmeasure = \"errors\"\nleast_events = 100\nbelow = \"counts\"\n\
         bad_events = 5\n[slo.fast]\nservice = \"shop\"\nmeasure = \"latency\"\nleast_events = 10\n\
         below = \"probe\"\n[slo.faster]\nservice = \"shop\"\nmeasure = \"latency\"\nwithin = \"50ms\"\n\
         target = 0.9\nwindow = \"7d\"\nleast_events = 10\nbelow = \"probe\"\n"
    );
    let told: Vec<String> = load(&text)
        .unwrap()
        .slo
        .objectives
        .iter()
        .map(|(id, one)| {
            let o = one.objective;
            format!("{id}: {} {:?} {} over {} {:?}", one.service, o.measure, o.target, o.window, o.floor)
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn every_mistake_in_objectives_and_burn_rules_is_told_at_once() {
    let text = format!(
        "{SHOP}[slo.a]\nservice = \"shopp\"\nmeasure = \"uptime\"\ntarget = 1.0\nwindow = \"1d\"\n\
         [slo.b]\nservice = \"shop\"\nmeasure = \"errors\"\nwithin = \"1s\"\nleast_events = 0\n\
         below = \"probe\"\nbad_events = 3\n[slo.c]\nservice = \"shop\"\nmeasure = \"errors\"\n\
         least_events = 10\nbelow = \"counts\"\n[burn.page-fast]\nburn = 0.5\nshort = \"1h\"\n\
         [burn.page-quick]\nburn = 2\n"
    );
    insta::assert_snapshot!(problems(&text));
}

#[test]
fn a_burn_rule_takes_single_fields() {
    let policy = load("[burn]\nstale_after = \"2m\"\n[burn.page-fast]\nburn = 10\n").unwrap().slo;
    assert_eq!((policy.rules[0].burn, policy.rules[0].long.to_string()), (10.0, "1h".to_owned()));
    assert_eq!(policy.stale_after.to_string(), "2m");
    assert_eq!(Policy::builtin().slo, crate::slo::SloPolicy::default());
}

#[test]
fn too_many_objectives_are_refused_at_once() {
    let many: String = (0..=crate::slo::MAX_OBJECTIVES).map(|at| format!("[slo.s{at}]\n")).collect();
    assert!(problems(&many).contains("2001 objectives are too many"));
}
