//! Tests of the fallback: what is told of which history, once, and over a restart.

use super::*;

fn at(secs: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000) + Span::from_secs(secs)
}

fn link(state: LinkState, since: u64) -> LinkStatus {
    let json = serde_json::json!({
        "state": state, "since": at(since), "reason": "", "server": "https://ops:7481", "last_success": null,
        "acknowledged": 0, "pending": 0, "spool_bytes": 0, "durable": true, "refused": 0,
    });
    serde_json::from_value(json).unwrap()
}

/// Looks at a history, as if each message were sent at once; what was told at which second.
fn told(history: &[(u64, LinkState, u64)]) -> Vec<(u64, Telling)> {
    let (mut known, mut told) = (Known::default(), Vec::new());
    for (now, state, since) in history {
        known = known.look(&link(*state, *since), Span::from_secs(45), at(*now));
        // As a restart finds it.
        known = serde_json::from_slice(&serde_json::to_vec(&known).unwrap()).unwrap();
        if let Some(what) = known.due() {
            told.push((*now, what));
            known = known.told(what);
        }
    }
    told
}

#[test]
fn a_server_that_is_gone_is_told_once_and_so_is_its_return() {
    use LinkState::{Connected, Denied, Starting, Unreachable};
    let gone = [(0, Connected, 0), (10, Unreachable, 10), (54, Unreachable, 10)];
    assert_eq!(told(&gone), []);
    let history = [
        (55, Unreachable, 10),
        (56, Unreachable, 10),
        (60, Starting, 60),
        (61, Unreachable, 61),
        (200, Unreachable, 61),
        (210, Connected, 210),
        (211, Connected, 210),
    ];
    let expected = [(55, Telling::Gone(at(10))), (210, Telling::Back(at(10), at(210)))];
    assert_eq!(told(&history), expected, "a restart at 60 repeats nothing");
    assert_eq!(told(&[(55, Unreachable, 10), (70, Denied, 70)]).len(), 2, "one that refuses can be reached");
    assert_eq!(told(&[(55, Unreachable, 40), (60, Connected, 60), (200, Connected, 60)]), []);
}

#[test]
fn what_was_back_before_it_was_told_is_not_told() {
    let after = Span::from_secs(45);
    let known = Known::default().look(&link(LinkState::Unreachable, 0), after, at(50));
    assert!(known.due().is_some());
    assert_eq!(known.look(&link(LinkState::Connected, 60), after, at(60)), Known::default());
    let told = known.told(Telling::Gone(at(0)));
    let back = told.look(&link(LinkState::Connected, 60), after, at(60));
    assert_eq!(
        back.look(&link(LinkState::Unreachable, 61), after, at(61)),
        told,
        "gone again before that was told"
    );
}
