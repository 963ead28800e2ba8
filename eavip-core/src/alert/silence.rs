//! Silences: somebody stops being told of alerts for a while, says why, and the owners of the silenced rules know of it.
//!
//! A silence ends by itself; nobody has to remember it. Who wants it longer asks for a new one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Ticket;
use super::episode::MAX_REASON;
use super::matcher::Matchers;
use crate::aggregate::Aggregate;
use crate::decision::Refused;
use crate::finding::Finding;
use crate::id::{Digest128, PersonId, TeamId};
use crate::labels::Labels;
use crate::mode::Mode;
use crate::policy::Policy;
use crate::signal::metric::Unit;
use crate::time::{Span, Timestamp};
use crate::words;

crate::rules! {
    /// A silence, and its early end, needs a reason of 1 to 1000 characters. The owners of the silenced rules read it.
    SAYS_WHY = "EAVIP-A10", "a silence says why", "No manual production changes without traceability";
    /// A silence names the ticket under which the cause is being mended: 1 to 100 characters without blanks.
    HAS_TICKET = "EAVIP-A11", "a silence names its ticket", "No manual production changes without traceability";
    /// A silence lasts 24 h at most, or 7 days when somebody else approves it. Shorten it, and mend the cause meanwhile.
    ENDS = "EAVIP-A12", "a silence ends by itself", "Alert noise is treated as a defect";
    /// A silence is asked for, approved and ended by people of the roster who are active. Declare the person, or ask one
    /// who is.
    KNOWN = "EAVIP-A13", "a silence has an author", "No alert without an owner";
    /// A silence for longer than 24 h, or of all alerts, holds only once a second person has approved it. Others with the same
    /// matchers that its author asked for count with it.
    SECOND_PERSON = "EAVIP-A14", "two people silence everything, or for long", "No alert without an owner";
    /// What is over, or doesn't wait for approval, can't be approved or ended. Ask for a new silence.
    MOVES = "EAVIP-A15", "a silence is approved and ended while it can be", "Alerts must be actionable";
}

/// How long silences last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilencePolicy {
    /// At most without approval; 24 h.
    pub alone: Span,
    /// At most with approval; 7 days.
    pub approved: Span,
}

impl Default for SilencePolicy {
    fn default() -> Self {
        Self { alone: Span::from_secs(24 * 3_600), approved: Span::from_secs(7 * 24 * 3_600) }
    }
}

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The silence's id, new with each request.
    pub id: Digest128,
    /// Which alerts.
    pub matchers: Matchers,
    /// Why.
    pub reason: String,
    /// Where the cause is being mended.
    pub ticket: String,
    /// Who asks.
    pub by: PersonId,
    /// When it begins; a moment in the past means now.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// What somebody asks of a silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum SilenceCommand {
    /// That there be one.
    Request(Request),
    /// That it hold, as the second person.
    Approve {
        /// Who.
        by: PersonId,
    },
    /// That it end now.
    End {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
}

