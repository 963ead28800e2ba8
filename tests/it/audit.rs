//! The audit log under attack: a real server's ledger, changed in six ways by somebody who may do everything on its host,
//! up to signing with its key; and who notices which.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests, where failing loudly is the point"
)]

mod kills;
mod ledger;
mod public;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use eavip_tests::http::Peer;
use eavip_tests::node::Node;
use eavip_tests::process::run;
use eavip_tests::site::Site;
use eavip_tests::wait::{until, until_so};
use serde_json::{Value, json};

use ledger::Ledger;

const SERVER: &str = env!("CARGO_BIN_EXE_e2e-server");
const AGENT: &str = env!("CARGO_BIN_EXE_e2e-agent");

/// Records that are made before yesterday's copy, and after it.
const TOKENS: usize = 12;

/// A server's data and a node's witness, as they were when both were stopped.
struct Scene {
    site: Site,
    data: PathBuf,
    yesterday: PathBuf,
    /// The state of the node that was a witness of everything.
    witness: PathBuf,
    /// What the witness saw last.
    seen: u64,
}

fn copy(from: &Path, to: &Path) {
    eavip_tests::process::tool("cp", &["-a", from.to_str().unwrap(), to.to_str().unwrap()]).unwrap();
}

fn make_tokens(site: &Site, day: &str) {
    for number in 0..TOKENS {
        let token = json!({ "name": format!("{day}-{number:02}"), "role": "viewer", "expires_in_days": 1 });
        let made = site.api("POST", "/tokens", &token);
        assert_eq!(made.status, 201, "{}", made.text());
    }
}

/// Waits until the node saw a checkpoint of everything that stands in the ledger now.
fn until_seen(site: &Site, node: &Node) -> u64 {
    let records = site.items("/audit/records?limit=1")[0]["position"].as_u64().unwrap() + 1;
    until("the witness to see what is there", || {
        node.link()["audit"]["events"].as_u64().filter(|seen| *seen >= records)
    })
}

fn scene() -> Scene {
    let mut site = Site::new(SERVER);
    let runbook = site.write("runbook.toml", "[audit]\ncheckpoint_every = \"1s\"\n");
    site.configure(&format!("runbook = {runbook:?}\n"));
    site.start();
    let mut node = Node::new(AGENT, site.dir(), "witness", "");
    node.join(&site.join_string());
    node.start();
    make_tokens(&site, "yesterday");
    until_seen(&site, &node);
    assert!(site.terminate().0.success());
    let (data, yesterday) = (site.data.clone(), site.dir().join("yesterday"));
    copy(&data, &yesterday);
    site.start();
    make_tokens(&site, "today");
    let seen = until_seen(&site, &node);
    assert!(node.terminate().0.success());
    assert!(site.terminate().0.success());
    let witness = node.state.clone();
    Scene { site, data, yesterday, witness, seen }
}

impl Scene {
    /// A copy of the data for one attack.
    fn copy(&self, attack: &str) -> PathBuf {
        let copied = self.site.dir().join(attack);
        copy(&self.data, &copied);
        copied
    }

    /// What `audit verify` says of a data directory, alone or against the witness.
    fn verify(&self, data: &Path, against_witness: bool) -> Verdict {
        verify(data, against_witness.then_some(&self.witness))
    }

    /// Lets a server and the witness run on attacked data, and gives what the witness then holds against it.
    fn confront(&mut self, data: &Path, name: &str) -> (Node, String) {
        let mut node = Node::new(AGENT, self.site.dir(), name, "");
        copy(&self.witness, &node.state);
        self.site.data = data.to_owned();
        self.site.start();
        node.start();
        let told = until("the witness to object", || {
            Some(node.link()["audit"]["conflicts"].get(0)?.as_str()?.to_owned())
        });
        (node, told)
    }
}

