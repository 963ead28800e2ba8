//! The operational dashboard (seed: *Monitoring & Health*): pages rendered from [`crate::api::view`] and nothing else,
//! readable without JavaScript, served from the binary. What isn't here: routes, sessions, roles, what the numbers
//! mean. Those who serve a page ask for its [`Main`] and put it into the shell, or send it alone as a fragment:
//!
//! | path | rendered by | from |
//! |---|---|---|
//! | `GET /sign-in` | [`pages::sign_in`] | what was wrong with the last attempt |
//! | `GET /`, `/fragments/overview` | [`pages::overview`] | `Overview` |
//! | `GET /nodes?q=&cursor=`, `/fragments/nodes` | [`pages::nodes`] | `Page<NodeRow>` |
//! | `GET /nodes/{id}`, `/fragments/nodes/{id}` | [`pages::node`] | `NodeDetail`, `History` of [`pages::main_series`] |
//! | `GET /nodes/{id}/series/{series}?span=` | [`pages::series`] | `NodeDetail.row`, `History` |
//! | `GET /alerts?status=&category=&q=`, `/fragments/alerts` | [`alerts::list`] | `Alert`s, `Now` |
//! | `GET /alerts/{id}`, `/fragments/alerts/{id}` | [`alerts::detail`] | `AlertDetail`, `History` of its series |
//! | `GET /alerts/{id}/why`, `/fragments/alerts/{id}/why` | [`why::why`] | `Alert`, `Why` |
//! | `GET /alerts/quarantined`, `/fragments/alerts/quarantined` | [`silences::quarantined`] | `Quarantined`s |
//! | `GET /silences?match=`, `/fragments/silences` | [`silences::silences`] | `Silence`s, `Window`s |
//! | `GET /runbooks`, `/runbooks/{page}` | [`runbook::index`], [`runbook::page`] | Markdown, open `Alert`s that cite it |
//! | `GET /noise`, `/fragments/noise` | [`noise::noise`] | `Noise` |
//! | `GET /trends`, `/fragments/trends` | [`trends::trends`] | `Trends`, `ReviewRow`s, `Proposal`s, `OpenItem`s |
//! | `GET /trends/{month}` | [`trends::review`] | `Review` |
//! | `GET /settings` | [`settings::settings`] | `User`s, `Token`s, `JoinToken`s, `Receiver`s, `Message`s given up |
//! | `GET /assets/{digest}/{name}` | [`assets::get`] | |
//! | anything that fails | [`pages::error`] | [`pages::Trouble`] |
//!
//! | form | fields | then |
//! |---|---|---|
//! | `POST /sign-in` | `user`, `password`, `next`; or `token`, `next` | 303 to `next`; the page again with what was wrong |
//! | `POST /sign-out` | | 303 to `/sign-in` |
//! | `POST /alerts/{id}/acknowledge` | `reason` | 303 to the alert; the page again with reason and what was wrong |
//! | `POST /alerts/{id}/vote` | `actionable` | 303 to the alert |
//! | `POST /noise/defects/{id}/mend` | `how` | 303 to the defect; the page again with what was wrong |
//! | `POST /trends/{month}/sign` | `remark` | 303 to the review; the page again with what was wrong |
//! | `POST /trends/proposals/{id}/answer` | `reply`, `reason`, `record` | 303 to the proposals; the page again with what was wrong |
//! | `POST /silences` | `matchers`, `reason`, `ticket`, `hours` | 303 to `/silences`; the page again with what was wrong |
//! | `POST /silences/{id}/approve` | | the same |
//! | `POST /silences/{id}/end` | `reason` | the same |
//! | `POST /settings/join-tokens` | `deployment`, `environment`, `mode` | the page with the command, this once |
//! | `POST /settings/tokens` | `name`, `role`, `days` | the page with the secret, this once |
//! | `POST /settings/tokens/{id}/revoke` | | 303 to `/settings` |
//! | `POST /settings/receivers/{id}/test` | | the page with what became of the test |
//! | `POST /settings/deliveries/{id}/resend` | | 303 to `/settings#dead-letters` |
//!
//! Fragments take the same query as their page, and carry an [`etag`]; pages carry [`CONTENT_SECURITY_POLICY`].

pub mod alerts;
pub mod assets;
pub mod chart;
pub mod chrome;
pub mod handlers;
pub mod noise;
pub mod pages;
pub mod runbook;
pub mod settings;
pub mod silences;
pub mod trends;
pub mod why;
pub mod words;

use askama::Template;
use eavip_core::Vocabulary as _;
use eavip_core::id::Digest128;

pub use chrome::Chrome;

use crate::shared::ChangeKind;

/// What a page may load and do: only what this server serves, no inline script or style, and no text that becomes
/// markup in the browser.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'; report-uri /csp-report";

/// What rendering answers; writing into text fails only when a template does.
pub type Rendered = Result<Main, askama::Error>;

/// The part of a page that is its own: the inside of `<main>`.
#[derive(Debug, Clone)]
pub struct Main {
    title: String,
    html: String,
    live: Option<Live>,
}

/// Where a page's part is fetched anew, and which changes make that worthwhile.
#[derive(Debug, Clone)]
struct Live {
    /// The path of the fragment below the base path, with its query.
    path: String,
    /// The kinds of change, separated by blanks.
    kinds: &'static str,
    /// The ids that concern it, separated by blanks; empty for any.
    ids: String,
}

impl Main {
    fn new(title: impl Into<String>, template: &impl Template) -> Rendered {
        Ok(Self { title: title.into(), html: template.render()?, live: None })
    }

    fn live(self, path: String, kinds: &'static str, ids: String) -> Self {
        Self { live: Some(Live { path, kinds, ids }), ..self }
    }

    /// The part alone, for a fragment's route.
    #[must_use]
    pub fn into_fragment(self) -> String {
        self.html
    }

    /// The whole page.
    ///
    /// # Errors
    /// When the template does; there is no input that makes it.
    pub fn into_page(self, chrome: &Chrome) -> Result<String, askama::Error> {
        Shell { chrome, main: &self }.render()
    }
}

#[derive(Template)]
#[template(path = "shell.html")]
struct Shell<'a> {
    chrome: &'a Chrome,
    main: &'a Main,
}

/// Every kind of change, as the stream names its events; separated by blanks.
fn stream_kinds() -> String {
    ChangeKind::WORDS.join(" ")
}

/// The entity tag of a rendered text, with its quotes.
#[must_use]
pub fn etag(html: &str) -> String {
    format!("\"{}\"", Digest128::of([html.as_bytes()]))
}

/// A text as one segment of a path, or as a value in a query.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
