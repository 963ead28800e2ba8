//! Trends, reviews and proposals as the outside sees them.

use eavip_core::finding::Outcome;
use eavip_core::id::Digest128;
use eavip_core::policy::Policy;
use eavip_core::time::{Span, Timestamp};
use eavip_core::trend::feedback::{self, Reply};
use eavip_core::trend::month::Month;
use eavip_core::trend::review::{OperationsReview, Pack, Signature};
use eavip_core::trend::statistics::Summary;

use super::noise::finding;
use super::team;
use crate::api::view::trends::{
    Durations, NoiseTotals, OpenItem, PatternCount, Proposal, ProposalAnswer, ProposalStatus,
    RepeatedPattern, ResponseTimes, Review, ReviewRow, ReviewStatus, SignOff, Trends,
};
use crate::book::Book;
use crate::trends;

/// What a pack says.
#[must_use]
pub fn trends(pack: &Pack, signed: Option<&Signature>) -> Trends {
    let response = pack.recovery.iter().map(|(sev, of)| ResponseTimes {
        sev: *sev,
        incidents: of.incidents,
        detect: durations(of.detect),
        acknowledge: durations(of.acknowledge),
        mitigate: durations(of.mitigate),
        resolve: durations(of.resolve),
        auto_resolved: of.auto_resolved,
    });
    let patterns = pack.trends.iter().map(|count| PatternCount {
        pattern: count.pattern.to_string(),
        before: count.before,
        now: count.now,
    });
    let repeats = pack.repeats.iter().map(|repeat| RepeatedPattern {
        pattern: repeat.pattern.to_string(),
        count: repeat.count,
        incidents: repeat.incidents.iter().map(ToString::to_string).collect(),
        first_at: repeat.first_at.to_string(),
        last_at: repeat.last_at.to_string(),
    });
    let noise = pack.noise.as_ref().map(|noise| NoiseTotals {
        pages: noise.pages,
        worst_shift: noise.worst_shift,
        decided: noise.worth.whole,
        worth: noise.worth.part,
        incidents: noise.told.whole,
        told: noise.told.part,
        defects: noise.defects.clone(),
    });
    Trends {
        month: pack.month.to_string(),
        generated_at: pack.generated_at.to_string(),
        findings: pack.findings.iter().map(finding).collect(),
        response: response.collect(),
        patterns: patterns.collect(),
        repeats: repeats.collect(),
        noise,
        markdown: pack.markdown(signed),
    }
}

fn durations(summary: Summary) -> Durations {
    let seconds = |span: Option<Span>| span.map(Span::as_secs_f64);
    Durations { n: summary.n, median_seconds: seconds(summary.median), p90_seconds: seconds(summary.p90) }
}

/// A month's review in a list.
#[must_use]
pub fn row(month: Month, review: &OperationsReview, policy: &Policy, now: Timestamp) -> ReviewRow {
    let due = policy.trend.sign_off.after(month.period().to);
    let signed = review.signed.as_ref();
    ReviewRow {
        month: month.to_string(),
        status: match signed {
            Some(_) => ReviewStatus::Signed,
            None if now > due => ReviewStatus::Overdue,
            None => ReviewStatus::Open,
        },
        due_at: due.to_string(),
        signed: signed.map(|signature| SignOff {
            by: signature.by.to_string(),
            remark: signature.remark.clone(),
            at: signature.at.to_string(),
        }),
    }
}

/// A month's review, whole.
#[must_use]
pub fn review(month: Month, review: &OperationsReview, policy: &Policy, now: Timestamp) -> Review {
    Review { row: row(month, review, policy, now), trends: trends(&review.pack, review.signed.as_ref()) }
}

/// What trends ask for: what waits for an answer, the earliest due first, then the answered, the latest first.
#[must_use]
pub fn proposals(book: &Book, policy: &Policy, now: Timestamp) -> Vec<Proposal> {
    let mut all: Vec<(Digest128, &feedback::Proposal)> = book.trends.proposals().collect();
    all.sort_by_key(|(id, one)| {
        let answered = one.answered.as_ref().map(|(_, at)| *at);
        (answered.is_some(), std::cmp::Reverse(answered), one.draft.due, *id)
    });
    all.into_iter().map(|(id, one)| proposal(id, one, policy, now)).collect()
}

/// What a trend asks for.
#[must_use]
pub fn proposal(id: Digest128, proposal: &feedback::Proposal, policy: &Policy, now: Timestamp) -> Proposal {
    let draft = &proposal.draft;
    let status = match &proposal.answered {
        Some((answer, _)) if answer.reply == Reply::Accepted => ProposalStatus::Accepted,
        Some(_) => ProposalStatus::Rejected,
        None if proposal.check(now).outcome == Outcome::Fail => ProposalStatus::Overdue,
        None => ProposalStatus::Open,
    };
    Proposal {
        id: id.to_string(),
        remedy: draft.remedy,
        title: draft.title.clone(),
        text: draft.text.clone(),
        pattern: draft.repeat.pattern.to_string(),
        incidents: draft.repeat.incidents.iter().map(ToString::to_string).collect(),
        owner: team(&draft.owner, policy),
        status,
        proposed_at: proposal.proposed_at.to_string(),
        due_at: draft.due.to_string(),
        answer: proposal.answered.as_ref().map(|(answer, at)| ProposalAnswer {
            by: answer.by.to_string(),
            reply: answer.reply,
            reason: answer.reason.clone(),
            record: answer.record.as_ref().map(ToString::to_string),
            at: at.to_string(),
        }),
    }
}

/// The action items that aren't done, the longest due first.
#[must_use]
pub fn open_items(book: &Book, policy: &Policy, now: Timestamp) -> Vec<OpenItem> {
    let item = |item: trends::OpenItem<'_>| OpenItem {
        incident: item.incident.to_owned(),
        what: item.plan.what.clone(),
        owner: team(&item.plan.owner, policy),
        due_at: item.plan.due.to_string(),
        late_seconds: (now > item.plan.due).then(|| now.since(item.plan.due).as_secs_f64()),
    };
    trends::open_items(book).into_iter().map(item).collect()
}
