//! An Alertmanager and this server with the same routes, and one service that gets what both of them tell.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::{Arc, Mutex};

use eavip_tests::http::{Peer, Request, Service};
use eavip_tests::process::{Running, free_port, run};
use eavip_tests::site::Site;
use eavip_tests::wait::until_so;
use serde_json::{Value, json};

use super::differences::{DIFFERENCES, IN_ENDS, IN_WEBHOOKS};

pub(super) const SERVER: &str = env!("CARGO_BIN_EXE_e2e-server");
const RECEIVERS: [&str; 3] = ["pager", "shop", "web"];

const ROUTES_THERE: &str = r#"
route:
  receiver: "(nobody)"
  group_by: ["alertname"]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
  routes:
  - receiver: shop
    matchers: [ team="shop" ]
    continue: true
    routes:
    - receiver: pager
      matchers: [ severity=~"page|critical" ]
  - receiver: web
    matchers: [ team=~"shop|web" ]
    group_by: ["alertname", "cluster"]
inhibit_rules:
- source_matchers: [ alertname="Down" ]
  target_matchers: [ severity="warning" ]
  equal: [ cluster ]
"#;

const ROUTES_HERE: &str = r#"
[person.admin]
teams = ["platform-operations"]
[person.ben]
teams = ["platform-operations"]
[[owner]]
match = { suite = "twins" }
team = "platform-operations"
runbook = "https://wiki.example/twins"
[grouping]
by = ["alertname"]
wait = "1s"
wait_critical = "1s"
interval = "1s"
repeat = "1h"
[[route]]
match = { team = "shop" }
receivers = ["shop"]
continue = true
[[route.routes]]
match = ["severity=~page|critical"]
receivers = ["pager"]
[[route]]
match = ["team=~shop|web"]
receivers = ["web"]
group_by = ["alertname", "cluster"]
[[inhibit]]
source = { alertname = "Down" }
target = { severity = "warning" }
equal = ["cluster"]
"#;

/// What was told of each alert: by receiver, group and labels, the statuses in order without repeats.
pub(super) type Told = BTreeMap<String, Vec<String>>;

/// Both of them, running.
pub(super) struct Twins {
    /// This server.
    pub(super) site: Site,
    /// Where the Alertmanager listens.
    pub(super) theirs: SocketAddr,
    arrived: Arc<Mutex<Vec<Request>>>,
    _alertmanager: Running,
    _hook: Service,
}

/// What is pushed: alerts with labels, and when they began and end.
pub(super) fn push(alerts: &[&[(&str, &str)]], starts: &str, ends: &str) -> String {
    let alert = |labels: &&[(&str, &str)]| {
        let labels: BTreeMap<&str, &str> = labels.iter().copied().chain([("suite", "twins")]).collect();
        let annotations = json!({ "summary": "it is broken" });
        json!({ "labels": labels, "annotations": annotations, "startsAt": starts, "endsAt": ends })
    };
    Value::from(alerts.iter().map(alert).collect::<Vec<_>>()).to_string()
}

/// A site with [`ROUTES_HERE`] whose receivers lead to a service.
pub(super) fn site(hook: SocketAddr) -> Site {
    let mut site = Site::new(SERVER);
    let runbook = site.write("runbook.toml", ROUTES_HERE);
    let receiver =
        |name| format!("[receiver.{name}]\ntype = \"alertmanager\"\nurl = \"http://{hook}/ours/{name}\"\n");
    let receivers: String = RECEIVERS.iter().map(receiver).collect();
    site.configure(&format!("runbook = {runbook:?}\n{receivers}"));
    site.start();
    site
}

/// A service that keeps what it gets.
pub(super) fn hook() -> (Service, Arc<Mutex<Vec<Request>>>) {
    let arrived = Arc::<Mutex<Vec<Request>>>::default();
    let list = Arc::clone(&arrived);
    let hook = Service::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), move |request| {
        list.lock().unwrap().push(request);
        200
    });
    (hook, arrived)
}

/// The webhooks that one of them sent, with the receiver of each.
fn webhooks<'a>(arrived: &'a [Request], whose: &'a str) -> impl Iterator<Item = (&'a str, Value)> {
    arrived.iter().filter_map(move |request| {
        let receiver = request.path.strip_prefix(&format!("/{whose}/"))?;
        Some((receiver, serde_json::from_slice(&request.body).unwrap()))
    })
}

/// What the webhooks of one of them told.
pub(super) fn told(arrived: &[Request], whose: &str) -> Told {
    let mut told = Told::new();
    for (receiver, body) in webhooks(arrived, whose) {
        let group = &body["groupLabels"];
        for alert in body["alerts"].as_array().into_iter().flatten() {
            let labels = alert["labels"].as_object().unwrap().iter();
            let labels: Vec<String> =
                labels.map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
            let statuses = told.entry(format!("{receiver} {group} {}", labels.join(" "))).or_default();
            let status = alert["status"].as_str().unwrap().to_owned();
            if statuses.last() != Some(&status) {
                statuses.push(status);
            }
        }
    }
    told
}

