//! Tests of the payload against what Alertmanager's documentation says of it; `tests/clients` compares it with what a real
//! Alertmanager sends.

use super::super::testing::{about, message, notice, told};
use super::*;

fn payload(message: &Message) -> serde_json::Value {
    serde_json::to_value(Payload::of(message)).unwrap()
}

#[test]
fn an_alert_from_elsewhere_keeps_its_labels_and_its_fingerprint() {
    let payload = payload(&message("theirs", true));
    let alert = &payload["alerts"][0];
    let labels = serde_json::json!({ "alertname": "DiskFull", "instance": "web-1:9100", "owner": "theirs" });
    assert_eq!(
        alert["labels"], labels,
        "without those that were added here, and with the owner as it was sent"
    );
    let sent = [("alertname", "DiskFull"), ("instance", "web-1:9100"), ("owner", "theirs")];
    assert_eq!(alert["fingerprint"], fingerprint(&Labels::new(sent).unwrap()));
    assert_eq!(alert["endsAt"], NO_TIME);
    assert_eq!(alert["generatorURL"], "http://prometheus.example/graph?q=theirs");
    assert_eq!(alert["annotations"]["note"], "theirs");
    assert_eq!(alert["annotations"]["runbook_url"], "https://wiki.example/theirs");
    assert_eq!(payload["groupLabels"], serde_json::json!({ "alertname": "DiskFull", "zone": "theirs" }));
    assert_eq!(payload["groupKey"], "pager:{alertname=\"DiskFull\",zone=\"theirs\"}");
    assert_eq!(payload["version"], "4");
}

#[test]
fn what_all_alerts_share_is_common_and_one_that_fires_makes_the_message_fire() {
    let mixed = payload(&about(vec![told(1, "a", true), told(2, "b", false)], "eu"));
    assert_eq!(mixed["status"], "firing");
    assert_eq!(mixed["alerts"][1]["status"], "resolved");
    assert_eq!(mixed["alerts"][1]["endsAt"], super::super::testing::at(60).to_string());
    let common = serde_json::json!({ "alertname": "DiskFull", "instance": "web-1:9100" });
    assert_eq!(mixed["commonLabels"], common);
    assert_eq!(payload(&message("a", false))["status"], "resolved");
    let notice = payload(&notice("ana silences x"));
    assert_eq!(notice["alerts"][0]["labels"]["topic"], "silence");
    assert_eq!(notice["commonAnnotations"]["summary"], "ana silences x");
}
