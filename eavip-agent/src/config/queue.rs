//! `[[queue]]`: where messages wait, and how to ask how many and for how long.

use std::path::PathBuf;

use eavip_core::document::{Section, WRONG_VALUE};
use eavip_core::time::Span;

use super::Watch;
use super::target::Target;
use crate::secret::SecretRef;

/// How often a queue is looked at by default.
const INTERVAL: Span = Span::from_secs(10);
/// The forms of a queue, as `kind` names them.
const KINDS: [&str; 5] = ["redis-list", "redis-stream", "rabbitmq", "directory", "json"];

/// One queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueConfig {
    /// Name, service, interval and deadline.
    pub watch: Watch,
    /// Where it is.
    pub source: QueueSource,
}

/// Where a queue is and how to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueSource {
    /// A Redis list, with the keys of what belongs to it.
    RedisList(RedisServer, RedisList),
    /// A consumer group of a Redis stream.
    RedisStream(RedisServer, RedisStream),
    /// A queue of RabbitMQ, through its management API.
    RabbitMq(RabbitMq),
    /// Files in a directory.
    Directory(Directory),
    /// A JSON document over HTTP.
    Json(Json),
}

/// A Redis or Valkey server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisServer {
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// A unix socket in place of host and port.
    pub unix_socket: Option<PathBuf>,
    /// The number of its database.
    pub database: i64,
    /// The user to sign in as.
    pub user: Option<String>,
    /// The password to sign in with.
    pub password: Option<SecretRef>,
}

/// A list that producers push to one end of and consumers pop from the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisList {
    /// The list's key.
    pub key: String,
    /// Whether consumers pop from the left; most take from the right (`BRPOP`).
    pub pop_left: bool,
    /// A list of what consumers have taken and not finished.
    pub in_flight_key: Option<String>,
    /// A sorted set of what waits for a later time.
    pub delayed_key: Option<String>,
    /// A list of what was given up.
    pub dead_letter_key: Option<String>,
}

/// A consumer group of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisStream {
    /// The stream's key.
    pub key: String,
    /// The group's name.
    pub group: String,
}

/// A queue of RabbitMQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RabbitMq {
    /// The management API.
    pub target: Target,
    /// The user to sign in as.
    pub user: String,
    /// The password to sign in with.
    pub password: Option<SecretRef>,
    /// The virtual host.
    pub vhost: String,
    /// The queue's name.
    pub queue: String,
    /// The queue that its dead letters go to.
    pub dead_letter_queue: Option<String>,
}

/// A directory in which each file is a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// The directory.
    pub path: PathBuf,
    /// Only files whose names end so.
    pub suffix: Option<String>,
}

/// A JSON document, and where in it the figures stand (RFC 6901 pointers).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json {
    /// What is asked.
    pub target: Target,
    /// Each figure with its pointer.
    pub pointers: Pointers,
}

/// Pointers to the figures of a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pointers {
    /// Messages that wait.
    pub ready: String,
    /// Handed out and not confirmed.
    pub in_flight: Option<String>,
    /// Waiting for a later time.
    pub delayed: Option<String>,
    /// Given up.
    pub dead_letter: Option<String>,
    /// Who takes from the queue.
    pub consumers: Option<String>,
    /// How long the oldest has waited, in seconds.
    pub oldest_age: Option<String>,
    /// Put in since the service started.
    pub enqueued: Option<String>,
    /// Taken out since the service started.
    pub dequeued: Option<String>,
}

impl QueueConfig {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let watch = Watch::read(section, INTERVAL);
        let kind: Option<String> = section.required("kind", &format!("write one of {}", KINDS.join(", ")));
        let source = match kind.as_deref()? {
            "redis-list" => redis_list(section),
            "redis-stream" => redis_stream(section),
            "rabbitmq" => rabbitmq(section),
            "directory" => directory(section),
            "json" => json(section),
            other => {
                let message = format!("`kind` is `{other}`");
                let remedy = format!("write one of {}", KINDS.join(", "));
                section.problem(Some("kind"), WRONG_VALUE, message, &remedy);
                None
            }
        };
        Some(Self { watch: watch?, source: source? })
    }
}

fn redis_server(section: &Section<'_>) -> RedisServer {
    RedisServer {
        host: section.text("host").unwrap_or_else(|| "127.0.0.1".to_owned()),
        port: section.integer("port", 1..=65_535).and_then(|port| u16::try_from(port).ok()).unwrap_or(6379),
        unix_socket: section.text("unix_socket"),
        database: section.integer("database", 0..=65_535).and_then(|n| i64::try_from(n).ok()).unwrap_or(0),
        user: section.text("user"),
        password: SecretRef::read(section, "password"),
    }
}

fn redis_list(section: &Section<'_>) -> Option<QueueSource> {
    let server = redis_server(section);
    let key = section.required("key", "write the key of the list");
    let pop_left = match section.text::<String>("pop").as_deref() {
        None | Some("right") => false,
        Some("left") => true,
        Some(other) => {
            section.problem(
                Some("pop"),
                WRONG_VALUE,
                format!("`pop` is `{other}`"),
                "write \"right\" or \"left\"",
            );
            false
        }
    };
    let [in_flight_key, delayed_key, dead_letter_key] =
        ["in_flight_key", "delayed_key", "dead_letter_key"].map(|key| section.text(key));
    let list = RedisList { key: key?, pop_left, in_flight_key, delayed_key, dead_letter_key };
    Some(QueueSource::RedisList(server, list))
}

fn redis_stream(section: &Section<'_>) -> Option<QueueSource> {
    let server = redis_server(section);
    let key = section.required("key", "write the key of the stream");
    let group = section.required("group", "write the name of the consumer group");
    Some(QueueSource::RedisStream(server, RedisStream { key: key?, group: group? }))
}

fn rabbitmq(section: &Section<'_>) -> Option<QueueSource> {
    let target = Target::read(section);
    let user = section.text("user").unwrap_or_else(|| "guest".to_owned());
    let password = SecretRef::read(section, "password");
    let vhost = section.text("vhost").unwrap_or_else(|| "/".to_owned());
    let queue = section.required("queue", "write the queue's name");
    let dead_letter_queue = section.text("dead_letter_queue");
    let target = target?;
    Some(QueueSource::RabbitMq(RabbitMq { target, user, password, vhost, queue: queue?, dead_letter_queue }))
}

fn directory(section: &Section<'_>) -> Option<QueueSource> {
    let path = section.required("path", "write the directory's path");
    let suffix = section.text("suffix");
    Some(QueueSource::Directory(Directory { path: path?, suffix }))
}

fn json(section: &Section<'_>) -> Option<QueueSource> {
    let target = Target::read(section);
    let ready = section.required::<Pointer>("ready", "write a pointer like ready = \"/queue/waiting\"");
    let pointer = |key| section.text::<Pointer>(key).map(|pointer| pointer.0);
    let pointers = Pointers {
        in_flight: pointer("in_flight"),
        delayed: pointer("delayed"),
        dead_letter: pointer("dead_letter"),
        consumers: pointer("consumers"),
        oldest_age: pointer("oldest_age"),
        enqueued: pointer("enqueued"),
        dequeued: pointer("dequeued"),
        ready: ready?.0,
    };
    Some(QueueSource::Json(Json { target: target?, pointers }))
}

/// A JSON pointer.
struct Pointer(String);

impl eavip_core::document::Declared for Pointer {}

impl std::str::FromStr for Pointer {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        let ok = text.is_empty() || text.starts_with('/');
        if ok { Ok(Self(text.to_owned())) } else { Err("not a JSON pointer; write it like /queue/waiting") }
    }
}