/// What `audit verify` says of a data directory, alone or against what a node keeps in its state.
fn verify(data: &Path, witness: Option<&PathBuf>) -> Verdict {
    let mut command = Command::new(SERVER);
    command.args(["audit", "verify", "-o", "json", "--data"]).arg(data);
    if let Some(state) = witness {
        command.arg("--against").arg(testimony(state));
    }
    let Output { status, stdout, stderr } = run(&mut command);
    let report: Value = serde_json::from_slice(&stdout)
        .unwrap_or_else(|_| panic!("{status}: {}", String::from_utf8_lossy(&stderr)));
    let text = |found: &Value, field: &str| found[field].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let findings = findings.map(|found| ["flaw", "what", "detected_by"].map(|field| text(found, field)));
    Verdict { code: status.code().unwrap(), findings: findings.collect() }
}

struct Verdict {
    code: i32,
    findings: Vec<[String; 3]>,
}

impl Verdict {
    /// Asserts a finding by its kind, a part of its text, and who detected it.
    #[track_caller]
    fn finds(&self, flaw: &str, what: &str, by: &str) {
        let found = |[found, told, detector]: &[String; 3]| {
            found == flaw && told.contains(what) && detector.contains(by)
        };
        assert_eq!(self.code, 3, "{:?}", self.findings);
        assert!(self.findings.iter().any(found), "no {flaw} `{what}` by {by} in {:#?}", self.findings);
    }

    /// Asserts that nothing is found: this comparison can't see it.
    #[track_caller]
    fn sees_nothing(&self) {
        assert_eq!((self.code, &*self.findings), (0, &[][..]));
    }
}

#[test]
fn each_attack_on_the_ledger_is_detected_by_who_can_see_it() {
    let mut scene = scene();
    scene.verify(&scene.data, true).sees_nothing();
    a_changed_byte(&scene);
    a_deleted_record(&scene);
    two_swapped_records(&scene);
    a_truncated_tail(&scene);
    yesterdays_copy(&mut scene);
    a_forked_history(&mut scene);
}

fn a_changed_byte(scene: &Scene) {
    let data = scene.copy("byte");
    let mut ledger = Ledger::read(&data);
    let at = ledger.find("today-05");
    ledger.change(at, "today-05", "today-95");
    ledger.write_with_old_checksums();
    let position = format!("1 records at {at} are damaged");
    scene.verify(&data, false).finds("damaged-record", &position, "the ledger's checksums");
    eprintln!("a changed byte: detected by the ledger's checksum (record {at})");

    ledger.write();
    let verdict = scene.verify(&data, false);
    verdict.finds("changed-record", &format!("record {at} isn't the one"), "the kept hashes");
    verdict.finds("signed-root-differs", "between record", "the signed checkpoints");
    std::fs::remove_file(data.join("audit/tree")).unwrap();
    let verdict = scene.verify(&data, false);
    verdict.finds("signed-root-differs", "between record", "the signed checkpoints");
    assert_eq!(verdict.findings.len(), 1, "without the hashes it isn't known which record");
    eprintln!(
        "a changed byte, checksum mended: detected by the kept hashes (record {at}) and the signed checkpoints"
    );
}

fn a_deleted_record(scene: &Scene) {
    let data = scene.copy("deleted");
    let mut ledger = Ledger::read(&data);
    let at = ledger.find("today-03");
    ledger.payloads.remove(at);
    ledger.write();
    let verdict = scene.verify(&data, false);
    verdict.finds("deleted-record", &format!("record {at} is gone"), "the kept hashes");
    eprintln!("a deleted record, positions mended: detected by the kept hashes (record {at})");
}

fn two_swapped_records(scene: &Scene) {
    let data = scene.copy("swapped");
    let mut ledger = Ledger::read(&data);
    let (one, two) = (ledger.find("yesterday-02"), ledger.find("today-07"));
    ledger.payloads.swap(one, two);
    ledger.write();
    let verdict = scene.verify(&data, false);
    let places = format!("records {one} and {two} stand in each other's place");
    verdict.finds("records-changed-places", &places, "the kept hashes");
    verdict.finds("signed-root-differs", "between record", "the signed checkpoints");
    eprintln!(
        "two swapped records: detected by the kept hashes ({one} and {two}) and the signed checkpoints"
    );
}

