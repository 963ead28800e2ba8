//! Lists and streams of Redis and Valkey.
//!
//! A stream's entries carry the moment they were added, so their age is read as it is. A list counts no arrivals:
//! the newest element of one look is searched for at the next one, and where it has moved to tells how many came and
//! went since (see the age's estimation).

use std::collections::BTreeMap;

use eavip_core::signal::reading::Quality;
use redis::aio::MultiplexedConnection;
use redis::{Client, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo, RedisError, Value};

use super::super::Failure;
use super::{Figure, Sample};
use crate::config::queue::{RedisList, RedisServer, RedisStream};

/// Most elements that are compared when an earlier newest element is searched for; bounds what a look costs Redis.
const MAX_COMPARED: usize = 10_000;
/// Longest element that is remembered in bytes; a longer one isn't searched for.
const MAX_MARK: usize = 16 * 1024;

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        // The text of a reply may repeat what was sent; the kind and the code don't.
        match (error.is_io_error() || error.is_timeout(), error.code()) {
            (true, _) => Self(format!("no connection to Redis: {error}")),
            (false, Some(code)) => Self(format!("Redis answers {code}")),
            (false, None) => Self(format!("Redis fails: {:?}", error.kind())),
        }
    }
}

/// A connection that is made when it is needed and forgotten when it fails.
struct Connection {
    server: RedisServer,
    open: Option<MultiplexedConnection>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Connection {
    /// The connection, taken out: it is put back only after a look that succeeded.
    async fn take(&mut self) -> Result<MultiplexedConnection, Failure> {
        if let Some(open) = self.open.take() {
            return Ok(open);
        }
        let server = &self.server;
        let address = match &server.unix_socket {
            Some(path) => ConnectionAddr::Unix(path.clone()),
            None => ConnectionAddr::Tcp(server.host.clone(), server.port),
        };
        let mut settings = RedisConnectionInfo::default().set_db(server.database);
        if let Some(user) = &server.user {
            settings = settings.set_username(user);
        }
        if let Some(reference) = &server.password {
            settings =
                settings.set_password(reference.resolve().map_err(|error| Failure::of(&error))?.expose());
        }
        let client = Client::open(address.into_connection_info()?.set_redis_settings(settings))?;
        Ok(client.get_multiplexed_async_connection().await?)
    }
}

/// How many came and went, worked out from where the newest element of the last look is now.
#[derive(Debug, Default)]
struct Arrivals {
    mark: Option<Vec<u8>>,
    depth: usize,
    enqueued: usize,
    dequeued: usize,
}

impl Arrivals {
    /// Takes the depth, the newest element, and how many are newer than the mark; `None` when the mark is gone.
    fn take(&mut self, depth: usize, newest: Option<Vec<u8>>, newer: Option<usize>) {
        let came = match newer {
            Some(newer) => newer,
            // All that was there has gone, so all that is there came since.
            None if self.mark.is_some() => depth,
            None => depth.saturating_sub(self.depth),
        };
        self.enqueued = self.enqueued.saturating_add(came);
        self.dequeued = self.dequeued.saturating_add((self.depth.saturating_add(came)).saturating_sub(depth));
        self.depth = depth;
        self.mark = newest.filter(|element| element.len() <= MAX_MARK);
    }
}

/// A list.
#[derive(Debug)]
pub struct List {
    connection: Connection,
    list: RedisList,
    arrivals: Arrivals,
}

impl List {
    /// A list as it is configured.
    #[must_use]
    pub fn new(server: RedisServer, list: RedisList) -> Self {
        Self { connection: Connection { server, open: None }, list, arrivals: Arrivals::default() }
    }

