//! Tests of reading the management API's answers.

use serde_json::json;

use super::*;

fn now() -> Timestamp {
    Timestamp::from_millis(1_700_000_100_000)
}

#[test]
fn reads_counts_totals_and_the_head() {
    let queue = json!({
        "name": "orders", "messages_ready": 5, "messages_unacknowledged": 2, "consumers": 1,
        "head_message_timestamp": 1_700_000_000,
        "message_stats": {"publish": 100, "ack": 90, "deliver_no_ack": 3},
    });
    let sample = read(&queue, now());
    assert_eq!(sample.ready, Figure::exact(5.0));
    assert_eq!(sample.in_flight, Figure::exact(2.0));
    assert_eq!(sample.consumers, Figure::exact(1.0));
    assert_eq!(sample.oldest_age, Figure::exact(100.0));
    assert_eq!((sample.enqueued, sample.dequeued), (Some(100.0), Some(93.0)));
}

#[test]
fn a_count_that_is_missing_is_unknown_and_not_zero() {
    let sample = read(&json!({"name": "orders"}), now());
    assert!(matches!(sample.ready, Figure::Unknown(_)));
    assert_eq!((sample.enqueued, sample.oldest_age), (None, Figure::Absent));
}

#[test]
fn names_travel_encoded() {
    assert_eq!(one("/", "a/b c"), "/api/queues/%2F/a%2Fb%20c");
    let list = json!([{"name": "a"}, {"name": "b", "messages_ready": 1}]);
    assert_eq!(named(list.clone(), "b").unwrap()["messages_ready"], 1);
    assert!(named(list, "c").is_err());
}