fn a_truncated_tail(scene: &Scene) {
    let data = scene.copy("truncated");
    let mut ledger = Ledger::read(&data);
    let left = ledger.find("today-01");
    ledger.payloads.truncate(left);
    ledger.write();
    let ends = format!("the ledger ends after {left} records");
    scene.verify(&data, false).finds("truncated", &ends, "the newest signed checkpoint");
    scene.verify(&data, true).finds("truncated", &ends, "the witness's checkpoint");
    eprintln!("a truncated tail: detected by the newest signed checkpoint and by the witness's");

    // Whoever cuts the signed checkpoints as well leaves the witness alone to know.
    ledger::cut_checkpoints(&data, left as u64);
    std::fs::remove_file(data.join("audit/tree")).unwrap();
    scene.verify(&data, false).sees_nothing();
    scene.verify(&data, true).finds("rewound", &format!("here are {left}"), "the witness's checkpoint");
    eprintln!("a truncated tail, checkpoints cut too: detected by the witness's checkpoint alone");
}

fn yesterdays_copy(scene: &mut Scene) {
    let data = scene.yesterday.clone();
    scene.verify(&data, false).sees_nothing();
    let seen = format!("{} records had been signed", scene.seen);
    scene.verify(&data, true).finds("rewound", &seen, "the witness's checkpoint");
    let (node, told) = scene.confront(&data, "rewound");
    assert!(told.starts_with("rewind"), "{told}");
    until("the server's alert", || scene.site.items("/alerts?rule=audit-conflict").pop());
    drop(node);
    assert!(scene.site.terminate().0.success());
    eprintln!(
        "yesterday's copy restored: detected by the witness alone, at its next contact and with its checkpoint"
    );
}

fn a_forked_history(scene: &mut Scene) {
    let data = scene.copy("forked");
    let mut ledger = Ledger::read(&data);
    let at = ledger.find("yesterday-04");
    ledger.change(at, "yesterday-04", "yesterday-99");
    ledger.write();
    // The server itself, with its own key, signs the forged history from its beginning.
    std::fs::remove_file(data.join("audit/tree")).unwrap();
    std::fs::remove_file(data.join("audit/checkpoints.jsonl")).unwrap();
    let (mut node, told) = scene.confront(&data, "forked-witness");
    assert!(told.starts_with("split-view"), "{told}");
    assert_eq!(node.run(&["status"]).status.code(), Some(3));
    let doctor = node.run(&["doctor"]);
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("contradictions"), "{doctor:?}");
    // The file that was waited for is written before anything else tells of it.
    let metrics = || Peer::plain(node.admin).get("/metrics").unwrap().text();
    until_so("the node itself to say so", || metrics().contains("eavip_agent_audit_conflicts 1"));
    until_so("its log", || node.process().log().contains("contradicts what this node was shown"));
    // The server's own agent is a witness too, and may tell before or after this one.
    let of_node = |alert: &Value| alert["node"] == json!(node.id());
    let alerts = || scene.site.items("/alerts?rule=audit-conflict");
    let alert = until("the server's alert", || alerts().into_iter().find(of_node));
    assert_eq!(alert["category"], "critical");
    let conflicting = || scene.site.metric("eavip_audit_conflicting_nodes");
    until_so("the node to be counted", || conflicting().is_some_and(|nodes| nodes >= 1.0));
    assert!(node.terminate().0.success());
    assert!(scene.site.terminate().0.success());
    scene.verify(&data, false).sees_nothing();
    scene.verify(&data, true).finds("forked", "signed by the same key", "the witness's checkpoint");
    let evidence: Value = serde_json::from_slice(&std::fs::read(testimony(&node.state)).unwrap()).unwrap();
    let conflict = &evidence["witness"]["conflicts"][0];
    for note in [&conflict["seen"], &conflict["shown"]] {
        assert!(
            note.as_str().unwrap().contains("\n\u{2014} eavip-audit/"),
            "both signed notes are kept: {conflict}"
        );
    }
    eprintln!(
        "a forked history, signed with the server's own key: detected by the witness alone, with both signatures"
    );
}

/// The file in which a witness keeps what it saw.
fn testimony(state: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.to_str().unwrap().contains("audit-witness-")).unwrap()
}
