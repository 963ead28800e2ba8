//! How an event changes an incident. Total: an event out of turn changes nothing, and no policy is asked.

use super::change::{Change, Declaration, Happening, IncidentEvent};
use super::phase::Phase;
use super::review::Review;
use super::sev::Sev;
use super::timeline::Entry;
use super::{Action, Actor, Incident, Item, Mark};
use crate::roster::SECURITY_COMPLIANCE;
use crate::time::Timestamp;

pub(super) fn evolve(state: Option<Incident>, event: IncidentEvent) -> Option<Incident> {
    let entry = Entry::from(&event);
    let IncidentEvent { number, at, by, change } = event;
    match (state, change) {
        (None, Change::Declared { declaration, sev }) if number == 0 => {
            let mut incident = first(*declaration, sev, by, at);
            incident.timeline.push(entry);
            Some(incident)
        }
        (Some(incident), Change::Declared { .. }) => Some(incident),
        (Some(mut incident), change) if number == incident.next_number() => {
            incident.timeline.push(entry);
            incident.apply(change, by, at);
            Some(incident)
        }
        (state, _) => state,
    }
}

fn first(declaration: Declaration, sev: Sev, by: Actor, at: Timestamp) -> Incident {
    let mut incident = Incident {
        declared_at: at,
        opened_at: at,
        began_at: declaration.began_at,
        sev,
        sev_by: by,
        impact: declaration.impact,
        security: false,
        services: declaration.services.clone(),
        teams: [declaration.owner.clone()].into(),
        phase: Phase::Detection,
        roles: Default::default(),
        acknowledged: None,
        triage_at: None,
        told_at: None,
        all_clear: false,
        actions: Vec::new(),
        mitigated_at: None,
        resolved_at: None,
        closed_at: None,
        episodes: declaration.alert.iter().map(|alert| (alert.episode, None)).collect(),
        improvised: false,
        review: Review::default(),
        items: Vec::new(),
        absorbed: Default::default(),
        duplicate_of: None,
        timeline: Vec::new(),
        declaration,
    };
    if incident.declaration.security {
        incident.escalate();
    }
    incident
}

impl Incident {
    fn apply(&mut self, change: Change, by: Actor, at: Timestamp) {
        match change {
            Change::Declared { .. } | Change::NoteAdded { .. } => {}
            Change::Reclassified { impact, sev, .. } => {
                (self.impact, self.sev, self.sev_by) = (impact, sev, by);
            }
            Change::SecurityFlagged { sev, .. } => {
                self.sev = sev;
                self.escalate();
            }
            Change::ServicesAdded { services } => self.services.extend(services),
            Change::Assigned { role, person } => self.roles.extend([(role, person)]),
            Change::Acknowledged => {
                self.acknowledged.get_or_insert(Mark { by, at });
            }
            Change::Advanced { to } => self.enter(to, at),
            Change::ActionTaken { what, proof } => {
                if proof.is_some() {
                    self.mitigated_at.get_or_insert(at);
                }
                self.actions.push(Action { what, proof, at });
            }
            Change::UpdatePublished { .. } => {
                self.told_at = Some(at);
                self.all_clear = self.mitigated_at.is_some();
            }
            Change::StepTicked { improvised, .. } => self.improvised |= improvised,
            Change::Witnessed { happening, happened_at } => self.witness(happening, happened_at),
            Change::ReviewDrafted { text } => {
                self.review = Review { text: *text, completed: None, signed: None };
            }
            Change::ReviewCompleted => self.review.completed = Some(Mark { by, at }),
            Change::ReviewSigned => self.review.signed = Some(Mark { by, at }),
            Change::ItemAdded { plan, .. } => self.items.push(Item { plan, done: None }),
            Change::ItemCompleted { item, .. } => {
                let place = usize::from(item).checked_sub(1);
                if let Some(item) = place.and_then(|place| self.items.get_mut(place)) {
                    item.done.get_or_insert(Mark { by, at });
                }
            }
            Change::OtherAbsorbed { other, sev } => {
                self.sev = sev;
                self.impact = self.impact.worst(other.impact);
                self.began_at = self.began_at.min(other.began_at);
                self.services.extend(other.services);
                for episode in other.episodes {
                    self.episodes.entry(episode).or_default();
                }
                self.absorbed.insert(other.id);
                if other.security {
                    self.escalate();
                }
            }
            Change::DuplicateMarked { of } => self.duplicate_of = Some(of),
            Change::Reopened { .. } => self.reopen(at),
            Change::Closed => self.enter(Phase::Closed, at),
        }
    }

    fn escalate(&mut self) {
        self.security = true;
        self.teams.extend(SECURITY_COMPLIANCE.parse());
    }

    fn enter(&mut self, phase: Phase, at: Timestamp) {
        self.phase = phase;
        match phase {
            Phase::Triage => self.triage_at = Some(at),
            Phase::RootCauseAnalysis => self.resolved_at = Some(at),
            Phase::Closed => self.closed_at = Some(at),
            _ => {}
        }
    }

    fn witness(&mut self, happening: Happening, at: Timestamp) {
        match happening {
            Happening::AlertOpened(alert) => {
                self.episodes.entry(alert.episode).or_default();
            }
            Happening::AlertResolved { episode } => {
                if let Some(over) = self.episodes.get_mut(&episode) {
                    over.get_or_insert(at);
                }
            }
            Happening::AlertAcknowledged { .. }
            | Happening::Released { .. }
            | Happening::ConfigChanged { .. } => {}
        }
    }

    /// A duplicate that wasn't one goes on where it stood; what came back is triaged again, and what was proven, told,
    /// completed and signed has to be again.
    fn reopen(&mut self, at: Timestamp) {
        if self.duplicate_of.take().is_some() {
            return;
        }
        self.opened_at = at;
        self.enter(Phase::Triage, at);
        (self.mitigated_at, self.resolved_at, self.closed_at) = (None, None, None);
        (self.told_at, self.all_clear) = (None, false);
        (self.review.completed, self.review.signed) = (None, None);
    }
}
