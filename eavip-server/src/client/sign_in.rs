//! From a one-time sign-in link to an API token, for those whose first contact with a server is a terminal: sign in,
//! make a token, sign out.

use eavip_agent::secret::Secret;
use reqwest::Method;
use reqwest::header::{COOKIE, HeaderMap, HeaderValue, ORIGIN, SET_COOKIE};
use serde_json::json;

use super::model::{NewToken, Principal};
use super::{Answer, Client, ClientError, ServerUrl, Trust};

/// A one-time sign-in link, as the server prints it: `https://host/sign-in#token=...`.
#[derive(Debug)]
pub struct Link {
    /// The server that the link leads to.
    pub url: ServerUrl,
    token: Secret,
}

impl Link {
    /// Reads a link; `None` when the text is no link at all.
    ///
    /// # Errors
    /// The address in it can't be used.
    pub fn read(text: &str) -> Result<Option<Self>, ClientError> {
        let Some((url, token)) = text.trim().split_once("/sign-in#token=") else { return Ok(None) };
        Ok(Some(Self { url: url.parse()?, token: Secret::new(token.to_owned()) }))
    }
}

/// Uses up a link and makes a token with the role that the link gives.
///
/// # Errors
/// As every call; refused when the link was used or ended.
pub async fn token(
    link: Link,
    name: &str,
    days: u32,
    trust: &Trust,
) -> Result<Answer<NewToken>, ClientError> {
    let nobody = Client::with_headers(link.url.clone(), HeaderMap::new(), trust)?;
    let asked = nobody.request(Method::POST, "/api/v1/session").json(&json!({ "link": link.token.expose() }));
    let response = nobody.exchange(asked).await?;
    let cookie = response.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok());
    let cookie = cookie.and_then(|text| text.split(';').next()).map(str::to_owned);
    let body = nobody.body(response).await?;
    let json = serde_json::from_slice(&body).map_err(|error| ClientError::Answer(error.to_string()))?;
    let who = Answer::<Principal>::of(json)?;
    let missing = || ClientError::Answer("signing in gave no session".to_owned());
    let mut cookie = HeaderValue::from_str(&cookie.ok_or_else(missing)?).map_err(|_| missing())?;
    cookie.set_sensitive(true);
    let origin = HeaderValue::from_str(&link.url.to_string()).map_err(|_| missing())?;
    let headers = [(COOKIE, cookie), (ORIGIN, origin)].into_iter().collect();
    let session = Client::with_headers(link.url, headers, trust)?;
    let made = session.create_token(name, who.role.as_str(), None, days).await;
    // The session ends by itself within hours; that it can't be ended now takes nothing from the token.
    let _ended = session.send(session.request(Method::DELETE, "/api/v1/session")).await;
    made
}
