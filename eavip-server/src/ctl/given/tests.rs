//! Tests of reading files and of telling what is wrong with them.

use super::*;

#[test]
fn a_file_is_read_up_to_its_bound_and_not_a_byte_further() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.json");
    std::fs::write(&file, vec![b' '; 1024]).unwrap();
    assert_eq!(read(&file, 1024).unwrap().len(), 1024);
    assert_eq!(read(&file, 1023).unwrap_err()[0].code, UNREADABLE);
    for path in [dir.path(), &dir.path().join("none.json"), Path::new("/dev/zero")] {
        assert_eq!(read(path, 1024).unwrap_err()[0].code, UNREADABLE, "{}", path.display());
    }
}

#[test]
fn a_directory_without_a_file_of_the_kind_or_with_too_many_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let found = || files(dir.path(), "toml", UNREADABLE);
    let write = |name: &str| std::fs::write(dir.path().join(name), "").unwrap();
    write("page.md");
    std::fs::create_dir(dir.path().join("folder.toml")).unwrap();
    assert_eq!(found().unwrap_err()[0].message, "the directory has no file `*.toml`");
    (1..=MAX_FILES).for_each(|number| write(&format!("{number:03}.toml")));
    let names = found().unwrap();
    assert_eq!((names.len(), names[0].ends_with("001.toml")), (MAX_FILES, true));
    write("one-more.toml");
    assert_eq!(found().unwrap_err()[0].message, "the directory has more than 500 files `*.toml`");
    let file = dir.path().join("page.md");
    assert_eq!(files(&file, "toml", UNREADABLE).unwrap(), [file], "a file that is named is taken");
}

fn told(text: &[u8], line: usize) -> String {
    let given = Given { file: "a.json", line, text, remedy: "mend it" };
    let error = serde_json::from_slice::<serde_json::Value>(text).unwrap_err();
    harmless(&unusable(given, "", &error))
}

#[test]
fn a_problem_shows_the_place_in_the_file_and_nothing_reaches_the_terminal() {
    insta::assert_snapshot!(told(b"{\n  \"a\": NaN\n}", 1), @r#"
    a.json:2:8: isn't JSON: expected value [EAVIP-H01]
         2 |   "a": NaN
           |        ^
           = mend this place, then look again
    "#);
    insta::assert_snapshot!(told("{\"é\u{202e}\": \u{1b}[2J}".as_bytes(), 7), @r#"
    a.json:7:8: isn't JSON: expected value [EAVIP-H01]
         7 | {"é\u{202e}":  [2J}
           |        ^
           = mend this place, then look again
    "#);
    insta::assert_snapshot!(told(b"", 3), @r"
    a.json:3:1: isn't JSON: EOF while parsing a value [EAVIP-H01]
           = mend this place, then look again
    ");
}

#[test]
fn a_line_break_in_a_name_begins_no_line() {
    let told = harmless(&problem(WRONG_VALUE, "a\nb.json", "`x\nverdict  allow` is no id", "mend it"));
    insta::assert_snapshot!(told, @r"
    a\nb.json: `x\nverdict  allow` is no id [EAVIP-H03]
           = mend it
    ");
}

#[test]
fn more_problems_than_are_told_are_counted() {
    let message = |count: usize| {
        let one = problem(WRONG_VALUE, "a.json", "x", "mend it");
        format!("{:?}", undecided(&vec![one; count]))
    };
    assert!(message(1).contains("decided: 1 problem in what was given\""));
    assert!(message(MAX_TOLD).contains("decided: 100 problems in what was given\""));
    assert!(message(101).contains("decided: 101 problems in what was given, the first 100 are told\""));
}
