//! `[receiver.NAME]`: where alerts can be sent, of which kind each is, and who is told when it can't be reached. Secrets are
//! named here and read when the server starts.

use std::collections::{BTreeMap, BTreeSet};

use eavip_agent::secret::SecretRef;
use eavip_core::document::{CONTRADICTION, Section, WRONG_VALUE};
use eavip_core::id::ReceiverId;
use lettre::message::Mailbox;

use crate::notify::email::{Security, is_usable};

/// Most receivers.
const MAX_RECEIVERS: usize = 200;
/// Most addresses of a mail: more are a mailing list's job.
const MAX_RECIPIENTS: usize = 50;
/// A fallback that leads nowhere.
const NO_FALLBACK: &str = "EAVIP-C11";

eavip_core::words! {
    /// What a receiver is.
    pub enum Kind ("receiver type") {
        /// Signed JSON by HTTP (Standard Webhooks).
        Webhook = "webhook",
        /// What Alertmanager sends to its webhooks, version 4.
        Alertmanager = "alertmanager",
        /// CloudEvents 1.0 by HTTP.
        CloudEvents = "cloudevents",
        /// PagerDuty's Events API, version 2.
        PagerDuty = "pagerduty",
        /// An incoming webhook of Slack.
        Slack = "slack",
        /// An incoming webhook of Mattermost.
        Mattermost = "mattermost",
        /// Mail by SMTP.
        Email = "email",
    }
}

/// A receiver as it is configured.
#[derive(Debug, Clone)]
pub struct ReceiverConfig {
    /// How it is reached.
    pub channel: Channel,
    /// Who is told when it can't be.
    pub fallback: Option<ReceiverId>,
    /// Whether it is told of what is over.
    pub send_resolved: bool,
}

/// How a receiver is reached.
#[derive(Debug, Clone)]
pub enum Channel {
    /// Signed JSON by HTTP.
    Webhook {
        /// Its address.
        url: Address,
        /// The keys that messages to it are signed with.
        secrets: Vec<SecretRef>,
    },
    /// What Alertmanager sends.
    Alertmanager {
        /// Its address.
        url: Address,
        /// Its bearer token.
        token: Option<SecretRef>,
    },
    /// CloudEvents.
    CloudEvents {
        /// Its address.
        url: Address,
        /// Its bearer token.
        token: Option<SecretRef>,
    },
    /// A PagerDuty service.
    PagerDuty {
        /// Where events go, where not to the usual address.
        url: Option<String>,
        /// The service's integration key.
        routing_key: SecretRef,
    },
    /// An incoming webhook of Slack.
    Slack {
        /// Its address.
        url: SecretRef,
    },
    /// An incoming webhook of Mattermost.
    Mattermost {
        /// Its address.
        url: SecretRef,
    },
    /// Mail.
    Email(EmailConfig),
}

impl Channel {
    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Webhook { .. } => Kind::Webhook,
            Self::Alertmanager { .. } => Kind::Alertmanager,
            Self::CloudEvents { .. } => Kind::CloudEvents,
            Self::PagerDuty { .. } => Kind::PagerDuty,
            Self::Slack { .. } => Kind::Slack,
            Self::Mattermost { .. } => Kind::Mattermost,
            Self::Email(_) => Kind::Email,
        }
    }
}

/// An address that may be a secret.
#[derive(Debug, Clone)]
pub enum Address {
    /// It isn't.
    Plain(String),
    /// It is, and is kept there.
    Secret(SecretRef),
}

/// A mail server, and whom it tells.
#[derive(Debug, Clone)]
pub struct EmailConfig {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub security: Security,
    /// User and password.
    pub login: Option<(String, SecretRef)>,
    /// Whom messages come from.
    pub from: Mailbox,
    /// Whom they go to.
    pub to: Vec<Mailbox>,
}

/// Every receiver of a configuration.
pub(super) fn read(root: &Section<'_>) -> BTreeMap<ReceiverId, ReceiverConfig> {
    let sections = root.named_sections::<ReceiverId>("receiver");
    if sections.len() > MAX_RECEIVERS {
        let message = format!("{} receivers are too many", sections.len());
        root.problem(Some("receiver"), WRONG_VALUE, message, &format!("keep at most {MAX_RECEIVERS}"));
    }
    let mut sections: Vec<_> = sections.into_iter().take(MAX_RECEIVERS).collect();
    let fallbacks: BTreeMap<ReceiverId, Option<ReceiverId>> =
        sections.iter().map(|(id, section)| (id.clone(), section.text("fallback"))).collect();
    for (id, section) in &sections {
        check_fallback(id, section, &fallbacks);
    }
    let one = |(id, section): (ReceiverId, Section<'_>)| {
        let send_resolved = section.flag("send_resolved").unwrap_or(true);
        let channel = channel(&section);
        section.finish();
        let fallback = fallbacks.get(&id).cloned().flatten();
        Some((id, ReceiverConfig { channel: channel?, fallback, send_resolved }))
    };
    sections.drain(..).filter_map(one).collect()
}

