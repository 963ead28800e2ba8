//! From a failing probe to a signed, closed review with `eavipctl` alone, by two people.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Output;

use eavip_tests::http::Service;
use eavip_tests::process::free_port;
use eavip_tests::site::Site;
use eavip_tests::wait::{until, until_so};
use serde_json::{Value, json};

use crate::quickstart::ctl;

/// People, and a service that counts as available when half of its probes pass.
const RUNBOOK: &str = r#"
[person.ana]
teams = ["platform-operations"]
[person.ben]
teams = ["product-architecture"]
[service.shop]
owner = "platform-operations"
[service.shop.objectives]
availability = 0.5
"#;

const HOSTILE: &str = "<script>alert(1)</script> | *x* =1+1 \u{1b}[31m";

/// What an early close lacks, each with the word by which its message is known.
const EARLY: [(&str, &str); 11] = [
    ("EAVIP-I10", "advance one phase after the other"),
    ("EAVIP-I11", "the acknowledgement is missing"),
    ("EAVIP-I13", "an active commander is missing"),
    ("EAVIP-I15", "an action is missing"),
    ("EAVIP-I16", "an update after the mitigation is missing"),
    ("EAVIP-I17", "the cause with its kind is missing"),
    ("EAVIP-I17", "the detection gap is missing"),
    ("EAVIP-I18", "an action item is missing"),
    ("EAVIP-I40", "the summary is missing"),
    ("EAVIP-I41", "the completed review is missing"),
    ("EAVIP-I42", "the signature under the review is missing"),
];

/// A person with a token of their own, at a terminal.
struct Person {
    url: String,
    home: PathBuf,
    token: String,
}

impl Person {
    /// Makes an account and, signed in with it, a token.
    fn new(site: &Site, name: &str) -> Self {
        let token = site.token_of(name);
        Self { url: format!("http://{}", site.web), home: site.dir().join(name), token }
    }

    fn ctl(&self, args: &[&str]) -> Output {
        let mut command = ctl(&self.home);
        command.env("EAVIP_URL", &self.url).env("EAVIP_TOKEN", &self.token);
        command.args(args).output().unwrap()
    }

    /// What a command prints that succeeds.
    fn does(&self, args: &[&str]) -> String {
        let done = self.ctl(&[&["incidents"], args].concat());
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{args:?}: {told}");
        let data = String::from_utf8(done.stdout).unwrap();
        eprintln!("$ eavipctl incidents {}\n{told}{data}", args.join(" "));
        data
    }

    /// What a command says that is refused by the rules.
    fn is_refused(&self, args: &[&str]) -> String {
        let done = self.ctl(&[&["incidents"], args].concat());
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(6), "{args:?}: {told}");
        eprintln!("$ eavipctl incidents {}\n{told}", args.join(" "));
        told
    }

    fn json(&self, args: &[&str]) -> Value {
        let done = self.ctl(&[args, &["-o", "json"]].concat());
        serde_json::from_slice(&done.stdout).unwrap()
    }
}

/// A site whose agent probes a shop each second.
fn watching(shop: SocketAddr) -> Site {
    let mut site = Site::new(env!("CARGO_BIN_EXE_e2e-server"));
    let runbook = site.write("runbook.toml", RUNBOOK);
    site.configure(&format!("runbook = {runbook:?}\n"));
    let probe = format!(
        "[[probe]]\nname = \"shop\"\nservice = \"shop\"\nurl = \"http://{shop}/healthz\"\ninterval = \"1s\"\n"
    );
    site.write("data/agent/agent.toml", &probe);
    site.start();
    site
}

fn alert(person: &Person) -> Option<Value> {
    person.json(&["alerts", "--rule", "probe-down"])["items"].as_array()?.first().cloned()
}

