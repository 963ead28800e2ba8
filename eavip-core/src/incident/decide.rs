//! Whether an incident does what is asked of it: every reason why not, at once.

use std::collections::BTreeSet;

use super::change::{
    Absorbed, Change, Declaration, Happening, IncidentCommand, IncidentEvent, Plan, Proof, Request, Survivor,
};
use super::phase::{self, Phase};
use super::review::{self, MAX_FACTORS, ReviewText};
use super::{Actor, Incident, is_active, sev};
use crate::alert::episode::MAX_REASON;
use crate::decision::Refused;
use crate::finding::{Finding, Outcome};
use crate::id::{PersonId, ServiceId, TeamId};
use crate::policy::Policy;
use crate::signal::health::Health;
use crate::signal::service::WINDOW;
use crate::time::Timestamp;

crate::rules! {
    /// An incident is declared once, and nothing happens in it before. Declare it, or choose another name for another one.
    DECLARED = "EAVIP-I01", "an incident is declared once, before anything else", "Detection";
    /// A closed incident and a duplicate take notes and finished action items; anything else needs it open. Reopen it and say
    /// what shows that it is back.
    OVER = "EAVIP-I02", "an incident that is over moves when it is reopened", "Failures are handled consistently";
    /// What people write into an incident has 1 to 4000 characters (a title or a name 200, a reason 1000): those who come later
    /// have nothing else to go by.
    SAYS = "EAVIP-I03", "what is written into an incident says something", "Incident response coordination";
    /// People who have a part in an incident are active people of the roster, and owners are declared teams; the platform itself
    /// neither acknowledges, completes nor signs. Name another, or declare them.
    KNOWN = "EAVIP-I04", "who has a part in an incident is known", "Operational responsibilities are clear";
    /// Each list of an incident has an end, so that a loop that writes into it can't fill the store. Close it and declare
    /// another one for what goes on.
    ROOM = "EAVIP-I05", "an incident keeps a bounded history", "Failures are handled consistently";
    /// Somebody acknowledged it already; their moment counts. Talk to them, or have a part assigned to you.
    TAKEN = "EAVIP-I06", "the first acknowledgement counts", "Detection";
    /// A proof is a signal that is healthy and was measured within the last five minutes. Wait for the next report, or record the
    /// action without proof and prove a later one.
    PROVES = "EAVIP-I07", "an action is proven by a signal that is healthy now", "Mitigation";
    /// The action item isn't there, is done already, or is due before it was planned. Choose one that is open, or a later moment.
    PLANNED = "EAVIP-I08", "an action item is planned ahead and done once", "Preventive action";
    /// An incident can't be part of itself, of a duplicate, or of one that doesn't know of it. Have the other one absorb this one
    /// first: so severity, flag and alerts go over.
    SURVIVES = "EAVIP-I09", "a duplicate is part of an incident that absorbed it",
        "Every incident results in a documented review.";
}

/// Longest title, step or name of a change, in characters: a line of a page.
pub const MAX_LINE: usize = 200;
/// Longest text that a person writes, in characters: two pages.
pub const MAX_TEXT: usize = 4_000;
/// Most entries of a timeline: an entry each minute for a week.
pub const MAX_TIMELINE: usize = 10_000;
/// Entries that are left to people when notes and happenings have filled the rest: enough to bring it to its end.
pub const ROOM_TO_CLOSE: usize = 1_000;
/// Most services of one incident; more are the whole platform.
pub const MAX_SERVICES: usize = 200;
/// Most alerts of one incident: a page can show so many.
pub const MAX_ALERTS: usize = 1_000;
/// Most recorded actions.
pub const MAX_ACTIONS: usize = 500;
/// Most action items: more are never done.
pub const MAX_ITEMS: usize = 50;
/// Most incidents that one absorbs.
pub const MAX_ABSORBED: usize = 100;

