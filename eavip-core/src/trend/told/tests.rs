//! Tests of how things are told.

use super::*;

#[test]
fn moments_and_spans_are_told_as_people_say_them() {
    let at: Timestamp = "2026-03-04T10:00:59.999Z".parse().unwrap();
    assert_eq!((moment(at).as_str(), day(at).as_str()), ("2026-03-04 10:00 UTC", "2026-03-04"));
    for (text, told) in [
        ("0s", "0 s"),
        ("40s", "40 s"),
        ("9m23s", "9 min 23 s"),
        ("1h18m18s", "1 h 18 min"),
        ("3d23h4m", "3 d 23 h"),
    ] {
        assert_eq!(span(text.parse().unwrap()), told);
    }
}

#[test]
fn long_lists_are_cut_and_the_rest_is_counted() {
    let names: Vec<String> = (1..=7).map(|number| format!("inc-{number}")).collect();
    assert_eq!(first(&names), "inc-1, inc-2, inc-3, inc-4, inc-5 and 2 more");
    assert_eq!(last(&names, 107), "inc-3, inc-4, inc-5, inc-6, inc-7 and 102 before");
    assert_eq!(
        (first(&names[..2]), last(&names[..2], 2)),
        ("inc-1, inc-2".to_owned(), "inc-1, inc-2".to_owned())
    );
    assert_eq!(first(&["a|b"]), r"a\|b", "what people wrote is escaped");
}
