//! Incidents: a row of a list, and everything about one.

use std::collections::BTreeSet;

use eavip_core::alert::episode::Episode;
use eavip_core::finding::{Finding, Outcome};
use eavip_core::id::Digest128;
use eavip_core::incident::change::Proof;
use eavip_core::incident::clocks::Clocks;
use eavip_core::incident::phase::{self, Phase};
use eavip_core::incident::review::{self, Review, ReviewText};
use eavip_core::incident::timeline::Entry;
use eavip_core::incident::{self as core, Mark, comms};
use eavip_core::policy::Policy;
use eavip_core::time::{Span, Timestamp};

use super::team;
use crate::api::view::incident::{
    Incident, IncidentAction, IncidentAlert, IncidentClocks, IncidentDetail, IncidentEntry, IncidentFinding,
    IncidentItem, IncidentMark, IncidentPhase, IncidentReview, IncidentRunbook, IncidentStep, SignalNow,
    UpdateDraft,
};
use crate::book::Book;
use crate::incidents::proof::{self, Seen};
use crate::incidents::template::{Audience, draft};
use crate::incidents::{follow, steps};
use crate::shared::Shared;

/// Timeline entries shown with an incident; the export has all.
pub const MAX_SHOWN: usize = 500;
/// Alerts that are proposed: more aren't looked through.
const MAX_PROPOSED: usize = 20;

/// A runbook page as it is now.
#[derive(Debug, Clone)]
pub struct CitedPage {
    /// Its name, or an address.
    pub page: String,
    /// Its Markdown; none when it can't be had here.
    pub text: Option<String>,
}

/// What is gathered beforehand, while nothing is held.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// The runbook pages that it cites.
    pub pages: Vec<CitedPage>,
    /// The signals at its installation.
    pub seen: Vec<Seen>,
}

/// A row of a list.
#[must_use]
pub fn row(incident: &core::Incident, policy: &Policy, now: Timestamp) -> Incident {
    let declaration = &incident.declaration;
    let duties = incident.duties(&policy.incident, now);
    let reviewed = incident.review.signed.is_some() || incident.duplicate_of.is_some();
    Incident {
        id: declaration.id.to_string(),
        title: declaration.title.clone(),
        sev: incident.sev,
        phase: incident.phase,
        open: incident.is_open(),
        security: incident.security,
        owner: team(&declaration.owner, policy),
        commander: incident.roles.get(&core::change::Role::Commander).map(ToString::to_string),
        acknowledged_by: incident.acknowledged.as_ref().map(|mark| mark.by.to_string()),
        deployment: declaration.deployment.as_ref().map(ToString::to_string),
        environment: declaration.environment,
        mode: declaration.mode,
        services: incident.services.iter().map(ToString::to_string).collect(),
        began_at: incident.began_at.to_string(),
        declared_at: incident.declared_at.to_string(),
        closed_at: incident.closed_at.map(|at| at.to_string()),
        duplicate_of: incident.duplicate_of.as_ref().map(ToString::to_string),
        update_due_at: comms::due(incident, &policy.incident).map(|due| due.to_string()),
        review_due_at: (!reviewed).then(|| review::due(incident, &policy.incident).to_string()),
        overdue: duties.iter().filter(|duty| duty.outcome >= Outcome::Undetermined).count(),
    }
}

/// The pages that an incident's alerts cite, by name.
#[must_use]
pub fn cited(book: &Book, incident: &core::Incident) -> BTreeSet<String> {
    let alerts = incident.episodes.keys().filter_map(|id| book.alerts.get(*id));
    alerts.map(|episode| episode.opening.runbook.as_str().to_owned()).collect()
}

/// An incident, whole, with what was gathered around it. `most` entries of its timeline are shown, the latest.
#[must_use]
pub fn detail(
    shared: &Shared,
    book: &Book,
    incident: &core::Incident,
    around: Around,
    most: usize,
    now: Timestamp,
) -> IncidentDetail {
    let policy = shared.policy.load();
    let Around { pages, seen } = around;
    let proofs = proof::of_incident(seen, shared, book, incident, now);
    let blocking = incident.may_close(&policy, now);
    let closed = incident.phase == Phase::Closed;
    let alert =
        |id: &Digest128| alert(*id, book.alerts.get(*id), incident.episodes.get(id).copied().flatten());
    let propose = |episode: &Episode| self::alert(episode.opening.id, Some(episode), None);
    IncidentDetail {
        incident: row(incident, &policy, now),
        scope: incident.impact.scope,
        integrity: incident.impact.integrity,
        sev_by: incident.sev_by.to_string(),
        teams: incident.teams.iter().map(|id| team(id, &policy).name).collect(),
        roles: incident.roles.iter().map(|(role, person)| (role.to_string(), person.to_string())).collect(),
        acknowledged: incident.acknowledged.as_ref().map(mark),
        mitigated_at: incident.mitigated_at.map(|at| at.to_string()),
        clocks: clocks(incident),
        duties: incident.duties(&policy.incident, now).iter().map(finding).collect(),
        phases: Phase::ALL
            .iter()
            .map(|phase| IncidentPhase {
                phase: *phase,
                leaves: phase::leaves(incident, *phase, &policy.roster).iter().map(finding).collect(),
            })
            .collect(),
        before_closing: blocking.blocking().filter(|_| !closed).map(finding).collect(),
        actions: incident.actions.iter().map(action).collect(),
        alerts: incident.episodes.keys().map(alert).collect(),
        proposed_alerts: follow::proposed(book, incident)
            .into_iter()
            .take(MAX_PROPOSED)
            .map(propose)
            .collect(),
        signals: proofs.into_iter().map(signal).collect(),
        runbooks: pages.iter().map(|page| runbook(incident, page)).collect(),
        updates: Audience::ALL
            .iter()
            .map(|audience| UpdateDraft {
                audience: *audience,
                text: draft(incident, *audience, &policy, now),
            })
            .collect(),
        review: review_of(&incident.review),
        items: items(incident, &policy, now),
        absorbed: incident.absorbed.iter().map(ToString::to_string).collect(),
        timeline: timeline(incident, most),
        entries: incident.timeline.len(),
    }
}

