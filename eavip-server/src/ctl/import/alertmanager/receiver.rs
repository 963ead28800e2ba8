//! Receivers: what the server can send to becomes `[receiver.NAME]`, with its secrets named and never repeated; the rest becomes
//! a comment that says what has to be completed. What isn't complete stays a comment, so that the server refuses to start
//! rather than tell nobody.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::config::secret;

use super::super::given::{Fields, Import, Outcome, quoted};
use super::super::toml;
use super::super::yaml::{Node, Value};

/// A kind of integration, and what of it isn't secret and helps whoever completes it.
const KINDS: [(&str, &[&str]); 13] = [
    ("webhook", &["max_alerts"]),
    ("email", &["to", "from", "smarthost"]),
    ("pagerduty", &["severity", "client", "class", "component", "group"]),
    ("slack", &["channel", "username"]),
    ("opsgenie", &["priority", "entity"]),
    ("victorops", &["routing_key", "message_type"]),
    ("pushover", &["priority"]),
    ("wechat", &["to_party", "agent_id"]),
    ("sns", &["topic_arn"]),
    ("telegram", &["chat_id"]),
    ("webex", &["room_id"]),
    ("discord", &[]),
    ("msteams", &[]),
];
/// What holds a secret in any of them: the key alone is told, never the value.
const SECRETS: [&str; 13] = [
    "api_url",
    "api_key",
    "api_secret",
    "service_key",
    "routing_key",
    "auth_password",
    "auth_secret",
    "user_key",
    "token",
    "bot_token",
    "webhook_url",
    "sigv4",
    "url",
];

/// The names that routes have for what a receiver of Alertmanager became.
#[derive(Debug, Default)]
pub(super) struct Receivers {
    pub(super) names: BTreeMap<String, Vec<String>>,
    taken: BTreeSet<String>,
    pub(super) server: String,
}

impl Receivers {
    pub(super) fn read(import: &Import<'_>, list: &[Node]) -> Self {
        let mut found = Self::default();
        for node in list {
            if let Some(fields) = import.fields(node, "a receiver") {
                found.receiver(&fields);
                fields.finish();
            }
        }
        found
    }

    fn receiver(&mut self, fields: &Fields<'_>) {
        let Some(name) = fields.required("name") else { return };
        if self.names.contains_key(name) {
            let message = format!("receiver {} stands twice", quoted(name));
            fields.import.problem(fields.node, message, "keep one of them");
            return;
        }
        let parts: Vec<(&str, &[&str], &Node)> = KINDS
            .iter()
            .flat_map(|(kind, shown)| {
                let list = fields.list(&format!("{kind}_configs"));
                list.iter().map(|node| (*kind, *shown, node))
            })
            .collect();
        let base = toml::slug(name);
        let mut names = Vec::new();
        for (kind, shown, node) in &parts {
            let wanted = if parts.len() == 1 { base.clone() } else { format!("{base}-{kind}") };
            let id = self.unique(wanted);
            if let Some(part) = fields.import.fields(node, &format!("{kind} of receiver {}", quoted(name))) {
                self.integration(&part, &id, name, kind, shown);
            }
            names.push(id);
        }
        if parts.is_empty() {
            let id = self.unique(base);
            self.nobody(fields, &id, name);
            names.push(id);
        }
        if names.first().is_some_and(|first| first != name) || names.len() > 1 {
            let why = format!("called {} here", names.join(", "));
            fields.import.remark(Outcome::Taken, fields.node.line, format!("receiver {}", quoted(name)), why);
        }
        self.names.insert(name.to_owned(), names);
    }

    fn unique(&mut self, wanted: String) -> String {
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let free = std::iter::once(wanted.clone()).chain(numbered).find(|id| !self.taken.contains(id));
        let id = free.unwrap_or(wanted);
        self.taken.insert(id.clone());
        id
    }

    /// Alertmanager tells nobody of what comes to a receiver without integrations.
    fn nobody(&mut self, fields: &Fields<'_>, id: &str, name: &str) {
        self.server += &toml::comment(&format!(
            "TO COMPLETE: {} told nobody in Alertmanager. Here every alert is told to somebody: name an archive,",
            quoted(name)
        ));
        self.server += "# or leave the alerts out at their source.\n";
        self.server += &commented(id, "https://TO-COMPLETE");
        let why = "it told nobody; here every alert leads to somebody: name an archive, or leave the alerts out at their source";
        fields.import.remark(
            Outcome::ToComplete,
            fields.node.line,
            format!("receiver {}", quoted(name)),
            why,
        );
    }

