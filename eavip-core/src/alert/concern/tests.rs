//! Tests of what the server tells of its own work.

use super::*;

#[test]
fn every_concern_is_an_alert_with_owner_action_and_runbook() {
    let owner: TeamId = "platform-operations".parse().unwrap();
    for concern in Concern::ALL {
        let more = Labels::new([("incident", "inc-1")]).unwrap();
        let about = |path| concern.about(path, owner.clone(), &more, "late".into(), Timestamp::default());
        let stated = about("/incidents/inc-1").unwrap();
        assert_eq!(stated.labels.get("rule"), Some(concern.as_str()));
        assert_eq!(stated.labels.get("incident"), Some("inc-1"));
        assert!(stated.runbook.page().is_some());
        assert_eq!(stated.fingerprint, about("/incidents/inc-1").unwrap().fingerprint);
        assert_ne!(stated.fingerprint, about("/incidents/inc-2").unwrap().fingerprint);
    }
}
