//! Numbers as text.

use super::*;

#[test]
fn reads_as_people_write_it() {
    for (unit, number, text) in [
        (Unit::Ratio, 1.0, "100 %"),
        (Unit::Ratio, 0.9995, "99.95 %"),
        (Unit::Ratio, 0.05, "5 %"),
        (Unit::Ratio, 0.0, "0 %"),
        (Unit::Ratio, 0.123_45, "12.3 %"),
        (Unit::Ratio, 0.000_12, "0.01 %"),
        (Unit::Seconds, 0.0, "0 s"),
        (Unit::Seconds, 0.000_25, "250 µs"),
        (Unit::Seconds, 0.012_4, "12.4 ms"),
        (Unit::Seconds, 1.5, "1.5 s"),
        (Unit::Seconds, 300.0, "5 min"),
        (Unit::Seconds, 12_000.0, "3 h 20 min"),
        (Unit::Seconds, -300.0, "-5 min"),
        (Unit::Bytes, 1_610_612_736.0, "1.5 GiB"),
        (Unit::BytesPerSecond, 2048.0, "2 KiB/s"),
        (Unit::Count, 1234.0, "1234"),
        (Unit::Count, 12_345.0, "12.3 k"),
        (Unit::Bool, 1.0, "yes"),
        (Unit::Bool, 0.0, "no"),
        (Unit::Count, f64::NAN, NONE),
        (Unit::Ratio, f64::INFINITY, NONE),
    ] {
        assert_eq!(value(unit, number), text, "{number} {unit}");
    }
}

#[test]
fn never_rounds_a_failure_up_to_all_good() {
    assert_eq!(value(Unit::Ratio, 0.999_999_9), "99.999 %");
}

#[test]
fn an_age_names_its_two_largest_units() {
    for (seconds, text) in [
        (0.4, "0 s"),
        (59.0, "59 s"),
        (90.0, "1 min 30 s"),
        (3600.0, "1 h"),
        (90_061.0, "1 d 1 h"),
        (86_460.0, "1 d"),
    ] {
        assert_eq!(age(seconds), text);
    }
}

#[test]
fn stays_a_number_however_large() {
    for unit in Unit::ALL {
        let text = value(*unit, -4.9e306);
        assert!(!text.contains("inf") && !text.contains("NaN"), "{text}");
    }
}

#[test]
fn ago_is_coarse_below_an_hour() {
    for (seconds, text) in
        [(7.0, "7 s ago"), (95.0, "1 min ago"), (3599.0, "59 min ago"), (4260.0, "1 h 11 min ago")]
    {
        assert_eq!(ago(seconds), text);
    }
}