    fn integration(&mut self, fields: &Fields<'_>, id: &str, name: &str, kind: &str, shown: &[&str]) {
        let what = format!("{kind} of receiver {}", quoted(name));
        let line = fields.node.line;
        if fields.flag("send_resolved") == Some(false) {
            let why = "whoever is told of a beginning is told of the end";
            fields.import.remark(Outcome::Changed, line, format!("send_resolved of {what}"), why);
        }
        let facts: Vec<String> = shown.iter().filter_map(|key| fact(fields, key)).collect();
        let url = if kind == "webhook" { fields.text("url") } else { None };
        let secrets = secrets(fields, kind);
        fields.leave_out("http_config", "proxies, certificates and passwords of receivers aren't taken over");
        if let Some(url) = url.filter(|url| is_open(url)) {
            self.server += &format!("[receiver.{id}]\nurl = {}\n", toml::string(url));
            self.server +=
                &format!("# TO COMPLETE: make a key and share it with the other side.\n{}\n", key_file(id));
            let why = "messages are signed by a key that is to be made, and their body is this server's own";
            fields.import.remark(Outcome::Changed, line, what, why);
            return;
        }
        let facts = if facts.is_empty() { String::new() } else { format!(": {}", facts.join(", ")) };
        self.server += &toml::comment(&format!("TO COMPLETE: {what}{facts}"));
        for secret in &secrets {
            self.server += &toml::comment(&format!(
                "Its secret {secret}: keep it in a file or credential, name that here"
            ));
        }
        let place = url
            .and_then(host)
            .map_or_else(|| "https://TO-COMPLETE".to_owned(), |host| format!("https://{host}/TO-COMPLETE"));
        self.server += &commented(id, &place);
        let why = match secrets.is_empty() {
            true => "declare in server.toml where its messages go".to_owned(),
            false => format!(
                "declare in server.toml where its messages go; secrets to move: {}",
                secrets.join(", ")
            ),
        };
        fields.import.remark(Outcome::ToComplete, line, what, why);
    }
}

/// The name and value of what isn't a secret; a token in it isn't repeated.
fn fact(fields: &Fields<'_>, key: &str) -> Option<String> {
    let text = fields.text(key)?;
    let text = if secret::find_shape(text).is_some() { "a secret" } else { text };
    Some(format!("{key} {}", quoted(text)))
}

/// Where each secret stands, or which file has it already.
fn secrets(fields: &Fields<'_>, kind: &str) -> Vec<String> {
    let mut found = Vec::new();
    for key in SECRETS {
        // The one is an address where the other is a key.
        if (kind == "victorops" && key == "routing_key") || (kind == "webhook" && key != "url") {
            continue;
        }
        if let Some(node) = fields.take(key) {
            found.push(format!("`{key}` stands in {}:{}", fields.import.file, node.line));
        }
        if let Some(node) = fields.take(&format!("{key}_file"))
            && let Value::Text { text, .. } = &node.value
        {
            found.push(format!("`{key}` is in the file {}", quoted(text)));
        }
    }
    if kind == "webhook" && found.is_empty() {
        found.push(format!("`url` stands in {}:{}", fields.import.file, fields.node.line));
    }
    found
}

/// Whether an address holds nothing that looks like a secret: no password, no query, nothing but words in its path.
fn is_open(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return false;
    };
    let plain = !rest.contains(['@', '?', '#']) && !rest.contains("{{") && secret::find_shape(url).is_none();
    plain && rest.split('/').skip(1).all(is_word)
}

/// A part of a path as people choose it: a token is longer, or mixes what words don't.
fn is_word(part: &str) -> bool {
    let mixes = part.contains(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || !c.is_ascii());
    part.len() < if mixes { 8 } else { 20 }
}

fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    (!host.is_empty() && host.chars().all(plain)).then_some(host)
}

fn key_file(id: &str) -> String {
    format!("secret = {{ file = \"/etc/eavip/{id}.key\" }}\n")
}

/// A receiver that the server doesn't read until somebody has completed it.
fn commented(id: &str, url: &str) -> String {
    let lines = format!("[receiver.{id}]\nurl = {}\n{}", toml::string(url), key_file(id));
    lines.lines().map(|line| format!("# {line}\n")).collect::<String>() + "\n"
}
