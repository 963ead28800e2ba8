//! Tests of declared deployments.

use super::*;

fn deployment(mode: Mode, customer: Option<&str>) -> Deployment {
    Deployment {
        name: "Ulm".to_owned(),
        mode,
        environments: BTreeSet::from([Environment::Production]),
        services: BTreeSet::new(),
        customer: customer.map(|team| team.parse().unwrap()),
    }
}

// Seed: "Clear responsibility boundaries defined", "Customer-managed infrastructure".
#[test]
fn the_same_activity_belongs_to_another_team_in_another_mode() {
    let table = [
        (Mode::Saas, None, Activity::ApplyRelease, Some("platform-operations")),
        (Mode::Byoc, Some("acme"), Activity::ApplyRelease, Some("platform-operations")),
        (Mode::OnPrem, Some("acme"), Activity::ApplyRelease, Some("acme")),
        (Mode::OnPrem, Some("acme"), Activity::PublishRelease, Some("platform-operations")),
        (Mode::OnPrem, Some("acme"), Activity::ProvisionInfrastructure, Some("acme")),
        (Mode::OnPrem, None, Activity::ApplyRelease, None),
    ];
    for (mode, customer, activity, expected) in table {
        let team = deployment(mode, customer).accountable_team(&Matrix::default(), activity);
        assert_eq!(team.as_ref().map(TeamId::as_str), expected, "{activity} {mode}");
    }
}

#[test]
fn a_deployment_that_lists_no_services_runs_all_of_them() {
    let mut deployment = deployment(Mode::Saas, None);
    let (shop, search) = ("shop".parse().unwrap(), "search".parse().unwrap());
    assert!(deployment.runs(&shop));
    deployment.services.insert(search);
    assert!(!deployment.runs(&shop));
}
