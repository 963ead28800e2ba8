//! Tests of declared deployments.

use crate::testing::{load, problems};

const BASE: &str = "[team.acme]\nparty = \"customer\"\n[service.shop]\nowner = \"platform-operations\"\n";

// Seed: "SaaS, BYOC, On-Prem".
#[test]
fn a_deployment_says_who_runs_what_where_and_for_whom() {
    let text = format!(
        "{BASE}[deployment.eu]\nmode = \"saas\"\nenvironments = [\"staging\", \"production\"]\n\
         [deployment.acme-ulm]\nname = \"Acme, Ulm\"\nmode = \"on-prem\"\nenvironments = [\"production\"]\n\
         services = [\"shop\"]\ncustomer = \"acme\"\n"
    );
    let deployments = load(&text).unwrap().deployments;
    let (saas, on_prem) = (&deployments["eu"], &deployments["acme-ulm"]);
    assert_eq!((saas.name.as_str(), saas.environments.len(), &saas.customer), ("eu", 2, &None));
    assert_eq!(on_prem.name, "Acme, Ulm");
    assert_eq!(on_prem.customer.as_ref().unwrap().as_str(), "acme");
    assert_eq!(on_prem.services.len(), 1);
}

#[test]
fn every_mistake_in_deployments_is_told_at_once() {
    let text = format!(
        "{BASE}[deployment.a]\nenvironments = [\"prod\"]\n[deployment.b]\nmode = \"byoc\"\n\
         environments = [\"production\"]\nservices = [\"shopp\"]\n[deployment.c]\nmode = \"on-prem\"\n\
         environments = [\"production\"]\ncustomer = \"platform-operations\"\nname = \" \"\ncolour = \"red\"\n"
    );
    insta::assert_snapshot!(problems(&text));
}

#[test]
fn too_many_deployments_are_refused_at_once() {
    let many: String =
        (0..=crate::deployment::MAX_DEPLOYMENTS).map(|at| format!("[deployment.d{at}]\n")).collect();
    assert!(problems(&many).contains("5001 deployments are too many"));
}
