//! The monthly operations review (seed: *Operational metrics reviewed regularly*, *Incident trends analyzed*): a pack with
//! what there is to look at, and the sign-off of who looked. A review that nobody signed is a finding of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::dora::{self, Deployment, Dora};
use super::feedback::{self, Draft};
use super::month::Month;
use super::recovery::{self, Recovery};
use super::recurrence::{self, Count, Repeat};
use super::{
    CapacityForecast, DrillResult, IncidentRecord, MAX_ROWS, NoiseFigures, Outlook, Period, ServiceSignal,
};
use crate::aggregate::Aggregate;
use crate::alert::episode::MAX_REASON;
use crate::decision::Refused;
use crate::finding::Finding;
use crate::id::{PersonId, ServiceId};
use crate::incident::sev::Sev;
use crate::mode::Mode;
use crate::policy::Policy;
use crate::roster::PLATFORM_OPERATIONS;
use crate::signal::Signal;
use crate::signal::health::Health;
use crate::time::{Span, Timestamp};

crate::rules! {
    /// A golden signal was beyond its objective over the month, or nobody can say: a declared service without figures counts as
    /// unknown. Look at what the services named have in common.
    OBJECTIVES = "EAVIP-T01", "the five signals keep their objectives over the month", "Operational metrics reviewed regularly";
    /// Defects of alerting are open, or nobody counted. Mend the rules that made the noise.
    QUIET = "EAVIP-T02", "no noise defect is open", "Alert noise is treated as a defect";
    /// The latest drill of a data set failed, was slower than it may be, or wasn't measured. Run it again once it is mended.
    DRILLED = "EAVIP-T03", "the latest recovery drills passed in time", "Periodic recovery drills conducted";
    /// Something may be full within the horizon, or nobody can say. Add some, or use less.
    ROOMY = "EAVIP-T04", "nothing is full within the horizon", "Capacity planning";
    /// An incident of the month followed another of its pattern too soon. What the pack proposes is the next step.
    LEARNT = "EAVIP-T05", "no incident repeats", "Incident trends analyzed";
    /// The month is over and its review isn't signed off. Generate the pack, go through it, sign it.
    SIGNED_OFF = "EAVIP-T06", "each month's operations review is signed off in time", "Operational metrics reviewed regularly";
    /// A pack is of one month and stays as it is once it is signed. Start the review of the other month.
    STANDS = "EAVIP-T07", "a signed review stays as it is", "Operational metrics reviewed regularly";
    /// A review is signed once, by an active person of the roster who says what was decided, when the month of its pack was over.
    SIGNABLE = "EAVIP-T08", "who signs a review has seen the whole month and says what follows",
        "Operational metrics reviewed regularly";
}

/// What goes into a pack, from all who know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Material {
    /// The signals of each service over the month.
    pub signals: Vec<ServiceSignal>,
    /// How noisy alerting was.
    pub noise: Option<NoiseFigures>,
    /// The incidents of the month and of what came before, as far back as repeats reach.
    pub incidents: Vec<IncidentRecord>,
    /// The latest drill of each data set.
    pub drills: Vec<DrillResult>,
    /// When what will be full.
    pub capacity: Vec<CapacityForecast>,
    /// The deployments of the month.
    pub deployments: Vec<Deployment>,
}

/// What there is to look at in a month's review. Tables hold at most [`MAX_ROWS`] rows; the findings are made from all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pack {
    /// The month.
    pub month: Month,
    /// When it was put together.
    pub generated_at: Timestamp,
    /// What is beyond its limit or unknown, and what isn't, in the order of the rules.
    pub findings: Vec<Finding>,
    /// The five signals of each service, the worst first.
    pub signals: Vec<ServiceSignal>,
    /// How noisy alerting was.
    pub noise: Option<NoiseFigures>,
    /// The clocks of the month's incidents by severity.
    pub recovery: BTreeMap<Sev, Recovery>,
    /// Incidents by pattern, this month and the one before.
    pub trends: Vec<Count>,
    /// What came back in the month.
    pub repeats: Vec<Repeat>,
    /// The latest drills.
    pub drills: Vec<DrillResult>,
    /// When what will be full.
    pub capacity: Vec<CapacityForecast>,
    /// How software was delivered.
    pub dora: Option<Dora>,
    /// The same by mode.
    pub dora_by_mode: BTreeMap<Mode, Option<Dora>>,
    /// What the repeats ask for.
    pub proposals: Vec<Draft>,
    /// How many rows the tables above leave out.
    pub left_out: usize,
}

