//! Tests of pushing against a server that is played here: it keeps marks and refuses as told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

use bytes::Bytes;
use eavip_core::time::Span;
use eavip_core::wire::v1::Batch;

use super::*;
use crate::spool::{Class, DropRange, Limits};

const T0: u64 = 1_700_000_000_000;

/// A server with what it stored, and how it behaves next.
#[derive(Debug, Default)]
struct Server {
    store: String,
    mark: u64,
    stored: BTreeMap<u64, String>,
    poison: BTreeSet<u64>,
    pace: Option<Span>,
    /// Answers given before any batch is looked at.
    next: VecDeque<Outcome>,
    /// Takes what is sent, but its answer gets lost.
    losing: u32,
    sizes: Vec<usize>,
    urls: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Played(Arc<Mutex<Server>>);

fn unavailable(retry_after: Option<Duration>) -> Outcome {
    Outcome::Unavailable { reason: "connection refused".into(), retry_after }
}

impl Server {
    fn take(&mut self, url: &str, body: &[u8]) -> Outcome {
        self.urls.push(url.to_owned());
        if let Some(outcome) = self.next.pop_front() {
            return outcome;
        }
        let json = zstd::bulk::decompress(body, 8 << 20).unwrap();
        let batch = Batch::decode(&json).unwrap();
        self.sizes.push(batch.reports.len());
        if batch.reports.iter().any(|report| self.poison.contains(&report.seq)) {
            return Outcome::Refused { reason: "status 422: no".into() };
        }
        if batch.acknowledged <= self.mark {
            for report in &batch.reports {
                self.stored.entry(report.seq).or_insert_with(|| report.body.get().to_owned());
                self.mark = self.mark.max(report.seq);
            }
        }
        if self.losing > 0 {
            self.losing -= 1;
            return unavailable(None);
        }
        Outcome::Answered(Reply {
            store: self.store.clone(),
            epoch: batch.epoch,
            acknowledged: self.mark,
            server_time: clock::now(),
            pace: self.pace,
            audit: None,
        })
    }
}

impl Transport for Played {
    async fn send(&self, url: &str, body: Bytes) -> Outcome {
        self.0.lock().unwrap().take(url, &body)
    }
}

struct Site {
    server: Played,
    spool: Arc<Spool>,
    pusher: Pusher<Played>,
    _dir: tempfile::TempDir,
}

impl Site {
    fn new(reports: u64, urls: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let spool = Arc::new(Spool::open(dir.path(), Limits::default(), T0).unwrap().0);
        for n in 1..=reports {
            spool.append(Class::Metrics, body(n).as_bytes(), T0).unwrap();
        }
        let server = Played::default();
        let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
        let node = NodeId(uuid::Uuid::from_u128(1));
        let pusher =
            Pusher::new(node, Arc::clone(&spool), server.clone(), watch::Sender::new(urls).subscribe());
        Self { server, spool, pusher, _dir: dir }
    }

    fn server(&self) -> std::sync::MutexGuard<'_, Server> {
        self.server.0.lock().unwrap()
    }

    /// Steps until there is nothing to do; waits are skipped. How many were there.
    async fn settle(&mut self) -> usize {
        let mut waits = 0;
        for _ in 0..200 {
            match self.pusher.step().await {
                Step::Idle => return waits,
                Step::More => {}
                Step::Wait(_) => waits += 1,
            }
        }
        panic!("it never settles: {:?}", self.pusher.status().borrow());
    }

    fn stored(&self) -> Vec<u64> {
        self.server().stored.keys().copied().collect()
    }
}

