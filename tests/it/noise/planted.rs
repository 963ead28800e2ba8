//! A rule that wakes people again and again becomes a defect with its evidence, and a runbook that would make it worse is
//! refused with the numbers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eavip_tests::http::Service;
use eavip_tests::node::Node;
use eavip_tests::process::free_port;
use eavip_tests::site::Site;
use eavip_tests::wait::{until, until_so};
use serde_json::{Value, json};

use crate::quickstart::ctl;

/// What the shop answers, one request after the other: down for seconds that are told, and for two that aren't. A probe that
/// fails is tried once more, so each that is down takes two.
const PATTERN: &str = "xxxxxxxxxxxxxx....xxxx...";
/// How long the probe has to fail at first: longer than the short time by more than a report, shorter than the long one.
const HOLD: &str = "4s";

/// People, and how long the probe has to fail.
fn runbook(hold: &str) -> String {
    format!(
        "[person.ana]\nteams = [\"platform-operations\"]\n[alert.probe-down]\nfor = \"{hold}\"\n\
         [noise]\nchatter_within = \"10m\"\n"
    )
}

struct Place {
    site: Site,
    runbook: PathBuf,
    token: String,
    asked: Arc<AtomicUsize>,
    _node: Node,
    _shop: Service,
}

impl Place {
    fn new() -> Self {
        let mut site = Site::new(env!("CARGO_BIN_EXE_e2e-server"));
        let file = site.write("runbook.toml", &runbook(HOLD));
        site.as_service(&file);
        site.start();
        let (asked, address) = (Arc::default(), SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())));
        let counted: Arc<AtomicUsize> = Arc::clone(&asked);
        let shop = Service::start(address, move |_| {
            let at = counted.fetch_add(1, Ordering::SeqCst) % PATTERN.len();
            if PATTERN.as_bytes()[at] == b'x' { 500 } else { 200 }
        });
        let probe = format!(
            "[[probe]]\nname = \"shop\"\nservice = \"shop\"\nurl = \"http://{address}/healthz\"\ninterval = \"1s\"\n"
        );
        let mut node = Node::new(env!("CARGO_BIN_EXE_e2e-agent"), site.dir(), "node", &probe);
        node.join(&site.join_string());
        node.start();
        let token = site.token_of("ana");
        Self { site, runbook: file, token, asked, _node: node, _shop: shop }
    }

    fn ctl(&self, args: &[&str]) -> Output {
        let mut command = ctl(self.site.dir());
        command.env("EAVIP_URL", format!("http://{}", self.site.web)).env("EAVIP_TOKEN", &self.token);
        let done = command.args(args).output().unwrap();
        let (told, data) = (String::from_utf8_lossy(&done.stderr), String::from_utf8_lossy(&done.stdout));
        eprintln!("$ eavipctl {}\n{told}{data}", args.join(" "));
        done
    }

    /// Has the server read another runbook.
    fn edit(&mut self, hold: &str) {
        std::fs::write(&self.runbook, runbook(hold)).unwrap();
        self.site.server().hang_up();
    }

    fn defect(&self) -> Option<Value> {
        let of_rule = |defect: &Value| defect["whose"] == "rule" && defect["name"] == "probe-down";
        self.site.items("/defects").into_iter().find(of_rule)
    }
}

#[test]
fn a_planted_noisy_rule_is_a_defect_and_its_worse_edit_is_refused() {
    let mut place = Place::new();
    let defect = until("a defect of the rule", || place.defect());
    assert_eq!((&defect["status"], &defect["owner"]["id"]), (&json!("open"), &json!("platform-operations")));
    let evidence = defect["evidence"][0].clone();
    assert_eq!(evidence["rule"], "EAVIP-N14", "it chatters: {evidence}");

    // The edit is tried on all of it, the short times too.
    until_so("the pattern to be seen again", || place.asked.load(Ordering::SeqCst) > 4 * PATTERN.len());
    let listed = place.ctl(&["noise", "defects"]);
    assert_eq!(listed.status.code(), Some(3));
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains(defect["id"].as_str().unwrap()) && listed.contains("alerts that chattered: 1"));

    refuses_the_worse(&mut place);
    takes_the_better(&mut place);
    votes(&place);
    is_mended(&place, defect["id"].as_str().unwrap());
}

fn refuses_the_worse(place: &mut Place) {
    place.edit("0s");
    until_so("the runbook to be refused", || place.site.changes("policy-refused") == 1);
    assert_eq!(place.site.changes("policy-applied"), 0, "the one before stays in force");
    let refused = place.site.get("/noise")["refused_runbook"]["findings"][0].clone();
    assert_eq!(refused["rule"], "EAVIP-N31");
    let message = refused["message"].as_str().unwrap().to_owned();
    let told = message.strip_prefix("`probe-down`: alerts that weren't worth it: ").unwrap();
    let (after, before) = told.split_once(", before the edit ").unwrap();
    let (after, before): (u32, u32) = (after.parse().unwrap(), before.parse().unwrap());
    assert!(after > before && before >= 2, "{message}");
    let log = place.site.server().log();
    assert!(log.contains(&format!("EAVIP-N31: {message}; raise the threshold or `for`")), "{log}");
}

fn takes_the_better(place: &mut Place) {
    place.edit("30s");
    until_so("the runbook to be in force", || place.site.changes("policy-applied") == 1);
    assert_eq!(place.site.get("/noise")["refused_runbook"], Value::Null);
}

fn votes(place: &Place) {
    let alert = place.site.items("/alerts?rule=probe-down&status=resolved")[0]["id"].clone();
    let alert = alert.as_str().unwrap();
    assert!(place.ctl(&["alerts", "vote", alert, "--noise"]).status.success());
    let known = place.site.get(&format!("/alerts/{alert}"));
    assert_eq!((&known["outcome"], &known["votes"][0]["by"]), (&json!("marked-noise"), &json!("ana")));
}

fn is_mended(place: &Place, id: &str) {
    assert!(place.ctl(&["noise", "mend", id, "--how", "for = 30s"]).status.success());
    assert_eq!(place.ctl(&["noise", "mend", id, "--how", "again"]).status.code(), Some(6));
    until_so("the rule to be counted anew", || {
        let csv = place.ctl(&["noise", "export", "--format", "csv"]);
        String::from_utf8(csv.stdout)
            .unwrap()
            .contains(r#""rule","probe-down","platform-operations","no","0","#)
    });
    assert_eq!(place.defect().unwrap()["mended"]["by"], "ana");
}
