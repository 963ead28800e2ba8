//! Configuration and runbook with mistakes: all of them told at once with their places, nothing bound, nothing written.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use eavip_tests::process::run;
use eavip_tests::site::Site;

use super::SERVER;

/// Lines with a mistake end in a mark.
const MARK: &str = "  # !";

/// Writes a file without its marks, and gives where the mistakes are: `file:line:`.
fn plant(site: &Site, name: &str, text: &str) -> (PathBuf, Vec<String>) {
    let path = site.write(name, &text.replace(MARK, ""));
    let marked = text.lines().enumerate().filter(|(_, line)| line.ends_with(MARK));
    let places = marked.map(|(at, _)| format!("{}:{}:", path.display(), at + 1)).collect();
    (path, places)
}

#[test]
fn ten_mistakes_are_told_at_once_and_nothing_is_started() {
    let site = Site::new(SERVER);
    // Held here: a server that tried to listen would fail with that, and not with what is wrong in its files.
    let held = [site.web, site.agents].map(|address| TcpListener::bind(address).unwrap());
    let (runbook, mut places) = plant(
        &site,
        "runbook.toml",
        r#"
[alert.nobody-acts]  # !
category = "warning"
action = "Look."
runbook = "look"
indicator = "cpu_busy_ratio"
above = 0.9

[alert.nothing-written]  # !
category = "warning"
owner = "platform-operations"
action = "Look."
indicator = "cpu_busy_ratio"
above = 0.9

[alert.never]
category = "urgent"  # !
owner = "platform-operation"  # !
action = "Look."
runbook = "look"
indicator = "cpu_busy_ratio"
above = 1.5  # !

[[route]]
receivers = []  # !
"#,
    );
    let data = site.dir().join("nothing-here");
    let text = format!(
        r#"data = {data:?}
runbook = {runbook:?}
colour = "blue"  # !
[web]
listen = "{}"
url = "ops.example.com"  # !
[agents]
listen = "{}"
url = "http://ops.example.com"  # !
[receiver.pager]
url = "https://pager.example.com"
secret = "whsec_VGhpc0lzVGhlU2VjcmV0SXRzZWxm"  # !
"#,
        site.web, site.agents
    );
    let (config, in_config) = plant(&site, "server.toml", &text);
    places.extend(in_config);
    assert_eq!(places.len(), 10);
    for (command, code) in [("check", 3), ("run", 2)] {
        let done = run(Command::new(SERVER).arg(command).arg("--config").arg(&config));
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{command}: {told}");
        let missing: Vec<&String> = places.iter().filter(|place| !told.contains(place.as_str())).collect();
        assert!(missing.is_empty(), "{command} doesn't tell of {missing:?}:\n{told}");
        assert!(told.contains("10 problems found"), "{command}: {told}");
        assert!(!told.contains("VGhpc0lz"), "{command} shows a secret:\n{told}");
        assert!(!data.exists(), "{command} wrote something");
        eprintln!(
            "{command}: ten mistakes told with their places, exit {code}, nothing bound, nothing written"
        );
    }
    drop(held);
}

#[test]
fn an_address_that_is_taken_is_a_conflict_and_nothing_is_written() {
    let site = Site::new(SERVER);
    let held = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let data = site.dir().join("nothing-here");
    let taken = held.local_addr().unwrap();
    let config = site.write(
        "server.toml",
        &format!("data = {data:?}\n[web]\nlisten = \"{}\"\n[agents]\nlisten = \"{taken}\"\n", site.web),
    );
    let done = run(Command::new(SERVER).arg("run").arg("--config").arg(&config));
    assert_eq!(done.status.code(), Some(6), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stderr).contains(&taken.to_string()));
    assert!(!data.exists());
}