#[test]
fn two_people_take_a_failing_probe_to_a_signed_review_with_the_command_line_alone() {
    let shop = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let service = Service::start(shop, |_| 200);
    let mut site = watching(shop);
    let (ana, ben) = (Person::new(&site, "ana"), Person::new(&site, "ben"));
    until_so("the shop to be seen up", || ana.json(&["status"])["signals"][0]["health"] == "healthy");
    drop(service);
    let alert = until("the alert", || alert(&ana));
    let alert = alert["id"].as_str().unwrap();

    let declared = ana.does(&["declare", "--alert", alert, "--title", HOSTILE, "--integrity", "intact"]);
    assert!(!declared.contains('\u{1b}'), "a title reaches the terminal");
    let list = ana.json(&["incidents", "--status", "open"]);
    let id = list["items"][0]["id"].as_str().unwrap();
    refuses_to_close_early(&ana, id);
    ana.does(&["ack", id]);
    ana.does(&["triage", id]);
    ana.does(&["role", id, "commander", "ana"]);
    ana.does(&["mitigate", id]);
    ana.does(&["tick", id, "1"]);
    // A restart in the middle changes nothing and tells nothing twice.
    assert!(site.terminate().0.success());
    site.start();
    let while_down = ana.is_refused(&[
        "proof",
        id,
        "--did",
        "started it",
        "--signal",
        "availability",
        "--service",
        "shop",
    ]);
    assert!(while_down.contains("availability is failing"), "{while_down}");

    let service = Service::start(shop, |_| 200);
    until_so("the alert to be over", || {
        ana.json(&["incidents", "show", id])["alerts"][0]["resolved_at"].is_string()
    });
    until_so("the server's own proof", || {
        ana.ctl(&[
            "incidents",
            "proof",
            id,
            "--did",
            "started it",
            "--signal",
            "availability",
            "--service",
            "shop",
        ])
        .status
        .success()
    });
    tells_and_reviews(&ana, &ben, id);
    tells_the_whole_story(&ben, id, alert);
    drop(service);
}

/// From the proven action to the closed incident.
fn tells_and_reviews(ana: &Person, ben: &Person, id: &str) {
    ana.does(&["communicate", id]);
    let draft = ana.does(&["update", id, "--draft", "customers"]);
    assert!(draft.contains("has ended at"), "{draft}");
    ana.does(&["update", id, draft.trim()]);
    ana.does(&["rca", id]);
    ana.does(&[
        "review",
        id,
        "--cause",
        "defect",
        "--explanation",
        "it leaked",
        "--gap",
        "no alert on memory",
    ]);
    ana.does(&["prevent", id]);
    let item = ["--owner", "platform-operations", "--due", "14d", "--verify", "a week without growth"];
    ana.does(&[&["item", "add", id, "--what", "watch its memory"][..], &item].concat());
    ana.does(&["review", id, "--summary", HOSTILE, "--complete"]);
    let alone = ana.is_refused(&["sign", id]);
    assert!(alone.contains("have somebody else sign it"), "{alone}");
    ben.does(&["sign", id]);
    ben.does(&["close", id]);
}

fn refuses_to_close_early(person: &Person, id: &str) {
    let told = person.is_refused(&["close", id]);
    for (code, says) in EARLY {
        assert!(
            told.lines().any(|line| line.contains(code) && line.contains(says)),
            "no line with {code} and `{says}` in\n{told}"
        );
    }
    assert!(told.contains(&format!("refused for {} reasons", EARLY.len())), "{told}");
}

fn tells_the_whole_story(person: &Person, id: &str, alert: &str) {
    let incident = person.json(&["incidents", "show", id]);
    assert_eq!((&incident["phase"], &incident["open"]), (&json!("closed"), &json!(false)));
    assert_eq!(
        (&incident["review"]["completed"]["by"], &incident["review"]["signed"]["by"]),
        (&json!("ana"), &json!("ben"))
    );
    assert_eq!(incident["actions"][0]["proof"]["health"], "healthy");
    let texts: Vec<&str> = incident["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["text"].as_str().unwrap())
        .collect();
    let opened = format!("alert {alert} opened: probe-down");
    let resolved = format!("alert {alert} resolved");
    for text in [opened.as_str(), resolved.as_str(), "mitigation", "review signed", "closed"] {
        assert_eq!(texts.iter().filter(|found| **found == text).count(), 1, "`{text}` in {texts:#?}");
    }
    let markdown = person.does(&["export", id]);
    assert!(!markdown.contains("<script>") && markdown.contains("\\<script\\>"), "{markdown}");
    assert!(!markdown.contains('\u{1b}'), "{markdown}");
    let left = person.does(&["show", id]);
    assert!(left.contains("nothing; note, item done and reopen are still taken"), "{left}");
}
