//! Tests of what is known of alerts from elsewhere: until when they are meant, and how words on one alert are merged.

use super::*;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn known(updated: i64, starts: i64, ends: i64) -> Known {
    let labels = Labels::new([("alertname", "X")]).unwrap();
    Known {
        fingerprint: eavip_core::alert::intake::fingerprint(&labels),
        labels,
        annotations: Annotations::default(),
        generator: None,
        starts_at: at(starts),
        ends_at: at(ends),
        open_ended: false,
        updated_at: at(updated),
        fallback: None,
    }
}

const PATIENCE: Span = Span::from_secs(300);

#[test]
fn an_alert_fires_until_its_sender_says_otherwise_or_falls_silent() {
    let standing = |known: &Known, now| known.standing(at(-1_000), PATIENCE, at(now));
    let alert = known(0, 0, 240);
    assert_eq!(standing(&alert, 239), Standing::Firing);
    assert_eq!(standing(&alert, 240), Standing::Lapsed);
    let over = known(10, 0, 10);
    assert_eq!(standing(&over, 10), Standing::Over);
    assert_eq!(standing(&over, 9_999), Standing::Over);
}

#[test]
fn what_ran_out_while_nobody_listened_has_time_to_be_sent_again() {
    let alert = known(0, 0, 240);
    let standing = |now| alert.standing(at(1_000), PATIENCE, at(now));
    assert_eq!(standing(1_001), Standing::Unheard, "the server was away from 0 to 1000");
    assert_eq!(standing(1_299), Standing::Unheard);
    assert_eq!(standing(1_300), Standing::Lapsed);
    let over = known(0, -10, 0);
    assert_eq!(over.standing(at(1_000), PATIENCE, at(1_001)), Standing::Over, "that was said");
}

#[test]
fn words_whose_times_overlap_are_merged_as_alertmanager_does() {
    let open_ended = |known: Known| Known { open_ended: true, ..known };
    let cases = [
        ("a later end counts", known(0, 0, 100), known(50, 50, 200), (0, 200)),
        ("an earlier end of one that still fires doesn't", known(0, 0, 100), known(50, 50, 90), (0, 100)),
        (
            "but it does where no end was given before",
            open_ended(known(0, 0, 100)),
            known(50, 50, 90),
            (0, 90),
        ),
        ("over is over", known(0, 0, 100), known(50, 50, 50), (0, 50)),
        ("the later of two ends counts", known(0, 0, 40), known(50, 10, 30), (0, 40)),
        ("another time is another alert", known(0, 0, 40), known(500, 490, 600), (490, 600)),
    ];
    for (what, before, later, (starts, ends)) in cases {
        let intake = Intake::default();
        intake.take(vec![before]);
        intake.take(vec![later]);
        let all = intake.all();
        assert_eq!(all.len(), 1, "{what}");
        assert_eq!((all[0].starts_at, all[0].ends_at), (at(starts), at(ends)), "{what}");
    }
}

#[test]
fn what_is_over_is_let_go_after_a_while() {
    let intake = Intake::default();
    intake.take(vec![known(10, 0, 10)]);
    let forget = |now| intake.forget(at(0), Span::from_secs(300), at(now));
    forget(900);
    assert_eq!(intake.len(), 1);
    forget(910);
    assert!(intake.is_empty());
}

#[test]
fn a_checkpoint_restores_all_of_it() {
    let intake = Intake::default();
    intake.take(vec![known(0, 0, 100)]);
    let json = serde_json::to_vec(&intake.all()).unwrap();
    let again = Intake::restored(serde_json::from_slice(&json).unwrap());
    assert_eq!(again.all(), intake.all());
    assert!(again.get(known(0, 0, 0).fingerprint).is_some());
}

#[test]
fn what_ran_out_while_nobody_listened_stays_until_its_sender_had_time_to_repeat_it() {
    let intake = Intake::default();
    intake.take(vec![known(0, 0, 10)]);
    let forget = |now| intake.forget(at(5_000), Span::from_secs(300), at(now));
    forget(5_299);
    assert_eq!(intake.len(), 1);
    forget(5_300);
    assert!(intake.is_empty());
}

#[tokio::test]
async fn room_is_promised_once_and_given_back() {
    let intake = Intake::default();
    let labels = |n: usize| Labels::new([("alertname", format!("A{n:06}"))]).unwrap();
    let long = |n: usize, bytes: usize| Known {
        fingerprint: Digest128::of([&n.to_be_bytes()[..]]),
        labels: labels(n),
        annotations: Annotations::new([("a".to_owned(), "x".repeat(bytes))].into()).unwrap(),
        ..known(0, 0, 100)
    };
    let most = MAX_BYTES / long(0, 8_000).bytes();
    let mut all: Vec<Known> = (0..most).map(|n| long(n, 8_000)).collect();
    let promise = intake.promise(intake.turn().await.unwrap(), &mut all);
    assert_eq!(all.len(), most);
    let mut further = vec![long(most, 8_000)];
    drop(intake.promise(intake.turn().await.unwrap(), &mut further));
    assert!(further.is_empty(), "what is on its way counts");
    intake.take(all);
    drop(promise);
    assert!(!intake.is_empty() && intake.is_full());
    let mut repeated = vec![long(0, 8_001), long(most, 8_000)];
    drop(intake.promise(intake.turn().await.unwrap(), &mut repeated));
    assert_eq!(repeated.len(), 1, "what is known is taken");
    (0..200).for_each(|n| intake.take(vec![Known { ends_at: at(200), ..long(n, 8_100) }]));
    let last = intake.get(long(199, 0).fingerprint).unwrap();
    assert_eq!(last.ends_at, at(200), "until when it is meant counts in any case");
    assert!(last.annotations == long(199, 8_000).annotations, "there was no room for longer texts");
    assert!(intake.kept().bytes <= MAX_BYTES && intake.is_full());
    intake.forget(at(0), Span::ZERO, at(100_000));
    assert_eq!((intake.len(), intake.kept().bytes), (0, 0));
    assert_eq!(
        (intake.promised.alerts.load(Ordering::Relaxed), intake.promised.bytes.load(Ordering::Relaxed)),
        (0, 0)
    );
}