pub(super) fn decide(
    state: Option<&Incident>,
    command: IncidentCommand,
    policy: &Policy,
    now: Timestamp,
) -> Result<Vec<IncidentEvent>, Refused> {
    let IncidentCommand { by, request } = command;
    let mut findings = Vec::new();
    let change = match (state, request) {
        (None, Request::Declare(declaration)) => declare(*declaration, policy, now, &mut findings),
        (None, _) => {
            return Err(DECLARED.fail("there is no such incident", "declare it first").into());
        }
        (Some(incident), request) => {
            Refused::when_any(standing(incident, &request))?;
            Case { incident, by: &by, policy, now, findings: &mut findings }.change(request)
        }
    };
    Refused::when_any(findings)?;
    let number = state.map_or(0, Incident::next_number);
    Ok(vec![IncidentEvent { number, at: now, by, change }])
}

fn declare(
    mut declaration: Declaration,
    policy: &Policy,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Change {
    declaration.title = said(declaration.title, "the title", MAX_LINE, findings);
    declared_team(&declaration.owner, policy, findings);
    if declaration.services.len() > MAX_SERVICES {
        let message = format!("{} services are too many", declaration.services.len());
        findings.push(ROOM.fail(message, "name at most 200"));
    }
    // What is yet to begin is a clock that runs ahead.
    declaration.began_at = declaration.began_at.min(now);
    let sev = sev::severity(declaration.impact, declaration.security);
    Change::Declared { declaration: Box::new(declaration), sev }
}

/// Why an incident takes no such request as it stands.
fn standing(incident: &Incident, request: &Request) -> Vec<Finding> {
    let id = &incident.declaration.id;
    if let Request::Declare(_) = request {
        return vec![DECLARED.fail(format!("{id} is declared already"), "choose another name")];
    }
    let closed = incident.phase == Phase::Closed;
    let over = match request {
        Request::Reopen { .. } | Request::AddNote { .. } | Request::CompleteItem { .. } => false,
        _ => !incident.is_open(),
    };
    if over {
        let message = match &incident.duplicate_of {
            Some(of) => format!("{id} is part of {of}"),
            None => format!("{id} is {}", incident.phase),
        };
        return vec![OVER.fail(message, "reopen it and say what shows that it is back")];
    }
    let most = match request {
        Request::AddNote { .. } | Request::Witness { .. } | Request::TickStep { .. } => {
            MAX_TIMELINE - ROOM_TO_CLOSE
        }
        // What ends it always has room: each comes once, or once for each of the others.
        Request::Advance | Request::CompleteReview | Request::SignReview | Request::Close => usize::MAX,
        _ => MAX_TIMELINE,
    };
    if incident.timeline.len() >= most {
        let message = format!("the timeline of {id} is full with {} entries", incident.timeline.len());
        let remedy = if closed { "declare another one" } else { "close it and declare another one" };
        return vec![ROOM.fail(message, remedy)];
    }
    Vec::new()
}

/// A text without the space around it; empty and long ones are reasons.
fn said(text: String, what: &str, most: usize, findings: &mut Vec<Finding>) -> String {
    let trimmed = text.trim();
    let characters = trimmed.chars().count();
    if characters == 0 || characters > most {
        let remedy = format!("write 1 to {most} characters");
        findings.push(SAYS.fail(format!("{what} has {characters} characters"), remedy));
    }
    trimmed.to_owned()
}

fn declared_team(team: &TeamId, policy: &Policy, findings: &mut Vec<Finding>) {
    if !policy.roster.teams.contains_key(team) {
        let remedy = format!("name a declared team, or declare [team.{team}]");
        findings.push(KNOWN.fail(format!("no team is called `{team}`"), remedy));
    }
}

/// One request to an incident that takes it as it stands; what is wrong with it is gathered.
struct Case<'c> {
    incident: &'c Incident,
    by: &'c Actor,
    policy: &'c Policy,
    now: Timestamp,
    findings: &'c mut Vec<Finding>,
}

