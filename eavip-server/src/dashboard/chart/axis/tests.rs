//! Ticks.

use super::*;
use crate::value::value;

fn texts(unit: Unit, low: f64, high: f64) -> Vec<String> {
    values(unit, Some((low, high)), 4).ticks.into_iter().map(|tick| value(unit, tick)).collect()
}

#[test]
fn values_stand_at_round_steps_of_their_unit() {
    assert_eq!(texts(Unit::Seconds, 0.01, 0.35), ["0 s", "100 ms", "200 ms", "300 ms", "400 ms"]);
    assert_eq!(texts(Unit::Seconds, 0.0, 700.0), ["0 s", "5 min", "10 min", "15 min"]);
    assert_eq!(texts(Unit::Bytes, 0.0, 3.5 * 1024.0 * 1024.0), ["0 B", "1 MiB", "2 MiB", "3 MiB", "4 MiB"]);
    assert_eq!(texts(Unit::Ratio, 0.1, 0.73), ["0 %", "20 %", "40 %", "60 %", "80 %"]);
    assert_eq!(texts(Unit::Count, 0.0, 6.0), ["0", "2", "4", "6"]);
    assert_eq!(texts(Unit::Bool, 1.0, 1.0), ["no", "yes"]);
}

#[test]
fn a_high_share_is_drawn_from_just_below_it() {
    let scale = values(Unit::Ratio, Some((0.9985, 1.0)), 3);
    assert!(scale.low > 0.99 && scale.low <= 0.9985 && (scale.high - 1.0).abs() < 1e-9, "{scale:?}");
}

#[test]
fn a_flat_line_has_room() {
    for unit in [Unit::Ratio, Unit::Seconds, Unit::Count, Unit::Bytes] {
        for at in [0.0, 1.0, -3.0, 0.95, 1e15, 1e-12] {
            let scale = values(unit, Some((at, at)), 4);
            assert!(scale.low <= at && at <= scale.high && scale.low < scale.high, "{unit} {at}: {scale:?}");
            assert!(scale.ticks.len() >= 2, "{unit} {at}: {scale:?}");
        }
    }
}

#[test]
fn moments_stand_at_round_times() {
    let from = "2026-11-23T06:30:10Z".parse::<Timestamp>().unwrap().as_millis();
    let texts: Vec<String> = times(from, from + HOUR).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["06:45", "07:00", "07:15", "07:30"]);
    let texts: Vec<String> = times(from, from + 5 * DAY).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts.first().map(String::as_str), Some("2026-11-24"));
}
