//! The examples, each run as its page says, against a real server where it needs one.

use std::process::Command;

use crate::quickstart::Quickstart;

fn printed(command: &mut Command) -> String {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn the_embedded_policy_opens_an_owned_alert() {
    let said = printed(&mut Command::new(env!("CARGO_BIN_EXE_example-embed-policy")));
    for part in
        ["oldest message 20 s: 0 alert(s)", "owner   payments", "https://runbooks.example.com/", "SEV-2"]
    {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_fleet_reports_and_a_program_asks_about_it() {
    let server = Quickstart::start();
    let joins: String =
        (0..3).map(|_| server.data(&["join-token", "create", "--deployment", "demo"])).collect();
    let file = server.dir().join("joins");
    std::fs::write(&file, joins).unwrap();
    let fleet = printed(Command::new(env!("CARGO_BIN_EXE_example-agent-fleet")).env("EAVIP_JOINS", &file));
    let lines: Vec<&str> = fleet.lines().collect();
    assert_eq!(lines.len(), 3, "{fleet}");
    for line in lines {
        let count = line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap();
        assert!(count >= 3 && line.ends_with("0 waiting"), "{fleet}");
    }
    assert_eq!(server.data(&["nodes", "-o", "jsonl"]).lines().count(), 1, "the fleet left again");

    let token = server.data(&["tokens", "create", "--name", "example", "--role", "viewer", "--days", "1"]);
    let mut query = Command::new(env!("CARGO_BIN_EXE_example-query-api"));
    let said = printed(query.env("EAVIP_URL", &server.url).env("EAVIP_TOKEN", token.trim()));
    assert!(said.contains("availability") && said.contains(" firing"), "{said}");
}
