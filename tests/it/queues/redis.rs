//! Lists and streams of Redis.

use std::process::{Command, Stdio};

use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Quality;

use super::{Process, Watcher, free_port, until};

fn start(directory: &std::path::Path, port: u16) -> Process {
    let child = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--requirepass", "hunter2"])
        .args(["--port", &port.to_string()])
        .current_dir(directory)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is installed");
    let server = Process(child);
    until("redis-server starts", || run(port, "PING"));
    server
}

/// Runs one command as people type it.
fn run(port: u16, command: &str) -> Result<String, String> {
    let output = Command::new("redis-cli")
        .env("REDISCLI_AUTH", "hunter2")
        .args(["-e", "-p", &port.to_string()])
        .args(command.split(' '))
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr });
    if output.status.success() { Ok(text.into_owned()) } else { Err(text.into_owned()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn sees_a_redis_backlog_with_its_age_and_goes_blind_with_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let server = start(directory.path(), port);
    let run = |command: &str| run(port, command).unwrap();
    std::fs::write(directory.path().join("secret"), "hunter2\n").unwrap();
    run("XGROUP CREATE events workers $ MKSTREAM");
    let redis = format!(
        "port = {port}\ninterval = \"1s\"\npassword = {{ file = {:?} }}\n",
        directory.path().join("secret")
    );
    let mut watcher = Watcher::start(
        directory.path(),
        &format!(
            "[[queue]]\nname = \"mail\"\nkind = \"redis-list\"\nkey = \"mail\"\ndelayed_key = \"later\"\n\
             dead_letter_key = \"dead\"\n{redis}\
             [[queue]]\nname = \"events\"\nkind = \"redis-stream\"\nkey = \"events\"\ngroup = \"workers\"\n{redis}"
        ),
    );
    watcher.counts("mail", Metric::QueueReady, 0.0).await;
    watcher.counts("events", Metric::QueueReady, 0.0).await;

    run("LPUSH mail a b c d e");
    run("ZADD later 1 x 2 y");
    run("RPUSH dead z");
    watcher.counts("mail", Metric::QueueReady, 5.0).await;
    watcher.counts("mail", Metric::QueueDelayed, 2.0).await;
    watcher.counts("mail", Metric::QueueDeadLetter, 1.0).await;
    watcher.ages("mail", 2.0, Quality::Estimated).await;

    for n in 0..3 {
        run(&format!("XADD events * n {n}"));
    }
    watcher.counts("events", Metric::QueueReady, 3.0).await;
    run("XREADGROUP GROUP workers one COUNT 1 STREAMS events >");
    watcher.counts("events", Metric::QueueInFlight, 1.0).await;
    watcher.counts("events", Metric::QueueReady, 2.0).await;
    watcher.counts("events", Metric::QueueConsumers, 1.0).await;
    watcher.ages("events", 2.0, Quality::Exact).await;

    // Two taken from the old end and two put in: the same depth, and still counted.
    run("RPOP mail 2");
    run("LPUSH mail f g");
    watcher.counts("mail", Metric::QueueDequeued, 2.0).await;

    drop(server);
    watcher.is_blind("mail").await;
    watcher.is_blind("events").await;
}
