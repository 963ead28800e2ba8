//! Duty, pages and ways to reach people as the outside sees them.

use eavip_core::decision::Basis;
use eavip_core::id::{Digest128, PersonId, ScheduleId, TeamId};
use eavip_core::on_call::coverage::prove;
use eavip_core::on_call::escalation::{Escalation, Step};
use eavip_core::on_call::page::{Page, PageEvent, PageStatus};
use eavip_core::on_call::schedule::{self, Schedule};
use eavip_core::on_call::{Channel, Reach};
use eavip_core::policy::Policy;
use eavip_core::time::{Span, Timestamp};

use super::team;
use crate::api::view::{
    Contact, Contacts, Coverage, CoverageFinding, Duty, Holder, NextStep, Override, PageEntry, PageView,
    Reached, ScheduleDetail, ScheduleDuty, Shift, StepDuty, TeamDuty, TeamName,
};
use crate::book::Book;
use crate::book::on_call::{Method, Paged, StandIn};

/// How far ahead the next change of duty is looked for.
const AHEAD: Span = Span::from_secs(31 * 24 * 3_600);

/// What duty is judged by: the runbook, and what is known of people.
pub struct Known<'a> {
    book: &'a Book,
    policy: &'a Policy,
    reach: Reach,
    at: Timestamp,
}

impl<'a> Known<'a> {
    /// At a moment.
    #[must_use]
    pub fn new(book: &'a Book, policy: &'a Policy, at: Timestamp) -> Self {
        Self { book, policy, reach: book.on_call.reach(), at }
    }

    fn reached(&self, person: &PersonId) -> Reached {
        let (policy, lasts) = (self.policy, self.policy.on_call.proof_lasts);
        Reached {
            id: person.to_string(),
            name: self.name(person),
            channel: self.reach.channel(person, &policy.roster, lasts, self.at),
        }
    }

    fn name(&self, person: &PersonId) -> String {
        let known = self.policy.roster.people.get(person);
        known.map_or_else(|| person.to_string(), |person| person.name.clone())
    }

    fn more(&self, id: &ScheduleId) -> &[schedule::Override] {
        self.reach.overrides.get(id).map_or(&[], Vec::as_slice)
    }

    /// Who has duty, and how each team's alerts escalate.
    #[must_use]
    pub fn duty(&self) -> Duty {
        let on_call = &self.policy.on_call;
        let schedules = on_call.schedules.iter().map(|(id, schedule)| self.schedule_duty(id, schedule));
        let mut teams: Vec<TeamDuty> =
            on_call.escalations.iter().map(|(id, found)| self.team_duty(id.as_str(), found)).collect();
        teams.sort_by(|a, b| a.team.id.cmp(&b.team.id));
        Duty { schedules: schedules.collect(), teams }
    }

    fn schedule_duty(&self, id: &ScheduleId, schedule: &Schedule) -> ScheduleDuty {
        let shifts = schedule.shifts(self.more(id), self.at, AHEAD);
        let person = |nth: usize| shifts.get(nth).and_then(|shift| shift.person.as_ref());
        let until = shifts.first().filter(|_| shifts.len() > 1).map(|shift| shift.until.to_string());
        ScheduleDuty {
            id: id.to_string(),
            zone: schedule.zone.as_str().to_owned(),
            now: person(0).map(|person| self.reached(person)),
            until,
            next: person(1).map(|person| self.reached(person)),
        }
    }

    fn team_duty(&self, id: &str, escalation: &Escalation) -> TeamDuty {
        let step = |step: &Step| StepDuty { after: step.after.to_string(), people: self.step(step) };
        TeamDuty {
            team: self.team(&escalation.team),
            escalation: id.to_owned(),
            steps: escalation.steps.iter().map(step).collect(),
            repeat: escalation.repeat,
            ack_lapse: escalation.ack_lapse.to_string(),
        }
    }

    fn step(&self, step: &Step) -> Vec<Reached> {
        let people = step.people(self.policy, &self.reach, self.at);
        people.keys().map(|person| self.reached(person)).collect()
    }

    fn team(&self, id: &TeamId) -> TeamName {
        team(id, self.policy)
    }

