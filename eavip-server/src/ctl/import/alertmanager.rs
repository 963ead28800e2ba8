//! Alertmanager's configuration, version 0.25: its tree of routes, inhibitions, time intervals and receivers, as parts of a
//! runbook and of the server's configuration. What a file says and what becomes of it is in `given`; nothing is read twice.

mod inhibit;
mod interval;
mod matcher;
mod receiver;
mod route;

use eavip_core::time::{Span, Timestamp};

use self::receiver::Receivers;
use super::given::{Fields, Import, Outcome};
use super::yaml::Document;
use super::{Parts, toml};

/// Reads a whole configuration. `now` is what the end of maintenance windows is counted from: Alertmanager's have none.
pub(super) fn read(import: &Import<'_>, document: &Document, now: Timestamp) -> Parts {
    let mut parts = Parts::default();
    let Some(root) = import.fields(&document.root, "the configuration") else { return parts };
    let receivers = Receivers::read(import, root.list("receivers"));
    let intervals = interval::read(import, &[root.list("mute_time_intervals"), root.list("time_intervals")]);
    parts.runbook = head(&import.file, "routes, inhibitions and maintenance windows", "eavipctl check");
    let tree = root.take("route");
    match tree {
        Some(tree) => parts.runbook += &route::write(import, tree, &receivers, &intervals, now),
        None => {
            import.problem(root.node, "the configuration has no `route`", "name the file that has the routes")
        }
    }
    parts.runbook += &inhibit::write(import, root.list("inhibit_rules"));
    if let Some(global) = root.take("global").and_then(|node| import.fields(node, "`global`")) {
        parts.runbook += &defaults(&global);
        global.finish();
    }
    root.leave_out("templates", "the texts of messages are this server's own");
    root.finish();
    if !receivers.server.is_empty() {
        parts.server =
            head(&import.file, "receivers; a part of the server's configuration", "eavip-server check")
                + &receivers.server;
    }
    parts
}

/// What opens a file that was imported.
pub(super) fn head(file: &str, what: &str, check: &str) -> String {
    toml::comment(&format!("Imported from {file}: {what}."))
        + &format!("# Each line with TO COMPLETE waits for somebody; `{check}` looks at the whole.\n\n")
}

/// What `global` says: how long an alert fires that isn't repeated; the rest is of receivers, and its secrets have to move.
fn defaults(global: &Fields<'_>) -> String {
    let timeout = global.span("resolve_timeout").filter(|timeout| *timeout > Span::ZERO);
    let text = timeout.map(|timeout| format!("[intake]\nresolve_timeout = \"{timeout}\"\n\n"));
    for (key, node) in global.rest() {
        let what = format!("`{key}` of `global`");
        let is_secret = ["password", "secret", "api_url", "api_key", "key_file", "url_file", "password_file"]
            .iter()
            .any(|ending| key.ends_with(ending));
        let (outcome, why) = match is_secret {
            true => (
                Outcome::ToComplete,
                "a secret for the receivers that use it: name it there, by file or credential",
            ),
            false => (Outcome::LeftOut, "there are no defaults for receivers: say it at those that need it"),
        };
        global.import.remark(outcome, node.line, what, why);
    }
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests;
