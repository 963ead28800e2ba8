//! Why somebody is told of an alert, or isn't (seed: *Alerts must be actionable*): everything that may stand in the way is
//! looked at, in one order, and the answer keeps what each said.
//!
//! [`route::targets`] finds the receivers; here is decided whether they are told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::flap::Flapping;
use super::inhibit::inhibited_by;
use super::route;
use super::silence::Silence;
use super::{Alert, Category};
use crate::finding::{Finding, Outcome};
use crate::id::{AlertRuleId, ReceiverId};
use crate::policy::Policy;
use crate::signal::metric::Unit;
use crate::time::Timestamp;
use crate::{UnknownWord, words};

crate::rules! {
    /// An alert that no declared team owns is kept and shown, and sent to nobody. Add an `owner` label with a declared team,
    /// or a matching `[[owner]]`.
    OWNED = "EAVIP-A20", "an alert has an owner before anybody is told", "No alert without an owner";
    /// A silence holds for the alert; the finding says whose, why and until when. End the silence to be told again.
    NOT_SILENCED = "EAVIP-A21", "an alert isn't silenced", "Alerts must be actionable";
    /// A declared maintenance window is open for the alert; the finding names its change record and its end.
    NOT_MAINTAINED = "EAVIP-A22", "an alert isn't under maintenance", "Alerts must be actionable";
    /// Another alert that fires explains this one. Look at that one first; when it is over and this one isn't, it is told.
    NOT_INHIBITED = "EAVIP-A23", "no other alert explains an alert", "Alert noise is treated as a defect";
    /// The alert comes and goes. That it flaps was told once; it is told again when it stopped, or rises in category.
    NOT_FLAPPING = "EAVIP-A24", "an alert doesn't flap", "Alert noise is treated as a defect";
    /// Its receivers got more than a person can read in the last minutes. Look at the list of alerts instead. A Critical
    /// alert is never held back for this.
    WITHIN_RATE = "EAVIP-A25", "a receiver isn't flooded", "Alert noise is treated as a defect";
    /// Its rule is over its noise budget and has an open defect: Informational alerts and repeats of it are shown, not sent,
    /// until the defect is mended. A Critical alert is never held back for this.
    WITHIN_BUDGET = "EAVIP-A26", "a rule keeps its noise budget", "Alert noise is treated as a defect";
    /// No route leads anywhere for the alert. Add a `[[route]]` that matches it.
    ROUTED = "EAVIP-A27", "a route leads to somebody", "Alerts must be actionable";
}

words! {
    /// What there is to tell.
    #[non_exhaustive]
    pub enum Occasion ("notice occasion") {
        /// The first message of a group.
        First = "first",
        /// An alert joined a group that was told.
        NewMember = "new-member",
        /// An alert of a group is over, others aren't.
        Resolved = "resolved",
        /// All alerts of a group are over.
        AllResolved = "all-resolved",
        /// Nothing changed for a long time.
        Repeat = "repeat",
        /// Nobody acknowledged it, so further people are told.
        Escalation = "escalation",
    }
}

words! {
    /// What stands in the way; in the order in which it is looked at.
    #[non_exhaustive]
    pub enum Obstacle ("notice obstacle") {
        /// It has no owner.
        Quarantined = "quarantined",
        /// Somebody silenced it.
        Silenced = "silenced",
        /// A maintenance window is open.
        Maintenance = "maintenance",
        /// Another alert explains it.
        Inhibited = "inhibited",
        /// It comes and goes.
        Flapping = "flapping",
        /// Its receivers are flooded.
        RateLimited = "rate-limited",
        /// Its rule is over its noise budget.
        NoiseBudget = "noise-budget",
        /// No route leads anywhere.
        NoRoute = "no-route",
    }
}

/// Why somebody is told, or isn't: one word, the occasion's or the obstacle's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Told, on this occasion.
    Told(Occasion),
    /// Not told, because of this.
    Held(Obstacle),
}

impl Reason {
    /// Every reason: those to tell, then those not to.
    pub fn all() -> impl Iterator<Item = Self> {
        let told = Occasion::ALL.iter().copied().map(Self::Told);
        told.chain(Obstacle::ALL.iter().copied().map(Self::Held))
    }

