//! The session's cookie. Over TLS it has the `__Host-` prefix, so that no other host or path can set or see it; on
//! plain loopback browsers refuse that prefix, so it is left out there.

use axum::http::{HeaderMap, HeaderValue, header};

use super::SESSION;
use super::secret::Secret;
use crate::app::Web;

const SECURE: &str = "__Host-eavip";
const PLAIN: &str = "eavip";

fn name(web: &Web) -> &'static str {
    if web.secure { SECURE } else { PLAIN }
}

fn header_of(web: &Web, value: &str, max_age: u64) -> Option<HeaderValue> {
    let secure = if web.secure { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}", name(web));
    HeaderValue::from_str(&text).ok().map(|mut value| {
        value.set_sensitive(true);
        value
    })
}

/// The `Set-Cookie` header that begins a session.
#[must_use]
pub fn begin(web: &Web, secret: &Secret) -> Option<HeaderValue> {
    header_of(web, secret.expose(), SESSION.as_millis() / 1_000)
}

/// The `Set-Cookie` header that ends a session in the browser.
#[must_use]
pub fn end(web: &Web) -> Option<HeaderValue> {
    header_of(web, "", 0)
}

/// The session's secret in a request.
#[must_use]
pub fn read<'h>(web: &Web, headers: &'h HeaderMap) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, value)| *key == name(web) && !value.is_empty()).map(|(_, value)| value).next()
}
