//! What was measured of noise, what it is held against, and the defects.

use std::cmp::Reverse;

use eavip_core::alert::noise::defect::{Defect, DefectStatus};
use eavip_core::finding::Finding;
use eavip_core::id::Digest128;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;

use super::team;
use crate::api::view::noise::{
    Noise, NoiseBudget, NoiseDefect, NoiseFinding, NoiseMended, NoiseScore, RefusedRunbook,
};
use crate::book::Book;
use crate::noise::{Report, Score, named};

/// The noise as it was measured last.
#[must_use]
pub fn noise(report: &Report, book: &Book, policy: &Policy, now: Timestamp) -> Noise {
    let moment = |at: Timestamp| at.to_string();
    Noise {
        from: report.period.map(|period| moment(period.from)),
        until: report.period.map(|period| moment(period.until)),
        incomplete: report.is_cut,
        budget: budget(policy),
        scores: report.scores.iter().map(|one| score(one, policy)).collect(),
        defects: defects(book, policy, now),
        refused_runbook: book.noise.refused().map(|refused| RefusedRunbook {
            at: moment(refused.at),
            findings: refused.findings.iter().map(finding).collect(),
        }),
    }
}

/// The defects: what is to be mended, the earliest due first, then what was mended, the latest first.
#[must_use]
pub fn defects(book: &Book, policy: &Policy, now: Timestamp) -> Vec<NoiseDefect> {
    let mut all: Vec<(Digest128, &Defect)> = book.noise.defects().collect();
    let mended_at = |defect: &Defect| defect.mended.as_ref().map(|(.., at)| *at);
    all.sort_by_key(|(id, defect)| match defect.status(now) {
        DefectStatus::Mended => (true, Reverse(mended_at(defect)), defect.due, *id),
        _ => (false, Reverse(None), defect.due, *id),
    });
    all.into_iter().map(|(id, one)| defect(id, one, policy, now)).collect()
}

/// A defect as the outside sees it.
#[must_use]
pub fn defect(id: Digest128, defect: &Defect, policy: &Policy, now: Timestamp) -> NoiseDefect {
    let (whose, name) = named(&defect.scope);
    let mended = defect.mended.as_ref().map(|(by, how, at)| NoiseMended {
        by: by.to_string(),
        how: how.clone(),
        at: at.to_string(),
    });
    NoiseDefect {
        id: id.to_string(),
        whose,
        name: name.to_owned(),
        owner: team(&defect.owner, policy),
        status: defect.status(now),
        evidence: defect.evidence.iter().map(finding).collect(),
        opened_at: defect.opened_at.to_string(),
        due_at: defect.due.to_string(),
        reopened: defect.reopened,
        mended,
    }
}

fn score(score: &Score, policy: &Policy) -> NoiseScore {
    let (whose, name) = named(&score.scope);
    let measures = &score.measures;
    NoiseScore {
        whose,
        name: name.to_owned(),
        owner: score.owner.as_ref().map(|owner| team(owner, policy)),
        over: score.is_over(),
        alerts: measures.alerts,
        outcomes: measures.outcomes.iter().map(|(outcome, count)| (outcome.as_str(), *count)).collect(),
        decided: measures.decided(),
        worth: measures.worth(),
        precision: measures.precision,
        recall: measures.recall,
        pages: measures.pages,
        worst_shift: measures.worst_shift,
        worst_day: measures.worst_day,
        flood_share: measures.flood_share,
        top_share: measures.top_share,
        chatter: measures.chatter,
        stale: measures.stale,
        silence_hours: measures.silence_hours,
        findings: score.findings.iter().map(finding).collect(),
    }
}

fn budget(policy: &Policy) -> NoiseBudget {
    let noise = &policy.alerting.noise;
    NoiseBudget {
        shift_seconds: noise.shift.as_secs_f64(),
        pages_per_shift: noise.pages_per_shift,
        alerts_per_day: noise.alerts_per_day,
        flood_over: noise.flood_over,
        flood_share: noise.flood_share,
        precision: noise.precision,
        least_episodes: noise.least_episodes,
        chatter: noise.chatter,
        stale: noise.stale,
        due_seconds: noise.due.as_secs_f64(),
    }
}

/// A finding as the outside sees it.
#[must_use]
pub fn finding(finding: &Finding) -> NoiseFinding {
    NoiseFinding {
        rule: finding.rule.to_string(),
        outcome: finding.outcome,
        message: finding.message.clone(),
        remedy: finding.remedy.clone(),
    }
}
