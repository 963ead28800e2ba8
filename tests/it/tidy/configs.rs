//! Shipped configuration: each file under `deploy/` is read by what will read it in the field.

use super::repo::{files, none, text};

/// How a file is read; the error is what a person should see.
type Loader = fn(&str) -> Result<(), String>;

/// Which loaders read the files whose name ends so; every matching row applies, and a file without a row is
/// a failure. A loader of the product joins by one line here.
const LOADERS: &[(&str, Loader)] = &[
    (".toml", toml_syntax),
    (".service", unit_syntax),
    (".socket", unit_syntax),
    (".timer", unit_syntax),
    (".conf", unit_syntax),
    (".md", |_| Ok(())),
];

#[test]
fn every_shipped_config_parses() {
    let mut problems = Vec::new();
    for file in files().iter().filter(|file| file.starts_with("deploy/")) {
        let mut loaders = LOADERS.iter().filter(|(suffix, _)| file.ends_with(suffix)).peekable();
        if loaders.peek().is_none() {
            problems.push(format!("`{file}` is read by no loader"));
        }
        let refusals = loaders.filter_map(|(_, load)| load(&text(file)).err());
        problems.extend(refusals.map(|refusal| format!("`{file}`: {refusal}")));
    }
    none("deploy/", &problems);
}

fn toml_syntax(text: &str) -> Result<(), String> {
    text.parse::<toml::Table>().map(drop).map_err(|error| error.to_string())
}

/// The form that systemd.syntax(7) gives: sections, `Key=value`, comments, and lines continued by `\`.
fn unit_syntax(text: &str) -> Result<(), String> {
    let mut section = false;
    let mut continued = false;
    for (number, line) in text.lines().enumerate() {
        let starts_entry = !continued && !line.is_empty() && !line.starts_with(['#', ';']);
        if starts_entry && line.starts_with('[') && line.ends_with(']') {
            section = true;
        } else if starts_entry && !(section && line.split_once('=').is_some_and(|(key, _)| !key.is_empty())) {
            return Err(format!("line {}: neither a section nor `Key=value` in one", number + 1));
        }
        continued = line.ends_with('\\');
    }
    if section { Ok(()) } else { Err("no section".to_owned()) }
}

#[test]
fn a_unit_needs_sections_and_entries() {
    assert!(unit_syntax("# why\n[Service]\nExecStart=/usr/bin/a \\\n  --b\n").is_ok());
    assert!(unit_syntax("ExecStart=/usr/bin/a\n").is_err());
    assert!(unit_syntax("[Service]\nExecStart /usr/bin/a\n").is_err());
    assert!(unit_syntax("").is_err());
}
