//! The API from the other side: what `eavipctl` and Rust programs ask a server with, over TLS or plain HTTP to this
//! host alone.
//!
//! Answers come decoded and as the JSON that was sent, so that programs which print JSON print the API's own. What the
//! answers hold stands in [`model`], whom a connection trusts in [`trust`], how somebody without a token gets one in
//! [`sign_in`].

pub mod error;
pub mod incidents;
pub mod model;
pub mod noise;
pub mod on_call;
mod runbooks;
pub mod sign_in;
mod silences;
pub mod trends;
pub mod trust;

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use eavip_agent::dial;
use eavip_agent::secret::Secret;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use self::error::{ClientError, Refusal};
use self::model::{
    Alert, AlertDetail, AuditGrowth, AuditLog, JoinToken, Message, NewToken, Node, NodeDetail, Overview,
    Page, Principal, Receiver, Token, User,
};
pub use self::trust::{ServerUrl, Trust};

/// Longest wait for a connection with its handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a whole answer: a person waits, and the largest answer takes a tenth of it on a slow line.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// Largest answer: a page of 500 nodes or alerts with the longest labels is below it.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// Items asked for at once: the most that the server gives.
const PAGE: usize = 500;

/// An answer: what it says, and the JSON that says it.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// What it says.
    pub value: T,
    /// The document as the server wrote it.
    pub json: Value,
}

impl<T> Deref for Answer<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: DeserializeOwned> Answer<T> {
    fn of(json: Value) -> Result<Self, ClientError> {
        let value = T::deserialize(&json).map_err(|error| ClientError::Answer(error.to_string()))?;
        Ok(Self { value, json })
    }
}

/// Which alerts are asked for; everything that is left out matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AlertFilter {
    /// `firing`, `acknowledged` or `resolved`.
    pub status: Option<String>,
    /// `critical`, `warning` or `informational`.
    pub category: Option<String>,
    /// The owning team's id.
    pub owner: Option<String>,
    /// The rule's name.
    pub rule: Option<String>,
    /// The node's id.
    pub node: Option<String>,
    /// Only those that opened at this moment or later, RFC 3339.
    pub from: Option<String>,
    /// Only those that opened before this moment, RFC 3339.
    pub to: Option<String>,
}

/// Which messages are asked for; everything that is left out matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryFilter {
    /// `pending`, `delivered` or `given-up`.
    pub status: Option<String>,
    /// The receiver's name.
    pub receiver: Option<String>,
}

/// A server, asked in somebody's name.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: ServerUrl,
}

