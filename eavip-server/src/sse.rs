//! The stream of changes: what changed, not what it is now, so that a slow reader costs nothing and nobody sees more
//! than they may. Readers that come back resume after the last number they saw, or are told to fetch everything anew.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::app::App;
use crate::auth::Principal;
use crate::problem::{Code, Problem};
use crate::shared::{Changed, now};

/// Streams open at once: one a browser, each a task and a connection.
const MAX_STREAMS: usize = 512;
/// How often a silent stream sends a comment, so that proxies keep it and a dead one is found.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often it is asked whether the reader may still read.
const RECHECK: Duration = Duration::from_secs(15);

/// Who follows the stream.
#[derive(Debug)]
pub struct Streams {
    /// Tells the numbers of this process from those of the one before.
    process: String,
    open: Arc<Semaphore>,
}

impl Default for Streams {
    fn default() -> Self {
        Self { process: Uuid::now_v7().simple().to_string(), open: Arc::new(Semaphore::new(MAX_STREAMS)) }
    }
}

struct Follower {
    app: App,
    principal: Principal,
    receiver: broadcast::Receiver<Changed>,
    /// What was missed and is sent first.
    missed: VecDeque<Changed>,
    resync: bool,
    recheck: tokio::time::Interval,
    _open: OwnedSemaphorePermit,
}

/// Follows what changes; `last` is the `Last-Event-ID` that a reader comes back with.
///
/// # Errors
/// [`Code::Unavailable`] when too many streams are open.
pub fn follow(
    app: &App,
    principal: Principal,
    last: Option<&str>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>, Problem> {
    let busy = || Problem::new(Code::Unavailable, "too many streams are open").retry(30);
    let open = Arc::clone(&app.streams.open).try_acquire_owned().map_err(|_| busy())?;
    let seen = last.map(|last| {
        let (process, seq) = last.split_once('-').unwrap_or_default();
        seq.parse().ok().filter(|_| process == app.streams.process)
    });
    let (missed, receiver) = match seen {
        None => app.shared.follow_after(app.shared.seq()),
        Some(seen) => app.shared.follow_after(seen.unwrap_or(u64::MAX)),
    };
    let resync = missed.is_none();
    let missed = missed.unwrap_or_default().into();
    let recheck = tokio::time::interval(RECHECK);
    let follower = Follower { app: app.clone(), principal, receiver, missed, resync, recheck, _open: open };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.resync) {
            return Some(self.resynchronise());
        }
        loop {
            if let Some(changed) = self.missed.pop_front() {
                return Some(self.event(&changed));
            }
            tokio::select! {
                changed = self.receiver.recv() => match changed {
                    Ok(changed) => return Some(self.event(&changed)),
                    Err(RecvError::Lagged(_)) => return Some(self.resynchronise()),
                    Err(RecvError::Closed) => return None,
                },
                // Whoever signed out or was removed reads no further.
                _ = self.recheck.tick() => {
                    if !self.principal.holds(&self.app.shared.book(), now()) {
                        return None;
                    }
                }
            }
        }
    }

    fn id(&self, seq: u64) -> String {
        format!("{}-{seq}", self.app.streams.process)
    }

    fn event(&self, changed: &Changed) -> Event {
        let data = serde_json::to_string(changed).unwrap_or_default();
        Event::default().id(self.id(changed.seq)).event(changed.kind.as_str()).data(data)
    }

    fn resynchronise(&mut self) -> Event {
        let seq = self.app.shared.seq();
        Event::default().id(self.id(seq)).event("resync").data(format!("{{\"seq\":{seq}}}"))
    }
}

#[cfg(test)]
mod tests;
