//! Tests of the reader of YAML: places, comments, and the bounds that hold for a hostile file.

use proptest::prelude::*;

use super::*;

fn shown(node: &Node) -> String {
    match &node.value {
        Value::Text { text, plain: true } => text.clone(),
        Value::Text { text, plain: false } => format!("{text:?}"),
        Value::List(list) => format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let pairs = map.iter().map(|(key, node)| format!("{key}: {}", shown(node)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

fn read(text: &str) -> String {
    parse(text).map_or_else(|flaw| flaw.message, |document| shown(&document.root))
}

#[test]
fn reads_values_aliases_and_merged_maps() {
    for (text, expected) in [
        ("", ""),
        ("a: 1\nb: [x, 'y', \"z\"]\n", r#"{a: 1, b: [x, "y", "z"]}"#),
        ("a: &x {k: 1}\nb: *x\n", "{a: {k: 1}, b: {k: 1}}"),
        ("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n", "{a: {k: 1, l: 2}, b: {k: 3, l: 2}}"),
        (
            "a: &x {k: 1}\nc: &y {k: 2, l: 3}\nb: {<<: [*x, *y]}\n",
            "{a: {k: 1}, c: {k: 2, l: 3}, b: {k: 1, l: 3}}",
        ),
        ("a: !!str 5\n", r#"{a: "5"}"#),
        ("a: |\n  x\n  y\n", "{a: \"x\\ny\\n\"}"),
        ("\u{feff}a: 1\n", "{a: 1}"),
    ] {
        assert_eq!(read(text), expected, "{text:?}");
    }
}

#[test]
fn refuses_what_is_broken_hostile_or_beyond_the_bounds() {
    let deep = "[".repeat(200);
    let indented: String = (0..100).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let bomb: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
        .chain((1..12).map(|at| {
            let before = vec![format!("*a{}", at - 1); 10].join(", ");
            format!("a{at}: &a{at} [{before}]\n")
        }))
        .collect();
    let chain: String = std::iter::once("a0: &a0 x\n".to_owned())
        .chain((1..100).map(|at| format!("a{at}: &a{at} [*a{}]\n", at - 1)))
        .collect();
    for (text, why) in [
        ("a: [1, 2", "isn't YAML"),
        ("a: 1\n b: 2\n", "isn't YAML"),
        ("a: *nobody\n", "isn't YAML"),
        ("a: 1\na: 2\n", "`a` stands twice"),
        ("? [a]\n: b\n", "a key that isn't a text"),
        ("a: !secret x\n", "a tag that isn't YAML's own"),
        ("a: &a [*a]\n", "an alias of what it stands in"),
        ("a: {<<: x}\n", "`<<` takes in what isn't a map"),
        (&deep, "recursion limit exceeded"),
        (&indented, "values lie more than 64 deep"),
        (&bomb, "more than 200000 values"),
        (&chain, "values lie more than 64 deep"),
    ] {
        let told = read(text);
        assert!(told.contains(why), "{}: {told}", text.chars().take(60).collect::<String>());
    }
}

#[test]
fn keeps_places_comments_and_where_a_second_document_begins() {
    let text =
        "# head\na: # beside\n  # above\n  - x: |\n      # no comment\n  # owner: y\n  - z: 1\n---\nb: 2\n";
    let document = parse(text).unwrap();
    let comments: Vec<(usize, &str)> =
        document.comments.iter().map(|(line, text)| (*line, text.as_str())).collect();
    assert_eq!(comments, [(1, "head"), (3, "above"), (6, "owner: y")]);
    assert_eq!(document.second, Some(8));
    let Value::Map(map) = &document.root.value else { panic!("a map") };
    let Value::List(list) = &map[0].1.value else { panic!("a list") };
    assert_eq!((list[1].line, list[1].column), (7, 5));
    let flaw = parse("a: 1\nb: [\n").unwrap_err();
    assert!(flaw.line >= 2, "{flaw:?}");
}

#[test]
fn many_comment_lines_are_no_attack() {
    let text = format!("a:\n{}  - x\n", "  # licence\n".repeat(2_000));
    assert_eq!(read(&text), "{a: [x]}");
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "[-a:\\[\\]{},&*<|>#'\"! \n]{0,60}") {
        _ = parse(&text);
    }
}
