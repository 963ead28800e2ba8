//! Tests of the agent's configuration: what it takes, and that it names every mistake at once.

use super::*;
use crate::config::queue::QueueSource;
use crate::secret::SecretRef;

fn load(text: &str) -> Result<Config, Vec<String>> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    std::fs::write(&path, text).unwrap();
    let shown = |problem: &Problem| {
        let place = problem.position.map_or(String::new(), |(line, column)| format!("{line}:{column} "));
        format!("{place}{} {} ({})", problem.code, problem.message, problem.remedy)
    };
    Config::load(&Layers::read(&path, true)).map_err(|problems| problems.iter().map(shown).collect())
}

const FULL: &str = r#"
state_dir = "/srv/eavip"
interval = "10s"

[admin]
listen = "[::1]:9000"

[spool]
max_bytes = 33554432
keep_acknowledged = "1h"

[[probe]]
name = "shop"
service = "shop"
url = "https://shop.example:8443/health"
interval = "2s"
status = [200, 204]
contains = "ok"
ca_file = "/etc/ca.pem"
authorization = { credential = "shop-token" }

[[job]]
name = "backup"
cron = "30 2 * * mon-fri"
time_zone = "Europe/Berlin"
grace = "1h"

[[job]]
name = "sweep"
every = "10m"

[[queue]]
name = "mail"
kind = "redis-list"
key = "mail"
password = { file = "/etc/redis.secret" }

[[queue]]
name = "events"
kind = "redis-stream"
key = "events"
group = "workers"

[[queue]]
name = "orders"
kind = "rabbitmq"
url = "http://127.0.0.1:15672"
user = "watcher"
password = { env = "RABBIT" }
queue = "orders"

[[queue]]
name = "spool"
kind = "directory"
path = "/var/spool/x"

[[queue]]
name = "outbox"
kind = "json"
url = "http://127.0.0.1:7482/outbox"
ready = "/pending"

[[scrape]]
name = "shop"
url = "http://127.0.0.1:9100/metrics"
requests = "http_requests_total"
errors = 'http_requests_total{code=~"5.."}'
"#;

#[test]
fn takes_everything_that_can_be_declared() {
    let config = load(FULL).unwrap();
    assert_eq!(config.job_socket, Path::new("/srv/eavip/jobs.sock"));
    assert_eq!(config.admin.to_string(), "[::1]:9000");
    assert_eq!(
        (config.probes.len(), config.jobs.len(), config.queues.len(), config.scrapes.len()),
        (1, 2, 5, 1)
    );
    assert_eq!(config.probes[0].target.authorization, Some(SecretRef::Credential("shop-token".into())));
    assert_eq!(config.jobs[0].schedule.to_string(), "30 2 * * mon-fri (Europe/Berlin)");
    assert!(matches!(&config.queues[2].source, QueueSource::RabbitMq(queue) if queue.vhost == "/"));
}

#[test]
fn nothing_declared_is_a_host_that_reports_itself() {
    let config = load("").unwrap();
    assert_eq!((config.interval, config.admin.to_string()), (Span::from_secs(15), DEFAULT_ADMIN.to_owned()));
    assert_eq!(config.state_dir, Path::new(DEFAULT_STATE_DIR));
}

#[test]
fn names_every_mistake_at_once() {
    let problems = load(
        r#"interval = "10ms"
intervall = "5s"
[admin]
listen = "0.0.0.0:7490"
[[probe]]
name = "Shop"
url = "ftp://x"
[[probe]]
name = "a"
url = "http://user:hunter2@x/"
[[probe]]
name = "a"
url = "http://x/"
method = "PUT"
[[probe]]
name = "a"
url = "http://x/"
[[job]]
name = "b"
cron = "61 * * * *"
[[job]]
name = "c"
[[queue]]
name = "d"
kind = "kafka"
[[queue]]
name = "e"
kind = "redis-list"
key = "e"
password = "hunter2"
[[scrape]]
name = "f"
url = "http://x/"
"#,
    )
    .unwrap_err();
    let all = problems.join("\n");
    for part in [
        "1:12 EAVIP-P03 `interval` is `10ms` (write a duration from 1s to 1h)",
        "2:1 EAVIP-P02 `intervall` is not a known key (did you mean `interval`?)",
        "4:10 EAVIP-P07 `admin.listen` is `0.0.0.0:7490`, which others can reach",
        "6:8 EAVIP-P03 `probe[0].name`: `Shop` can't be an identifier",
        "7:7 EAVIP-P03 `probe[0].url`: not an address of HTTP",
        "10:7 EAVIP-P03 `probe[1].url`: it contains a user",
        "14:10 EAVIP-P03 `method` is `PUT`",
        "16:8 EAVIP-P05 probe `a` stands twice",
        "20:8 EAVIP-P03 `job[0].cron`: `61` can't be a minute",
        "EAVIP-P04 the job has no schedule",
        "EAVIP-P03 `kind` is `kafka`",
        "EAVIP-C02 `password` holds a value instead of naming a secret",
        "EAVIP-P04 the scrape reads nothing",
    ] {
        assert!(all.contains(part), "{part}\nis not in\n{all}");
    }
    assert!(!all.contains("hunter2"), "{all}");
    assert_eq!(problems.len(), 13, "{all}");
}

#[test]
fn too_many_of_a_kind_are_refused() {
    let probe = |n: usize| format!("[[probe]]\nname = 'p{n}'\nurl = 'http://x/'\n");
    let problems = load(&(0..=MAX_PER_KIND).map(probe).collect::<String>()).unwrap_err();
    assert!(problems[0].contains("101 tables [[probe]] are too many"), "{problems:?}");
}