impl Twins {
    pub(super) fn start() -> Self {
        let (hook, arrived) = hook();
        let site = site(hook.address);
        let receiver = |name| {
            format!("- name: {name}\n  webhook_configs:\n  - url: http://{}/theirs/{name}\n", hook.address)
        };
        let receivers: String = RECEIVERS.iter().map(receiver).collect();
        let config = site
            .write("alertmanager.yml", &format!("{ROUTES_THERE}receivers:\n- name: (nobody)\n{receivers}"));
        let theirs = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", site.dir().join("alertmanager").display()))
            .arg(format!("--web.listen-address={theirs}"))
            .arg("--cluster.listen-address=");
        let alertmanager = Running::start(&mut command, site.dir(), "alertmanager");
        let ready = || Peer::plain(theirs).get("/-/ready").is_ok_and(|answer| answer.status == 200);
        until_so("Alertmanager to be ready", ready);
        let bearer = format!("authorization:\n  type: Bearer\n  credentials: {}\n", site.token());
        site.write("amtool-http.yml", &bearer);
        Self { site, theirs, arrived, _alertmanager: alertmanager, _hook: hook }
    }

    /// Pushes the same to both.
    pub(super) fn push(&self, body: &str) {
        let json = [("content-type", "application/json")];
        let theirs = Peer::plain(self.theirs).ask("POST", "/api/v2/alerts", &json, body.as_bytes()).unwrap();
        let ours = self.site.send("POST", "/api/v2/alerts", body.as_bytes()).unwrap();
        assert_eq!((theirs.status, theirs.text()), (ours.status, ours.text()));
    }

    /// What both have told so far, but for what [`Twins::ends_of_untold`] has.
    pub(super) fn told(&self) -> (Told, Told) {
        let arrived = self.arrived.lock().unwrap();
        let mut theirs = told(&arrived, "theirs");
        theirs.retain(|_, statuses| statuses.first().is_some_and(|first| first == "firing"));
        (theirs, told(&arrived, "ours"))
    }

    /// Compares the bodies of the last webhooks about one alert, to each receiver.
    pub(super) fn last_webhooks_about(&self, name: &str, status: &str) {
        let arrived = self.arrived.lock().unwrap();
        let last = |whose| {
            let about = webhooks(&arrived, whose).filter(|(_, body)| {
                body["alerts"][0]["labels"]["alertname"] == name && body["status"] == status
            });
            about.map(|(receiver, body)| (receiver.to_owned(), body)).collect::<BTreeMap<String, Value>>()
        };
        let (theirs, ours) = (last("theirs"), last("ours"));
        assert!(!theirs.is_empty() && theirs.keys().eq(ours.keys()), "{theirs:?}\n{ours:?}");
        for (receiver, mut theirs) in theirs {
            let mut ours = ours[&receiver].clone();
            [&mut theirs, &mut ours].into_iter().for_each(same);
            let mut differ = BTreeMap::new();
            differing("", &theirs, &ours, &mut differ);
            let ends = IN_ENDS.iter().filter(|_| status == "resolved");
            let known: Vec<_> = IN_WEBHOOKS.iter().chain(ends).collect();
            for (place, (theirs, ours)) in &differ {
                let known = known.iter().any(|(known, _)| known == place);
                assert!(known, "{place} to {receiver}: Alertmanager {theirs}, this server {ours}");
            }
            for (place, why) in known {
                assert!(
                    differ.contains_key(*place),
                    "{place} is the same in both, and it should differ: {why}"
                );
            }
        }
    }

    /// Alerts of which Alertmanager told an end and no beginning.
    pub(super) fn ends_of_untold(&self) -> Told {
        let mut theirs = told(&self.arrived.lock().unwrap(), "theirs");
        theirs.retain(|_, statuses| statuses.first().is_some_and(|first| first != "firing"));
        theirs
    }

    /// The JSON of both for a path.
    pub(super) fn bodies(&self, path: &str) -> (Value, Value) {
        (Peer::plain(self.theirs).get(path).unwrap().json(), self.site.send("GET", path, b"").unwrap().json())
    }

    /// Compares what both answer to a GET.
    pub(super) fn get(&self, path: &str) {
        self.ask("GET", path, b"");
    }

    /// Compares what both answer.
    pub(super) fn ask(&self, method: &str, path: &str, body: &[u8]) {
        let json = [("content-type", "application/json")];
        let theirs = Peer::plain(self.theirs).ask(method, path, &json, body).unwrap();
        let ours = self.site.send(method, path, body).unwrap();
        let shown = |answer: &eavip_tests::http::Answer| {
            let mut json = answer.json();
            let text = if json.is_array() || json.is_object() {
                same(&mut json);
                json.to_string()
            } else {
                answer.text().trim().to_owned()
            };
            format!("{} {text}", answer.status).trim().to_owned()
        };
        let asked = format!("{method} {path} {}", String::from_utf8_lossy(body));
        compare(asked.trim(), &shown(&theirs), &shown(&ours));
    }

    /// Compares what `amtool` prints of both.
    pub(super) fn amtool(&self, args: &[&str]) {
        let theirs = said(&mut self.amtool_of(&format!("http://{}", self.theirs), args, false));
        let ours = said(&mut self.amtool_of(&format!("http://{}", self.site.web), args, true));
        compare(&format!("amtool {}", args.join(" ")), &theirs, &ours);
    }

