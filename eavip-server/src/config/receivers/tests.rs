//! Tests of reading receivers: each kind with what it needs, and every mistake at once.

use eavip_agent::config::layers::Layers;

use super::*;
use crate::config::Config;

fn load(text: &str) -> Result<BTreeMap<ReceiverId, ReceiverConfig>, Vec<String>> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("server.toml");
    std::fs::write(&file, text).unwrap();
    let loaded = Config::load(&Layers::read(&file, true));
    loaded.map(|(config, _)| config.receivers).map_err(|problems| {
        let line = |problem: &eavip_core::policy::Problem| {
            let line = problem.position.map_or(0, |(line, _)| line);
            format!("{line} {} {}", problem.code, problem.message)
        };
        problems.iter().map(line).collect()
    })
}

const ALL: &str = r#"
[receiver.hook]
url = "https://hook.example/eavip"
secret = { file = "/k" }
previous_secret = { file = "/k0" }
[receiver.am]
type = "alertmanager"
url = { file = "/am.url" }
token = { env = "AM" }
fallback = "hook"
[receiver.ce]
type = "cloudevents"
url = "https://broker.example/"
send_resolved = false
[receiver.pd]
type = "pagerduty"
routing_key = { credential = "pd" }
fallback = "mail"
[receiver.slack]
type = "slack"
url = { file = "/slack.url" }
[receiver.mm]
type = "mattermost"
url = { file = "/mm.url" }
[receiver.mail]
type = "email"
host = "mail.example"
user = "ops"
password = { file = "/mail.password" }
from = "Ops <ops@example.com>"
to = ["team@example.com"]
"#;

#[test]
fn every_kind_is_read() {
    let receivers = load(ALL).unwrap();
    let kinds: BTreeSet<Kind> = receivers.values().map(|receiver| receiver.channel.kind()).collect();
    assert_eq!(kinds, Kind::ALL.iter().copied().collect());
    let told = |name: &str| &receivers[&name.parse::<ReceiverId>().unwrap()];
    assert!(told("hook").send_resolved && !told("ce").send_resolved);
    assert_eq!(told("pd").fallback.as_ref().unwrap().as_str(), "mail");
    let Channel::Email(mail) = &told("mail").channel else { panic!("a mail server") };
    assert_eq!((mail.port, mail.security), (587, Security::Starttls));
}

#[test]
fn every_mistake_is_told_at_once_with_its_line() {
    let text = r#"
[receiver.hook]
url = "https://hook.example/eavip"
routing_key = { file = "/k" }
[receiver.slack]
type = "slack"
url = "https://hooks.slack.com/services/T0/B0/s3cr3t"
[receiver.what]
type = "slak"
url = "https://x.example/"
secret = { file = "/k" }
[receiver.mail]
type = "email"
host = "mail.example"
security = "none"
user = "ops"
from = "ops"
to = []
[receiver.a]
url = "https://x.example/"
secret = { file = "/k" }
fallback = "b"
[receiver.b]
url = "https://x.example/"
secret = { file = "/k" }
fallback = "a"
[receiver.c]
url = "https://x.example/"
secret = { file = "/k" }
fallback = "nobody"
"#;
    let problems = load(text).map(|_| ()).unwrap_err();
    assert!(problems.iter().all(|problem| !problem.contains("s3cr3t")));
    insta::assert_snapshot!(problems.join("\n"), @r"
    2 EAVIP-P04 `receiver.hook` has no `secret`
    4 EAVIP-P02 `receiver.hook.routing_key` is not a known key
    7 EAVIP-C02 `url` holds a value instead of naming a secret
    9 EAVIP-P03 `receiver.what.type`: `slak` is not a known receiver type
    12 EAVIP-P07 one of `user` and `password` is missing
    15 EAVIP-P07 mail would go to another host in the clear
    17 EAVIP-P03 `ops` can't be a mail address
    18 EAVIP-P03 `to` has 0 addresses
    22 EAVIP-C11 the fallbacks of `a` lead back to `a`
    26 EAVIP-C11 the fallbacks of `b` lead back to `b`
    30 EAVIP-C11 no receiver is called `nobody`
    ");
}
