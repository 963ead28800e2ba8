//! A destination of notifications: made from the configuration once its secrets are read, and asked to send.

use std::time::Duration;

use eavip_agent::secret::{Secret, SecretRef};
use eavip_core::id::ReceiverId;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use super::alertmanager::Alertmanager;
use super::cloudevents::CloudEvents;
use super::email::Email;
use super::http::Endpoint;
use super::mattermost::Mattermost;
use super::message::Message;
use super::pagerduty::{self, PagerDuty};
use super::signature::SigningKey;
use super::slack::Slack;
use super::webhook::Webhook;
use crate::config::receivers::{Address, Channel, EmailConfig, Kind, ReceiverConfig};

/// Why a message didn't arrive.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Trying again may help; after this long, where the receiver said so.
    #[error("{0}")]
    Passing(String, Option<Duration>),
    /// Trying again would meet the same.
    #[error("{0}")]
    Final(String),
}

impl SendError {
    /// Whether trying again would meet the same.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Final(_))
    }

    /// How long the receiver asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Passing(_, wait) => *wait,
            Self::Final(_) => None,
        }
    }
}

/// What is told of a receiver: nothing that is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its name in the configuration.
    pub id: ReceiverId,
    /// What it is.
    pub kind: Kind,
    /// Where it leads: the host alone.
    pub host: String,
    /// Who is told when it can't be.
    pub fallback: Option<ReceiverId>,
    /// Whether it is told of what is over.
    pub send_resolved: bool,
}

/// A destination of notifications.
#[derive(Debug)]
pub struct Receiver {
    /// What is told of it.
    pub about: About,
    sender: Sender,
}

#[derive(Debug)]
enum Sender {
    Webhook(Webhook),
    Alertmanager(Alertmanager),
    CloudEvents(CloudEvents),
    PagerDuty(PagerDuty),
    Slack(Slack),
    Mattermost(Mattermost),
    Email(Email),
}

/// What an HTTP receiver knows this server by: a bearer token, or nothing.
#[derive(Debug, Default)]
pub struct Token(Option<HeaderValue>);

impl Token {
    pub(super) fn headers(&self) -> HeaderMap {
        self.0.iter().map(|value| (AUTHORIZATION, value.clone())).collect()
    }
}

impl Receiver {
    /// Reads the secrets of a configured receiver. `server` is how people reach this server.
    ///
    /// # Errors
    /// What can't be used of it.
    pub fn open(id: &ReceiverId, config: &ReceiverConfig, server: &str) -> Result<Self, String> {
        let (sender, host) = match &config.channel {
            Channel::Webhook { url, secrets } => {
                let keys =
                    secrets.iter().map(|secret| SigningKey::parse(read(secret)?.expose()).map_err(text));
                let webhook = Webhook { keys: keys.collect::<Result<_, _>>()?, to: endpoint(url)? };
                let host = webhook.to.host();
                (Sender::Webhook(webhook), host)
            }
            Channel::Alertmanager { url, token } => {
                let (to, token) = bearer(url, token.as_ref())?;
                let host = to.host();
                (Sender::Alertmanager(Alertmanager { to, token }), host)
            }
            Channel::CloudEvents { url, token } => {
                let (to, token) = bearer(url, token.as_ref())?;
                let host = to.host();
                (Sender::CloudEvents(CloudEvents { to, token }), host)
            }
            Channel::PagerDuty { url, routing_key } => {
                let to = Endpoint::secret(url.as_deref().unwrap_or(pagerduty::URL)).map_err(text)?;
                let host = to.host();
                (Sender::PagerDuty(PagerDuty { to, key: read(routing_key)? }), host)
            }
            Channel::Slack { url } => {
                let to = Endpoint::secret(read(url)?.expose()).map_err(text)?;
                let host = to.host();
                (Sender::Slack(Slack { to }), host)
            }
            Channel::Mattermost { url } => {
                let to = Endpoint::secret(read(url)?.expose()).map_err(text)?;
                let host = to.host();
                (Sender::Mattermost(Mattermost { to }), host)
            }
            Channel::Email(config) => (Sender::Email(email(config, server)?), config.host.clone()),
        };
        let about = About {
            id: id.clone(),
            kind: config.channel.kind(),
            host,
            fallback: config.fallback.clone(),
            send_resolved: config.send_resolved,
        };
        Ok(Self { about, sender })
    }

    /// Sends a message once.
    ///
    /// # Errors
    /// Why it didn't arrive.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        match &self.sender {
            Sender::Webhook(webhook) => webhook.send(message).await,
            Sender::Alertmanager(alertmanager) => alertmanager.send(message).await,
            Sender::CloudEvents(events) => events.send(message).await,
            Sender::PagerDuty(service) => service.send(message).await,
            Sender::Slack(slack) => slack.send(message).await,
            Sender::Mattermost(mattermost) => mattermost.send(message).await,
            Sender::Email(email) => email.send(message).await,
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn read(secret: &SecretRef) -> Result<Secret, String> {
    secret.resolve().map_err(text)
}

fn endpoint(address: &Address) -> Result<Endpoint, String> {
    match address {
        Address::Plain(url) => Endpoint::new(url).map_err(text),
        Address::Secret(secret) => Endpoint::secret(read(secret)?.expose()).map_err(text),
    }
}

fn bearer(address: &Address, token: Option<&SecretRef>) -> Result<(Endpoint, Token), String> {
    let Some(token) = token else { return Ok((endpoint(address)?, Token::default())) };
    let to = match address {
        Address::Plain(url) => Endpoint::secret(url).map_err(text)?,
        Address::Secret(_) => endpoint(address)?,
    };
    let mut value = HeaderValue::from_str(&format!("Bearer {}", read(token)?.expose())).map_err(|_| {
        "its token can't stand in a header; write one line of printable characters".to_owned()
    })?;
    value.set_sensitive(true);
    Ok((to, Token(Some(value))))
}

fn email(config: &EmailConfig, server: &str) -> Result<Email, String> {
    let login =
        config.login.as_ref().map(|(user, password)| Ok::<_, String>((user.clone(), read(password)?)));
    let host = reqwest::Url::parse(server).ok().and_then(|url| url.host_str().map(str::to_owned));
    Ok(Email {
        host: config.host.clone(),
        port: config.port,
        security: config.security,
        login: login.transpose()?,
        from: config.from.clone(),
        to: config.to.clone(),
        name: host.map_or_else(|| "localhost".to_owned(), |host| host.trim_matches(['[', ']']).to_owned()),
    })
}
