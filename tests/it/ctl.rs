//! `eavipctl` as a process: against a real server, and without one.

mod codes;
mod gate;
mod import;
mod planted;
mod schema;

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output};

use serde_json::Value;

use crate::quickstart::{Quickstart, addresses, ctl, spawn, until};

fn code(done: &Output) -> i32 {
    done.status.code().unwrap()
}

fn told(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).into_owned()
}

/// Runs `eavipctl` where nobody is signed in.
fn alone(dir: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    ctl(dir).args(args).envs(env.iter().copied()).output().unwrap()
}

#[test]
fn an_operator_works_through_the_command_line() {
    let server = Quickstart::start();
    let json = |args: &[&str]| -> Value { serde_json::from_str(&server.data(args)).unwrap() };

    let kept = server.dir().join("config/eavip/eavipctl.json");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(json(&["whoami", "-o", "json"])["role"], "admin");

    until("the platform to be healthy", || (code(&server.ctl(&["status"])) == 0).then_some(()));
    let table = server.data(&["status"]);
    for signal in ["availability", "errors", "latency", "jobs", "backlog"] {
        assert!(table.contains(signal), "{table}");
    }
    assert_eq!(json(&["status", "-o", "json"])["now"]["nodes"], 1);

    let node = json(&["nodes", "-o", "json"])["items"][0]["id"].as_str().unwrap().to_owned();
    until("the host's readings", || {
        server.data(&["nodes", "show", &node]).contains("memory_used_ratio").then_some(())
    });
    assert_eq!(code(&server.ctl(&["nodes", "show", "01980000-0000-7000-8000-000000000000"])), 4);
    assert!(server.data(&["alerts", "--status", "firing"]).starts_with("ID "));
    assert_eq!(code(&server.ctl(&["alerts", "ack", &"0".repeat(32), "--reason", "x"])), 4);

    a_token_is_made_used_and_revoked(&server);
    assert!(server.data(&["join-token", "create", "--deployment", "acme"]).starts_with("eavip1."));
    assert_eq!(code(&server.ctl(&["join-token", "create", "--deployment", "NOT A NAME"])), 2);

    until("the first checkpoint", || (code(&server.ctl(&["audit"])) == 0).then_some(()));
    let again = server.ctl(&["audit"]);
    assert_eq!(code(&again), 0, "{}", told(&again));
    assert!(!told(&again).contains("first look"), "the key was pinned: {}", told(&again));
    assert!(server.data(&["audit"]).contains("seen here"));
    assert!(json(&["audit", "-o", "json"])["checkpoint"]["note"].is_string());

    let revoked = server.ctl(&["nodes", "revoke", &node, "--reason", "the test is over"]);
    assert_eq!(code(&revoked), 0, "{}", told(&revoked));
    assert_eq!(code(&server.ctl(&["nodes", "revoke", &node, "--reason", "again"])), 4);
}

fn a_token_is_made_used_and_revoked(server: &Quickstart) {
    let made = server.data(&["tokens", "create", "--name", "ci", "--role", "viewer", "--days", "1"]);
    let secret = made.trim();
    assert!(secret.starts_with("eavip_pat_") && !secret.contains('\n'), "the secret stands alone");
    let nobody = tempfile::tempdir().unwrap();
    let env = [("EAVIP_URL", server.url.as_str()), ("EAVIP_TOKEN", secret)];
    let may = alone(nobody.path(), &["nodes", "-o", "jsonl"], &env);
    assert_eq!(code(&may), 0, "{}", told(&may));
    let may_not = alone(nobody.path(), &["join-token", "create", "--deployment", "acme"], &env);
    assert_eq!(code(&may_not), 5);
    assert!(!told(&may_not).contains(secret), "an error repeats the token");
    let id = secret.split('_').nth(2).unwrap();
    assert!(server.data(&["tokens"]).contains(id));
    assert_eq!(code(&server.ctl(&["tokens", "revoke", id])), 0);
    assert_eq!(code(&alone(nobody.path(), &["nodes"], &env)), 5);
}

#[test]
fn a_token_is_sent_only_to_the_server_that_it_was_kept_for() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("eavip")).unwrap();
    let kept = dir.path().join("eavip/eavipctl.json");
    std::fs::write(&kept, r#"{"url":"http://127.0.0.1:1","token":"eavip_pat_kept"}"#).unwrap();
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o600)).unwrap();
    let other = alone(dir.path(), &["--url", "http://127.0.0.1:2", "whoami"], &[]);
    assert_eq!((code(&other), told(&other).contains("there is no token")), (5, true), "{}", told(&other));
    assert_eq!(code(&alone(dir.path(), &["whoami"], &[])), 7, "nobody listens on port 1");

    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = alone(dir.path(), &["whoami"], &[]);
    assert_eq!(code(&open), 1);
    assert!(told(&open).contains("chmod 600"), "{}", told(&open));
}