/// Puts a month's pack together.
#[must_use]
pub fn pack(month: Month, material: Material, policy: &Policy, now: Timestamp) -> Pack {
    let (period, incidents) = (month.period(), &material.incidents);
    let mut repeats = recurrence::repeats(incidents, policy.trend.repeats_within);
    repeats.retain(|repeat| period.contains(repeat.last_at));
    let findings = judge(&material, &repeats, policy, now);
    let mut signals = material.signals;
    signals.retain(|row| Signal::GOLDEN.contains(&row.health.signal));
    signals.sort_by_key(|row| std::cmp::Reverse(row.health.health));
    let mut pack = Pack {
        month,
        generated_at: now,
        findings,
        signals,
        noise: material.noise,
        recovery: recovery::by_sev(incidents, period),
        trends: recurrence::counts(incidents, month.previous().period(), period),
        proposals: feedback::propose(&repeats, incidents, policy, now),
        repeats,
        drills: material.drills,
        capacity: material.capacity,
        dora: dora::measure(&material.deployments, period),
        dora_by_mode: dora::by_mode(&material.deployments, period),
        left_out: 0,
    };
    let cut = [
        cut(&mut pack.signals),
        cut(&mut pack.trends),
        cut(&mut pack.repeats),
        cut(&mut pack.drills),
        cut(&mut pack.capacity),
        pack.noise.as_mut().map_or(0, |noise| cut(&mut noise.defects)),
    ];
    pack.left_out = cut.into_iter().sum();
    pack
}

fn cut<T>(rows: &mut Vec<T>) -> usize {
    let left_out = rows.len().saturating_sub(MAX_ROWS);
    rows.truncate(MAX_ROWS);
    left_out
}

fn judge(material: &Material, repeats: &[Repeat], policy: &Policy, now: Timestamp) -> Vec<Finding> {
    let unseen: Vec<&ServiceId> = policy.services.keys().filter(|id| !seen(material, id)).collect();
    let signals = Signal::GOLDEN.into_iter().map(|signal| objective(signal, &material.signals, &unseen));
    let others = [
        noise(material.noise.as_ref()),
        drills(&material.drills),
        capacity(&material.capacity, now, policy.trend.capacity_horizon),
        recurring(repeats),
    ];
    signals.chain(others).map(owned).collect()
}

fn seen(material: &Material, service: &ServiceId) -> bool {
    material.signals.iter().any(|row| row.service == *service)
}

/// Performance, incidents and capacity are Platform Operations' to look after.
fn owned(mut finding: Finding) -> Finding {
    finding.owner = PLATFORM_OPERATIONS.parse().ok();
    finding
}

fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn objective(signal: Signal, rows: &[ServiceSignal], unseen: &[&ServiceId]) -> Finding {
    let of = |bad: fn(Health) -> bool| {
        let found = rows.iter().filter(|row| row.health.signal == signal && bad(row.health.health));
        found.map(|row| &row.service).collect::<Vec<_>>()
    };
    let beyond = of(|health| matches!(health, Health::Degraded | Health::Failing));
    let mut unknown = of(|health| health == Health::Unknown);
    unknown.extend(unseen);
    if !beyond.is_empty() {
        let message = format!("{signal} missed the objective in {}", many(beyond.len(), "service"));
        return OBJECTIVES
            .fail(message, "find what they have in common, and plan the remedy")
            .evidence(beyond);
    }
    if !unknown.is_empty() || of(|_| true).is_empty() {
        let message = format!("{signal} over the month isn't known of every service");
        return OBJECTIVES.undetermined(message, "watch the signal of each service").evidence(unknown);
    }
    OBJECTIVES.pass(format!("{signal} kept its objective"))
}

fn noise(figures: Option<&NoiseFigures>) -> Finding {
    match figures {
        None => QUIET.undetermined(
            "nobody counted how noisy alerting was",
            "have the noise figures of the month made",
        ),
        Some(figures) if figures.defects.is_empty() => QUIET.pass("no noise defect is open"),
        Some(figures) => {
            let message = format!("{} open", many(figures.defects.len(), "noise defect"));
            QUIET
                .fail(message, "mend the rules that made the noise")
                .evidence(figures.defects.iter().take(MAX_ROWS))
        }
    }
}

