//! What a trend asks for (seed: *Feedback loop into architecture decisions*, *Runbook updated after major events*): a change of
//! the runbook, or, when the runbook isn't the remedy, an architecture decision that Product & Architecture must answer.
//! Writing the change or the decision is people's part.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::recurrence::{Pattern, Repeat};
use super::{IncidentRecord, MAX_ROWS};
use crate::aggregate::Aggregate;
use crate::alert::episode::MAX_REASON;
use crate::decision::Refused;
use crate::finding::Finding;
use crate::id::{Digest128, IncidentId, PersonId, RevisionId, TeamId};
use crate::markdown::escape;
use crate::policy::Policy;
use crate::roster::{PLATFORM_OPERATIONS, PRODUCT_ARCHITECTURE};
use crate::time::Timestamp;
use crate::words;

crate::rules! {
    /// The same trend asks for the same thing once, and an answer stands. Nothing has to be done; what is new comes with the next
    /// incident of the pattern.
    ONCE = "EAVIP-T20", "a trend asks once and is answered once", "Feedback loop into architecture decisions";
    /// A change of the runbook is answered by an active member of the team that owns it, an architecture decision by one of
    /// Product & Architecture. Ask them.
    ANSWERER = "EAVIP-T21", "those answer who decide", "Feedback loop into architecture decisions";
    /// An answer has a reason of 1 to 1000 characters, and an acceptance names the revision of the runbook or the decision's
    /// record: otherwise nobody can tell whether it happened.
    GROUNDED = "EAVIP-T22", "an answer says why, and where it is written", "Feedback loop into architecture decisions";
    /// The proposal isn't answered and its time is over. Accept it with the revision or record, or reject it with the reason.
    ANSWER_DUE = "EAVIP-T23", "a proposal is answered in time", "Feedback loop into architecture decisions";
}

/// Most steps that a proposed change of the runbook takes over from incidents: a page of a runbook.
pub const MAX_STEPS: usize = 10;

words! {
    /// What a trend asks for.
    #[non_exhaustive]
    pub enum Remedy ("remedy of a trend") {
        /// A change of the runbook.
        RunbookChange = "runbook-change",
        /// An architecture decision.
        ArchitectureDecision = "architecture-decision",
    }
}

words! {
    /// What is answered to a proposal.
    #[non_exhaustive]
    pub enum Reply ("reply to a proposal") {
        /// It is done or decided, and written.
        Accepted = "accepted",
        /// It isn't done.
        Rejected = "rejected",
    }
}

/// What a trend proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Draft {
    /// The same for the same remedy, pattern and first incident, however often it is drafted.
    pub id: Digest128,
    /// What it asks for.
    pub remedy: Remedy,
    /// The incidents that ask for it.
    pub repeat: Repeat,
    /// The team that must answer.
    pub owner: TeamId,
    /// Until when.
    pub due: Timestamp,
    /// The page of the runbook, or the title of the decision.
    pub title: String,
    /// A diff of the lines that are added to the page, or the question that is to be decided; Markdown, what people wrote escaped.
    pub text: String,
}

/// What repeats ask for, at most [`MAX_ROWS`] drafts. Where several patterns hold the same incidents the most telling one
/// speaks: the rule before the service before the cause.
///
/// ```
/// use eavip_core::policy::Policy;
/// use eavip_core::time::Timestamp;
/// use eavip_core::trend::feedback::propose;
///
/// assert!(propose(&[], &[], &Policy::builtin(), Timestamp::default()).is_empty(), "nothing repeats");
/// ```
#[must_use]
pub fn propose(
    repeats: &[Repeat],
    records: &[IncidentRecord],
    policy: &Policy,
    now: Timestamp,
) -> Vec<Draft> {
    let by_id: BTreeMap<&IncidentId, &IncidentRecord> = records.iter().map(|one| (&one.id, one)).collect();
    let mut spoken_for = BTreeSet::new();
    let mut telling: Vec<&Repeat> = repeats.iter().collect();
    telling.sort_by(|a, b| a.pattern.cmp(&b.pattern));
    let fresh = telling.into_iter().filter(|repeat| spoken_for.insert(&repeat.incidents));
    fresh.filter_map(|repeat| draft(repeat, &by_id, policy, now)).take(MAX_ROWS).collect()
}

