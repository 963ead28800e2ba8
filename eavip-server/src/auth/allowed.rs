//! The proof that somebody may do something. A command that changes anything takes one, and only this module makes
//! them: a handler that forgot to ask doesn't compile.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use eavip_core::decision::Refused;
use eavip_core::time::Timestamp;

use super::Principal;
use crate::app::App;
use crate::book::Book;
use crate::problem::{Code, Problem};
use crate::record::{Event, LedgerRecord, Role, VERSION};

/// A role as a type.
pub trait Least: Send + Sync + 'static {
    /// The role that is needed, or any above it.
    const ROLE: Role;
}

/// May send alerts.
#[derive(Debug, Clone, Copy)]
pub struct Sender;
/// May look at everything.
#[derive(Debug, Clone, Copy)]
pub struct Viewer;
/// May acknowledge alerts and work in incidents.
#[derive(Debug, Clone, Copy)]
pub struct Responder;
/// May manage users, tokens and nodes.
#[derive(Debug, Clone, Copy)]
pub struct Admin;

impl Least for Sender {
    const ROLE: Role = Role::Sender;
}
impl Least for Viewer {
    const ROLE: Role = Role::Viewer;
}
impl Least for Responder {
    const ROLE: Role = Role::Responder;
}
impl Least for Admin {
    const ROLE: Role = Role::Admin;
}

/// Proof that `principal` has at least role `R`.
#[derive(Debug, Clone)]
pub struct Allowed<R: Least> {
    principal: Principal,
    role: PhantomData<R>,
}

/// Says whether somebody may do what a role allows: the only place that says so.
///
/// # Errors
/// [`Code::Forbidden`] when they may not.
pub fn authorise<R: Least>(principal: Principal) -> Result<Allowed<R>, Problem> {
    permitted(&principal, R::ROLE)?;
    Ok(Allowed { principal, role: PhantomData })
}

/// Whether somebody has a role or one that includes it.
///
/// # Errors
/// [`Code::Forbidden`] when they haven't.
pub(crate) fn permitted(principal: &Principal, least: Role) -> Result<(), Problem> {
    if principal.role.includes(least) {
        return Ok(());
    }
    let detail = format!("this needs role {least}; {} has role {}", principal.name, principal.role);
    Err(Problem::new(Code::Forbidden, detail))
}

impl<R: Least> Allowed<R> {
    /// Who it is.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Writes what `decide` decides on the book, in this principal's name.
    ///
    /// # Errors
    /// What the decision refused, or why nothing can be written.
    pub async fn mutate(
        &self,
        app: &App,
        reason: Option<String>,
        decide: impl FnOnce(&Book, Timestamp) -> Result<Vec<Event>, Refused> + Send + 'static,
    ) -> Result<(), Problem> {
        let (actor, principal) = (self.principal.actor.clone(), self.principal.clone());
        let write = move |book: &Book, at: Timestamp| {
            // Between the request's head and its end somebody may have taken the session or the token back.
            if !principal.holds(book, at) {
                let message = "the session or the token has ended meanwhile";
                return Err(Refused::because("EAVIP-U06", message, "sign in again"));
            }
            Ok(LedgerRecord { v: VERSION, at, actor, reason, events: decide(book, at)? })
        };
        Ok(app.committer.mutate(write).await?)
    }
}

impl<R: Least> FromRequestParts<App> for Allowed<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        // The guard put it there; a route that it doesn't know never gets this far.
        let principal = parts.extensions.get::<Principal>().cloned();
        let nobody = || Problem::new(Code::Unauthenticated, "nobody is signed in");
        authorise(principal.ok_or_else(nobody)?)
    }
}