    /// A schedule over a period; `None` when it isn't declared.
    #[must_use]
    pub fn schedule(&self, id: &ScheduleId, from: Timestamp, length: Span) -> Option<ScheduleDetail> {
        let schedule = self.policy.on_call.schedules.get(id)?;
        let shifts = schedule.shifts(self.more(id), from, length);
        Some(ScheduleDetail {
            duty: self.schedule_duty(id, schedule),
            from: from.to_string(),
            to: (from + length).to_string(),
            shifts: shifts.iter().map(|shift| self.shift(shift)).collect(),
            overrides: self.overrides(Some(id)),
        })
    }

    fn shift(&self, shift: &schedule::Shift) -> Shift {
        Shift {
            person: shift.person.as_ref().map(ToString::to_string),
            name: shift.person.as_ref().map(|person| self.name(person)),
            from: shift.from.to_string(),
            until: shift.until.to_string(),
        }
    }

    /// The shifts of a schedule, or those of a person in all of them, with the schedule's name.
    #[must_use]
    pub fn shifts(
        &self,
        of: &dyn Fn(&ScheduleId, &schedule::Shift) -> bool,
        from: Timestamp,
        length: Span,
    ) -> Vec<(ScheduleId, schedule::Shift)> {
        let all = self.policy.on_call.schedules.iter().flat_map(|(id, schedule)| {
            schedule.shifts(self.more(id), from, length).into_iter().map(|shift| (id.clone(), shift))
        });
        all.filter(|(id, shift)| of(id, shift)).collect()
    }

    /// Who takes whose place now or later, the first first; of one schedule, or of all.
    #[must_use]
    pub fn overrides(&self, of: Option<&ScheduleId>) -> Vec<Override> {
        let mut found: Vec<(Digest128, &StandIn)> = self
            .book
            .on_call
            .overrides()
            .filter(|(_, one)| of.is_none_or(|of| *of == one.schedule) && one.instead.until > self.at)
            .collect();
        found.sort_by_key(|(id, one)| (one.instead.from, *id));
        found.into_iter().map(|(id, one)| stand_in(id, one)).collect()
    }

    /// Whether somebody would be told, proved ahead.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let evidence = Digest128::of_value(&self.reach);
        let basis = Basis { policy: self.policy.digest, evidence, at: self.at };
        let decision = prove(self.policy, &self.reach, basis);
        let finding = |found: eavip_core::finding::Finding| CoverageFinding {
            rule: found.rule.into_owned(),
            outcome: found.outcome,
            message: found.message,
            remedy: found.remedy,
            evidence: found.evidence,
            owner: found.owner.map(|team| team.to_string()),
        };
        Coverage {
            verdict: decision.verdict,
            horizon: self.policy.on_call.horizon.to_string(),
            findings: decision.findings.into_iter().map(finding).collect(),
        }
    }

    /// Pages that aren't over; those that nobody has first, then the oldest.
    #[must_use]
    pub fn pages(&self) -> Vec<PageView> {
        let mut open: Vec<(Digest128, &Paged)> = self.book.on_call.open().collect();
        let begun = |paged: &Paged| paged.events.front().map(moment);
        open.sort_by_key(|(id, paged)| (paged.page.holder.is_some(), begun(paged), *id));
        open.into_iter().filter_map(|(id, _)| self.page(id)).collect()
    }

    /// An alert's page; `None` when it has none.
    #[must_use]
    pub fn page(&self, id: Digest128) -> Option<PageView> {
        let Paged { page, events, unreached_since } = self.book.on_call.page(id)?;
        let opening = &self.book.alerts.get(id)?.opening;
        let escalation = self.policy.on_call.escalations.get(&page.escalation);
        let lapses = escalation.filter(|_| page.category == eavip_core::alert::Category::Critical);
        Some(PageView {
            id: id.to_string(),
            summary: opening.summary.clone(),
            category: page.category,
            escalation: page.escalation.to_string(),
            status: page.status(),
            holder: page.holder.as_ref().map(|(person, since)| Holder {
                person: person.to_string(),
                since: since.to_string(),
                lapses_at: lapses.map(|escalation| (*since + escalation.ack_lapse).to_string()),
            }),
            next: self.next(page, escalation),
            unreached_since: unreached_since.map(|since| since.to_string()),
            events: events.iter().filter_map(entry).collect(),
        })
    }

    fn next(&self, page: &Page, escalation: Option<&Escalation>) -> Option<NextStep> {
        let position = page.next.filter(|_| page.status() == PageStatus::Escalating)?;
        let step = escalation?.steps.get(position.step)?;
        let (number, at) = (position.step.saturating_add(1), page.due.to_string());
        Some(NextStep { step: number, at, people: self.step(step) })
    }

    /// How people are reached, as a person sees it, or somebody who isn't one of the roster.
    #[must_use]
    pub fn contacts(&self, person: Option<&PersonId>, receivers: &[String]) -> Contacts {
        let active = self.policy.roster.people.iter().filter(|(_, person)| person.active);
        let own = person.into_iter().flat_map(|person| self.book.on_call.contacts(person));
        Contacts {
            person: person.map(ToString::to_string),
            own: own.map(|(id, method)| self.contact(id, method)).collect(),
            receivers: receivers.to_vec(),
            people: active.map(|(id, _)| self.reached(id)).collect(),
        }
    }

    fn contact(&self, id: Digest128, method: &Method) -> Contact {
        let lasts = self.policy.on_call.proof_lasts;
        let lately = method.known.proven_at.is_some_and(|at| at <= self.at && self.at.since(at) <= lasts);
        let state = match method.is_broken() {
            true => Channel::Broken,
            false if method.is_verified && lately => Channel::Working,
            false => Channel::Unproven,
        };
        Contact {
            id: id.to_string(),
            receiver: method.receiver.to_string(),
            address: method.address.clone(),
            verified: method.is_verified,
            state,
            proven_at: method.known.proven_at.map(|at| at.to_string()),
            failed_at: method.known.failed_at.map(|at| at.to_string()),
        }
    }
}