/// What happened to a silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SilenceEvent {
    /// Somebody asked for it.
    Requested {
        /// What for.
        request: Box<Request>,
        /// Whether it waits for a second person.
        waits: bool,
        /// The owners of the silenced rules: they are told.
        owners: BTreeSet<TeamId>,
        /// When.
        at: Timestamp,
    },
    /// A second person agreed.
    Approved {
        /// Who.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// Somebody ended it early.
    Ended {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

words! {
    /// Where a silence stands at a moment.
    #[non_exhaustive]
    pub enum SilenceStatus ("silence status") {
        /// A second person is needed.
        Waiting = "waiting",
        /// It hasn't begun.
        Scheduled = "scheduled",
        /// It holds.
        Active = "active",
        /// Its time is over.
        Expired = "expired",
        /// Somebody ended it.
        Ended = "ended",
    }
}

/// A silence as its events made it.
///
/// ```
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::alert::silence::{Request, Silence, SilenceCommand};
/// use eavip_core::id::Digest128;
/// use eavip_core::policy::{Policy, Source};
/// use eavip_core::time::{Span, Timestamp};
///
/// let text = "[person.ana]\nteams = [\"platform-operations\"]\n";
/// let policy = Policy::load(&[Source::new("runbook.toml", text)]).unwrap();
/// let now = Timestamp::default();
/// let request = |reason: &str| Request {
///     id: Digest128([1; 16]),
///     matchers: vec!["rule=disk-full".parse().unwrap()].try_into().unwrap(),
///     reason: reason.into(),
///     ticket: "OPS-7".into(),
///     by: "ana".parse().unwrap(),
///     from: now,
///     until: now + Span::from_secs(3_600),
/// };
/// let decide = |request| Silence::decide(None, SilenceCommand::Request(request), &policy, now);
/// assert!(decide(request("the disk is replaced")).is_ok());
/// assert!(decide(request("")).is_err(), "a silence has a reason");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Silence {
    /// What was asked for.
    pub request: Request,
    /// The owners of the silenced rules.
    pub owners: BTreeSet<TeamId>,
    /// Whether it needs a second person.
    pub waits: bool,
    /// The second person, and when.
    pub approved: Option<(PersonId, Timestamp)>,
    /// Who ended it early, and when.
    pub ended: Option<(PersonId, Timestamp)>,
}

impl Silence {
    /// Where it stands.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> SilenceStatus {
        match self {
            Self { ended: Some(_), .. } => SilenceStatus::Ended,
            _ if now >= self.request.until => SilenceStatus::Expired,
            Self { waits: true, approved: None, .. } => SilenceStatus::Waiting,
            _ if now < self.request.from => SilenceStatus::Scheduled,
            _ => SilenceStatus::Active,
        }
    }

    /// Whether it holds for an alert with these labels.
    #[must_use]
    pub fn holds_for(&self, labels: &Labels, now: Timestamp) -> bool {
        self.status(now) == SilenceStatus::Active && self.request.matchers.matches(labels)
    }
}

/// The owners of the rules whose alerts matchers may mean, in any mode: those who are told of a silence.
#[must_use]
pub fn owners(matchers: &Matchers, policy: &Policy) -> BTreeSet<TeamId> {
    let of_rule = |rule: &super::rule::AlertRule| {
        let owned = |mode: &Mode| {
            let owner = rule.owner.in_mode(*mode);
            let known = rule.matchers.with([
                ("rule", rule.id.as_str()),
                ("alertname", rule.id.as_str()),
                ("category", rule.category.as_str()),
                ("owner", owner.as_str()),
                ("mode", mode.as_str()),
            ]);
            matchers.may_match(&known).then(|| owner.clone())
        };
        Mode::ALL.iter().filter_map(owned).collect::<Vec<_>>()
    };
    policy.rules().iter().flat_map(of_rule).collect()
}

/// Whether a silence needs a second person: it means nearly everything, or silences for longer than one person may alone. What its
/// author silences alone already counts with it, so that many short ones aren't a long one.
fn needs_second_person<'a>(
    request: &Request,
    others: impl IntoIterator<Item = &'a Silence>,
    policy: &Policy,
    now: Timestamp,
) -> bool {
    let sorted = |matchers: &Matchers| {
        let mut sorted: Vec<String> = matchers.iter().map(ToString::to_string).collect();
        sorted.sort_unstable();
        sorted.dedup();
        sorted
    };
    let wanted = sorted(&request.matchers);
    let left = |request: &Request| request.until.since(request.from.max(now));
    let alone = |other: &&Silence| {
        let is_open = matches!(other.status(now), SilenceStatus::Active | SilenceStatus::Scheduled);
        is_open && !other.waits && other.request.by == request.by
    };
    let same = |other: &&Silence| sorted(&other.request.matchers) == wanted;
    let same = others.into_iter().filter(alone).filter(same).map(|other| left(&other.request));
    let millis = same.fold(left(request).as_millis(), |all, other| all.saturating_add(other.as_millis()));
    let lasts = Span::from_millis(millis);
    request.matchers.is_match_all() || lasts > policy.alerting.silence.alone
}

fn why(reason: &str) -> Option<Finding> {
    let characters = reason.trim().chars().count();
    let remedy = "say in 1 to 1000 characters why";
    let wrong = characters == 0 || characters > MAX_REASON;
    wrong.then(|| SAYS_WHY.fail(format!("the reason has {characters} characters"), remedy))
}

fn known(person: &PersonId, policy: &Policy) -> Option<Finding> {
    let active = policy.roster.people.get(person).is_some_and(|person| person.active);
    let remedy = "declare the person in the runbook, or ask one who is";
    (!active).then(|| KNOWN.fail(format!("`{person}` is not an active person of the roster"), remedy))
}

