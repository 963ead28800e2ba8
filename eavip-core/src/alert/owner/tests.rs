//! Tests of the owner's resolution.

use super::*;

fn team(id: &str) -> TeamId {
    id.parse().unwrap()
}

#[test]
fn resolves_in_the_stated_order_and_never_to_an_undeclared_team() {
    let map = OwnerMap {
        entries: vec![OwnerEntry {
            matches: Labels::new([("service", "shop")]).unwrap(),
            team: team("matched"),
            runbook: None,
        }],
        environments: [((Environment::Production, Mode::Saas), team("environment"))].into(),
    };
    let place = Some((Environment::Production, Mode::Saas));
    let intake = team("intake");
    for (labels, fallback, place, expected) in [
        (vec![("owner", "labelled"), ("service", "shop")], Some(&intake), place, Some("labelled")),
        (vec![("owner", "nobody-declared"), ("service", "shop")], Some(&intake), place, Some("matched")),
        (vec![("service", "other")], Some(&intake), place, Some("intake")),
        (vec![("service", "other")], None, place, Some("environment")),
        (vec![("owner", ""), ("service", "other")], None, None, None),
    ] {
        let labels = Labels::new(labels).unwrap();
        let found = resolve(&labels, place, fallback, &map, |team| team.as_str() != "nobody-declared");
        assert_eq!(found.ok(), expected.map(team), "{labels}");
    }
}

#[test]
fn an_owner_may_differ_by_mode() {
    let owner: Owner =
        serde_json::from_str(r#"{"saas":"ops","byoc":"ops","on-prem":"customer-ops"}"#).unwrap();
    assert_eq!(owner.in_mode(Mode::OnPrem), &team("customer-ops"));
    assert_eq!(owner.teams().collect::<Vec<_>>(), [&team("ops"), &team("ops"), &team("customer-ops")]);
    assert!(serde_json::from_str::<Owner>(r#""""#).is_err(), "an empty owner is none");
}
