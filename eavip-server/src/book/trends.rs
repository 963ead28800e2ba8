//! Operations reviews by month, and what trends propose. What may happen to either is decided in core.

use std::collections::BTreeMap;

use eavip_core::aggregate::Aggregate as _;
use eavip_core::id::Digest128;
use eavip_core::time::Timestamp;
use eavip_core::trend::feedback::{Proposal, ProposalEvent};
use eavip_core::trend::month::Month;
use eavip_core::trend::review::{OperationsReview, ReviewEvent};
use serde::{Deserialize, Serialize};

use crate::record::ServerEvent;

/// Months whose review stays in memory: two years, so that each can be read beside that of the year before. The ledger
/// keeps all of them.
const MAX_REVIEWS: usize = 24;
/// Proposals that stay in memory, those without an answer first; a pack makes a hundred at most.
const MAX_PROPOSALS: usize = 1_000;

/// The latest reviews and proposals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trends {
    reviews: BTreeMap<Month, OperationsReview>,
    proposals: BTreeMap<Digest128, Proposal>,
    /// When the server started first, as far as this book knows: no month before it is reviewed.
    since: Option<Timestamp>,
}

impl Trends {
    /// The review of a month.
    #[must_use]
    pub fn review(&self, month: Month) -> Option<&OperationsReview> {
        self.reviews.get(&month)
    }

    /// Every review in memory, the latest month first.
    pub fn reviews(&self) -> impl Iterator<Item = (Month, &OperationsReview)> {
        self.reviews.iter().rev().map(|(month, review)| (*month, review))
    }

    /// When the server started first, as far as this book knows.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// A proposal by its id.
    #[must_use]
    pub fn proposal(&self, id: Digest128) -> Option<&Proposal> {
        self.proposals.get(&id)
    }

    /// Every proposal in memory, by its id.
    pub fn proposals(&self) -> impl Iterator<Item = (Digest128, &Proposal)> {
        self.proposals.iter().map(|(id, proposal)| (*id, proposal))
    }

    pub(super) fn server(&mut self, event: &ServerEvent, at: Timestamp) {
        if let ServerEvent::Started { .. } = event {
            self.since.get_or_insert(at);
        }
    }

    pub(super) fn review_event(&mut self, month: Month, event: &ReviewEvent) {
        let before = self.reviews.remove(&month);
        let review = OperationsReview::evolve(before, event.clone());
        self.reviews.extend(review.map(|review| (month, review)));
        while self.reviews.len() > MAX_REVIEWS {
            self.reviews.pop_first();
        }
    }

    pub(super) fn proposal_event(&mut self, id: Digest128, event: &ProposalEvent) {
        let before = self.proposals.remove(&id);
        self.proposals.extend(Proposal::evolve(before, event.clone()).map(|proposal| (id, proposal)));
        if self.proposals.len() > MAX_PROPOSALS {
            // Answered ones go first, the oldest of either before the others.
            let oldest =
                self.proposals.iter().min_by_key(|(_, one)| (one.answered.is_none(), one.proposed_at));
            if let Some(id) = oldest.map(|(id, _)| *id) {
                self.proposals.remove(&id);
            }
        }
    }
}