    /// What `amtool` prints of this server.
    pub(super) fn ours(&self, args: &[&str]) -> String {
        let done = run(&mut self.amtool_of(&format!("http://{}", self.site.web), args, true));
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    fn amtool_of(&self, url: &str, args: &[&str], signs_in: bool) -> Command {
        let mut command = Command::new("amtool");
        command.env("HOME", self.site.dir()).args(args).arg(format!("--alertmanager.url={url}"));
        if signs_in {
            command.arg(format!("--http.config.file={}", self.site.dir().join("amtool-http.yml").display()));
        }
        command
    }

    /// Silences are written to a file, ended, and taken from the file again, by `amtool` alone.
    pub(super) fn silences_move_by_amtool(&self) {
        for (url, signs_in) in [(self.theirs, false), (self.site.web, true)] {
            let url = format!("http://{url}");
            let run = |args: &[&str]| {
                let done = run(&mut self.amtool_of(&url, args, signs_in));
                assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
                String::from_utf8(done.stdout).unwrap()
            };
            let ids = run(&["silence", "query", "-q"]);
            let file = self.site.write("silences.json", &run(&["silence", "query", "-o", "json"]));
            let ids: Vec<&str> = ids.lines().collect();
            assert_eq!(ids.len(), 2, "{ids:?}");
            run(&[&["silence", "expire"][..], &ids].concat());
            assert_eq!(run(&["silence", "query", "-q"]), "");
            run(&["silence", "import", "--force", file.to_str().unwrap()]);
            assert_eq!(run(&["silence", "query", "-q"]).lines().count(), 2);
        }
        self.amtool(&["silence", "query"]);
    }

    /// The configuration that this server shows is one that `amtool` finds no fault with.
    pub(super) fn config_is_one_that_amtool_takes(&self) {
        let original = self.bodies("/api/v2/status").1["config"]["original"].as_str().unwrap().to_owned();
        let file = self.site.write("shown.yml", &original);
        let checked = run(Command::new("amtool").arg("check-config").arg(file));
        let said = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success() && said.contains("4 receivers"), "{said}\n{original}");
    }
}

/// What a command printed, with its ids, moments and addresses made the same.
fn said(command: &mut Command) -> String {
    let done = run(command);
    let text = [done.stdout, done.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let words: Vec<String> =
        text.lines().map(|line| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")).collect();
    format!("{} {}", if done.status.success() { "ok" } else { "failed" }, words.join("\n").trim())
        .trim()
        .to_owned()
}

fn word(word: &str) -> &str {
    let is = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.chars().zip(shape.chars()).all(|(found, wanted)| match wanted {
                'x' => found.is_ascii_hexdigit(),
                '9' => found.is_ascii_digit(),
                other => found == other,
            })
    };
    if is(word, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") && !word.starts_with("00000000") {
        "ID"
    } else if is(word, "9999-99-99") {
        "DATE"
    } else if is(word, "99:99:99") {
        "TIME"
    } else {
        word
    }
}

/// The places in which two documents differ, with what stands there.
fn differing(place: &str, one: &Value, other: &Value, found: &mut BTreeMap<String, (Value, Value)>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            for name in names {
                let value = |of: &serde_json::Map<String, Value>| of.get(name).cloned().unwrap_or_default();
                differing(&format!("{place}/{name}"), &value(one), &value(other), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            one.iter()
                .zip(other)
                .for_each(|(one, other)| differing(&format!("{place}/*"), one, other, found));
        }
        _ if one == other => {}
        _ => drop(found.insert(place.to_owned(), (one.clone(), other.clone()))),
    }
}

/// Makes the same what can't be: when it came, and ids that each made up for itself.
fn same(json: &mut Value) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(same),
        Value::Object(fields) => {
            fields.remove("updatedAt");
            for (name, value) in fields.iter_mut() {
                if name == "startsAt" || name == "endsAt" {
                    // 2026-01-01T00:00:00Z and 2026-01-01T00:00:00.000Z are the same moment.
                    *value = json!(value.as_str().unwrap().replace(".000Z", "Z"));
                } else {
                    same(value);
                }
            }
        }
        _ => {}
    }
}

/// Two answers are the same, or differ as is written down.
fn compare(asked: &str, theirs: &str, ours: &str) {
    if theirs == ours {
        let stale = DIFFERENCES.iter().find(|one| one.asked == asked);
        assert!(stale.is_none(), "{asked} is the same in both, and differences.rs says that it isn't");
        return;
    }
    let known = DIFFERENCES
        .iter()
        .find(|one| asked.starts_with(one.asked) && theirs.contains(one.theirs) && ours.contains(one.ours));
    let Some(known) = known else {
        panic!(
            "{asked} differs and nothing says why\n--- Alertmanager\n{theirs}\n--- this server\n{ours}\n---"
        );
    };
    eprintln!("{asked}\n  Alertmanager: {theirs}\n  this server:  {ours}\n  because:      {}", known.why);
}
