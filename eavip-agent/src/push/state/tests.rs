//! Tests of comparing clocks.

use super::*;

fn status() -> LinkStatus {
    LinkStatus::new(Figures { acknowledged: 0, pending: 0, bytes: 0, durable: true })
}

#[test]
fn says_how_far_the_clock_is_off_at_least_and_never_more() {
    let now = Timestamp::from_millis(1_700_000_000_000);
    let table = [
        // The server's clock against this host's when the answer came, the round trip, what is certain.
        (0, 0, 0),
        (-50, 100, 0),
        (-100, 100, 0),
        (0, 100, 0),
        (900, 100, 900),
        (-1_000, 100, 900),
        (20_000, 30_000, 20_000),
        (-20_000, 30_000, 0),
    ];
    for (ahead, round_trip, certain) in table {
        let mut status = status();
        let server = Timestamp::from_millis(now.as_millis() + ahead);
        status.compared(server, now, Duration::from_millis(round_trip));
        assert_eq!(status.clock_off_ms, Some(certain), "{ahead} ms ahead, {round_trip} ms");
    }
}

#[test]
fn a_clock_that_cannot_be_compared_is_unknown() {
    let mut status = status();
    let unknown =
        |status: &LinkStatus| matches!(status.clock().value, eavip_core::signal::reading::Value::Unknown(_));
    assert!(unknown(&status));
    status.compared(clock::now(), clock::now(), Duration::ZERO);
    assert!(!unknown(&status));
    status.change(LinkState::Unreachable, "https://a:1", "no route".to_owned());
    assert!(unknown(&status));
}