fn length(request: &Request, from: Timestamp, limits: SilencePolicy) -> Option<Finding> {
    if request.until <= from {
        let message = format!("it would end at {}, before it begins", request.until);
        return Some(ENDS.fail(message, "give an end that lies ahead"));
    }
    let (lasts, most) = (request.until.since(from), limits.approved);
    (lasts > most).then(|| {
        let message = format!("it would last {lasts}, longer than {most}");
        ENDS.fail(message, "shorten it, and mend the cause meanwhile").measured(
            lasts.as_secs_f64(),
            most.as_secs_f64(),
            Unit::Seconds,
        )
    })
}

/// Asks for a silence beside others, all that are known: those of its author with the same matchers count with it. [`Silence`] decides
/// the same as an aggregate, which knows of no others.
///
/// # Errors
/// Everything that stands against it.
pub fn ask<'a>(
    mut request: Request,
    others: impl IntoIterator<Item = &'a Silence>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Vec<SilenceEvent>, Refused> {
    request.from = request.from.max(now);
    let limits = policy.alerting.silence;
    let ticket = request.ticket.trim().parse::<Ticket>();
    let ticket = ticket.err().map(|error| {
        HAS_TICKET.fail(error.to_string(), "name the ticket under which the cause is being mended")
    });
    let findings =
        [why(&request.reason), ticket, length(&request, request.from, limits), known(&request.by, policy)];
    Refused::when_any(findings.into_iter().flatten().collect())?;
    request.reason = request.reason.trim().to_owned();
    request.ticket = request.ticket.trim().to_owned();
    let waits = needs_second_person(&request, others, policy, now);
    let owners = owners(&request.matchers, policy);
    Ok(vec![SilenceEvent::Requested { request: Box::new(request), waits, owners, at: now }])
}

impl Aggregate for Silence {
    type Command = SilenceCommand;
    type Event = SilenceEvent;
    type Policy = Policy;

    fn decide(
        state: Option<&Self>,
        command: SilenceCommand,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<SilenceEvent>, Refused> {
        let moves = |message: String| Some(MOVES.fail(message, "ask for a new silence"));
        let status = state.map(|silence| silence.status(now));
        match (state, command) {
            (None, SilenceCommand::Request(asked)) => ask(asked, [], policy, now),
            (None, _) => Err(MOVES.fail("there is no such silence", "ask for a new silence").into()),
            (Some(_), SilenceCommand::Request(_)) => {
                Err(MOVES.fail("this silence was asked for already", "give the new one a new id").into())
            }
            (Some(silence), SilenceCommand::Approve { by }) => {
                let wrong = status.filter(|status| *status != SilenceStatus::Waiting);
                let own = (by == silence.request.by).then(|| {
                    SECOND_PERSON.fail(format!("`{by}` asked for it"), "let somebody else approve it")
                });
                let wrong = wrong.and_then(|status| moves(format!("it is {status} and waits for nobody")));
                Refused::when_any([wrong, own, known(&by, policy)].into_iter().flatten().collect())?;
                Ok(vec![SilenceEvent::Approved { by, at: now }])
            }
            (Some(_), SilenceCommand::End { by, reason }) => {
                let over = status.filter(|one| matches!(one, SilenceStatus::Expired | SilenceStatus::Ended));
                let over = over.and_then(|status| moves(format!("it is {status} already")));
                let findings = [over, why(&reason), known(&by, policy)];
                Refused::when_any(findings.into_iter().flatten().collect())?;
                Ok(vec![SilenceEvent::Ended { by, reason: reason.trim().to_owned(), at: now }])
            }
        }
    }

    fn evolve(state: Option<Self>, event: SilenceEvent) -> Option<Self> {
        match (state, event) {
            (None, SilenceEvent::Requested { request, waits, owners, at: _ }) => {
                Some(Self { request: *request, owners, waits, approved: None, ended: None })
            }
            (Some(mut silence), SilenceEvent::Approved { by, at }) => {
                if silence.waits && silence.ended.is_none() {
                    silence.approved.get_or_insert((by, at));
                }
                Some(silence)
            }
            (Some(mut silence), SilenceEvent::Ended { by, at, reason: _ }) => {
                silence.ended.get_or_insert((by, at));
                Some(silence)
            }
            (state, _) => state,
        }
    }
}

#[cfg(test)]
mod tests;