fn drills(drills: &[DrillResult]) -> Finding {
    let of = |bad: fn(&DrillResult) -> bool| {
        drills
            .iter()
            .filter(|drill| bad(drill))
            .map(|drill| &drill.data_set)
            .take(MAX_ROWS)
            .collect::<Vec<_>>()
    };
    let failed = of(|drill| !drill.passed || drill.took.is_some_and(|took| took > drill.objective));
    let unmeasured = of(|drill| drill.took.is_none());
    if !failed.is_empty() {
        let message = format!("{} failed or too slow", many(failed.len(), "recovery drill"));
        DRILLED.fail(message, "mend what failed and run them again").evidence(failed)
    } else if !unmeasured.is_empty() || drills.is_empty() {
        let message = "no recovery drill shows how long a restore takes of every data set";
        DRILLED.undetermined(message, "run the drills and measure them").evidence(unmeasured)
    } else {
        DRILLED.pass(format!("the latest drills of {} data sets passed in time", drills.len()))
    }
}

fn capacity(forecasts: &[CapacityForecast], now: Timestamp, horizon: Span) -> Finding {
    let of = |bad: &dyn Fn(Outlook) -> bool| {
        let found = forecasts.iter().filter(|one| bad(one.outlook)).map(|one| &one.resource);
        found.take(MAX_ROWS).collect::<Vec<_>>()
    };
    let short = of(&|outlook| matches!(outlook, Outlook::Full { earliest, .. } if earliest <= now + horizon));
    let unknown = of(&|outlook| outlook == Outlook::Unknown);
    if !short.is_empty() {
        let message = format!("{} full within {horizon} at the earliest", many(short.len(), "resource"));
        ROOMY.fail(message, "add some, or use less").evidence(short)
    } else if !unknown.is_empty() || forecasts.is_empty() {
        ROOMY
            .undetermined("it isn't known when everything will be full", "watch what has no forecast")
            .evidence(unknown)
    } else {
        ROOMY.pass(format!("nothing is full within {horizon}"))
    }
}

fn recurring(repeats: &[Repeat]) -> Finding {
    if repeats.is_empty() {
        return LEARNT.pass("no incident of the month was a repeat");
    }
    let message = format!("{} of incidents came back", many(repeats.len(), "pattern"));
    let patterns = repeats.iter().map(|repeat| &repeat.pattern).take(MAX_ROWS);
    LEARNT.fail(message, "answer what the pack proposes").evidence(patterns)
}

/// The sign-off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Who.
    pub by: PersonId,
    /// What was decided.
    pub remark: String,
    /// When.
    pub at: Timestamp,
}

/// What somebody asks of a review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ReviewCommand {
    /// There is a pack, or a newer one.
    Generate(Box<Pack>),
    /// Somebody went through it.
    Sign {
        /// Who.
        by: PersonId,
        /// What was decided.
        remark: String,
    },
}

/// What happened to a review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReviewEvent {
    /// Its pack was generated; the moment is in it.
    Generated {
        /// The pack.
        pack: Box<Pack>,
    },
    /// It was signed off.
    SignedOff {
        /// By whom, with what, when.
        signature: Signature,
    },
}

/// A month's review as its events made it.
///
/// ```
/// use eavip_core::aggregate::Aggregate;
/// use eavip_core::policy::Policy;
/// use eavip_core::trend::month::Month;
/// use eavip_core::trend::review::{Material, OperationsReview, ReviewCommand, check, pack};
///
/// let (policy, month) = (Policy::builtin(), "2026-03".parse::<Month>().unwrap());
/// let over = month.period().to;
/// let pack = pack(month, Material::default(), &policy, over);
/// let generate = ReviewCommand::Generate(Box::new(pack));
/// let events = OperationsReview::decide(None, generate, &policy, over).unwrap();
/// let review = OperationsReview::replay(events).unwrap();
/// let sign = ReviewCommand::Sign { by: "nobody".parse().unwrap(), remark: "seen".into() };
/// assert!(OperationsReview::decide(Some(&review), sign, &policy, over).is_err());
/// assert!(check(month, Some(&review), &policy, over).message.contains("is due at"));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OperationsReview {
    /// The pack.
    pub pack: Pack,
    /// The sign-off.
    pub signed: Option<Signature>,
}

