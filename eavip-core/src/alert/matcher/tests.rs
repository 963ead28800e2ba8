//! Tests of matchers.

use proptest::prelude::*;

use super::*;

fn matchers(texts: &[&str]) -> Matchers {
    texts.iter().map(|text| text.parse::<Matcher>().unwrap()).collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn means_alerts_by_labels_that_are_and_are_not() {
    let labels = Labels::new([("service", "shop"), ("category", "critical")]).unwrap();
    for (texts, expected) in [
        (&[][..], true),
        (&["service=shop"], true),
        (&["service = \"shop\""], true),
        (&["service=other"], false),
        (&["service!=other"], true),
        (&["service=shop", "category!=critical"], false),
        (&["zone="], true),
        (&["zone!="], false),
        (&["zone!=a"], true),
        (&["zone=a"], false),
    ] {
        assert_eq!(matchers(texts).matches(&labels), expected, "{texts:?}");
    }
}

#[test]
fn refuses_regular_expressions_and_texts_that_compare_nothing() {
    for (text, expected) in [
        ("service=~\"a.*\"", "regular expression"),
        ("service!~x", "regular expression"),
        ("service", "compares nothing"),
        ("service!shop", "compares nothing"),
        ("service=\"shop", "compares nothing"),
        ("service=\"a\"b\"", "compares nothing"),
        ("ser vice=x", "can't be a label name"),
        ("=x", "can't be a label name"),
    ] {
        let error = text.parse::<Matcher>().unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let many = vec!["a=b".parse::<Matcher>().unwrap(); MAX_MATCHERS + 1];
    assert!(Matchers::try_from(many).is_err());
}

#[test]
fn a_list_that_demands_no_value_means_nearly_everything() {
    for (texts, expected) in [
        (&[][..], true),
        (&["service!=shop"], true),
        (&["owner!=\"\""], true),
        (&["zone=\"\""], true),
        (&["service=shop"], false),
        (&["service!=shop", "mode=saas"], false),
    ] {
        assert_eq!(matchers(texts).is_match_all(), expected, "{texts:?}");
    }
}

proptest! {
    #[test]
    fn any_value_survives_being_written_and_read(value in "(?s).{0,40}", differs: bool) {
        let matcher = Matcher::new("service", &value, differs).unwrap();
        prop_assert_eq!(matcher.to_string().parse::<Matcher>().unwrap(), matcher);
    }

    #[test]
    fn what_matches_may_match_with_fewer_labels_known(value in "[ab]", wanted in "[ab]", differs: bool) {
        let matchers = Matchers(vec![Matcher::new("service", &wanted, differs).unwrap()]);
        let labels = Labels::new([("service", value)]).unwrap();
        prop_assert!(!matchers.matches(&labels) || matchers.may_match(&Labels::default()));
        prop_assert_eq!(matchers.matches(&labels), matchers.may_match(&labels));
    }
}

#[test]
fn several_matchers_are_shown_in_braces_and_broken_quotes_are_refused() {
    assert_eq!(matchers(&["a=b", "c!=d e"]).to_string(), r#"{a="b", c!="d e"}"#);
    assert_eq!(matchers(&[]).to_string(), "{}");
    for text in [r#"a="b"#, r#"a="b" c"#, r#"a="\x""#, r#"a="\"#] {
        assert!(text.parse::<Matcher>().is_err(), "{text}");
    }
}
