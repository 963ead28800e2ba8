//! The server's disk is full: nothing is acknowledged that can't be kept, alerts open and reach people, and when there is
//! room again everything goes on by itself. Needs root for a small tmpfs; skipped with the reason where it can't be mounted.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use eavip_tests::http::{Peer, Service};
use eavip_tests::process::tool;
use eavip_tests::site::Site;
use eavip_tests::wait::{until, until_so};
use serde_json::json;
use tempfile::TempDir;

use super::alert_path::SECRET;
use super::identity::Client;
use super::reports::exactly_once;
use super::{SERVER, node};

const EVALUATED: &str = "eavip_job_last_success_timestamp_seconds{job=\"evaluate\"}";

/// Too much for what is left of a page when the disk is full.
fn large() -> String {
    let readings = [r#"{"metric":"cpu_busy_ratio","value":0.5}"#; 400].join(",");
    format!(r#"{{"at":"2026-01-01T00:00:00Z","interval":"1s","readings":[{readings}]}}"#)
}

/// A small file system; unmounted when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Result<Self, String> {
        let disk = Self(tempfile::tempdir().unwrap());
        tool("mount", &["-t", "tmpfs", "-o", "size=64m", "tmpfs", disk.0.path().to_str().unwrap()])?;
        std::fs::set_permissions(disk.0.path(), Permissions::from_mode(0o700)).unwrap();
        Ok(disk)
    }

    fn fill(&self) {
        let mut filler = File::create(self.0.path().join("filler")).unwrap();
        while filler.write_all(&[1; 4_096]).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.0.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(tool("umount", &["-l", self.0.path().to_str().unwrap()]));
    }
}

/// A runbook by which a node that is silent for seconds is told of.
fn tell_of_silence(site: &mut Site, receiver: SocketAddr) {
    let runbook = site.write(
        "runbook.toml",
        "[alert.node-silent]\nabove = 2.0\n[[route]]\nmatch = { rule = \"node-silent\" }\nreceivers = [\"pager\"]\n",
    );
    let key = site.write("pager.key", SECRET);
    site.configure(&format!(
        "runbook = {runbook:?}\n[receiver.pager]\nurl = \"http://{receiver}/hook\"\nsecret = {{ file = {key:?} }}\n"
    ));
}

#[test]
fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
    let disk = match SmallDisk::new() {
        Ok(disk) => disk,
        Err(why) => return eprintln!("disk full: skipped: {why}"),
    };
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let receiver = Service::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        204
    });
    let mut site = Site::new(SERVER);
    site.data = disk.0.path().to_owned();
    tell_of_silence(&mut site, receiver.address);
    site.start();
    let mut node = node(&site, "patient");
    let client = Client::enrol(&site, "client");
    node.start();
    node.until_acknowledged(2);

    disk.fill();
    until_so("the node to be refused", || node.link()["reason"].as_str().unwrap_or_default().contains("507"));
    let batch = client.batch(&[(1, &large())]);
    let refused = client.send(&[], batch.as_bytes());
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (507, &"storage-full".into()),
        "{}",
        refused.text()
    );
    assert!(!refused.header("retry-after").is_empty());
    let evaluated = site.metric(EVALUATED).unwrap();
    until_so("another evaluation", || site.metric(EVALUATED).unwrap() > evaluated);
    assert_eq!(Peer::plain(site.admin).get("/readyz").unwrap().status, 200);
    // Whose reports can't be stored is silent to the server, and somebody hears of it.
    let silent = format!("/alerts?rule=node-silent&node={}", node.id());
    let alert = until("the alert", || site.items(&silent).pop());
    until_so("somebody to be told", || told.load(Ordering::SeqCst) >= 1);
    let id = alert["id"].as_str().unwrap();
    let taken = site.api("POST", &format!("/alerts/{id}/acknowledge"), &json!({ "reason": "making room" }));
    assert_eq!(taken.status, 200, "{}", taken.text());
    until_so("some reports to wait", || node.link()["pending"].as_u64().is_some_and(|pending| pending >= 5));
    let waited = node.link()["pending"].as_u64().unwrap();

    disk.free();
    let freed = Instant::now();
    until_so("everything to be delivered", || {
        let link = node.link();
        link["state"] == "connected" && link["pending"] == 0
    });
    let took = freed.elapsed();
    until_so("the end of the alert", || site.items(&silent)[0]["status"] == "resolved");
    assert_eq!(client.send(&[], batch.as_bytes()).status, 200);
    assert!(node.terminate().0.success());
    assert!(site.terminate().0.success());
    let stored = exactly_once(&site.data, &node);
    eprintln!(
        "disk full: 507, an alert opened, told and acknowledged meanwhile, {waited} reports waited and were delivered {took:.1?} after there was \
         room; {stored} made, {stored} stored once, in order"
    );
}