/// `None` only if a team's fixed name were no name.
fn draft(
    repeat: &Repeat,
    records: &BTreeMap<&IncidentId, &IncidentRecord>,
    policy: &Policy,
    now: Timestamp,
) -> Option<Draft> {
    let incidents: Vec<&IncidentRecord> =
        repeat.incidents.iter().filter_map(|id| records.get(id).copied()).collect();
    let decides = repeat.count >= policy.trend.decision_after;
    let remedy = if decides { Remedy::ArchitectureDecision } else { Remedy::RunbookChange };
    let (owner, deadline, title, text) = if decides {
        let title = format!("What ends the repeats of {}", repeat.pattern);
        (PRODUCT_ARCHITECTURE.parse().ok()?, policy.trend.decision, title, question(repeat, &incidents))
    } else {
        let page = page(&repeat.pattern, policy);
        let text = diff(&page, repeat, &incidents);
        (owner(&repeat.pattern, &incidents, policy)?, policy.trend.runbook_change, page, text)
    };
    let first = repeat.incidents.first().map_or("", IncidentId::as_str);
    let pattern = repeat.pattern.to_string();
    let id = Digest128::of([remedy.as_str().as_bytes(), pattern.as_bytes(), first.as_bytes()]);
    Some(Draft { id, remedy, repeat: repeat.clone(), owner, due: deadline.after(now), title, text })
}

fn owner(pattern: &Pattern, incidents: &[&IncidentRecord], policy: &Policy) -> Option<TeamId> {
    let declared = match pattern {
        Pattern::Rule(rule) => {
            let mode = incidents.last().map(|incident| incident.mode);
            policy.rule(rule.as_str()).zip(mode).map(|(rule, mode)| rule.owner.in_mode(mode))
        }
        Pattern::Service(service) => policy.services.get(service).map(|service| &service.owner),
        Pattern::Cause(_) => None,
    };
    declared.cloned().or_else(|| PLATFORM_OPERATIONS.parse().ok())
}

fn page(pattern: &Pattern, policy: &Policy) -> String {
    let runbook = match pattern {
        Pattern::Rule(rule) => policy.rule(rule.as_str()).map(|rule| rule.runbook.to_string()),
        Pattern::Service(_) | Pattern::Cause(_) => None,
    };
    runbook.unwrap_or_else(|| pattern.to_string().replace(' ', "-"))
}

/// What was done to end the incidents, the latest first, each once.
fn steps(incidents: &[&IncidentRecord]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let done =
        incidents.iter().rev().flat_map(|incident| incident.actions.iter().map(move |what| (what, incident)));
    let fresh = done.filter(|(what, _)| seen.insert(what.as_str()));
    fresh.take(MAX_STEPS).map(|(what, incident)| format!("{} ({})", escape(what), incident.id)).collect()
}

fn diff(page: &str, repeat: &Repeat, incidents: &[&IncidentRecord]) -> String {
    let mut added =
        vec![format!("## When it comes back ({})", escape(&repeat.pattern.to_string())), String::new()];
    added.push(history(repeat));
    added.push(String::new());
    match steps(incidents) {
        steps if steps.is_empty() => {
            added.push("Nothing is recorded that ended it; write down what does.".into())
        }
        steps => {
            added.push("What ended it:".into());
            added.push(String::new());
            added.extend((1..).zip(steps).map(|(number, step): (usize, String)| format!("{number}. {step}")));
        }
    }
    let lines: String = added.iter().map(|line| format!("+{line}\n")).collect();
    format!("--- {page}\n+++ {page}\n{lines}")
}

fn question(repeat: &Repeat, incidents: &[&IncidentRecord]) -> String {
    let steps: String = steps(incidents).into_iter().map(|step| format!("- {step}\n")).collect();
    let known = if steps.is_empty() { "- nothing that is recorded\n".to_owned() } else { steps };
    format!(
        "{}\n\nWhat ended it each time:\n\n{known}\nWhich change of the architecture ends it for good?\n",
        history(repeat)
    )
}

fn history(repeat: &Repeat) -> String {
    let names: Vec<&str> = repeat.incidents.iter().map(IncidentId::as_str).collect();
    let Repeat { pattern, count, first_at, last_at, .. } = repeat;
    format!(
        "{count} incidents of {} from {first_at} to {last_at}: {}.",
        escape(&pattern.to_string()),
        escape(&names.join(", "))
    )
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Who.
    pub by: PersonId,
    /// What.
    pub reply: Reply,
    /// Why.
    pub reason: String,
    /// The revision of the runbook, or the decision's record.
    pub record: Option<RevisionId>,
}

