//! Silences: those that hold or will, and those that ended lately.

use std::collections::BTreeMap;

use eavip_core::aggregate::Aggregate;
use eavip_core::alert::silence::{Silence, SilenceEvent};
use eavip_core::id::Digest128;
use eavip_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a silence that is over stays in memory, as Alertmanager keeps it; the ledger keeps all of them.
const KEPT: Span = Span::from_secs(5 * 24 * 3_600);
/// Most silences in memory: each alert is held against all of them.
pub const MAX_SILENCES: usize = 10_000;

/// Every silence that holds, will hold, or ended lately.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Silences(BTreeMap<Digest128, Silence>);

impl Silences {
    /// A silence by its id.
    #[must_use]
    pub fn get(&self, id: Digest128) -> Option<&Silence> {
        self.0.get(&id)
    }

    /// Every silence, by its id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Digest128, &Silence)> {
        self.0.iter().map(|(id, silence)| (*id, silence))
    }

    pub(super) fn apply(&mut self, id: Digest128, event: &SilenceEvent) {
        let before = self.0.remove(&id);
        self.0.extend(Silence::evolve(before, event.clone()).map(|silence| (id, silence)));
    }

    pub(super) fn forget(&mut self, at: Timestamp) {
        let ended = |silence: &Silence| silence.ended.as_ref().map_or(silence.request.until, |(_, at)| *at);
        self.0.retain(|_, silence| ended(silence) + KEPT > at);
    }
}