/// An override as the outside sees it.
#[must_use]
pub fn stand_in(id: Digest128, one: &StandIn) -> Override {
    Override {
        id: id.to_string(),
        schedule: one.schedule.to_string(),
        person: one.instead.person.to_string(),
        from: one.instead.from.to_string(),
        until: one.instead.until.to_string(),
        reason: one.reason.clone(),
        by: one.by.to_string(),
    }
}

fn moment(event: &PageEvent) -> Timestamp {
    match event {
        PageEvent::Started { at, .. }
        | PageEvent::Told { at, .. }
        | PageEvent::NobodyReachable { at, .. }
        | PageEvent::Acknowledged { at, .. }
        | PageEvent::Lapsed { at, .. }
        | PageEvent::HandedOver { at, .. }
        | PageEvent::Moved { at, .. }
        | PageEvent::Stopped { at } => *at,
        _ => Timestamp::default(),
    }
}

fn entry(event: &PageEvent) -> Option<PageEntry> {
    let names = |people: &mut dyn Iterator<Item = &PersonId>| people.map(ToString::to_string).collect();
    let (kind, text, people): (_, _, Vec<String>) = match event {
        PageEvent::Started { escalation, .. } => {
            ("started", format!("paging began by escalation {escalation}"), Vec::new())
        }
        PageEvent::Told { people, position, .. } => {
            let told: Vec<String> = names(&mut people.iter());
            let step = position.step.saturating_add(1);
            ("told", format!("step {step} told {}", told.join(", ")), told)
        }
        PageEvent::NobodyReachable { steps, .. } => {
            let steps: Vec<String> = steps.iter().map(|step| step.saturating_add(1).to_string()).collect();
            ("nobody-reachable", format!("nobody could be reached in step {}", steps.join(", ")), Vec::new())
        }
        PageEvent::Acknowledged { by, .. } => {
            ("acknowledged", format!("{by} has it"), names(&mut std::iter::once(by)))
        }
        PageEvent::Lapsed { by, .. } => {
            ("lapsed", format!("{by} didn't say that they go on"), names(&mut std::iter::once(by)))
        }
        PageEvent::HandedOver { by, to, .. } => {
            ("handed-over", format!("{by} handed it over to {to}"), names(&mut std::iter::once(to)))
        }
        PageEvent::Moved { escalation, .. } => {
            ("moved", format!("paging goes on by escalation {escalation}"), Vec::new())
        }
        PageEvent::Stopped { .. } => ("stopped", "the alert is over".to_owned(), Vec::new()),
        _ => return None,
    };
    Some(PageEntry { at: moment(event).to_string(), kind, text, people })
}
