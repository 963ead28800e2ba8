//! `eavip-server check` and `config show`: what the server would run with, without running it.

use std::path::Path;

use super::{Exit, complain, complain_of, say};
use crate::config::Config;
use crate::serve::{self, StartError};

pub(super) fn check(file: Option<&Path>) -> Exit {
    match Config::load(&Config::layers(file)) {
        Ok((config, policy)) => {
            if let Err(StartError::Config(problems)) = serve::check_receivers(&config) {
                complain_of(&problems);
                return Exit::Findings;
            }
            let (rules, routes, receivers) =
                (policy.rules().len(), policy.routes.len(), config.receivers.len());
            say(&format!("no problem: {rules} alert rules, {routes} routes, {receivers} receivers"))
        }
        Err(problems) => {
            complain_of(&problems);
            Exit::Findings
        }
    }
}

pub(super) fn show(file: Option<&Path>) -> Exit {
    let layers = Config::layers(file);
    // Only what can be used is shown: a mistake may have put a secret where none belongs.
    if let Err(problems) = Config::load(&layers) {
        complain_of(&problems);
        return Exit::Usage;
    }
    let leaves = layers.document().leaves();
    if leaves.is_empty() {
        complain("nothing is configured; the defaults are in force");
        return Exit::Ok;
    }
    let lines = leaves.iter().map(|(path, value, place)| format!("{path} = {value}  # {place}"));
    say(&lines.collect::<Vec<_>>().join("\n"))
}
