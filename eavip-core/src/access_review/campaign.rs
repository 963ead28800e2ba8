//! An access review as a record: a list of access, a decision on each, and the end when none is left.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{AccessReviewPolicy, GrantId};
use crate::aggregate::Aggregate;
use crate::alert::episode::MAX_REASON;
use crate::decision::Refused;
use crate::finding::Finding;
use crate::id::{PersonId, ReviewId};
use crate::time::Timestamp;
use crate::words;

crate::rules! {
    /// A review is opened once, over 1 to 10000 accesses, and takes decisions until it is closed.
    OPEN = "EAVIP-V03", "decisions are made in an open review", "Access reviews";
    /// The review doesn't list this access. It is listed when the review is opened.
    LISTED = "EAVIP-V04", "a decision is about a listed access", "Access reviews";
    /// Nobody decides about access of their own. Ask somebody else.
    OTHERS = "EAVIP-V05", "nobody reviews their own access", "Access reviews";
    /// A decision says why, in 1 to 1000 characters.
    SAYS_WHY = "EAVIP-V06", "a decision about access has a reason", "Audit readiness";
    /// A review ends when each access was decided on. The message says how many are left.
    COMPLETE = "EAVIP-V07", "a review ends when nothing is left to decide", "Audit readiness";
}

/// Most accesses of one review: those of a large installation.
pub const MAX_GRANTS: usize = 10_000;

/// Longest name of an access, in characters: a certificate's subject.
pub const MAX_NAME: usize = 400;

words! {
    /// What becomes of an access.
    #[non_exhaustive]
    pub enum Ruling ("review decision") {
        /// It is still needed.
        Keep = "keep",
        /// It is to be revoked.
        Revoke = "revoke",
    }
}

/// An access under review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Which.
    pub id: GrantId,
    /// Whose it is, where it is one person's.
    pub holder: Option<PersonId>,
}

/// A decision on one access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// What becomes of it.
    pub ruling: Ruling,
    /// Who says so.
    pub by: PersonId,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What happened to a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReviewEvent {
    /// It began.
    Opened {
        /// What it is called.
        id: ReviewId,
        /// Who opened it.
        by: PersonId,
        /// What is reviewed.
        listed: Vec<Listed>,
        /// When.
        at: Timestamp,
    },
    /// Somebody decided on an access; a later decision takes the place of an earlier one.
    Ruled {
        /// Which.
        grant: GrantId,
        /// What was decided.
        decided: Decided,
    },
    /// It ended.
    Closed {
        /// Who closed it.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
}

/// What somebody asks of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ReviewCommand {
    /// Open it.
    Open {
        /// What it is called.
        id: ReviewId,
        /// Who opens it.
        by: PersonId,
        /// What is reviewed.
        listed: Vec<Listed>,
    },
    /// Decide on an access.
    Rule {
        /// Which.
        grant: GrantId,
        /// What becomes of it.
        ruling: Ruling,
        /// Who says so.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// End it.
    Close {
        /// Who ends it.
        by: PersonId,
    },
}

/// A review as its events made it.
///
/// ```
/// use eavip_core::access_review::campaign::{AccessReview, Listed, ReviewCommand};
/// use eavip_core::access_review::{AccessReviewPolicy, GrantId, GrantKind};
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::time::Timestamp;
///
/// let (policy, now) = (AccessReviewPolicy::default(), Timestamp::default());
/// let token = Listed { id: GrantId { kind: GrantKind::Token, name: "ci".into() }, holder: None };
/// let by = || "sia".parse().unwrap();
/// let open = ReviewCommand::Open { id: "2026-q1".parse().unwrap(), by: by(), listed: vec![token] };
/// let review = AccessReview::replay(AccessReview::decide(None, open, &policy, now).unwrap()).unwrap();
/// assert_eq!(review.left(), 1);
/// let close = ReviewCommand::Close { by: by() };
/// assert!(AccessReview::decide(Some(&review), close, &policy, now).is_err(), "nothing was decided yet");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccessReview {
    /// What it is called.
    pub id: ReviewId,
    /// When it was opened, and by whom.
    pub opened: (PersonId, Timestamp),
    /// What is reviewed, and the latest decision on each.
    #[serde(with = "grants")]
    pub grants: BTreeMap<GrantId, (Option<PersonId>, Option<Decided>)>,
    /// When it was closed, and by whom.
    pub closed: Option<(PersonId, Timestamp)>,
}

impl AccessReview {
    /// How many are left to decide on.
    #[must_use]
    pub fn left(&self) -> usize {
        self.grants.values().filter(|(_, decided)| decided.is_none()).count()
    }
}

impl Aggregate for AccessReview {
    type Command = ReviewCommand;
    type Event = ReviewEvent;
    type Policy = AccessReviewPolicy;