fn body(n: u64) -> String {
    format!(r#"{{"at":"2026-01-31T13:05:00Z","interval":"15s","n":{n}}}"#)
}

#[tokio::test]
async fn brings_every_report_once_and_byte_equal() {
    let mut site = Site::new(1_100, &["https://a:1"]);
    assert_eq!(site.settle().await, 0);
    assert_eq!(site.stored(), (1..=1_100).collect::<Vec<_>>());
    assert!(site.server().stored.iter().all(|(seq, stored)| *stored == body(*seq)));
    assert_eq!(site.server().sizes, [500, 500, 100]);
    let status = site.pusher.status().borrow().clone();
    assert_eq!((status.state, status.acknowledged, status.pending), (LinkState::Connected, 1_100, 0));
}

#[tokio::test]
async fn sends_again_what_was_not_acknowledged() {
    let mut site = Site::new(3, &["https://a:1"]);
    site.server().losing = 2;
    assert_eq!(site.settle().await, 2);
    assert_eq!(site.stored(), [1, 2, 3]);
    assert_eq!(site.server().sizes, [3, 3, 3]);
}

#[tokio::test]
async fn finds_the_one_report_that_is_refused_and_brings_the_others() {
    let mut site = Site::new(100, &["https://a:1"]);
    site.server().poison = [37, 80].into();
    site.settle().await;
    assert_eq!(site.stored(), (1..=100).filter(|seq| ![37, 80].contains(seq)).collect::<Vec<_>>());
    let drop = |seq| DropRange { epoch: T0, from: seq, to: seq, count: 1 };
    assert_eq!(site.spool.drops(), [drop(37), drop(80)]);
    assert_eq!(site.pusher.status().borrow().refused, 2);
    assert!(site.server().sizes.len() < 40, "{:?}", site.server().sizes);
}

#[tokio::test]
async fn slows_down_when_everything_is_refused() {
    let mut site = Site::new(10, &["https://a:1"]);
    site.server().poison = (1..=10).collect();
    assert_eq!(site.settle().await, 10 - REFUSED_AT_ONCE as usize + 1);
    assert_eq!(site.spool.drops().iter().map(|range| range.count).sum::<u64>(), 10);
}

#[tokio::test]
async fn gives_up_what_is_not_a_report() {
    let mut site = Site::new(2, &["https://a:1"]);
    site.spool.append(Class::Event, b"{not json", T0).unwrap();
    site.spool.append(Class::Metrics, body(4).as_bytes(), T0).unwrap();
    site.settle().await;
    assert_eq!(site.stored(), [1, 2, 4]);
    assert_eq!(site.spool.drops().len(), 1);
}

#[tokio::test]
async fn goes_back_when_the_server_lost_its_tail() {
    let mut site = Site::new(20, &["https://a:1"]);
    site.settle().await;
    {
        let mut server = site.server();
        server.mark = 5;
        server.stored.retain(|seq, _| *seq <= 5);
        server.store = "restored".into();
    }
    site.spool.append(Class::Metrics, body(21).as_bytes(), T0).unwrap();
    site.settle().await;
    assert_eq!(site.stored(), (1..=21).collect::<Vec<_>>());
    assert!(site.spool.drops().is_empty());
}

#[tokio::test]
async fn believes_no_mark_beyond_what_it_sent() {
    let mut site = Site::new(3, &["https://a:1"]);
    site.server().mark = 900;
    site.pusher.limit = 2;
    assert_eq!(site.pusher.step().await, Step::More);
    assert_eq!(site.spool.acknowledged().seq, 2, "the third was never sent");
}

#[tokio::test]
async fn waits_when_the_server_stores_nothing_or_answers_nonsense() {
    let mut site = Site::new(3, &["https://a:1"]);
    let reply = |epoch, acknowledged| {
        let store = String::new();
        Outcome::Answered(Reply {
            store,
            epoch,
            acknowledged,
            server_time: clock::now(),
            pace: None,
            audit: None,
        })
    };
    site.server().next = [reply(T0, 0), reply(7, 3)].into();
    for _ in 0..2 {
        assert!(matches!(site.pusher.step().await, Step::Wait(_)));
        assert_eq!(site.pusher.status().borrow().state, LinkState::Unreachable);
    }
    assert_eq!(site.settle().await, 0);
}

#[tokio::test]
async fn tries_the_other_servers_before_it_waits_as_long_as_asked() {
    let mut site = Site::new(1, &["https://a:1", "https://b:1", "https://c:1"]);
    let asked = Duration::from_secs(30);
    site.server().next = [unavailable(None), unavailable(Some(asked)), unavailable(None)].into();
    assert_eq!(site.pusher.step().await, Step::More);
    assert_eq!(site.pusher.step().await, Step::More);
    let Step::Wait(wait) = site.pusher.step().await else { panic!("it must wait") };
    assert!((asked..=asked + backoff::BASE).contains(&wait), "{wait:?}");
    let tried: BTreeSet<String> = site.server().urls.iter().cloned().collect();
    assert_eq!(tried.len(), 3);
    assert_eq!(site.settle().await, 0);
}

#[tokio::test]
async fn leaves_a_server_alone_that_denies_it() {
    let mut site = Site::new(1, &["https://a:1"]);
    site.server().next = [Outcome::Denied { reason: "status 403: revoked".into() }].into();
    assert_eq!(site.pusher.step().await, Step::Wait(DENIED_RETRY));
    let status = site.pusher.status().borrow().clone();
    assert_eq!((status.state, status.reason.as_str()), (LinkState::Denied, "status 403: revoked"));
    assert_eq!(status.pending, 1);
}

#[tokio::test]
async fn keeps_the_pace_that_the_server_sets_within_reason() {
    let mut site = Site::new(1, &["https://a:1"]);
    site.server().pace = Some(Span::from_secs(7));
    assert_eq!(site.pusher.step().await, Step::Wait(Duration::from_secs(7)));
    site.server().pace = Some(Span::from_secs(86_400));
    site.spool.append(Class::Metrics, body(2).as_bytes(), T0).unwrap();
    assert_eq!(site.pusher.step().await, Step::Wait(MAX_PACE));
}

#[tokio::test]
async fn splits_what_is_too_large_for_one_request() {
    let mut site = Site::new(0, &["https://a:1"]);
    for n in 0..8_u64 {
        // Random text, which doesn't compress below the bound when sent together.
        let noise: String = (0..50_000_u64)
            .map(|at| eavip_core::id::Digest128::of([&n.to_be_bytes()[..], &at.to_be_bytes()[..]]))
            .map(|digest| digest.to_string().chars().take(8).collect::<String>())
            .collect();
        site.spool.append(Class::Metrics, format!("\"{noise}\"").as_bytes(), T0).unwrap();
    }
    assert_eq!(site.settle().await, 0);
    assert_eq!(site.stored().len(), 8);
}

#[tokio::test]
async fn pushes_at_once_what_is_spooled_and_ends_when_asked() {
    let site = Site::new(1, &["https://a:1"]);
    let spooled = Arc::new(Notify::new());
    let (trigger, mut shutdown) = crate::shutdown::channel();
    let mut status = site.pusher.status();
    let running = {
        let spooled = Arc::clone(&spooled);
        let mut pusher = site.pusher;
        tokio::spawn(async move { pusher.run(&spooled, &mut shutdown).await })
    };
    status.wait_for(|status| status.acknowledged == 1).await.unwrap();
    site.spool.append(Class::Metrics, body(2).as_bytes(), T0).unwrap();
    spooled.notify_one();
    status.wait_for(|status| status.acknowledged == 2).await.unwrap();
    trigger.request();
    running.await.unwrap();
}

#[tokio::test]
async fn drains_without_waiting_for_a_server_that_is_gone() {
    let mut site = Site::new(2, &["https://a:1"]);
    site.server().next = [unavailable(None)].into();
    site.pusher.drain(Duration::from_secs(5)).await;
    assert_eq!(site.stored(), Vec::<u64>::new());
    site.pusher.drain(Duration::from_secs(5)).await;
    assert_eq!(site.stored(), [1, 2]);
}
