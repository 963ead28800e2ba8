//! What stands before every route: who asks, whether the role is enough, and whether a browser was made to ask by
//! another site. A route without an entry in the table is refused.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::principal::authenticate;
use super::{Principal, allowed};
use crate::app::{App, Web};
use crate::problem::{Code, Problem};
use crate::record::Role;
use crate::shared::now;

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: everybody may.
    Nothing,
    /// A role, or one above it.
    Role(Role),
}

/// A route and what it needs.
pub type Entry = (Method, &'static str, Need);

/// Guards the routes of a table.
///
/// # Errors
/// A [`Problem`] when the request is refused.
pub async fn guard(
    State((app, table)): State<(App, &'static [Entry])>,
    mut request: Request,
    next: Next,
) -> Response {
    match admit(&app, table, &request) {
        Ok(Some(principal)) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Ok(None) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn admit(app: &App, table: &[Entry], request: &Request) -> Result<Option<Principal>, Problem> {
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let entry = table.iter().find(|(known, at, _)| known == method && *at == path);
    let unlisted = || Problem::new(Code::Forbidden, "nobody may use this");
    let (.., need) = entry.ok_or_else(unlisted)?;
    let Need::Role(role) = need else { return Ok(None) };
    let principal = authenticate(app, request.headers(), now())?;
    if principal.by_cookie() && !method.is_safe() {
        same_site(&app.web, request.headers())?;
    }
    allowed::permitted(&principal, *role)?;
    Ok(Some(principal))
}

/// Whether a request that changes something came from this server's own pages: `Sec-Fetch-Site` where the browser
/// sends it, else `Origin`.
///
/// # Errors
/// [`Code::CrossSite`] when another site made it, or nothing tells.
pub fn same_site(web: &Web, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let same = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = text("host").unwrap_or_default();
            let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            origin == web.url || (!host.is_empty() && rest == Some(host))
        }
        (None, None) => false,
    };
    if same {
        Ok(())
    } else {
        Err(Problem::new(Code::CrossSite, "the request wasn't made by this server's own page"))
    }
}
