//! Tests of marks and places.

use super::*;

/// A report that says something, made in the second of its number.
fn report(epoch: u64, seq: u64, content: u8) -> Numbered {
    let made_at = Timestamp::from_millis(seq as i64 * 1_000);
    Numbered { epoch, seq, digest: Digest128([content; 16]), made_at }
}

#[test]
fn tells_new_repeated_and_cloned_reports_apart() {
    let mut mark = Mark::default();
    for seq in [1, 2, 5] {
        mark.advance(&report(3, seq, seq as u8), Timestamp::default());
    }
    for (epoch, seq, content, expected, why) in [
        (3, 6, 6, Admission::New, "the next"),
        (3, 9, 9, Admission::New, "a gap is the sender's to explain"),
        (3, 5, 5, Admission::Repeat, "a resend"),
        (3, 4, 4, Admission::Repeat, "a number that was skipped is behind the mark"),
        (3, 5, 9, Admission::Clone, "another content under a number that is known"),
        (4, 1, 1, Admission::New, "a new numbering"),
        (2, 9, 9, Admission::Clone, "a numbering that ended"),
    ] {
        assert_eq!(mark.admit(&report(epoch, seq, content)), expected, "{why}");
    }
}

#[test]
fn remembers_a_bounded_number_of_digests() {
    let mut mark = Mark::default();
    (1..1_000).for_each(|seq| mark.advance(&report(1, seq, 0), Timestamp::default()));
    assert_eq!(mark.recent.len(), REMEMBERED);
    assert_eq!(mark.admit(&report(1, 1, 9)), Admission::Repeat, "what is long past is taken for a resend");
    let newer = Numbered { made_at: Timestamp::from_millis(999_001), ..report(1, 1, 9) };
    assert_eq!(mark.admit(&newer), Admission::Clone, "unless it is newer than everything known");
}

#[test]
fn finds_a_position_before_a_moment() {
    let mut places = Places::default();
    let at = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
    (0..100).for_each(|minute| places.note(at(minute), minute as u64 * 10));
    places.note(at(99), 999);
    assert_eq!(places.before(at(50)), 500);
    assert_eq!(places.before(Timestamp::from_millis(50 * 60_000 + 1)), 500);
    assert_eq!(places.before(Timestamp::from_millis(-1)), 0);
    (0..5_000).for_each(|minute| places.note(at(1_000 + minute), 0));
    assert!(places.0.len() <= MAX_PLACES);
}