    pub(super) async fn sample(&mut self) -> Result<Sample, Failure> {
        let mut open = self.connection.take().await?;
        let list = &self.list;
        // Depth, newest element and the place of the mark, as of one moment.
        let mut pipe = redis::pipe();
        let newest = if list.pop_left { -1 } else { 0 };
        pipe.atomic().cmd("LLEN").arg(&list.key).cmd("LINDEX").arg(&list.key).arg(newest);
        if let Some(mark) = &self.arrivals.mark {
            let rank = if list.pop_left { -1 } else { 1 };
            pipe.cmd("LPOS").arg(&list.key).arg(mark).arg("RANK").arg(rank).arg("MAXLEN").arg(MAX_COMPARED);
        }
        let replies: Vec<Value> = pipe.query_async(&mut open).await?;
        let mut replies = replies.into_iter();
        let depth: usize =
            redis::from_redis_value(replies.next().unwrap_or(Value::Nil)).map_err(RedisError::from)?;
        let element = match replies.next() {
            Some(Value::BulkString(bytes)) => Some(bytes),
            _ => None,
        };
        let place =
            replies.next().and_then(|reply| redis::from_redis_value::<Option<usize>>(reply).ok()).flatten();
        // LPOS counts from the left whichever end it begins at.
        let newer = place.map(|place| if list.pop_left { depth.saturating_sub(place + 1) } else { place });
        self.arrivals.take(depth, element, newer);
        let sample = Sample {
            ready: Figure::exact(depth as f64),
            in_flight: length(&mut open, "LLEN", list.in_flight_key.as_deref()).await?,
            delayed: length(&mut open, "ZCARD", list.delayed_key.as_deref()).await?,
            dead_letter: length(&mut open, "LLEN", list.dead_letter_key.as_deref()).await?,
            enqueued: Some(self.arrivals.enqueued as f64),
            dequeued: Some(self.arrivals.dequeued as f64),
            ..Sample::default()
        };
        self.connection.open = Some(open);
        Ok(sample)
    }
}

async fn length(
    open: &mut MultiplexedConnection,
    command: &str,
    key: Option<&str>,
) -> Result<Figure, Failure> {
    let Some(key) = key else { return Ok(Figure::Absent) };
    let count: u64 = redis::cmd(command).arg(key).query_async(open).await?;
    Ok(Figure::exact(count as f64))
}

/// A consumer group of a stream.
#[derive(Debug)]
pub struct Stream {
    connection: Connection,
    stream: RedisStream,
}

impl Stream {
    /// A group as it is configured.
    #[must_use]
    pub fn new(server: RedisServer, stream: RedisStream) -> Self {
        Self { connection: Connection { server, open: None }, stream }
    }

    pub(super) async fn sample(&mut self) -> Result<Sample, Failure> {
        let mut open = self.connection.take().await?;
        let (key, name) = (&self.stream.key, &self.stream.group);
        let groups: Vec<BTreeMap<String, Value>> =
            redis::cmd("XINFO").arg("GROUPS").arg(key).query_async(&mut open).await?;
        let group = groups.into_iter().find(|group| text(group, "name").as_deref() == Some(name.as_str()));
        let group = group.ok_or_else(|| Failure(format!("the stream has no group `{name}`")))?;
        let delivered = text(&group, "last-delivered-id").unwrap_or_else(|| "0-0".to_owned());
        let next: Vec<(String, Value)> = redis::cmd("XRANGE")
            .arg(key)
            .arg(format!("({delivered}"))
            .arg("+")
            .arg("COUNT")
            .arg(1)
            .query_async(&mut open)
            .await?;
        let (_, oldest, _, _): (u64, Option<String>, Option<String>, Value) =
            redis::cmd("XPENDING").arg(key).arg(name).query_async(&mut open).await?;
        let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(&mut open).await?;
        let info: BTreeMap<String, Value> =
            redis::cmd("XINFO").arg("STREAM").arg(key).query_async(&mut open).await?;
        let now = seconds.saturating_mul(1_000).saturating_add(micros / 1_000);
        let waiting = [next.first().map(|(id, _)| id.as_str()), oldest.as_deref()];
        let since = waiting.into_iter().flatten().filter_map(moment).min();
        let age = since.map_or(0.0, |since| now.saturating_sub(since) as f64 / 1_000.0);
        let pending = count(&group, "pending");
        let sample = Sample {
            ready: match count(&group, "lag") {
                Some(lag) => Figure::exact(lag),
                None if next.is_empty() => Figure::exact(0.0),
                None => Figure::Unknown("Redis can't tell the group's lag".to_owned()),
            },
            in_flight: pending.map_or(Figure::Absent, Figure::exact),
            consumers: count(&group, "consumers").map_or(Figure::Absent, Figure::exact),
            oldest_age: Figure::Known(age, Quality::Exact),
            enqueued: count(&info, "entries-added"),
            dequeued: count(&group, "entries-read")
                .zip(pending)
                .map(|(read, pending)| (read - pending).max(0.0)),
            ..Sample::default()
        };
        self.connection.open = Some(open);
        Ok(sample)
    }
}

/// The moment in an entry's id, in milliseconds since 1970.
fn moment(id: &str) -> Option<u64> {
    id.split_once('-')?.0.parse().ok()
}

fn text(map: &BTreeMap<String, Value>, key: &str) -> Option<String> {
    redis::from_redis_value(map.get(key)?.clone()).ok()
}

fn count(map: &BTreeMap<String, Value>, key: &str) -> Option<f64> {
    redis::from_redis_value::<Option<u64>>(map.get(key)?.clone()).ok().flatten().map(|count| count as f64)
}

#[cfg(test)]
mod tests;