    fn decide(
        state: Option<&Self>,
        command: ReviewCommand,
        _policy: &AccessReviewPolicy,
        now: Timestamp,
    ) -> Result<Vec<ReviewEvent>, Refused> {
        let (findings, event) = match command {
            ReviewCommand::Open { id, by, listed } => {
                let findings = opening_problems(state, &listed);
                (findings, ReviewEvent::Opened { id, by, listed, at: now })
            }
            ReviewCommand::Rule { grant, ruling, by, reason } => {
                let findings = ruling_problems(state, &grant, &by, &reason);
                let decided = Decided { ruling, by, reason, at: now };
                (findings, ReviewEvent::Ruled { grant, decided })
            }
            ReviewCommand::Close { by } => {
                let mut findings: Vec<Finding> = not_open(state).into_iter().collect();
                let left = state.filter(|review| review.closed.is_none()).map_or(0, Self::left);
                if left > 0 {
                    let message = format!("{left} accesses aren't decided on");
                    findings.push(COMPLETE.fail(message, "keep or revoke each of them"));
                }
                (findings, ReviewEvent::Closed { by, at: now })
            }
        };
        Refused::when_any(findings)?;
        Ok(vec![event])
    }

    fn evolve(state: Option<Self>, event: ReviewEvent) -> Option<Self> {
        match (state, event) {
            (None, ReviewEvent::Opened { id, by, listed, at }) => {
                let grants = listed.into_iter().map(|one| (one.id, (one.holder, None))).collect();
                Some(Self { id, opened: (by, at), grants, closed: None })
            }
            (Some(mut review), ReviewEvent::Ruled { grant, decided }) if review.closed.is_none() => {
                if let Some((_, kept)) = review.grants.get_mut(&grant) {
                    *kept = Some(decided);
                }
                Some(review)
            }
            (Some(mut review), ReviewEvent::Closed { by, at }) if review.closed.is_none() => {
                review.closed = Some((by, at));
                Some(review)
            }
            (state, _) => state,
        }
    }
}

/// Grants as a list: JSON has no keys of two parts.
mod grants {
    use super::{BTreeMap, Decided, Deserialize, GrantId, PersonId, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Row<Id, Holder, Decided> {
        id: Id,
        holder: Holder,
        decided: Decided,
    }

    type Grants = BTreeMap<GrantId, (Option<PersonId>, Option<Decided>)>;

    pub(super) fn serialize<S: serde::Serializer>(grants: &Grants, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(grants.iter().map(|(id, (holder, decided))| Row { id, holder, decided }))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Grants, D::Error> {
        let rows = Vec::<Row<GrantId, Option<PersonId>, Option<Decided>>>::deserialize(deserializer)?;
        Ok(rows.into_iter().map(|row| (row.id, (row.holder, row.decided))).collect())
    }
}

fn not_open(state: Option<&AccessReview>) -> Option<Finding> {
    match state {
        None => Some(OPEN.fail("the review was never opened", "open it first")),
        Some(AccessReview { closed: Some((by, at)), .. }) => {
            Some(OPEN.fail(format!("{by} closed the review at {at}"), "open another one"))
        }
        Some(_) => None,
    }
}

fn opening_problems(state: Option<&AccessReview>, listed: &[Listed]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(review) = state {
        findings.push(OPEN.fail(format!("`{}` was opened already", review.id), "open another one"));
    }
    if !(1..=MAX_GRANTS).contains(&listed.len()) {
        let message = format!("the review lists {} accesses", listed.len());
        findings.push(OPEN.fail(message, format!("list 1 to {MAX_GRANTS}")));
    }
    if listed.iter().any(|one| !(1..=MAX_NAME).contains(&one.id.name.chars().count())) {
        let message = "the review lists an access whose name is empty or too long";
        findings.push(OPEN.fail(message, format!("name each in 1 to {MAX_NAME} characters")));
    }
    let distinct: BTreeSet<&GrantId> = listed.iter().map(|one| &one.id).collect();
    if distinct.len() < listed.len() {
        findings.push(OPEN.fail("the review lists an access twice", "list each once"));
    }
    findings
}

fn ruling_problems(
    state: Option<&AccessReview>,
    grant: &GrantId,
    by: &PersonId,
    reason: &str,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = not_open(state).into_iter().collect();
    match state.map(|review| review.grants.get(grant)) {
        None => {}
        Some(None) => findings
            .push(LISTED.fail(format!("the review doesn't list {grant}"), "open a review that lists it")),
        Some(Some((holder, _))) if holder.as_ref() == Some(by) => {
            findings.push(OTHERS.fail(format!("{grant} is {by}'s own"), "ask somebody else to decide"));
        }
        Some(Some(_)) => {}
    }
    let length = reason.trim().chars().count();
    if !(1..=MAX_REASON).contains(&length) {
        let message = format!("the reason has {length} characters");
        findings.push(SAYS_WHY.fail(message, format!("say why in 1 to {MAX_REASON} characters")));
    }
    findings
}

#[cfg(test)]
mod tests;
