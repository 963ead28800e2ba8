//! From declared text to a checked policy.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::Criterion;
use eavip_benches::{Setup, compare};
use eavip_core::policy::{Policy, Source};
use toml::de::DeTable;

use crate::time;

/// Rules of a large runbook.
const RULES: usize = 2_000;

/// Loading a runbook over the built-in policy. The floor parses the same text as TOML and checks nothing.
pub(crate) fn load(criterion: &mut Criterion) -> Setup<()> {
    let text = runbook()?;
    let builtin = Policy::builtin().rules().len();
    let sources = [Source::new("runbook.toml", text.as_str())];
    let loaded = Policy::load(&sources)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<String>())?;
    if loaded.rules().len() != RULES + builtin {
        return Err("not every rule was loaded".into());
    }
    let name = format!("load a policy of {RULES} rules, {} KiB of TOML", text.len() / 1024);
    let figure = time(criterion, &name, || Policy::load(black_box(&sources)));
    let floor = time(criterion, "floor: parse the same text as TOML", || DeTable::parse(black_box(&text)));
    Ok(compare(&figure, &floor)?)
}

/// A rule for each of as many file systems, with all that a rule usually says.
fn runbook() -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for number in 0..RULES {
        write!(
            text,
            "[alert.disk-{number}]\ncategory = \"warning\"\nowner = \"platform-operations\"\n\
             action = \"Find what grows on the file system and move or remove it.\"\nrunbook = \"disk-full\"\n\
             indicator = \"disk_used_ratio\"\nabove = 0.9\nclear = 0.85\nfor = \"5m\"\n\
             match = {{ mount = \"/srv/{number}\" }}\n\n"
        )?;
    }
    Ok(text)
}