/// Whether a fallback is there, and doesn't lead back.
fn check_fallback(
    id: &ReceiverId,
    section: &Section<'_>,
    fallbacks: &BTreeMap<ReceiverId, Option<ReceiverId>>,
) {
    let mut seen = BTreeSet::from([id]);
    let mut next = fallbacks.get(id).and_then(Option::as_ref);
    if let Some(first) = next.filter(|first| !fallbacks.contains_key(*first)) {
        let message = format!("no receiver is called `{first}`");
        section.problem(Some("fallback"), NO_FALLBACK, message, "name another receiver of this file");
        return;
    }
    while let Some(receiver) = next {
        if !seen.insert(receiver) {
            let message = format!("the fallbacks of `{id}` lead back to `{receiver}`");
            section.problem(Some("fallback"), NO_FALLBACK, message, "let the last of them have none");
            return;
        }
        next = fallbacks.get(receiver).and_then(Option::as_ref);
    }
}

fn channel(section: &Section<'_>) -> Option<Channel> {
    match section.text("type").unwrap_or(Kind::Webhook) {
        Kind::Webhook => {
            let (url, secrets) = (address(section), keys(section));
            Some(Channel::Webhook { url: url?, secrets: secrets? })
        }
        Kind::Alertmanager => {
            let (url, token) = (address(section), SecretRef::read(section, "token"));
            Some(Channel::Alertmanager { url: url?, token })
        }
        Kind::CloudEvents => {
            let (url, token) = (address(section), SecretRef::read(section, "token"));
            Some(Channel::CloudEvents { url: url?, token })
        }
        Kind::PagerDuty => {
            let url = section.text("url");
            let key = secret(
                section,
                "routing_key",
                "name the service's integration key: `routing_key = { file = \"/etc/eavip/pagerduty.key\" }`",
            );
            Some(Channel::PagerDuty { url, routing_key: key? })
        }
        kind @ (Kind::Slack | Kind::Mattermost) => {
            let remedy =
                "name where the webhook's address is kept: `url = { file = \"/etc/eavip/chat.url\" }`";
            let url = secret(section, "url", remedy)?;
            Some(if kind == Kind::Slack { Channel::Slack { url } } else { Channel::Mattermost { url } })
        }
        Kind::Email => email(section).map(Channel::Email),
    }
}

fn secret(section: &Section<'_>, key: &'static str, remedy: &str) -> Option<SecretRef> {
    if !section.has(key) {
        section.missing(key, remedy);
    }
    SecretRef::read(section, key)
}

fn address(section: &Section<'_>) -> Option<Address> {
    if section.is_table("url") {
        return SecretRef::read(section, "url").map(Address::Secret);
    }
    section.required("url", "say where messages go: `url = \"https://…\"`").map(Address::Plain)
}

/// The signing key, and the one before it while the receiver may still check with that.
fn keys(section: &Section<'_>) -> Option<Vec<SecretRef>> {
    let first =
        secret(section, "secret", "name the signing key: `secret = { file = \"/etc/eavip/pager.key\" }`");
    let previous = SecretRef::read(section, "previous_secret");
    Some(std::iter::once(first?).chain(previous).collect())
}

fn email(section: &Section<'_>) -> Option<EmailConfig> {
    let host = section
        .required::<String>("host", "say which mail server takes messages: `host = \"mail.example.com\"`");
    let security = section.text("security").unwrap_or(Security::Starttls);
    if let Some(host) = &host {
        check_host(section, host, security);
    }
    let port = section.integer("port", 1..=u64::from(u16::MAX)).and_then(|port| u16::try_from(port).ok());
    let user = section.text::<String>("user");
    let password = SecretRef::read(section, "password");
    if user.is_some() != section.has("password") {
        let remedy = "give both `user` and `password`, or neither";
        section.problem(None, CONTRADICTION, "one of `user` and `password` is missing", remedy);
    }
    let from =
        section.required::<String>("from", "say whom messages come from: `from = \"ops@example.com\"`");
    let from = from.and_then(|text| mailbox(section, "from", &text));
    if !section.has("to") {
        section.missing("to", "say whom messages go to: `to = [\"ops@example.com\"]`");
    }
    let texts = section.list::<String>("to");
    if section.has("to") && !(1..=MAX_RECIPIENTS).contains(&texts.len()) {
        let message = format!("`to` has {} addresses", texts.len());
        section.problem(Some("to"), WRONG_VALUE, message, &format!("name 1 to {MAX_RECIPIENTS}"));
    }
    let to: Vec<Mailbox> = texts.iter().filter_map(|text| mailbox(section, "to", text)).collect();
    let port = port.unwrap_or_else(|| security.port());
    Some(EmailConfig { host: host?, port, security, login: user.zip(password), from: from?, to })
}

fn check_host(section: &Section<'_>, host: &str, security: Security) {
    if !is_usable(host) {
        let message = format!("`{}` can't be a mail server", host.chars().take(80).collect::<String>());
        section.problem(Some("host"), WRONG_VALUE, message, "write its name or address");
    }
    let here =
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if security == Security::None && !here {
        let message = "mail would go to another host in the clear";
        section.problem(Some("security"), CONTRADICTION, message, "use `starttls` or `tls`");
    }
}

fn mailbox(section: &Section<'_>, key: &'static str, text: &str) -> Option<Mailbox> {
    let read = text.parse::<Mailbox>().ok();
    if read.is_none() {
        let message = format!("`{}` can't be a mail address", text.chars().take(80).collect::<String>());
        section.problem(Some(key), WRONG_VALUE, message, "write it like `Ops <ops@example.com>`");
    }
    read
}

#[cfg(test)]
mod tests;