/// What somebody asks of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ProposalCommand {
    /// A trend asks for it.
    Propose(Box<Draft>),
    /// Somebody answers.
    Answer(Answer),
}

/// What happened to a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProposalEvent {
    /// A trend asked for it.
    Proposed {
        /// What.
        draft: Box<Draft>,
        /// When.
        at: Timestamp,
    },
    /// Somebody answered.
    Answered {
        /// What.
        answer: Answer,
        /// When.
        at: Timestamp,
    },
}

/// A proposal as its events made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Proposal {
    /// What it asks for.
    pub draft: Draft,
    /// When it was made.
    pub proposed_at: Timestamp,
    /// The answer, and when it was given.
    pub answered: Option<(Answer, Timestamp)>,
}

impl Proposal {
    /// Whether it is answered in time.
    #[must_use]
    pub fn check(&self, now: Timestamp) -> Finding {
        let Draft { remedy, title, due, owner, .. } = &self.draft;
        let finding = match &self.answered {
            Some((answer, at)) => ANSWER_DUE.pass(format!("{} {} it at {at}", answer.by, answer.reply)),
            None if now > *due => {
                let message = format!("the {remedy} `{title}` was due at {due}");
                ANSWER_DUE
                    .fail(message, "accept it with its revision or record, or reject it with the reason")
            }
            None => ANSWER_DUE.pass(format!("the {remedy} `{title}` is due at {due}")),
        };
        finding.evidence(&self.draft.repeat.incidents).owned_by(owner)
    }
}

impl Aggregate for Proposal {
    type Command = ProposalCommand;
    type Event = ProposalEvent;
    type Policy = Policy;

    fn decide(
        state: Option<&Self>,
        command: ProposalCommand,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<ProposalEvent>, Refused> {
        match (state, command) {
            (None, ProposalCommand::Propose(draft)) => Ok(vec![ProposalEvent::Proposed { draft, at: now }]),
            (None, ProposalCommand::Answer(_)) => {
                Err(ONCE.fail("there is no such proposal", "answer one that was made").into())
            }
            (Some(_), ProposalCommand::Propose(_)) => {
                Err(ONCE.fail("it is proposed already", "nothing has to be done").into())
            }
            (Some(proposal), ProposalCommand::Answer(answer)) => {
                let answer = accept(proposal, answer, policy)?;
                Ok(vec![ProposalEvent::Answered { answer, at: now }])
            }
        }
    }

    fn evolve(state: Option<Self>, event: ProposalEvent) -> Option<Self> {
        match (state, event) {
            (None, ProposalEvent::Proposed { draft, at }) => {
                Some(Self { draft: *draft, proposed_at: at, answered: None })
            }
            (Some(mut proposal), ProposalEvent::Answered { answer, at }) => {
                proposal.answered.get_or_insert((answer, at));
                Some(proposal)
            }
            (state, _) => state,
        }
    }
}

fn accept(proposal: &Proposal, mut answer: Answer, policy: &Policy) -> Result<Answer, Refused> {
    let mut findings = Vec::new();
    if let Some((given, at)) = &proposal.answered {
        let message = format!("{} {} it at {at}", given.by, given.reply);
        findings.push(ONCE.fail(message, "nothing has to be done"));
    }
    let owner = &proposal.draft.owner;
    if !policy.roster.is_member(&answer.by, owner.as_str()) {
        let message = format!("`{}` is no active member of {owner}", answer.by);
        findings.push(ANSWERER.fail(message, format!("have a member of {owner} answer")));
    }
    answer.reason = answer.reason.trim().to_owned();
    let characters = answer.reason.chars().count();
    if characters == 0 || characters > MAX_REASON {
        let message = format!("the reason has {characters} characters");
        findings.push(GROUNDED.fail(message, format!("say in 1 to {MAX_REASON} characters why")));
    }
    if answer.reply == Reply::Accepted && answer.record.is_none() {
        let message = format!("nothing shows where the {} is written", proposal.draft.remedy);
        findings.push(GROUNDED.fail(message, "name the revision of the runbook, or the decision's record"));
    }
    Refused::when_any(findings)?;
    Ok(answer)
}

#[cfg(test)]
mod tests;
