//! The mail sender: SMTP over TLS, a message a group's thread. Off this host nothing goes out in the clear.

use std::net::{IpAddr, SocketAddr};

use askama::Template;
use eavip_agent::egress::{addresses, forbidden};
use eavip_agent::secret::Secret;
use lettre::Address;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;

use super::message::{Body, Message};
use super::receiver::SendError;
use super::wording::{Wording, line};

mod wire;

use wire::Wire;

/// Alerts that one message spells out; more isn't read in a mail.
const MAX_ALERTS: usize = 100;
/// One attempt takes at most this long: a server may look at a mail before it takes it.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);
/// How long a server that took a message is given to say goodbye.
const GOODBYE: std::time::Duration = std::time::Duration::from_secs(2);

eavip_core::words! {
    /// How a mail server is spoken to.
    pub enum Security ("mail security") {
        /// TLS from the first byte, as port 465 has it.
        Tls = "tls",
        /// In the clear until both sides have agreed on TLS, as port 587 has it.
        Starttls = "starttls",
        /// In the clear; only to this host.
        None = "none",
    }
}

impl Security {
    /// The port that is usual for it.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::Starttls => 587,
            Self::None => 25,
        }
    }
}

/// A mail server, and whom it tells.
#[derive(Debug)]
pub struct Email {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub security: Security,
    /// What it knows this server by.
    pub login: Option<(String, Secret)>,
    /// Whom messages come from.
    pub from: Mailbox,
    /// Whom they go to, unless a message is for one person.
    pub to: Vec<Mailbox>,
    /// The host of this server's own address: the right side of message ids, and how it introduces itself.
    pub name: String,
}

impl Email {
    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mail = self.mail(message)?;
        let is_private = message.to.person.is_some();
        let sending = tokio::time::timeout(TIMEOUT, self.transmit(&mail, is_private));
        let passing = || SendError::Passing(format!("no answer within {} seconds", TIMEOUT.as_secs()), None);
        let mut connection = sending.await.map_err(|_| passing())??;
        // It has the message: how it says goodbye changes nothing.
        let _ = tokio::time::timeout(GOODBYE, connection.abort()).await;
        Ok(())
    }

    async fn transmit(
        &self,
        mail: &lettre::Message,
        is_private: bool,
    ) -> Result<AsyncSmtpConnection, SendError> {
        let stream = self.connect().await.map_err(|error| unreachable(&error))?;
        let hello = self.name.parse::<IpAddr>().map_or_else(
            |_| ClientId::Domain(self.name.clone()),
            |address| match address {
                IpAddr::V4(v4) => ClientId::Ipv4(v4),
                IpAddr::V6(v6) => ClientId::Ipv6(v6),
            },
        );
        let wire = match self.security {
            Security::Tls => Wire::secured(stream, &self.host).await.map_err(|error| unreachable(&error))?,
            Security::Starttls | Security::None => Wire::plain(stream),
        };
        let mut connection =
            AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await.map_err(refused)?;
        if self.security == Security::Starttls {
            let tls = TlsParameters::new_rustls(self.host.clone()).map_err(refused)?;
            connection.starttls(tls, &hello).await.map_err(refused)?;
        }
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await.map_err(refused)?;
        }
        let told = |error| if is_private { refused_privately(&error) } else { refused(error) };
        hand_over(&mut connection, mail, is_private).await.map_err(told)?;
        Ok(connection)
    }

    async fn connect(&self) -> std::io::Result<TcpStream> {
        let mut allowed: Vec<SocketAddr> = addresses(&self.host, self.port).await?;
        if self.security == Security::None {
            allowed.retain(|address| address.ip().is_loopback());
        }
        TcpStream::connect(&allowed[..]).await
    }

    fn mail(&self, message: &Message) -> Result<lettre::Message, SendError> {
        let wording = Wording::of(message, MAX_ALERTS);
        let own = format!("<{}@{}>", message.id, self.name);
        let mut builder = lettre::Message::builder()
            .from(self.from.clone())
            .subject(wording.title.clone())
            .message_id(Some(own))
            .date(std::time::UNIX_EPOCH + since_epoch(message))
            .header(AutoSubmitted);
        if let Body::Alerts(_) = message.body {
            // Nobody gets a mail with this id: it is what the mails about a group have in common.
            let thread = format!("<{}.group@{}>", message.key(), self.name);
            builder = builder.in_reply_to(thread.clone()).references(thread);
        }
        let to = match &message.to.address {
            Some(address) => vec![Mailbox::new(None, to_address(address)?)],
            None => self.to.clone(),
        };
        let builder = to.into_iter().fold(builder, lettre::message::MessageBuilder::to);
        let text = Text { wording: &wording }.render();
        let html = Html { wording: &wording }.render();
        // Writing into text fails only when a template does, and none of these can.
        let parts = MultiPart::alternative_plain_html(text.unwrap_or_default(), html.unwrap_or_default());
        builder.multipart(parts).map_err(|error| SendError::Final(format!("no mail can be made: {error}")))
    }
}