    /// The word as it stands in JSON, labels, columns and pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Told(occasion) => occasion.as_str(),
            Self::Held(obstacle) => obstacle.as_str(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Reason {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::all().find(|reason| reason.as_str() == text).ok_or_else(|| UnknownWord {
            what: "notification reason",
            found: text.chars().take(80).collect(),
            known: Self::all().map(Self::as_str).collect::<Vec<_>>().join(", "),
        })
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

/// What is known beside the alert; the same for all alerts of one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// All silences; those that don't hold are passed over.
    pub silences: Vec<Silence>,
    /// All alerts that fire.
    pub firing: Vec<Alert>,
    /// How many notices each receiver got within the last [`flood_period`](super::noise::NoisePolicy::flood_period).
    pub recent: BTreeMap<ReceiverId, u64>,
    /// The rules of which a noise defect is open.
    pub over_budget: BTreeSet<AlertRuleId>,
}

/// What is kept of an alert from one notice to the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The recent states of its fingerprint.
    pub flapping: Flapping,
    /// Why somebody was told of its beginning, or wasn't; `None` before it.
    pub began: Option<Reason>,
}

impl History {
    /// Keeps what was decided, once it is durable.
    pub fn keep(&mut self, alert: &Alert, occasion: Occasion, ruling: &Ruling) {
        let begins = matches!(occasion, Occasion::First | Occasion::NewMember);
        if begins || self.began.is_none() {
            self.began = Some(ruling.reason);
        }
        if matches!(ruling.reason, Reason::Told(_)) && !occasion.ends() {
            self.flapping.told(alert.category);
        }
    }
}

impl Occasion {
    /// Whether it is about an end.
    #[must_use]
    pub const fn ends(self) -> bool {
        matches!(self, Self::Resolved | Self::AllResolved)
    }
}

/// The answer to "why was I (not) told?".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ruling {
    /// The one reason that decided.
    pub reason: Reason,
    /// Who is told; empty when nobody is.
    pub receivers: Vec<ReceiverId>,
    /// What each of the rules said, in the order of [`Obstacle`].
    pub findings: Vec<Finding>,
}

/// Decides whether somebody is told of an alert.
///
/// The first obstacle decides. Two things stand above that: who was told of a beginning is told of its end, whatever
/// stands in the way by then, and who wasn't isn't; and neither flapping, nor a flood, nor a noise budget holds back the
/// first page of a Critical alert.
///
/// ```
/// use eavip_core::alert::notice::{self, History, Known, Obstacle, Occasion, Reason};
/// use eavip_core::alert::{Alert, Category};
/// use eavip_core::id::Digest128;
/// use eavip_core::labels::Labels;
/// use eavip_core::policy::{Policy, Source};
/// use eavip_core::time::Timestamp;
///
/// let text = "[[route]]\nreceivers = [\"pager\"]\n";
/// let policy = Policy::load(&[Source::new("runbook.toml", text)]).unwrap();
/// let mut alert = Alert {
///     id: Digest128([1; 16]),
///     rule: "disk-full".parse().unwrap(),
///     category: Category::Critical,
///     owner: Some("platform-operations".parse().unwrap()),
///     labels: Labels::default(),
///     since: Timestamp::default(),
/// };
/// let why = |alert: &Alert| {
///     let (history, known) = (History::default(), Known::default());
///     notice::decide(alert, Occasion::First, &history, &known, &policy, Timestamp::default()).reason
/// };
/// assert_eq!(why(&alert), Reason::Told(Occasion::First));
/// alert.owner = None;
/// assert_eq!(why(&alert), Reason::Held(Obstacle::Quarantined));
/// ```
#[must_use]
pub fn decide(
    alert: &Alert,
    occasion: Occasion,
    history: &History,
    known: &Known,
    policy: &Policy,
    now: Timestamp,
) -> Ruling {
    let targets = route::targets(&policy.routes, &alert.labels, alert.category);
    let routed: Vec<ReceiverId> = targets.into_iter().map(|target| target.receiver.clone()).collect();
    let (unflooded, rate) = rate(alert, &routed, &known.recent, policy);
    let found = [
        owned(alert),
        silenced(alert, known, now),
        maintained(alert, policy, now),
        inhibited(alert, known, policy),
        flapping(alert, occasion, history),
        rate,
        budget(alert, occasion, known),
        route(&routed),
    ];
    let looked_at = Obstacle::ALL.iter().zip(&found);
    let first = looked_at.into_iter().find(|(_, finding)| finding.outcome == Outcome::Fail);
    let obstacle = first.map(|(obstacle, _)| Reason::Held(*obstacle));
    let (reason, receivers) = match (occasion.ends(), history.began) {
        (true, Some(Reason::Told(_))) if routed.is_empty() => (Reason::Held(Obstacle::NoRoute), routed),
        (true, Some(Reason::Told(_))) => (Reason::Told(occasion), routed),
        (true, Some(held)) => (held, Vec::new()),
        (true, None) | (false, _) => match obstacle {
            Some(held) => (held, Vec::new()),
            None => (Reason::Told(occasion), unflooded),
        },
    };
    Ruling { reason, receivers, findings: found.into() }
}

