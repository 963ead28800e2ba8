//! Which server to talk to: each node has its own order of them, so that the load spreads without a balancer.

use std::time::Duration;

use eavip_core::id::{Digest128, NodeId};
use tokio::time::Instant;

/// How long to stay with a server that isn't the node's first: after this it tries the first again, so that nodes find
/// back after an outage.
const STAY: Duration = Duration::from_secs(300);

/// The servers in this node's order (rendezvous hashing), and the one in use.
#[derive(Debug)]
pub(super) struct Route {
    urls: Vec<String>,
    at: usize,
    tried: usize,
    away_since: Option<Instant>,
}

impl Route {
    pub(super) fn new(urls: &[String], node: NodeId) -> Self {
        let mut urls = urls.to_vec();
        urls.sort_by_cached_key(|url| Digest128::of([url.as_bytes(), node.0.as_bytes()]));
        urls.dedup();
        Self { urls, at: 0, tried: 0, away_since: None }
    }

    /// The server to ask; empty when none is known, which no request can be sent to.
    pub(super) fn current(&self) -> &str {
        self.urls.get(self.at).map_or("", String::as_str)
    }

    /// Goes on to the next server; whether all have been tried since the last success or pause.
    pub(super) fn failed(&mut self) -> bool {
        self.tried += 1;
        self.at = if self.at + 1 < self.urls.len() { self.at + 1 } else { 0 };
        let all = self.tried >= self.urls.len();
        if all {
            self.tried = 0;
        }
        all
    }

    pub(super) fn succeeded(&mut self, now: Instant) {
        self.tried = 0;
        if self.at == 0 {
            self.away_since = None;
        } else if now.duration_since(*self.away_since.get_or_insert(now)) >= STAY {
            (self.at, self.away_since) = (0, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(node: u128) -> Route {
        let urls = ["https://a:1", "https://b:1", "https://c:1"].map(str::to_owned);
        Route::new(&urls, NodeId(uuid::Uuid::from_u128(node)))
    }

    #[test]
    fn spreads_nodes_over_servers_and_keeps_each_ones_order() {
        let mut first: Vec<String> = (0..90).map(|node| route(node).current().to_owned()).collect();
        assert_eq!(first[5], route(5).current());
        first.sort();
        for share in first.chunk_by(|a, b| a == b) {
            assert!((15..=45).contains(&share.len()), "{}", share.len());
        }
    }

    #[test]
    fn tries_each_server_once_before_a_pause() {
        let mut route = route(1);
        let start = route.current().to_owned();
        assert_eq!([route.failed(), route.failed(), route.failed()], [false, false, true]);
        assert_eq!(route.current(), start);
        assert!(!route.failed(), "a new round");
    }

    #[test]
    fn finds_back_to_its_first_server() {
        let mut route = route(1);
        let start = route.current().to_owned();
        let now = Instant::now();
        route.failed();
        route.succeeded(now);
        route.succeeded(now + STAY / 2);
        assert_ne!(route.current(), start);
        route.succeeded(now + STAY);
        assert_eq!(route.current(), start);
    }
}
