//! Tests of reading declared text.

use super::*;
use crate::time::Span;

fn read(sources: &[(&str, &str)], merge: Merge) -> (Vec<String>, Option<Span>) {
    let sources: Vec<Source> = sources.iter().map(|(name, text)| Source::new(*name, *text)).collect();
    let document = Document::parse(&[(&sources, merge)]);
    let root = document.root();
    let server = root.section("server");
    let every = server.text("every");
    server.integer("port", 1..=65535);
    server.list::<Span>("steps");
    server.finish();
    root.finish();
    let problems = document.into_problems();
    (
        problems.iter().map(|p| format!("{} {} {} ({})", p.place(), p.code, p.message, p.remedy)).collect(),
        every,
    )
}

#[test]
fn reports_every_problem_with_its_place() {
    let text = "[server]\nevry = '5m'\nport = 70000\nsteps = ['1s', 2, '3x']\nevery = 'soon'\n[sever]\n";
    let (problems, every) = read(&[("a.toml", text)], Merge::Override);
    assert_eq!(every, None);
    insta::assert_snapshot!(problems.join("\n"), @"
    a.toml:2:1 EAVIP-P02 `server.evry` is not a known key (did you mean `every`?)
    a.toml:3:8 EAVIP-P03 `server.port` is 70000 (write a whole number from 1 to 65535)
    a.toml:4:16 EAVIP-P03 `server.steps` is a whole number (write a text in quotes)
    a.toml:4:19 EAVIP-P03 `server.steps`: `3x` is not a duration (write it like 30s, 5m, 1h30m or 14d)
    a.toml:5:9 EAVIP-P03 `server.every`: `soon` is not a duration (write it like 30s, 5m, 1h30m or 14d)
    a.toml:6:2 EAVIP-P02 `sever` is not a known key (did you mean `server`?)
    ");
}

#[test]
fn reports_several_syntax_errors_of_one_text() {
    let (problems, _) = read(&[("a.toml", "[server\nevery = \nport = = 5\n")], Merge::Override);
    insta::assert_snapshot!(problems.join("\n"), @"
    a.toml:1:8 EAVIP-P01 unclosed table, expected `]` (write it as TOML)
    a.toml:3:8 EAVIP-P01 extra `=`, expected nothing (write it as TOML)
    a.toml:3:10 EAVIP-P01 unexpected key or value, expected newline, `#` (write it as TOML)
    ");
}

#[test]
fn tells_no_nonsense_of_what_a_broken_text_may_have_declared() {
    let broken = "[server]\nport = = 5\nevry = '5m'\n";
    let sources = [("a.toml", broken), ("b.toml", "[sever]\n[server]\nsteps = ['3x']\n")];
    let (problems, _) = read(&sources, Merge::Unique);
    insta::assert_snapshot!(problems.join("\n"), @"
    a.toml:2:8 EAVIP-P01 extra `=`, expected nothing (write it as TOML)
    a.toml:2:10 EAVIP-P01 unexpected key or value, expected newline, `#` (write it as TOML)
    b.toml:1:2 EAVIP-P02 `sever` is not a known key (did you mean `server`?)
    b.toml:3:10 EAVIP-P03 `server.steps`: `3x` is not a duration (write it like 30s, 5m, 1h30m or 14d)
    ");
}

#[test]
fn a_number_beyond_64_bits_is_out_of_range_and_not_a_text() {
    let (problems, _) = read(&[("a.toml", "[server]\nport = 99999999999999999999\n")], Merge::Override);
    insta::assert_snapshot!(problems.join("\n"), @"a.toml:2:8 EAVIP-P03 `server.port` is a number (write a whole number)");
}

#[test]
fn keeps_a_bounded_number_of_problems_however_many_there_are() {
    let keys = |n: usize| (0..n).map(|at| format!("k{at} = 1\n")).collect::<String>();
    let (text, long) = (keys(20_000), format!("{} = 1\n", "k".repeat(500_000)));
    let (problems, _) = read(&[("a.toml", &text), ("b.toml", &text), ("c.toml", &long)], Merge::Unique);
    assert_eq!(problems.len(), 200);
}

#[test]
fn later_layers_win_and_files_of_one_layer_must_not_contradict() {
    let sources = [("a.toml", "[server]\nevery='1s'\n"), ("b.toml", "[server]\nevery='2s'\n")];
    let (problems, every) = read(&sources, Merge::Override);
    assert_eq!((problems.len(), every), (0, Some(Span::from_secs(2))));
    let (problems, _) = read(&sources, Merge::Unique);
    assert_eq!(
        problems,
        ["b.toml:2:1 EAVIP-P05 `every` is declared twice, first at a.toml:2:1 (keep one of the two)"]
    );
}

#[test]
fn files_of_one_configuration_add_to_its_lists_of_tables() {
    let probes = |merge| {
        let sources =
            [Source::new("a.toml", "[[probe]]\nname='a'\n"), Source::new("b.toml", "[[probe]]\nname='b'\n")];
        Document::parse(&[(&sources, merge)]).root().listed_sections("probe").len()
    };
    assert_eq!((probes(Merge::Override), probes(Merge::Extend)), (1, 2));
}

#[test]
fn shows_the_line_with_a_mark() {
    let source = [Source::new("a.toml", "  bad = 1\n")];
    let document = Document::parse(&[(&source, Merge::Override)]);
    document.root().finish();
    insta::assert_snapshot!(document.into_problems()[0].to_string(), @"
    a.toml:1:3: `bad` is not a known key [EAVIP-P02]
         1 |   bad = 1
           |   ^
           = remove it
    ");
}

proptest::proptest! {
    #[test]
    fn any_text_gives_problems_and_never_a_panic(text in "\\PC{0,200}|[a-z\\[\\]='\"\\n .0-9{},]{0,300}") {
        read(&[("a.toml", &text)], Merge::Override);
    }
}

#[test]
fn the_schema_says_what_is_asked_for_and_nothing_else() {
    let schema = Document::schema(|root| {
        let _: Option<crate::time::Span> = root.text("wait");
        root.number("share", 0.0..=1.0);
        for (_, one) in root.named_sections::<crate::mode::Mode>("mode") {
            match one.is_table("owner") {
                true => drop(one.section("owner").list::<String>("teams")),
                false => drop(one.required::<String>("owner", "name it")),
            }
            one.finish();
        }
        root.listed_sections("route").iter().for_each(|route| assert_eq!(route.flag("continue"), None));
        root.finish();
    });
    insta::assert_json_snapshot!(schema);
}

#[test]
fn each_kind_of_value_is_told_from_the_others_and_shown_as_it_was_written() {
    let text = "[server]\nname = 'x'\nopen = true\nshare = 0.5\nsince = 2026-01-05\nports = [1, 2]\nlabels = { a = 'b' }\n\
                steps = [{ at = '1s' }]\n";
    let document = Document::parse(&[(&[Source::new("a.toml", text)], Merge::Override)]);
    let shown: Vec<String> =
        document.leaves().into_iter().map(|(key, value, place)| format!("{place} {key} = {value}")).collect();
    insta::assert_snapshot!(shown.join("\n"));
    let server = document.root().section("server");
    assert_eq!(server.flag("name"), None);
    assert_eq!(server.list::<Span>("open"), []);
    assert_eq!(server.list::<Span>("steps"), []);
    assert_eq!(server.integers("ports", 2..=9), [2]);
    assert_eq!(server.integers("share", 2..=9), [0; 0]);
    assert_eq!(server.pairs("ports"), []);
    assert_eq!(server.pairs("labels"), [("a".to_owned(), "b".to_owned())]);
    assert!(server.is_table("labels") && !server.is_table("name"));
    server.section("since").finish();
    server.finish();
    let told = |p: &Problem| format!("{} {} {} ({})", p.place(), p.code, p.message, p.remedy);
    let problems: Vec<String> = document.into_problems().iter().map(told).collect();
    insta::assert_snapshot!(problems.join("\n"));
}
