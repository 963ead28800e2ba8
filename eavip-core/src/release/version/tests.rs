//! Tests of versions: the grammar and the precedence of SemVer 2.0.0, and the size of steps.

use proptest::prelude::*;

use super::*;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

#[test]
fn reads_what_semver_allows_and_writes_it_unchanged() {
    for text in [
        "0.0.4",
        "1.2.3",
        "10.20.30",
        "1.1.2-prerelease+meta",
        "1.1.2+meta-valid",
        "1.0.0-alpha.0valid",
        "1.0.0-0A.is.legal",
        "1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
        "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
        "18446744073709551615.0.0",
    ] {
        assert_eq!(version(text).to_string(), text);
    }
}

#[test]
fn refuses_what_semver_forbids() {
    for text in [
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "v1.2.3",
        "01.1.1",
        "1.01.1",
        "1.1.01",
        "1.2.3-01",
        "1.2.3-",
        "1.2.3+",
        "1.2.3-a..b",
        "1.2.3-ä",
        "1.2.3+a+b",
        "+1.2.3",
        " 1.2.3",
        "-1.0.0",
        "1.2.3-a_b",
        "18446744073709551616.0.0",
    ] {
        assert!(text.parse::<Version>().is_err(), "{text:?}");
    }
    assert!(format!("1.0.0-{}", "a".repeat(MAX_VERSION)).parse::<Version>().is_err());
    let message = "1.x".parse::<Version>().unwrap_err().to_string();
    assert_eq!(message, "`1.x` is not a version; write it like 1.4.2 or 2.0.0-rc.1, as SemVer 2.0.0 says");
}

// SemVer 2.0.0, section 11: both of its rows, and one number that no integer holds.
#[test]
fn precedence_follows_the_vectors_of_semver() {
    let rows = [
        vec!["1.0.0", "2.0.0", "2.1.0", "2.1.1"],
        vec![
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
        ],
        vec!["1.0.0-9", "1.0.0-99999999999999999999999999", "1.0.0-999999999999999999999999990"],
    ];
    for row in rows {
        for (at, left) in row.iter().enumerate() {
            for (other, right) in row.iter().enumerate() {
                assert_eq!(version(left).precedence(&version(right)), at.cmp(&other), "{left} {right}");
            }
        }
    }
}

#[test]
fn build_metadata_counts_for_nothing() {
    assert_eq!(version("1.0.0+a").precedence(&version("1.0.0+b")), Ordering::Equal);
    assert_eq!(version("1.0.0+a").step_to(&version("1.0.0+b")), None);
    assert_ne!(version("1.0.0+a"), version("1.0.0+b"));
}

// Seed: "Patch releases (bug fixes)", "Minor releases (backward-compatible additions)", "Major releases (governed, rare)".
#[test]
fn a_step_has_the_type_of_its_first_difference() {
    let table = [
        ("1.2.3", "1.2.4", Some(Kind::Patch)),
        ("1.2.3", "1.3.0", Some(Kind::Minor)),
        ("1.2.3", "1.3.9", Some(Kind::Minor)),
        ("1.2.3", "2.0.0", Some(Kind::Major)),
        ("0.1.0", "0.2.0", Some(Kind::Minor)),
        ("1.2.3", "1.2.3", None),
        ("1.2.3", "1.2.2", None),
        ("2.0.0", "1.9.9", None),
        ("2.0.0-rc.1", "2.0.0", Some(Kind::Major)),
        ("2.1.0-rc.1", "2.1.0-rc.2", Some(Kind::Minor)),
        ("2.1.1-rc.1", "2.1.1", Some(Kind::Patch)),
        ("2.1.1", "2.1.1-rc.1", None),
    ];
    for (from, to, kind) in table {
        assert_eq!(version(from).step_to(&version(to)), kind, "{from} to {to}");
    }
}

fn any_version() -> impl Strategy<Value = Version> {
    let text =
        "(0|[1-9][0-9]?)\\.(0|[1-9])\\.(0|[1-9])(-(0|[1-9]|rc|a-b)(\\.(0|1[0-9]|x))?)?(\\+[a-z]{1,3})?";
    text.prop_map(|text| version(&text))
}

proptest! {
    #[test]
    fn precedence_is_an_order(a in any_version(), b in any_version(), c in any_version()) {
        prop_assert_eq!(a.precedence(&b), b.precedence(&a).reverse());
        if a.precedence(&b).is_le() && b.precedence(&c).is_le() {
            prop_assert!(a.precedence(&c).is_le());
        }
        prop_assert_eq!(a.step_to(&b).is_some(), a.precedence(&b).is_lt());
    }

    #[test]
    fn precedence_and_type_ignore_build_metadata(a in any_version(), b in any_version(), build in "[a-z0-9]{1,9}") {
        let bare = |version: &Version| version.to_string().split('+').next().unwrap().to_owned();
        let (other, plain) = (version(&format!("{}+{build}", bare(&a))), version(&bare(&a)));
        prop_assert!(a.precedence(&other).is_eq() && a.precedence(&plain).is_eq());
        prop_assert_eq!(a.step_to(&other), None);
        prop_assert_eq!((other.precedence(&b), other.step_to(&b)), (a.precedence(&b), a.step_to(&b)));
    }

    #[test]
    fn any_text_is_read_or_refused_and_survives_json(text in ".{0,40}", known in any_version()) {
        if let Ok(version) = text.parse::<Version>() {
            prop_assert_eq!(version.to_string(), text);
        }
        let json = serde_json::to_string(&known).unwrap();
        prop_assert_eq!(serde_json::from_str::<Version>(&json).unwrap(), known);
    }
}