fn mark(mark: &Mark) -> IncidentMark {
    IncidentMark { by: mark.by.to_string(), at: mark.at.to_string() }
}

fn finding(finding: &Finding) -> IncidentFinding {
    IncidentFinding {
        rule: finding.rule.to_string(),
        outcome: finding.outcome,
        message: finding.message.clone(),
        remedy: finding.remedy.clone(),
        owner: finding.owner.as_ref().map(ToString::to_string),
    }
}

fn clocks(incident: &core::Incident) -> IncidentClocks {
    let Clocks { detect, acknowledge, mitigate, resolve, auto_resolved } = Clocks::of(incident);
    let seconds = |span: Option<Span>| span.map(Span::as_secs_f64);
    IncidentClocks {
        detect_seconds: detect.as_secs_f64(),
        acknowledge_seconds: seconds(acknowledge),
        mitigate_seconds: seconds(mitigate),
        resolve_seconds: seconds(resolve),
        auto_resolved,
    }
}

fn action(action: &core::Action) -> IncidentAction {
    let proof = |proof: &Proof| SignalNow {
        signal: proof.signal,
        service: proof.service.as_ref().map(ToString::to_string),
        health: proof.health,
        at: proof.at.to_string(),
    };
    IncidentAction {
        what: action.what.clone(),
        proof: action.proof.as_ref().map(proof),
        at: action.at.to_string(),
    }
}

fn signal(seen: Seen) -> SignalNow {
    SignalNow {
        signal: seen.signal,
        service: seen.service.map(|service| service.to_string()),
        health: seen.health,
        at: seen.at.to_string(),
    }
}

fn alert(id: Digest128, episode: Option<&Episode>, over: Option<Timestamp>) -> IncidentAlert {
    let resolved = episode.and_then(|episode| episode.resolved).map(|(_, at)| at).or(over);
    IncidentAlert {
        id: id.to_string(),
        summary: episode.map(|episode| episode.opening.summary.clone()).unwrap_or_default(),
        opened_at: episode.map(|episode| episode.opening.at.to_string()),
        resolved_at: resolved.map(|at| at.to_string()),
    }
}

fn runbook(incident: &core::Incident, cited: &CitedPage) -> IncidentRunbook {
    let CitedPage { page, text } = cited;
    let text = text.as_deref().unwrap_or_default();
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).map_or(page.as_str(), str::trim);
    let ticked = |step: &str| {
        let entry = steps::ticked(incident, page, step)?;
        Some(IncidentMark { by: entry.by.to_string(), at: entry.at.to_string() })
    };
    let step = |text: String| IncidentStep { ticked: ticked(&text), text };
    IncidentRunbook {
        page: page.clone(),
        title: title.to_owned(),
        revision: if text.is_empty() { String::new() } else { steps::revision(text) },
        steps: steps::steps(text).into_iter().map(step).collect(),
    }
}

fn review_of(review: &Review) -> IncidentReview {
    let Review { text, completed, signed } = review;
    let digest = Digest128::of_value(text).to_string();
    let ReviewText {
        summary,
        consequences,
        cause,
        explanation,
        factors,
        detection_gap,
        lessons,
        runbook_revision,
    } = text.clone();
    IncidentReview {
        digest,
        summary,
        consequences,
        cause,
        explanation,
        factors,
        detection_gap,
        lessons,
        runbook_revision: runbook_revision.map(|revision| revision.to_string()),
        completed: completed.as_ref().map(mark),
        signed: signed.as_ref().map(mark),
    }
}

fn items(incident: &core::Incident, policy: &Policy, now: Timestamp) -> Vec<IncidentItem> {
    let item = |(item, number): (&core::Item, u16)| IncidentItem {
        number,
        what: item.plan.what.clone(),
        owner: team(&item.plan.owner, policy),
        due_at: item.plan.due.to_string(),
        verification: item.plan.verification.clone(),
        late: item.done.is_none() && now > item.plan.due,
        done: item.done.as_ref().map(mark),
    };
    incident.items.iter().zip(1..).map(item).collect()
}

/// The latest entries, in the order in which they happened.
fn timeline(incident: &core::Incident, most: usize) -> Vec<IncidentEntry> {
    let mut entries: Vec<&Entry> = incident.timeline.iter().collect();
    entries.sort_by_key(|entry| entry.at);
    let first = entries.len().saturating_sub(most);
    let entry = |entry: &Entry| IncidentEntry {
        number: entry.number,
        at: entry.at.to_string(),
        recorded_at: entry.recorded_at.to_string(),
        by: entry.by.to_string(),
        topic: entry.topic,
        text: entry.text.clone(),
    };
    entries.into_iter().skip(first).map(entry).collect()
}
