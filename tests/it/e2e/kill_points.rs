//! `kill -9` at each point between the arrival of an alert and the note that it was sent: it is sent at least once, at most
//! twice for one kill, and always with the same id.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use eavip_tests::http::{Request, Service};
use eavip_tests::process::Running;
use eavip_tests::site::Site;
use eavip_tests::wait::until_so;
use serde_json::{Value, json};

use super::SERVER;
use super::alert_path::SECRET;

const RUNBOOK: &str = "[[owner]]\nmatch = { alertname = \"DiskFull\" }\nteam = \"platform-operations\"\nrunbook = \"disk-full\"\n\
                       [[route]]\nreceivers = [\"pager\"]\ngroup_wait = \"0s\"\n";
/// From the arrival to the note that it was sent, each of its four commits is one `fdatasync` of the commit thread; the reports of
/// the agent beside it are further ones, so that these lie before, between and after them.
const SYNCS: std::ops::RangeInclusive<u32> = 1..=8;

/// When the server is killed.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// As one of its threads is about to make something durable for the nth time.
    Sync(u32),
    /// While the receiver has the message and hasn't answered.
    Sending,
}

/// A receiver that kills a process, once, before it answers.
fn receiver(kills: Arc<AtomicU32>) -> (Service, Arc<Mutex<Vec<Request>>>) {
    let arrived = Arc::<Mutex<Vec<Request>>>::default();
    let list = Arc::clone(&arrived);
    let receiver = Service::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), move |request| {
        list.lock().unwrap().push(request);
        let pid = kills.swap(0, Ordering::SeqCst);
        if pid != 0 {
            assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
        }
        204
    });
    (receiver, arrived)
}

fn push(site: &Site) {
    let alert = json!([{
        "labels": { "alertname": "DiskFull", "instance": "a", "severity": "critical" },
        "annotations": { "summary": "the disk of a is full" },
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2099-01-01T00:00:00Z",
    }]);
    // A server that dies under it answers nothing; its sender sends again, as Prometheus does.
    let _ = site.ask("POST", "/api/v2/alerts", &alert);
}

/// Kills a process at its nth `fdatasync` from now on.
fn at_sync(site: &mut Site, number: u32) -> Running {
    let inject = format!("inject=fdatasync:signal=SIGKILL:when={number}");
    let mut command = Command::new("strace");
    command.args([
        "-f",
        "-q",
        "-e",
        "trace=fdatasync",
        "-e",
        &inject,
        "-p",
        &site.server().pid().to_string(),
    ]);
    command.stdin(Stdio::null());
    let dir = site.dir().to_owned();
    let server = site.server().pid();
    let tracer = Running::start(&mut command, &dir, "strace");
    // A server that is killed at its first sync may be gone before the tracer is seen.
    until_so("the tracer", || {
        let status = std::fs::read_to_string(format!("/proc/{server}/status")).unwrap_or_default();
        status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"))
            || !site.server().runs()
    });
    tracer
}

fn run(point: Point) -> (usize, usize) {
    let kills = Arc::new(AtomicU32::new(0));
    let (receiver, arrived) = receiver(Arc::clone(&kills));
    let mut site = Site::new(SERVER);
    let (runbook, key) = (site.write("runbook.toml", RUNBOOK), site.write("pager.key", SECRET));
    site.configure(&format!(
        "runbook = {runbook:?}\n[receiver.pager]\nurl = \"http://{}/hook\"\nsecret = {{ file = {key:?} }}\n",
        receiver.address
    ));
    site.start();
    let tracer = match point {
        Point::Sync(number) => Some(at_sync(&mut site, number)),
        Point::Sending => {
            kills.store(site.server().pid(), Ordering::SeqCst);
            None
        }
    };
    push(&site);
    until_so("the kill", || !site.server().runs());
    drop(tracer);
    let before = arrived.lock().unwrap().len();
    site.start();
    push(&site);
    let told = |site: &Site| {
        let alerts = site.items("/alerts?rule=diskfull");
        let id = alerts.first().and_then(|alert| alert["id"].as_str()).map(str::to_owned)?;
        let detail: Value = site.get(&format!("/alerts/{id}"));
        (detail["deliveries"][0]["status"] == "delivered").then_some(alerts.len())
    };
    until_so("the delivery", || told(&site).is_some());
    assert_eq!(told(&site), Some(1), "{point:?}: one alert");
    assert!(site.terminate().0.success());
    let arrived = arrived.lock().unwrap();
    let ids: std::collections::BTreeSet<&str> =
        arrived.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids.len(), 1, "{point:?}: always the same id");
    assert!((1..=2).contains(&arrived.len()), "{point:?}: sent {} times", arrived.len());
    (before, arrived.len())
}

#[test]
fn a_kill_at_any_point_sends_an_alert_at_least_once_with_one_id() {
    let mut sent_before = std::collections::BTreeSet::new();
    for point in SYNCS.map(Point::Sync).chain([Point::Sending]) {
        let (before, all) = run(point);
        eprintln!("kill -9 at {point:?}: sent {before} times before it, {all} times in all, one id");
        sent_before.insert(before);
    }
    assert_eq!(sent_before, [0, 1].into(), "some of them lie before the message was sent, some after");
}
