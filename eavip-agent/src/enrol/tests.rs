//! Tests of what needs no server; the conversations are tested against the server's authority.

use super::*;

#[test]
fn renews_at_half_life_spread_by_node() {
    let from = Timestamp::from_millis(1_800_000_000_000);
    let life = Span::from_secs(14 * 86_400);
    let validity = Validity { from, until: from + life };
    let moments: Vec<u64> = (0..200_u128)
        .map(|id| renewal_at(validity, NodeId(uuid::Uuid::from_u128(id))).since(from).as_millis())
        .collect();
    let half = life.as_millis() / 2;
    assert!(moments.iter().all(|at| (half * 9 / 10..=half * 11 / 10).contains(at)));
    assert!(moments.iter().max().unwrap() - moments.iter().min().unwrap() > half / 8, "spread");
    assert_eq!(moments[3], renewal_at(validity, NodeId(uuid::Uuid::from_u128(3))).since(from).as_millis());
}

#[test]
fn shows_what_a_refusal_says_without_control_characters() {
    assert_eq!(ask::detail(br#"{"title":"t","detail":"used \u001b[31mup"}"#), "used [31mup");
    assert_eq!(ask::detail(br#"{"title":"gone"}"#), "gone");
    assert_eq!(ask::detail(b"<html>"), "it gave no reason");
}

#[test]
fn cuts_a_host_name_to_what_the_wire_takes() {
    assert_eq!(named(""), "unnamed");
    assert!(named(&"ü".repeat(200)).len() <= MAX_HOSTNAME);
}
