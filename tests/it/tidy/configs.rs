//! Shipped configuration: each file under `deploy/` is read by what will read it in the field.

use eavip_agent::config::Config as AgentConfig;
use eavip_agent::config::layers::Layers;
use eavip_core::document::{Problem, Source};
use eavip_core::policy::Policy;
use eavip_server::config::Config as ServerConfig;
use eavip_server::notify::signature::SigningKey;

use super::repo::{files, none, root, text};

/// How a file is read; the error is what a person should see.
type Loader = fn(&str) -> Result<(), String>;

/// Which loaders read the files whose name ends so; every matching row applies, and a file without a row is
/// a failure. A loader of the product joins by one line here.
const LOADERS: &[(&str, Loader)] = &[
    (".toml", toml_syntax),
    ("agent.toml", |text| both(text, agent)),
    ("server.toml", |text| both(text, server)),
    ("runbook.toml", |text| both(text, runbook)),
    (".key.example", no_key),
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

/// The file as it is, and with its commented-out settings in force: those have to be right too.
fn both(text: &str, load: Loader) -> Result<(), String> {
    let shown = |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
    let uncommented =
        text.lines().map(|line| line.strip_prefix('#').filter(|rest| shown(rest)).unwrap_or(line));
    load(text)?;
    load(&uncommented.collect::<Vec<_>>().join("\n"))
}

fn told(problems: Vec<Problem>) -> String {
    problems.iter().map(|problem| format!("\n{problem}")).collect()
}

/// The layers whose only file holds `text`.
fn layers(text: &str) -> Layers {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("shipped.toml");
    std::fs::write(&file, text).unwrap();
    Layers::read(&file, true)
}

/// With the shipped runbook, whose routes name the shipped receivers.
fn server(text: &str) -> Result<(), String> {
    let runbook = root().join("deploy/runbook.toml");
    let layers = layers(text).flag("--runbook", "runbook", runbook.to_str().unwrap());
    ServerConfig::load(&layers).map(drop).map_err(told)
}

fn agent(text: &str) -> Result<(), String> {
    AgentConfig::load(&layers(text)).map(drop).map_err(told)
}

fn runbook(text: &str) -> Result<(), String> {
    Policy::load(&[Source::new("runbook.toml", text)]).map(drop).map_err(told)
}

/// An example of a secret's file shows the form and holds none.
fn no_key(text: &str) -> Result<(), String> {
    let key = text.split_whitespace().find(|word| SigningKey::parse(word).is_ok());
    key.map_or(Ok(()), |_| Err("holds a key that can be used".to_owned()))
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