/// Hands a mail over. An address that the server doesn't take keeps it from nobody else; a person's own isn't written down.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    mail: &lettre::Message,
    is_private: bool,
) -> Result<(), lettre::transport::smtp::Error> {
    // What is written is ASCII, so that nothing is asked of the server's extensions.
    connection.command(Mail::new(mail.envelope().from().cloned(), Vec::new())).await?;
    let (mut taken, mut refusal) = (false, None);
    for to in mail.envelope().to() {
        match connection.command(Rcpt::new(to.clone(), Vec::new())).await {
            Ok(_) => taken = true,
            Err(error) => {
                if !is_private {
                    let (address, error) = (to.to_string(), line(&error.to_string(), 300));
                    tracing::warn!(address, error, "the mail server refuses an address");
                }
                refusal = Some(error);
            }
        }
    }
    if let Some(error) = refusal.filter(|_| !taken) {
        return Err(error);
    }
    connection.command(Data).await?;
    connection.message(&mail.formatted()).await.map(drop)
}

fn to_address(text: &str) -> Result<Address, SendError> {
    text.parse().map_err(|_| SendError::Final("the person's mail address can't be used".to_owned()))
}

fn since_epoch(message: &Message) -> std::time::Duration {
    let millis = u64::try_from(message.decided_at.as_millis()).unwrap_or_default();
    std::time::Duration::from_millis(millis)
}

fn unreachable(error: &std::io::Error) -> SendError {
    SendError::Passing(format!("the mail server can't be reached: {error}"), None)
}

/// As RFC 5321 has it: 5yz is for good, anything else may pass.
fn refused(error: lettre::transport::smtp::Error) -> SendError {
    let what = line(&format!("the mail server: {error}"), 300);
    if error.is_permanent() { SendError::Final(what) } else { SendError::Passing(what, None) }
}

/// The same of a mail to a person: what the server says of it may name their address, which nobody else sees.
fn refused_privately(error: &lettre::transport::smtp::Error) -> SendError {
    let what = match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None => "the mail server didn't take it".to_owned(),
    };
    if error.is_permanent() { SendError::Final(what) } else { SendError::Passing(what, None) }
}

/// Whether an address can be a mail server's.
#[must_use]
pub fn is_usable(host: &str) -> bool {
    let literal = host.parse::<IpAddr>().ok();
    let named = |host: &str| {
        !host.is_empty()
            && host.len() <= 253
            && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
    };
    literal.map_or_else(|| named(host), |address| !forbidden(address))
}

/// Tells holiday answers and the like that nobody reads what they would say (RFC 3834).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct Text<'a> {
    wording: &'a Wording,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    wording: &'a Wording,
}

#[cfg(test)]
mod tests;