fn owned(alert: &Alert) -> Finding {
    match &alert.owner {
        Some(team) => OWNED.pass(format!("`{team}` owns it")).owned_by(team),
        None => {
            OWNED.fail("nobody owns it", "add an `owner` label with a declared team, or a matching [[owner]]")
        }
    }
}

fn silenced(alert: &Alert, known: &Known, now: Timestamp) -> Finding {
    let holding = known.silences.iter().filter(|silence| silence.holds_for(&alert.labels, now));
    let Some(silence) = holding.max_by_key(|silence| (silence.request.until, silence.request.id)) else {
        return NOT_SILENCED.pass("no silence holds for it");
    };
    let request = &silence.request;
    let message = format!("{} silenced it until {}: {}", request.by, request.until, request.reason);
    let finding = NOT_SILENCED.fail(message, "end the silence to be told again");
    finding.evidence([request.id.to_string(), request.ticket.clone()]).clears_at(request.until)
}

fn maintained(alert: &Alert, policy: &Policy, now: Timestamp) -> Finding {
    let windows = policy.alerting.maintenance.iter();
    let open = windows.filter_map(|(id, window)| Some((window.holds_for(&alert.labels, now)?, id, window)));
    let Some((until, id, window)) = open.max_by_key(|(until, id, _)| (*until, *id)) else {
        return NOT_MAINTAINED.pass("no maintenance window is open for it");
    };
    let message = format!("window `{id}` of change {} is open until {until}", window.change);
    let finding = NOT_MAINTAINED.fail(message, "wait for the end of the window");
    finding.evidence([id.as_str(), window.change.as_str()]).owned_by(&window.owner).clears_at(until)
}

fn inhibited(alert: &Alert, known: &Known, policy: &Policy) -> Finding {
    match inhibited_by(&policy.alerting.inhibitions, alert, &known.firing) {
        Some(source) => {
            let message = format!("an alert of `{}` explains it", source.rule);
            NOT_INHIBITED.fail(message, "look at that alert first").evidence([source.id])
        }
        None => NOT_INHIBITED.pass("no other alert explains it"),
    }
}

fn flapping(alert: &Alert, occasion: Occasion, history: &History) -> Finding {
    if occasion != Occasion::Escalation && history.flapping.holds_back(alert.category) {
        let remedy = "mend what makes it come and go; a rise in category is told all the same";
        return NOT_FLAPPING.fail("it comes and goes, and that was told", remedy);
    }
    NOT_FLAPPING.pass("it doesn't flap, or this wasn't told yet")
}

/// The receivers that aren't flooded; all of them for a Critical alert.
fn rate(
    alert: &Alert,
    routed: &[ReceiverId],
    recent: &BTreeMap<ReceiverId, u64>,
    policy: &Policy,
) -> (Vec<ReceiverId>, Finding) {
    let noise = &policy.alerting.noise;
    let got = |receiver: &ReceiverId| recent.get(receiver).copied().unwrap_or(0);
    let critical = alert.category == Category::Critical;
    let free = routed.iter().filter(|receiver| critical || got(receiver) < noise.flood_over).cloned();
    let free: Vec<ReceiverId> = free.collect();
    if !free.is_empty() || routed.is_empty() {
        return (free, WITHIN_RATE.pass("its receivers aren't flooded"));
    }
    let least = routed.iter().map(got).min().unwrap_or(0);
    let message = format!("each of its receivers got {least} notices or more within {}", noise.flood_period);
    let finding = WITHIN_RATE.fail(message, "look at the list of alerts instead");
    (free, finding.measured(least as f64, noise.flood_over as f64, Unit::Count).evidence(routed))
}

fn budget(alert: &Alert, occasion: Occasion, known: &Known) -> Finding {
    let can_wait = match alert.category {
        Category::Informational => true,
        Category::Warning => occasion == Occasion::Repeat,
        Category::Critical => false,
    };
    if known.over_budget.contains(&alert.rule) && can_wait {
        let message = format!("`{}` is over its noise budget", alert.rule);
        return WITHIN_BUDGET.fail(message, "mend the rule and close its defect");
    }
    WITHIN_BUDGET.pass("its rule keeps the noise budget, or this can't wait")
}

fn route(routed: &[ReceiverId]) -> Finding {
    if routed.is_empty() {
        return ROUTED.fail("no route leads anywhere for it", "add a [[route]] that matches it");
    }
    ROUTED.pass("a route leads to somebody").evidence(routed)
}

#[cfg(test)]
mod tests;
