//! Tests of the text format.

use proptest::prelude::*;

use super::*;

#[test]
fn reads_samples_and_passes_over_what_it_cannot_read() {
    let text = "\
# HELP x y\n# TYPE x counter\nup 1\nhttp_requests_total{code=\"200\",path=\"/a\\\"b\\\\c\\nd\"} 3 1700000000\n\
spaced { a = \"b\" , } 4.5e3\nnan_one NaN\ninf{le=\"+Inf\"} +Inf\n\
bad{a=\"b} 1\nbad 1x\n{a=\"b\"} 1\n9bad 1\nlonely\n";
    let found: Vec<Option<Sample<'_>>> = samples(text).collect();
    let good: Vec<&Sample<'_>> = found.iter().flatten().collect();
    assert_eq!(
        good.iter().map(|s| s.name).collect::<Vec<_>>(),
        ["up", "http_requests_total", "spaced", "nan_one", "inf"]
    );
    assert_eq!(found.len() - good.len(), 5);
    assert_eq!(good[1].label("path"), Some("/a\"b\\c\nd"));
    assert_eq!((good[1].value, good[2].value), (3.0, 4_500.0));
    assert_eq!(good[1].series, r#"http_requests_total{code="200",path="/a\"b\\c\nd"}"#);
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(text in "\\PC{0,200}|[a-z{}=\",\\\\ 0-9.\n]{0,200}") {
        let _ = samples(&text).count();
    }

    #[test]
    fn reads_back_what_a_client_writes(name in "[a-z_:][a-z0-9_:]{0,20}", label in "[a-z_][a-z0-9_]{0,10}",
                                       value in "\\PC{0,20}", number in -1e12_f64..1e12) {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let line = format!("{name}{{{label}=\"{escaped}\"}} {number}");
        let found: Vec<Option<Sample<'_>>> = samples(&line).collect();
        let sample = found[0].as_ref().unwrap();
        prop_assert_eq!((sample.name, sample.label(&label), sample.value), (name.as_str(), Some(value.as_str()), number));
    }
}
