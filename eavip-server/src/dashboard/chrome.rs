//! What every page needs besides its data: who looks, from where, and when; and how moments are written.
//!
//! Sessions, roles and origins are checked by the routes; here a role only decides what is worth offering.

use std::fmt;

use askama::filters::HtmlSafe;
use eavip_core::time::Timestamp;

use crate::api::view::{Principal, Token};
use crate::record::Role;
use crate::value::ago;

/// Who looks at a page, where it is served and when it was put together.
#[derive(Debug, Clone)]
pub struct Chrome {
    /// Who is signed in; none on the sign-in page.
    pub principal: Option<Principal>,
    /// What a proxy puts before every path: empty, or `/ops` without a slash at its end.
    pub base: String,
    /// The page's path below `base`, with its query, such as `/alerts?status=open`.
    pub path: String,
    /// When the page is put together.
    pub now: Timestamp,
    /// The server's version.
    pub version: String,
}

impl Chrome {
    /// Whether the viewer's role includes another.
    #[must_use]
    pub fn may(&self, role: Role) -> bool {
        self.principal.as_ref().is_some_and(|principal| principal.role >= role)
    }

    /// Whether alerts can be acknowledged.
    #[must_use]
    pub fn may_respond(&self) -> bool {
        self.may(Role::Responder)
    }

    /// Whether users, tokens and nodes can be managed.
    #[must_use]
    pub fn may_manage(&self) -> bool {
        self.may(Role::Admin)
    }

    /// The roles that a token may have which the viewer makes.
    #[must_use]
    pub fn roles(&self) -> Vec<Role> {
        let may = |role: &Role| self.principal.as_ref().is_some_and(|one| one.role.includes(*role));
        Role::ALL.iter().copied().filter(may).collect()
    }

    /// Whether the viewer may take a token back.
    #[must_use]
    pub fn may_revoke(&self, token: &Token) -> bool {
        let name = self.principal.as_ref().map(|principal| &principal.name);
        self.may_manage() || (name.is_some() && token.account.as_ref() == name)
    }

    /// Whether a part of the site, such as `/nodes`, is the one being looked at.
    #[must_use]
    pub fn is_in(&self, part: &str) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        path == part || (part != "/" && path.strip_prefix(part).is_some_and(|rest| rest.starts_with('/')))
    }

    /// Where an asset lies.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        format!("{}{}", self.base, super::assets::path(name))
    }

    /// When the page was put together, for its foot.
    #[must_use]
    pub fn now_text(&self) -> String {
        let iso = self.now.to_string();
        let (date, clock) = parts(&iso);
        format!("{date} {clock} UTC")
    }

    /// A moment for people: the time, and the date where it isn't today's.
    #[must_use]
    pub fn time(&self, rfc3339: &str) -> Moment {
        Moment { at: rfc3339.parse().ok(), now: self.now, with_age: false }
    }

    /// A moment with how long ago it is.
    #[must_use]
    pub fn since(&self, rfc3339: &str) -> Moment {
        Moment { at: rfc3339.parse().ok(), now: self.now, with_age: true }
    }
}

/// A moment as HTML: `<time>` in UTC, which the page's script can turn into local time and keep ageing.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    at: Option<Timestamp>,
    now: Timestamp,
    with_age: bool,
}

/// Only digits, fixed letters and punctuation of a checked timestamp are written.
impl HtmlSafe for Moment {}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(at) = self.at else { return f.write_str("not known") };
        let (iso, now) = (at.to_string(), self.now.to_string());
        let (date, clock) = parts(&iso);
        let today = date == parts(&now).0;
        write!(f, "<time datetime=\"{iso}\">")?;
        if !today {
            write!(f, "{date} ")?;
        }
        write!(f, "{clock} UTC</time>")?;
        if self.with_age && at <= self.now {
            let ago = ago(self.now.since(at).as_secs_f64());
            write!(f, " <span class=\"age\" data-since=\"{iso}\">{ago}</span>")?;
        }
        Ok(())
    }
}

/// Date and clock of an RFC 3339 text in UTC, to the second.
pub(super) fn parts(iso: &str) -> (&str, &str) {
    let (date, rest) = iso.split_once('T').unwrap_or((iso, ""));
    (date, rest.get(..8).unwrap_or(rest))
}

#[cfg(test)]
mod tests;