/// Leaves out what it signs in with.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Client {
    /// A client that asks with an API token (`eavip_pat_...`). Nothing is sent yet.
    ///
    /// # Errors
    /// The token can't stand in a header, or the authorities can't be used.
    pub fn new(url: ServerUrl, token: &Secret, trust: &Trust) -> Result<Self, ClientError> {
        let value = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
        let mut value = value.map_err(|_| ClientError::Token)?;
        value.set_sensitive(true);
        Self::with_headers(url, [(AUTHORIZATION, value)].into_iter().collect(), trust)
    }

    fn with_headers(url: ServerUrl, headers: HeaderMap, trust: &Trust) -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(trust.tls()?)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .default_headers(headers)
            .user_agent(concat!("eavipctl/", env!("CARGO_PKG_VERSION")));
        // What is meant for this host never goes through a proxy.
        let builder = if url.is_plain() { builder.no_proxy() } else { builder };
        let http = builder.build().map_err(|error| ClientError::Client(dial::reason(&error)))?;
        Ok(Self { http, url })
    }

    /// Where the server is.
    #[must_use]
    pub fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// Who the token stands for.
    ///
    /// # Errors
    /// As every call: [`ClientError::Unreachable`], [`ClientError::Refused`], [`ClientError::Answer`].
    pub async fn whoami(&self) -> Result<Answer<Principal>, ClientError> {
        self.get("/api/v1/session").await
    }

    /// The whole platform at a glance.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn overview(&self) -> Result<Answer<Overview>, ClientError> {
        self.get("/api/v1/overview").await
    }

    /// Alerts, the newest first, at most `most`; `next_cursor` says whether there are more.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn alerts(
        &self,
        filter: &AlertFilter,
        most: usize,
    ) -> Result<Answer<Page<Alert>>, ClientError> {
        self.pages("/api/v1/alerts", filter, most).await
    }

    /// One alert with its deliveries.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn alert(&self, id: &str) -> Result<Answer<AlertDetail>, ClientError> {
        self.get(&format!("/api/v1/alerts/{}", segment(id)?)).await
    }

    /// Takes an alert.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused when it is over or somebody has it.
    pub async fn acknowledge(&self, id: &str, reason: &str) -> Result<Answer<AlertDetail>, ClientError> {
        let path = format!("/api/v1/alerts/{}/acknowledge", segment(id)?);
        self.post(&path, &json!({ "reason": reason })).await
    }

    /// Receivers of the configuration.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn receivers(&self) -> Result<Answer<Page<Receiver>>, ClientError> {
        self.get("/api/v1/receivers").await
    }

    /// Sends a receiver a test; what became of it.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn test_receiver(&self, id: &str) -> Result<Answer<Message>, ClientError> {
        self.post(&format!("/api/v1/receivers/{}/test", segment(id)?), &()).await
    }

    /// Messages, the newest first, at most `most`.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        most: usize,
    ) -> Result<Answer<Page<Message>>, ClientError> {
        self.pages("/api/v1/deliveries", filter, most).await
    }

    /// Has a message tried anew that was given up.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused when it wasn't given up.
    pub async fn resend(&self, id: &str) -> Result<Answer<Message>, ClientError> {
        self.post(&format!("/api/v1/deliveries/{}/resend", segment(id)?), &()).await
    }

    /// Nodes by id, at most `most`.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn nodes(&self, most: usize) -> Result<Answer<Page<Node>>, ClientError> {
        self.pages("/api/v1/nodes", &(), most).await
    }

    /// One node with its services and series.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn node(&self, id: &str) -> Result<Answer<NodeDetail>, ClientError> {
        self.get(&format!("/api/v1/nodes/{}", segment(id)?)).await
    }

    /// Takes a node's identity back.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn revoke_node(&self, id: &str, reason: &str) -> Result<(), ClientError> {
        let path = format!("/api/v1/nodes/{}", segment(id)?);
        let request = self.request(Method::DELETE, &path).query(&[("reason", reason)]);
        self.send(request).await.map(drop)
    }

    /// How the audit log stands.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn audit(&self) -> Result<Answer<AuditLog>, ClientError> {
        self.get("/api/v1/audit").await
    }

    /// The proof that the audit log of one size continues that of a smaller one.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn audit_growth(&self, from: u64, to: u64) -> Result<Answer<AuditGrowth>, ClientError> {
        self.get(&format!("/api/v1/audit/proof/consistency?from={from}&to={to}")).await
    }

    /// Accounts of people.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn users(&self) -> Result<Answer<Page<User>>, ClientError> {
        self.get("/api/v1/users").await
    }

    /// Makes an account, or sets its password and role anew.
    ///
    /// # Errors
    /// As [`Client::whoami`]; the password may be too short.
    pub async fn set_user(
        &self,
        name: &str,
        role: &str,
        password: &str,
    ) -> Result<Answer<User>, ClientError> {
        let request = self.request(Method::PUT, &format!("/api/v1/users/{}", segment(name)?));
        Answer::of(self.send(request.json(&json!({ "password": password, "role": role }))).await?)
    }

    /// Removes an account.
    ///
    /// # Errors
    /// As [`Client::whoami`]; there may be none.
    pub async fn remove_user(&self, name: &str) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &format!("/api/v1/users/{}", segment(name)?));
        self.send(request).await.map(drop)
    }

    /// API tokens in force.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn tokens(&self) -> Result<Answer<Page<Token>>, ClientError> {
        self.get("/api/v1/tokens").await
    }

    /// Makes an API token; the answer is the only place where its secret stands.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn create_token(
        &self,
        name: &str,
        role: &str,
        team: Option<&str>,
        days: u32,
    ) -> Result<Answer<NewToken>, ClientError> {
        let asked = json!({ "name": name, "role": role, "team": team, "expires_in_days": days });
        self.post("/api/v1/tokens", &asked).await
    }

    /// Takes an API token back.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn revoke_token(&self, id: &str) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &format!("/api/v1/tokens/{}", segment(id)?));
        self.send(request).await.map(drop)
    }

    /// Makes a join token for new nodes of a place.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn create_join_token(&self, asked: &model::NewNodes) -> Result<Answer<JoinToken>, ClientError> {
        self.post("/api/v1/join-tokens", asked).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, ClientError> {
        Answer::of(self.send(self.request(Method::GET, path)).await?)
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Answer<T>, ClientError> {
        Answer::of(self.send(self.request(Method::POST, path).json(body)).await?)
    }

    /// Pages one after the other, put together as one.
    async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        filter: &impl Serialize,
        most: usize,
    ) -> Result<Answer<Page<T>>, ClientError> {
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        while items.len() < most {
            let limit = PAGE.min(most - items.len());
            let request = self.request(Method::GET, path).query(filter).query(&[("limit", limit)]);
            let request = match &cursor {
                Some(cursor) => request.query(&[("cursor", cursor)]),
                None => request,
            };
            let mut page: Page<Value> = Answer::of(self.send(request).await?)?.value;
            items.append(&mut page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        Answer::of(json!({ "items": items, "next_cursor": cursor }))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// Sends a request; the answer's JSON, null when it has no body.
    async fn send(&self, request: RequestBuilder) -> Result<Value, ClientError> {
        let response = self.exchange(request).await?;
        let body = self.body(response).await?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|error| ClientError::Answer(error.to_string()))
    }

    /// Sends a request; a refusal becomes an error.
    async fn exchange(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| text.parse().ok());
        let body = self.body(response).await?;
        Err(ClientError::Refused(Refusal::read(status.as_u16(), retry_after, &body)))
    }

    async fn body(&self, response: Response) -> Result<Vec<u8>, ClientError> {
        match dial::body(response, MAX_ANSWER).await {
            Ok(Some(body)) => Ok(body.to_vec()),
            Ok(None) => Err(ClientError::Answer(format!("it is longer than {MAX_ANSWER} bytes"))),
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> ClientError {
        let why = if error.is_timeout() { "no answer in time".to_owned() } else { dial::reason(error) };
        ClientError::Unreachable { url: self.url.to_string(), why }
    }
}

/// An id as a part of a path; what can't be one names nothing.
fn segment(id: &str) -> Result<&str, ClientError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let usable = !id.is_empty() && id.len() <= 128 && !id.starts_with('.') && id.chars().all(plain);
    if usable { Ok(id) } else { Err(ClientError::Id(id.chars().take(80).collect())) }
}

#[cfg(test)]
mod tests;