impl Aggregate for OperationsReview {
    type Command = ReviewCommand;
    type Event = ReviewEvent;
    type Policy = Policy;

    fn decide(
        state: Option<&Self>,
        command: ReviewCommand,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<ReviewEvent>, Refused> {
        match (state, command) {
            (None, ReviewCommand::Sign { .. }) => {
                Err(SIGNABLE.fail("there is no pack", "generate it first").into())
            }
            (state, ReviewCommand::Generate(pack)) => {
                Refused::when_any(state.map_or_else(Vec::new, |review| review.takes(&pack)))?;
                Ok(vec![ReviewEvent::Generated { pack }])
            }
            (Some(review), ReviewCommand::Sign { by, remark }) => {
                let signature = Signature { by, remark: remark.trim().to_owned(), at: now };
                Refused::when_any(review.signs(&signature, policy))?;
                Ok(vec![ReviewEvent::SignedOff { signature }])
            }
        }
    }

    fn evolve(state: Option<Self>, event: ReviewEvent) -> Option<Self> {
        match (state, event) {
            (None, ReviewEvent::Generated { pack }) => Some(Self { pack: *pack, signed: None }),
            (Some(review), ReviewEvent::Generated { pack }) if review.takes(&pack).is_empty() => {
                Some(Self { pack: *pack, ..review })
            }
            (Some(mut review), ReviewEvent::SignedOff { signature }) => {
                review.signed.get_or_insert(signature);
                Some(review)
            }
            (state, _) => state,
        }
    }
}

impl OperationsReview {
    fn takes(&self, pack: &Pack) -> Vec<Finding> {
        let month = self.pack.month;
        let mut findings = Vec::new();
        if pack.month != month {
            let message = format!("the review is of {month}, the pack of {}", pack.month);
            findings.push(STANDS.fail(message, "start the review of the other month"));
        }
        if let Some(signature) = &self.signed {
            let message = format!("{} signed {month} off at {}", signature.by, signature.at);
            findings.push(STANDS.fail(message, "nothing has to be done"));
        }
        findings
    }

    fn signs(&self, signature: &Signature, policy: &Policy) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(signed) = &self.signed {
            let message = format!("{} signed it off at {}", signed.by, signed.at);
            findings.push(SIGNABLE.fail(message, "nothing has to be done"));
        }
        if !policy.roster.people.get(&signature.by).is_some_and(|person| person.active) {
            let message = format!("`{}` is no active person of the roster", signature.by);
            findings.push(SIGNABLE.fail(message, "have somebody sign who is"));
        }
        if self.pack.generated_at < self.pack.month.period().to {
            let message = format!("the pack was generated before {} was over", self.pack.month);
            findings.push(SIGNABLE.fail(message, "generate it again when the month is over"));
        }
        let characters = signature.remark.chars().count();
        if characters == 0 || characters > MAX_REASON {
            let message = format!("the remark has {characters} characters");
            findings.push(
                SIGNABLE.fail(message, format!("say in 1 to {MAX_REASON} characters what was decided")),
            );
        }
        findings
    }
}

/// Whether a month's review is signed off in time; a month without any review is judged like one that nobody signed.
#[must_use]
pub fn check(month: Month, review: Option<&OperationsReview>, policy: &Policy, now: Timestamp) -> Finding {
    let Period { to: over, .. } = month.period();
    let due = policy.trend.sign_off.after(over);
    let finding =
        match review.filter(|review| review.pack.month == month).and_then(|review| review.signed.as_ref()) {
            Some(signature) => {
                SIGNED_OFF.pass(format!("{} signed {month} off at {}", signature.by, signature.at))
            }
            None if now < over => SIGNED_OFF.not_applicable(format!("{month} isn't over")),
            None if now <= due => SIGNED_OFF.pass(format!("the review of {month} is due at {due}")),
            None => {
                let message = format!("the review of {month} was due at {due}");
                SIGNED_OFF.fail(message, "generate the pack, go through it and sign it")
            }
        };
    owned(finding.evidence([month]))
}

#[cfg(test)]
pub(super) mod tests;
