//! What scrapers read is in the form that Prometheus checks. Skipped with the reason where there is no promtool.

use std::io::Write as _;
use std::process::{Command, Stdio};

use eavip_tests::http::Peer;

use super::{node, site};

/// What promtool has against a text; nothing when it is clean.
fn promtool(text: &str) -> Option<String> {
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            eprintln!("promtool: skipped: {error}");
            return None;
        }
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[done.stdout.as_slice(), &done.stderr].concat()).into_owned();
    (!done.status.success() || !said.is_empty()).then_some(said)
}

#[test]
fn metrics_of_server_and_agent_are_clean() {
    let site = site();
    let mut node = node(&site, "scraped");
    node.start();
    node.until_acknowledged(2);
    let texts =
        [("server", site.metrics()), ("agent", Peer::plain(node.admin).get("/metrics").unwrap().text())];
    for (whose, text) in texts {
        assert!(text.lines().count() > 5, "{whose}: {text}");
        assert_eq!(promtool(&text), None, "{whose}");
        eprintln!("promtool: {whose}: {} lines, clean", text.lines().count());
    }
}
