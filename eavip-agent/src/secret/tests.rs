//! Tests of secrets: they are found where they are said to be, and shown nowhere.

use eavip_core::document::{Document, Merge, Source};

use super::*;

fn read(text: &str) -> (Option<SecretRef>, Vec<String>) {
    let sources = [Source::new("a.toml", text)];
    let document = Document::parse(&[(&sources, Merge::Override)]);
    let root = document.root();
    let found = SecretRef::read(&root, "password");
    root.finish();
    let problems = document.into_problems();
    (found, problems.iter().map(|problem| format!("{} {}", problem.code, problem.message)).collect())
}

#[test]
fn takes_the_three_ways_to_name_a_secret() {
    assert_eq!(read("password = { credential = 'db' }"), (Some(SecretRef::Credential("db".into())), vec![]));
    assert_eq!(read("password = { file = '/x' }"), (Some(SecretRef::File("/x".into())), vec![]));
    assert_eq!(read("password = { env = 'X' }"), (Some(SecretRef::Env("X".into())), vec![]));
    assert_eq!(read(""), (None, vec![]));
}

#[test]
fn refuses_a_plain_value_and_a_credential_outside_its_directory() {
    for text in [
        "password = 'hunter2'",
        "password = {}",
        "password = { file = 'a', env = 'B' }",
        "password = { credential = '../etc/shadow' }",
    ] {
        let (found, problems) = read(text);
        assert_eq!(found, None, "{text}");
        assert!(problems.len() == 1 && problems[0].starts_with(NOT_A_REFERENCE), "{text}: {problems:?}");
    }
}

#[test]
fn reads_a_file_without_its_line_break_and_shows_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, "hunter2\n").unwrap();
    let secret = SecretRef::File(path.clone()).resolve().unwrap();
    assert_eq!(secret.expose(), "hunter2");
    assert_eq!(format!("{secret:?}"), "[secret]");
    std::fs::write(&path, "\n").unwrap();
    assert!(matches!(SecretRef::File(path.clone()).resolve(), Err(SecretError::Empty(_))));
    std::fs::write(&path, "x".repeat(70_000)).unwrap();
    let error = SecretRef::File(path).resolve().unwrap_err().to_string();
    assert!(error.contains("64 KiB") && !error.contains("xxx"), "{error}");
}
