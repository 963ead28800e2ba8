//! How one collector is run: by its interval, within its deadline, and less often while it fails.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use eavip_core::time::Span;
use futures_util::FutureExt as _;

use super::board::Board;
use super::{Collect, now};
use crate::schedule::Schedule;

/// When the second read happens after the first: soon enough that rates are in the second report.
const SECOND_READ: Duration = Duration::from_millis(1_500);
/// Failures in a row after which a collector is tried less often.
const FAILURES: u32 = 3;
/// How often a failing source is tried, at least as far apart as its interval: often enough that recovery shows
/// soon, seldom enough that the tries themselves don't keep it down.
const SLOWED: Span = Span::from_secs(30);

/// How a collector is run.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) id: usize,
    pub(super) name: String,
    pub(super) interval: Span,
    pub(super) schedule: Schedule,
    pub(super) deadline: Span,
}

/// Slows a collector down that keeps failing. Each slow try is the test whether it works again; one success ends it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Breaker {
    failures: u32,
}

impl Breaker {
    fn succeeded(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }

    /// Counts a failure; says whether it is the first of its row.
    fn failed(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failures == 1
    }

    /// How long to wait where the schedule isn't kept.
    fn slowed(&self, interval: Span) -> Option<Span> {
        (self.failures >= FAILURES).then(|| interval.max(SLOWED))
    }
}

/// Reads a collector until the task is ended.
pub(super) async fn run<C: Collect>(mut collector: C, plan: Plan, board: Arc<Board>) {
    let mut breaker = Breaker::default();
    let mut reads = 0_u64;
    loop {
        read(&mut collector, &plan, &board, &mut breaker).await;
        reads = reads.saturating_add(1);
        let at = now();
        let scheduled = || plan.schedule.next_after(at).map_or(plan.interval, |next| next.since(at)).into();
        let wait = match breaker.slowed(plan.interval) {
            Some(slowed) => slowed.into(),
            None if reads == 1 => SECOND_READ,
            None => scheduled(),
        };
        tokio::time::sleep(wait).await;
    }
}

async fn read<C: Collect>(collector: &mut C, plan: &Plan, board: &Board, breaker: &mut Breaker) {
    let attempt = AssertUnwindSafe(collector.collect(now())).catch_unwind();
    let name = &plan.name;
    let reason = match tokio::time::timeout(plan.deadline.into(), attempt).await {
        Ok(Ok(Ok(readings))) => {
            if breaker.succeeded() {
                tracing::info!(collector = name, "collector {name} works again");
            }
            board.succeed(plan.id, readings);
            return;
        }
        Ok(Ok(Err(failure))) => failure.to_string(),
        Ok(Err(_)) => "the collector broke off".to_owned(),
        Err(_) => format!("no result within {}", plan.deadline),
    };
    if breaker.failed() {
        tracing::warn!(collector = name, reason, "collector {name} fails: {reason}");
    }
    board.fail(plan.id, &reason);
}

#[cfg(test)]
mod tests;
