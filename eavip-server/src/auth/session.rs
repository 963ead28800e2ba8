//! Signing in and out: by password, or by a one-time link whose secret is spent in the same mutation that begins the
//! session, so that of many who race with one link a single one gets in.

use std::net::IpAddr;

use eavip_core::decision::Refused;
use eavip_core::time::Timestamp;
use zeroize::Zeroizing;

use super::backoff::Whom;
use super::principal::Credential;
use super::secret::{self, NoRandomness, Secret};
use super::{LINK, Principal, SESSION};
use crate::app::App;
use crate::book::Book;
use crate::commit::MutateError;
use crate::problem::{Code, Problem};
use crate::record::{Actor, Event, LedgerRecord, LinkEvent, Role, UserEvent, VERSION};
use crate::shared::now;

/// Sessions of one user; beginning another ends the one that would end first.
const MAX_SESSIONS: usize = 20;

impl From<NoRandomness> for Problem {
    fn from(error: NoRandomness) -> Self {
        Self::new(Code::Internal, error.to_string())
    }
}

fn refused(why: &str) -> Problem {
    Problem::new(Code::SignInFailed, why)
}

const WRONG_PASSWORD: &str = "name or password is wrong";
/// Until somebody has an account each start makes a link; afterwards there are passwords.
const WRONG_LINK: &str = "the link was used or is older than 15 minutes; restart the server for another";

/// Signs in by password and gives the session's secret.
///
/// # Errors
/// The same problem whatever was wrong; [`Code::TooMany`] after too many failed attempts.
pub async fn by_password(
    app: &App,
    from: Option<IpAddr>,
    user: String,
    password: Zeroizing<String>,
) -> Result<Secret, Problem> {
    let named = Whom::Name(user.clone());
    let who: Vec<Whom> = from.map(Whom::address).into_iter().chain([named.clone()]).collect();
    patient(app, &who)?;
    let account = app.shared.book().users.get(&user).cloned();
    let kept = account.as_ref().map(|account| account.password.clone());
    if !app.auth.hasher.verify(password, kept).await? {
        app.auth.backoff.failed(&who, now());
        return Err(refused(WRONG_PASSWORD));
    }
    app.auth.backoff.succeeded(&named);
    let secret = Secret::new()?;
    let session = secret.hash();
    let begin = move |book: &Book, at: Timestamp| {
        // The account may have changed while the password was checked.
        let same = account.filter(|known| book.users.get(&user) == Some(known));
        let account =
            same.ok_or_else(|| Refused::because("EAVIP-U01", "the account changed", "sign in again"))?;
        Ok(record(Actor::User(user.clone()), at, begin(book, &user, session, account.role, at)))
    };
    app.committer.mutate(begin).await?;
    Ok(secret)
}

/// Signs in by a one-time link's secret and gives the session's.
///
/// # Errors
/// [`Code::SignInFailed`] when the link isn't known, was used or is too old.
pub async fn by_link(app: &App, from: Option<IpAddr>, link: &str) -> Result<Secret, Problem> {
    let who: Vec<Whom> = from.map(Whom::address).into_iter().collect();
    patient(app, &who)?;
    let hash = secret::hash(link);
    let secret = Secret::new()?;
    let session = secret.hash();
    let spend = move |book: &Book, at: Timestamp| {
        let known = book.links.get(&hash).filter(|link| link.expires_at > at);
        let link = known
            .ok_or_else(|| Refused::because("EAVIP-U02", "the link can't be used", "ask for a new one"))?;
        let mut events = vec![Event::Link { hash, event: LinkEvent::Used }];
        events.extend(begin(book, &link.user, session, link.role, at));
        Ok(record(Actor::User(link.user.clone()), at, events))
    };
    match app.committer.mutate(spend).await {
        Ok(()) => Ok(secret),
        Err(MutateError::Refused(_)) => {
            app.auth.backoff.failed(&who, now());
            Err(refused(WRONG_LINK))
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a one-time sign-in link and gives its address. The secret stands in the fragment, which browsers don't send:
/// it is in no server's and no proxy's log.
///
/// # Errors
/// Why it couldn't be written.
pub async fn make_link(app: &App, actor: Actor, user: &str, role: Role) -> Result<String, Problem> {
    let secret = Secret::new()?;
    let (hash, name) = (secret.hash(), user.to_owned());
    let create = move |_: &Book, at: Timestamp| {
        let event = LinkEvent::Created { user: name, role, expires_at: at + LINK };
        Ok(record(actor, at, vec![Event::Link { hash, event }]))
    };
    app.committer.mutate(create).await?;
    Ok(format!("{}/sign-in#token={}", app.web.url, secret.expose()))
}

/// Ends a session; a token's holder has none.
///
/// # Errors
/// Why it couldn't be written.
pub async fn end(app: &App, principal: &Principal) -> Result<(), Problem> {
    let Credential::Session(session) = principal.credential.clone() else { return Ok(()) };
    let (name, actor) = (principal.name.clone(), principal.actor.clone());
    let end = move |_: &Book, at: Timestamp| {
        let event = UserEvent::SignedOut { session };
        Ok(record(actor, at, vec![Event::User { name, event }]))
    };
    Ok(app.committer.mutate(end).await?)
}

fn patient(app: &App, who: &[Whom]) -> Result<(), Problem> {
    let wait = app.auth.backoff.wait(who, now());
    wait.map_or(Ok(()), |seconds| {
        Err(Problem::new(Code::TooMany, format!("too many attempts failed; wait {seconds} s")).retry(seconds))
    })
}

fn begin(book: &Book, user: &str, session: String, role: Role, at: Timestamp) -> Vec<Event> {
    let event = |event| Event::User { name: user.to_owned(), event };
    let mut events = vec![event(UserEvent::SignedIn { session, role, expires_at: at + SESSION })];
    let own: Vec<_> = book.sessions.iter().filter(|(_, session)| session.user == user).collect();
    if own.len() >= MAX_SESSIONS {
        let first = own.into_iter().min_by_key(|(hash, session)| (session.expires_at, *hash));
        events.extend(first.map(|(hash, _)| event(UserEvent::SignedOut { session: hash.clone() })));
    }
    events
}

fn record(actor: Actor, at: Timestamp, events: Vec<Event>) -> LedgerRecord {
    LedgerRecord { v: VERSION, at, actor, reason: None, events }
}