#[test]
fn wrong_usage_is_refused_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let cases: [&[&str]; 5] = [
        &["whoami"],
        &["--url", "http://ops.example.com", "whoami"],
        &["alerts", "ack", "0"],
        &["nodes", "revoke", "0"],
        &["tokens", "create", "--name", "x", "--role", "king"],
    ];
    for args in cases {
        let done = alone(dir.path(), args, &[]);
        assert_eq!((code(&done), done.stdout.is_empty()), (2, true), "{args:?}: {}", told(&done));
    }
}

#[test]
fn a_runbook_is_checked_without_a_server_and_every_mistake_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("runbook.toml");
    std::fs::write(&file, "[alert.disk-full]\nabov = 0.9\nowner = \"nobody\"\nbelow = 2.0\n\u{1b} = 1\n")
        .unwrap();
    let path = file.to_str().unwrap();
    let bad = alone(dir.path(), &["policy", "check", path], &[]);
    assert_eq!(code(&bad), 3);
    assert!(!bad.stdout.contains(&0x1b), "a hostile file reaches the terminal");
    std::fs::write(&file, "[alert.disk-full]\nabov = 0.9\nowner = \"nobody\"\n").unwrap();
    let bad = alone(dir.path(), &["policy", "check", dir.path().to_str().unwrap(), "-o", "json"], &[]);
    let found: Value = serde_json::from_slice(&bad.stdout).unwrap();
    let places: Vec<(&Value, &Value)> =
        found["items"].as_array().unwrap().iter().map(|item| (&item["code"], &item["line"])).collect();
    assert_eq!(places, [(&"EAVIP-P02".into(), &2.into()), (&"EAVIP-P06".into(), &3.into())], "{found}");

    std::fs::write(&file, "[alert.disk-full]\nabove = 0.9\n").unwrap();
    assert_eq!(code(&alone(dir.path(), &["policy", "check", path], &[])), 0);
    let shown = alone(dir.path(), &["policy", "explain", "disk-full", path], &[]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains("above 0.9\n") && text.contains("platform-operations"), "{text}");
    assert_eq!(code(&alone(dir.path(), &["policy", "explain", "nothing"], &[])), 4);
    assert_eq!(code(&alone(dir.path(), &["policy", "check", "/nowhere.toml"], &[])), 3);
}

#[test]
fn completions_come_for_every_shell() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let done = alone(dir.path(), &["completions", shell], &[]);
        assert!(String::from_utf8_lossy(&done.stdout).contains("join-token"), "{shell}");
    }
}

/// Ends a server that runs as a service; what it printed. It prints before it listens to signals.
fn ended(child: &mut Child) -> String {
    let handled = format!("/proc/{}/status", child.id());
    until("the server to listen to signals", || {
        let status = std::fs::read_to_string(&handled).ok()?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?.trim().to_owned();
        (u64::from_str_radix(&mask, 16).ok()? & (1 << 14) != 0).then_some(())
    });
    let told = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(told.success() && child.wait().unwrap().success());
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    said
}

#[test]
fn a_service_prints_a_sign_in_link_until_somebody_can_sign_in() {
    let dir = tempfile::tempdir().unwrap();
    let listen = addresses();
    let config = format!(
        "data = {:?}\n[web]\nlisten = {:?}\n[agents]\nlisten = {:?}\n[admin]\nlisten = {:?}\n",
        dir.path().join("data"),
        listen[0],
        listen[1],
        listen[2]
    );
    let file = dir.path().join("server.toml");
    std::fs::write(&file, config).unwrap();
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_e2e-server"));
        spawn(command.arg("run").arg("--config").arg(&file), dir.path())
    };
    assert!(ended(&mut start()).contains("/sign-in#token="), "no link at the first start");

    let mut server = start();
    let mut link = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(server.stdout.as_mut().unwrap()), &mut link)
        .unwrap();
    let token = dir.path().join("link");
    std::fs::write(&token, link).unwrap();
    let signed_in = alone(dir.path(), &["login", "--token-file", token.to_str().unwrap()], &[]);
    assert_eq!(code(&signed_in), 0, "{}", told(&signed_in));
    let again = alone(dir.path(), &["login", "--token-file", token.to_str().unwrap()], &[]);
    assert_eq!(code(&again), 5, "a link works once");
    ended(&mut server);
    assert_eq!(ended(&mut start()), "", "somebody has a token now");
}
