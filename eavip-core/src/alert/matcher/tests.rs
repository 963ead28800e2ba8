//! Tests of matchers.

use proptest::prelude::*;

use super::*;

fn matchers(texts: &[&str]) -> Matchers {
    texts.iter().map(|text| text.parse::<Matcher>().unwrap()).collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn means_alerts_by_labels_that_are_and_are_not() {
    let labels = Labels::new([("service", "shop"), ("category", "critical"), ("site", "zürich")]).unwrap();
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
        (&["service=~\"sh.*\""], true),
        (&["service =~ sh.p"], true),
        (&["service=~ho"], false),
        (&["service=~ho|shop"], true),
        (&["service=~ho|sh"], false),
        (&["service!~ho|sh"], true),
        (&["service!~.*"], false),
        (&["service=~.*", "category!~crit.*"], false),
        (&["service=~"], false),
        (&["site=~z.rich"], true),
        (&["zone=~"], true),
        (&["zone=~.*"], true),
        (&["zone=~.+"], false),
        (&["zone!~.+"], true),
        (&["zone=~|a"], true),
        (&["zone!~a"], true),
    ] {
        assert_eq!(matchers(texts).matches(&labels), expected, "{texts:?}");
    }
}

#[test]
fn reads_what_amtool_writes() {
    for (text, expected) in [
        ("", "{}"),
        ("{}", "{}"),
        (" { } ", "{}"),
        ("foo=bar", r#"{foo="bar"}"#),
        (r#"{foo="bar"}"#, r#"{foo="bar"}"#),
        (r#"{foo=~"bar.*"}"#, r#"{foo=~"bar.*"}"#),
        (r#"{foo!~"bar.*"}"#, r#"{foo!~"bar.*"}"#),
        (r#"{foo = "bar", dings != "bums", }"#, r#"{foo="bar", dings!="bums"}"#),
        ("foo=bar,dings!=bums", r#"{foo="bar", dings!="bums"}"#),
        (r#"{foo="bar,quux", job="job1"}"#, r#"{foo="bar,quux", job="job1"}"#),
        (r#"statuscode=~"5..""#, r#"{statuscode=~"5.."}"#),
        ("tricky=~~~", r#"{tricky=~"~~"}"#),
        (r#"trickier==\\=\=\""#, r#"{trickier="=\\=\\=\""}"#),
        (
            r#"contains_quote != "\"" , contains_comma !~ "foo,bar" , "#,
            r#"{contains_quote!="\"", contains_comma!~"foo,bar"}"#,
        ),
        (r#"quote="She said: \"Hi, ladies!\"""#, r#"{quote="She said: \"Hi, ladies!\""}"#),
        (r#"instance=~"10\.0\.\d+",a=b"#, r#"{instance=~"10\\.0\\.\\d+", a="b"}"#),
        (r"path=C:\", r#"{path="C:\\"}"#),
        ("lines=\"a\\nb\"", r#"{lines="a\nb"}"#),
        ("zone=~b{2}", r#"{zone=~"b{2}"}"#),
        ("empty=,other=\"\"", r#"{empty="", other=""}"#),
    ] {
        assert_eq!(text.parse::<Matchers>().unwrap().to_string(), expected, "{text}");
    }
}

#[test]
fn refuses_what_is_no_list_of_matchers_and_says_why() {
    for (text, expected) in [
        ("service", "compares nothing"),
        ("service!shop", "compares nothing"),
        ("a=b,,c=d", "compares nothing"),
        (",a=b", "compares nothing"),
        ("service=\"shop", "stands alone"),
        ("service=shop\"", "stands alone"),
        ("service=sh\"op", "stands alone"),
        (r#"service="a"b""#, "stands alone"),
        (r#"service="a\""#, "stands alone"),
        (r#"service==\\=\=\"""#, "stands alone"),
        ("{service=shop", "doesn't close it"),
        ("ser vice=x", "can't be a label name"),
        ("inva-lid=x", "can't be a label name"),
        ("job:rate=x", "can't be a label name"),
        ("=x", "can't be a label name"),
        ("\"{foo=\\\"bar\\\"}\"", "stands alone"),
        ("\"foo\"=bar", "can't be a label name"),
        ("service=~\"invalid[regexp\"", "can't be used as a regular expression"),
        ("service!~\"(a{1000}){1000}\"", "grows too large"),
    ] {
        let error = text.parse::<Matchers>().unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
        assert_eq!(error.matches("; ").count(), 1, "what is wrong, and what to do: {error}");
    }
    let long = format!("service=~\"{}\"", "a".repeat(1025));
    assert!(long.parse::<Matcher>().unwrap_err().to_string().contains("1025 bytes"));
    let many = vec!["a=b"; MAX_MATCHERS + 1];
    assert!(many.join(",").parse::<Matchers>().unwrap_err().to_string().contains("64 matchers are too many"));
    let many = vec!["a=b".parse::<Matcher>().unwrap(); MAX_MATCHERS + 1];
    let json = serde_json::to_string(&many).unwrap();
    assert!(Matchers::try_from(many).is_err());
    assert!(
        serde_json::from_str::<Matchers>(&json).unwrap_err().to_string().contains("64 matchers are too many")
    );
    let first = format!("[{}\"a=~(\"]", "\"a=~b\",".repeat(MAX_MATCHERS + 1));
    let error = serde_json::from_str::<Matchers>(&first).unwrap_err().to_string();
    assert!(error.contains("too many"), "none beyond the bound is compiled: {error}");
}

#[test]
fn a_list_that_demands_no_value_means_nearly_everything() {
    for (texts, expected) in [
        (&[][..], true),
        (&["service!=shop"], true),
        (&["owner!=\"\""], true),
        (&["zone=\"\""], true),
        (&["category=~critical|warning|informational"], true),
        (&["category=~critical|warning"], false),
        (&["service=shop"], false),
        (&["service!=shop", "mode=saas"], false),
        (&["rule=~.*"], true),
        (&["rule=~.+"], true),
        (&["rule=~disk|"], true),
        (&["rule=~[a-z-]+"], true),
        (&["rule=~.*-.*"], true),
        (&["alertname=~[A-Z].+"], true),
        (&["node=~[0-9]+"], true),
        (&["instance=~.+:\\d+"], true),
        (&["mount=~/.*"], true),
        (&["rule!~disk"], true),
        (&["rule!~|disk"], true),
        (&["rule!~.+"], true),
        (&["rule!~.*"], false),
        (&["rule=~.+", "zone!=a", "mode=~.*"], true),
        (&["alertname=~Disk.*"], false),
        (&["alertname=~.*Disk.*"], false),
        (&["rule=~z.*"], false),
        (&["rule=~disk-full|disk-filling"], false),
        (&["rule=~.+", "service=shop"], false),
    ] {
        assert_eq!(matchers(texts).is_match_all(), expected, "{texts:?}");
        assert_eq!(matchers(texts).is_empty(), texts.is_empty());
    }
}

#[test]
fn has_the_four_parts_of_alertmanagers_api() {
    for (operator, is_regex, is_equal) in [
        (Operator::Equal, false, true),
        (Operator::NotEqual, false, false),
        (Operator::Matches, true, true),
        (Operator::NotMatches, true, false),
    ] {
        let matcher = Matcher::from_parts("service", "sh.p", is_regex, is_equal).unwrap();
        assert_eq!((matcher.name(), matcher.value(), matcher.operator()), ("service", "sh.p", operator));
        assert_eq!((matcher.is_regex(), matcher.is_equal()), (is_regex, is_equal));
        assert_eq!(matcher.to_string(), format!("service{operator}\"sh.p\""));
        assert_eq!(matcher, Matcher::new("service", operator, "sh.p").unwrap());
    }
    let listed = matchers(&["b=1", "a=2"]);
    assert_eq!(listed.iter().map(Matcher::name).collect::<Vec<_>>(), ["b", "a"], "in their order");
}

#[test]
fn what_is_unknown_may_fit_a_pattern_and_what_is_known_must() {
    let known = Labels::new([("rule", "disk-full"), ("zone", "")]).unwrap();
    for (texts, expected) in [
        (&["node=~a.*"][..], true),
        (&["node!~.*"], true),
        (&["rule=~disk-.*", "node=a"], true),
        (&["rule=~disk"], false),
        (&["rule!~disk-.*"], false),
        (&["zone=~a"], false),
    ] {
        assert_eq!(matchers(texts).may_match(&known), expected, "{texts:?}");
    }
}

fn operator() -> impl Strategy<Value = Operator> {
    proptest::sample::select(Operator::ALL)
}

/// Patterns of a small alphabet, so that they fit now and then.
fn pattern() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(vec!["a", "b", ".", "[ab]", "ü", r"\.", r"\d", "\n", "\"", ","]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}{b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}|{b}")),
            inner.clone().prop_map(|a| format!("({a})*")),
            inner.prop_map(|a| format!("(?:{a}){{0,2}}")),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_survives_being_written_and_read(value in "(?s).{0,40}", differs: bool) {
        let matcher = Matcher::from_parts("service", &value, false, !differs).unwrap();
        prop_assert_eq!(matcher.to_string().parse::<Matcher>().unwrap(), matcher.clone());
        let json = serde_json::to_string(&matcher).unwrap();
        prop_assert_eq!(serde_json::from_str::<Matcher>(&json).unwrap(), matcher);
    }

    #[test]
    fn any_pattern_survives_being_written_and_read(list in prop::collection::vec((operator(), pattern()), 0..5)) {
        let list: Vec<Matcher> =
            list.iter().map(|(operator, value)| Matcher::new("service", *operator, value).unwrap()).collect();
        let matchers = Matchers::try_from(list).unwrap();
        prop_assert_eq!(matchers.to_string().parse::<Matchers>().unwrap(), matchers.clone());
        let json = serde_json::to_string(&matchers).unwrap();
        prop_assert_eq!(serde_json::from_str::<Matchers>(&json).unwrap(), matchers);
    }

    #[test]
    fn each_operator_denies_what_its_opposite_says(pattern in pattern(), value in "[abü.1\n]{0,4}", is_regex: bool) {
        let of = |is_equal| Matcher::from_parts("service", &pattern, is_regex, is_equal).unwrap();
        prop_assert_ne!(of(true).takes(&value), of(false).takes(&value));
    }

    #[test]
    fn a_pattern_of_alternatives_fits_what_one_of_them_fits(a in pattern(), b in pattern(), value in "[abü]{0,4}") {
        let takes = |pattern: &str| Matcher::new("service", Operator::Matches, pattern).unwrap().takes(&value);
        prop_assert_eq!(takes(&format!("{a}|{b}")), takes(&a) || takes(&b));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(?s)[a=!~{},\"\\\\ .*]{0,20}|.{0,20}") {
        if let Ok(matchers) = text.parse::<Matchers>() {
            prop_assert_eq!(matchers.to_string().parse::<Matchers>().unwrap(), matchers);
        }
    }

    #[test]
    fn what_matches_may_match_with_fewer_labels_known(value in "[ab]", wanted in pattern(), operator in operator()) {
        let matchers = Matchers(vec![Matcher::new("service", operator, &wanted).unwrap()]);
        let labels = Labels::new([("service", value)]).unwrap();
        prop_assert!(!matchers.matches(&labels) || matchers.may_match(&Labels::default()));
        prop_assert_eq!(matchers.matches(&labels), matchers.may_match(&labels));
    }

    #[test]
    fn a_list_that_demands_something_leaves_out_an_alert_without_labels(
        list in prop::collection::vec((operator(), pattern()), 0..4),
    ) {
        let list: Vec<Matcher> =
            list.iter().map(|(operator, value)| Matcher::new("service", *operator, value).unwrap()).collect();
        let matchers = Matchers::try_from(list).unwrap();
        prop_assert!(matchers.is_match_all() || !matchers.matches(&Labels::default()));
    }
}

#[test]
fn patterns_together_have_a_bound_as_each_has() {
    let large = |name: &str| format!("{name}=~\"(a|b){{100}}\"").parse::<Matcher>().unwrap();
    let mut matchers = Matchers::default();
    assert_eq!(matchers.push(large("a")), Ok(()));
    let fitted = (0..MAX_MATCHERS).take_while(|n| matchers.push(large(&format!("l{n}"))).is_ok()).count();
    assert!(fitted < 10, "{fitted} more fitted");
    let list: Vec<String> = (0..20).map(|n| large(&format!("l{n}")).to_string()).collect();
    let text = format!("{{{}}}", list.join(","));
    assert!(text.parse::<Matchers>().unwrap_err().to_string().contains("too large together"));
    assert!(serde_json::from_value::<Matchers>(serde_json::json!(list)).is_err());
    let usual = (0..MAX_MATCHERS).map(|n| format!("l{n}=~\"(web|shop)-[0-9]+\"").parse().unwrap());
    assert_eq!(Matchers::try_from(usual.collect::<Vec<Matcher>>()).unwrap().iter().len(), MAX_MATCHERS);
}