impl Case<'_> {
    fn change(mut self, request: Request) -> Change {
        match request {
            Request::Declare(declaration) => declare(*declaration, self.policy, self.now, self.findings),
            Request::Reclassify { impact, reason } => self.reclassify(impact, reason),
            Request::FlagSecurity { reason } => self.flag(reason),
            Request::AddServices(services) => self.add_services(services),
            Request::Assign { role, person } => {
                self.known(&person);
                Change::Assigned { role, person }
            }
            Request::Acknowledge => self.acknowledge(),
            Request::Advance => self.advance(),
            Request::RecordAction { what, proof } => self.record(what, proof),
            Request::PublishUpdate { text } => {
                Change::UpdatePublished { text: self.said(text, "the update") }
            }
            Request::AddNote { text } => Change::NoteAdded { text: self.said(text, "the note") },
            Request::TickStep { runbook, step, improvised } => {
                Change::StepTicked { runbook, step: self.line(step, "the step"), improvised }
            }
            Request::Witness { happening, happened_at } => self.witness(happening, happened_at),
            Request::DraftReview(text) => self.draft(*text),
            Request::CompleteReview => self.complete(),
            Request::SignReview => self.sign(),
            Request::AddItem(plan) => self.add_item(plan),
            Request::CompleteItem { item, proof } => self.complete_item(item, proof),
            Request::Absorb(other) => self.absorb(other),
            Request::MarkDuplicate(survivor) => self.mark_duplicate(*survivor),
            Request::Reopen { reason } => self.reopen(reason),
            Request::Close => self.close(),
        }
    }

    fn said(&mut self, text: String, what: &str) -> String {
        said(text, what, MAX_TEXT, self.findings)
    }

    fn line(&mut self, text: String, what: &str) -> String {
        said(text, what, MAX_LINE, self.findings)
    }

    fn reason(&mut self, text: String) -> String {
        said(text, "the reason", MAX_REASON, self.findings)
    }

    fn room(&mut self, holds: usize, most: usize, what: &str) {
        if holds >= most {
            self.findings
                .push(ROOM.fail(format!("the incident has {holds} {what}"), format!("keep at most {most}")));
        }
    }

    fn known(&mut self, person: &PersonId) {
        if !is_active(&self.policy.roster, person) {
            let message = format!("`{person}` is no active person of the roster");
            self.findings.push(KNOWN.fail(message, "name another person, or declare them"));
        }
    }

    fn by_person(&mut self) {
        match self.by {
            Actor::Person(person) => self.known(person),
            Actor::Platform => {
                self.findings
                    .push(KNOWN.fail("the platform can't do this", "an active person of the roster does"));
            }
        }
    }

    fn reclassify(&mut self, impact: sev::Impact, reason: String) -> Change {
        let sev = sev::severity(impact, self.incident.security);
        self.findings.extend(sev::change(self.incident.sev, sev, self.by, &reason, &self.policy.roster));
        // A fall without a reason is told by the ratchet; a rise needs none.
        let reason = if reason.trim().is_empty() { String::new() } else { self.reason(reason) };
        Change::Reclassified { impact, sev, reason }
    }

    fn flag(&mut self, reason: String) -> Change {
        if self.incident.security {
            let remedy = "nothing has to be done; add a note with what is new";
            self.findings.push(sev::SECURITY.fail("it is flagged as a security event already", remedy));
        }
        let sev = sev::severity(self.incident.impact, true).min(self.incident.sev);
        Change::SecurityFlagged { sev, reason: self.reason(reason) }
    }

    fn add_services(&mut self, services: BTreeSet<ServiceId>) -> Change {
        let all = self.incident.services.union(&services).count();
        if services.is_empty() {
            self.findings.push(SAYS.fail("no service is named", "name at least one"));
        }
        if all > MAX_SERVICES {
            self.findings.push(ROOM.fail(format!("{all} services are too many"), "name at most 200"));
        }
        Change::ServicesAdded { services }
    }

    fn acknowledge(&mut self) -> Change {
        self.by_person();
        if let Some(mark) = &self.incident.acknowledged {
            let message = format!("{} acknowledged it at {}", mark.by, mark.at);
            self.findings.push(TAKEN.fail(message, "talk to them"));
        }
        Change::Acknowledged
    }

    fn advance(&mut self) -> Change {
        let phase = self.incident.phase;
        let missing = phase::leaves(self.incident, phase, &self.policy.roster);
        self.findings.extend(missing.into_iter().filter(|finding| finding.outcome >= Outcome::Undetermined));
        let to = phase.next().unwrap_or(Phase::Closed);
        if to == Phase::Closed {
            self.findings
                .push(phase::ORDER.fail("after preventive action an incident is closed", "close it"));
        }
        Change::Advanced { to }
    }

    fn record(&mut self, what: String, proof: Option<Proof>) -> Change {
        self.room(self.incident.actions.len(), MAX_ACTIONS, "recorded actions");
        if let Some(Proof { signal, health, at, .. }) = &proof {
            if *health != Health::Healthy {
                let message = format!("{signal} is {health}");
                self.findings.push(PROVES.fail(message, "go on, or record the action without proof"));
            }
            let off = self.now.since(*at).max(at.since(self.now));
            if off > WINDOW {
                let message = format!("{signal} was measured {off} away from now");
                let remedy = "wait for the next report, or record the action without proof";
                self.findings.push(PROVES.undetermined(message, remedy));
            }
        }
        Change::ActionTaken { what: self.said(what, "the action"), proof }
    }

    fn witness(&mut self, happening: Happening, happened_at: Timestamp) -> Change {
        let happening = match happening {
            Happening::AlertOpened(alert) => {
                self.room(self.incident.episodes.len(), MAX_ALERTS, "alerts");
                Happening::AlertOpened(alert)
            }
            Happening::AlertAcknowledged { episode, by } => {
                Happening::AlertAcknowledged { episode, by: self.line(by, "the person's name") }
            }
            Happening::Released { release } => {
                Happening::Released { release: self.line(release, "the release") }
            }
            Happening::ConfigChanged { change } => {
                Happening::ConfigChanged { change: self.line(change, "the change") }
            }
            over @ Happening::AlertResolved { .. } => over,
        };
        Change::Witnessed { happening, happened_at: happened_at.min(self.now) }
    }

    fn draft(&mut self, mut text: ReviewText) -> Change {
        let texts = [
            &mut text.summary,
            &mut text.consequences,
            &mut text.explanation,
            &mut text.detection_gap,
            &mut text.lessons,
        ];
        for part in texts.into_iter().chain(&mut text.factors) {
            *part = part.trim().to_owned();
            let characters = part.chars().count();
            if characters > MAX_TEXT {
                let message = format!("a part of the review has {characters} characters");
                self.findings.push(SAYS.fail(message, "write at most 4000 characters"));
            }
        }
        if text.factors.len() > MAX_FACTORS {
            let message = format!("{} contributing factors are a list", text.factors.len());
            self.findings.push(ROOM.fail(message, format!("keep the {MAX_FACTORS} that mattered")));
        }
        Change::ReviewDrafted { text: Box::new(text) }
    }

    fn complete(&mut self) -> Change {
        self.by_person();
        if let Some(mark) = &self.incident.review.completed {
            self.findings
                .push(review::COMPLETED.fail(format!("{} completed it at {}", mark.by, mark.at), "sign it"));
        }
        let analysis = phase::leaves(self.incident, Phase::RootCauseAnalysis, &self.policy.roster);
        let parts = analysis.into_iter().chain(review::form(self.incident));
        self.findings.extend(parts.filter(|finding| finding.outcome >= Outcome::Undetermined));
        Change::ReviewCompleted
    }

    fn sign(&mut self) -> Change {
        self.by_person();
        match &self.incident.review.completed {
            None => self.findings.push(review::SIGNED.fail("the review isn't complete", "complete it first")),
            Some(mark) if mark.by == *self.by => {
                let message = format!("{} completed the review", mark.by);
                self.findings.push(review::SIGNED.fail(message, "have somebody else sign it"));
            }
            Some(_) => {}
        }
        if let Some(mark) = &self.incident.review.signed {
            let message = format!("{} signed it at {}", mark.by, mark.at);
            self.findings.push(review::SIGNED.fail(message, "nothing has to be done"));
        }
        Change::ReviewSigned
    }

    fn add_item(&mut self, mut plan: Plan) -> Change {
        self.room(self.incident.items.len(), MAX_ITEMS, "action items");
        plan.what = self.said(plan.what, "the action item");
        plan.verification = self.said(plan.verification, "the verification");
        declared_team(&plan.owner, self.policy, self.findings);
        if plan.due <= self.now {
            let message = format!("{} is over", plan.due);
            self.findings.push(PLANNED.fail(message, "choose a later moment"));
        }
        let item = u16::try_from(self.incident.items.len() + 1).unwrap_or(u16::MAX);
        Change::ItemAdded { item, plan }
    }

    fn complete_item(&mut self, item: u16, proof: String) -> Change {
        let known = self.incident.items.iter().zip(1..).find(|(_, number)| *number == item);
        match known.map(|(item, _)| &item.done) {
            None => {
                let message = format!("there is no action item {item}");
                self.findings.push(PLANNED.fail(message, "choose one of the incident's"));
            }
            Some(Some(mark)) => {
                let message = format!("{} completed action item {item} at {}", mark.by, mark.at);
                self.findings.push(PLANNED.fail(message, "nothing has to be done"));
            }
            Some(None) => {}
        }
        Change::ItemCompleted { item, proof: self.said(proof, "the proof") }
    }

    fn absorb(&mut self, other: Box<Absorbed>) -> Change {
        let incident = self.incident;
        if !incident.absorbed.contains(&other.id) {
            self.room(incident.absorbed.len(), MAX_ABSORBED, "absorbed incidents");
        }
        if other.id == incident.declaration.id {
            let message = format!("{} can't absorb itself", other.id);
            self.findings.push(SURVIVES.fail(message, "choose another incident"));
        }
        let services = incident.services.union(&other.services).count();
        if services > MAX_SERVICES {
            self.findings
                .push(ROOM.fail(format!("together they affect {services} services"), "keep them apart"));
        }
        let fresh = other.episodes.iter().filter(|episode| !incident.episodes.contains_key(episode));
        let alerts = incident.episodes.len() + fresh.count();
        if alerts > MAX_ALERTS {
            self.findings.push(ROOM.fail(format!("together they have {alerts} alerts"), "keep them apart"));
        }
        let security = incident.security || other.security;
        let sev = sev::severity(incident.impact.worst(other.impact), security).min(incident.sev);
        Change::OtherAbsorbed { other, sev }
    }

    fn mark_duplicate(&mut self, survivor: Survivor) -> Change {
        let id = &self.incident.declaration.id;
        if survivor.id == *id {
            self.findings
                .push(SURVIVES.fail(format!("{id} can't be part of itself"), "choose another incident"));
        }
        if let Some(of) = &survivor.duplicate_of {
            let message = format!("{} is part of {of} itself", survivor.id);
            self.findings.push(SURVIVES.fail(message, format!("mark it as part of {of}")));
        }
        let Incident { sev, security, .. } = self.incident;
        let lighter = survivor.sev > *sev || (*security && !survivor.security);
        if lighter || !survivor.absorbed.contains(id) {
            let what = if lighter { "is less severe than" } else { "doesn't know of" };
            let remedy = format!("have {} absorb it first", survivor.id);
            self.findings.push(SURVIVES.fail(format!("{} {what} {id}", survivor.id), remedy));
        }
        Change::DuplicateMarked { of: survivor.id }
    }

    fn reopen(&mut self, reason: String) -> Change {
        let incident = self.incident;
        if incident.duplicate_of.is_none() && incident.phase <= Phase::Mitigation {
            let message = format!("{} is open, in {}", incident.declaration.id, incident.phase);
            self.findings.push(phase::ORDER.fail(message, "go on from there"));
        }
        Change::Reopened { reason: self.reason(reason) }
    }

    fn close(&mut self) -> Change {
        self.by_person();
        let left = phase::before_closing(self.incident, &self.policy.roster);
        self.findings.extend(left.into_iter().filter(|finding| finding.outcome >= Outcome::Undetermined));
        Change::Closed
    }
}
