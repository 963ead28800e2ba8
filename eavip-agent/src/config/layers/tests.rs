//! Tests of layered configuration.

use super::*;

fn values(layers: &Layers) -> Vec<(String, String, String)> {
    layers.document().leaves()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn later_layers_win_and_each_value_knows_where_it_came_from() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("agent.toml");
    std::fs::write(&file, "interval = '1s'\nkeep = 1\n[[probe]]\nname = 'a'\n").unwrap();
    let more = directory.path().join("agent.d");
    std::fs::create_dir(&more).unwrap();
    std::fs::write(more.join("20-b.toml"), "interval = '3s'\n").unwrap();
    std::fs::write(more.join("10-a.toml"), "interval = '2s'\n[[probe]]\nname = 'b'\n").unwrap();
    std::fs::write(more.join("notes.txt"), "not TOML [").unwrap();
    let layers = Layers::read(&file, true);
    let found = values(&layers);
    assert!(found.iter().any(|(key, value, place)| {
        key == "interval" && value == "\"3s\"" && place.ends_with("20-b.toml:1:12")
    }));
    assert_eq!(layers.document().root().listed_sections("probe").len(), 2);
    let layers = layers
        .environment(owned(&[("EAVIP__INTERVAL", "4s"), ("EAVIP__ADMIN__PORT", "7"), ("PATH", "/bin")]))
        .flag("--interval", "interval", "5s");
    let found = values(&layers);
    let wanted = ("interval".to_owned(), "\"5s\"".to_owned(), "--interval:1:14".to_owned());
    assert!(found.contains(&wanted), "{found:?}");
    assert!(found.iter().any(|(key, value, _)| key == "admin.port" && value == "7"), "{found:?}");
}

#[test]
fn an_environment_value_can_only_be_one_value() {
    let layers = Layers::default().environment(owned(&[("EAVIP__A", "1\nb = 2"), ("EAVIP__C", "\"x\" # y")]));
    let found = values(&layers);
    let keys: Vec<&str> = found.iter().map(|(key, ..)| key.as_str()).collect();
    assert_eq!(keys, ["a", "c"]);
}

#[test]
fn an_unreadable_file_is_a_problem_beside_all_others() {
    let directory = tempfile::tempdir().unwrap();
    let layers = Layers::read(&directory.path().join("agent.toml"), true);
    let problems = layers.load(|_| Some(())).unwrap_err();
    assert_eq!((problems.len(), problems[0].code), (1, UNREADABLE));
    assert!(Layers::read(&directory.path().join("agent.toml"), false).load(|_| Some(())).is_ok());
}

#[test]
fn no_problem_shows_a_line_that_may_hold_a_secret() {
    let layers = Layers { files: vec![Source::new("a.toml", "pasword = 'hunter2'\n")], ..Layers::default() };
    let read = |document: &Document| {
        let root = document.root();
        root.known("password");
        root.finish();
        Some(())
    };
    let problems = layers.load(read).unwrap_err();
    assert!(problems.iter().all(|problem| !problem.to_string().contains("hunter2")), "{problems:?}");
}
