//! Questions about what goes on: alerts, objectives, incidents, duties, backups, capacity, the audit log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::question::declared;
use crate::alert::backtest::{self, Track};
use crate::alert::episode::{Episode, EpisodeEvent};
use crate::alert::noise::measure::{self, Measures, Period};
use crate::alert::noise::{Scope, budget};
use crate::alert::notice::{self, History, Known, Occasion};
use crate::alert::route::{self, Target};
use crate::alert::rule::AlertRule;
use crate::alert::{Alert, Category, noise};
use crate::audit::witness::{self, Witness};
use crate::backup::due::{self, Due};
use crate::backup::{self, assess, retention, verify};
use crate::capacity::{self, Forecast};
use crate::decision::Basis;
use crate::evaluate::{self, Waiting, evaluate, open_episodes};
use crate::finding::Finding;
use crate::id::{BackupId, Digest128, NodeId, ObjectiveId, ServiceId, TeamId};
use crate::incident::phase::Phase;
use crate::incident::sev::{Impact, Sev, Signals};
use crate::incident::{Actor, Incident, comms, phase, review, sev};
use crate::labels::Labels;
use crate::node::{Node, Place};
use crate::on_call::{Reach, coverage};
use crate::policy::{Policy, Source, runbooks};
use crate::signal::health::SignalHealth;
use crate::slo::lint;
use crate::slo::standing::{self, WindowCounts};
use crate::time::Timestamp;
use crate::wire::v1::Body;

questions! {
    /// Would an edited alert rule have been noisier, or have missed what the old one told?
    "alert.backtest" => { before: AlertRule, after: AlertRule, history: Vec<Track>, now: Timestamp },
        |policy| {
            let evidence = Digest128::of_value(&(&before, &after, &history));
            backtest::backtest(&before, &after, &history, basis(policy, evidence, now))
        };
    /// Which noise budgets does a rule, a team or a person exceed?
    "alert.noise.budget" => { evidence: measure::Evidence, scope: Scope, owner: TeamId, period: Period },
        |policy| Noise::of(&evidence, &scope, &owner, period, &policy.alerting.noise);
    /// Is somebody told of an alert, and why, or why not?
    "alert.notice" => { alert: Alert, occasion: Occasion, history: Option<History>, known: Known, now: Timestamp },
        |policy| notice::decide(&alert, occasion, &history.unwrap_or_default(), &known, policy, now);
    /// To whom does an alert go, and with which others is it told?
    "alert.route" => { labels: Labels, category: Category },
        |policy| {
            let targets = route::targets(&policy.routes, &labels, category);
            targets.into_iter().map(|target| Routed::of(target, &labels)).collect::<Vec<_>>()
        };
    /// Can the audit log be relied on, as far as a node saw?
    "audit.witness" => { witness: Option<Witness>, now: Timestamp },
        |policy| witness::assess(witness.as_ref(), &policy.audit, now);
    /// Could a data set be recovered if it were lost now?
    "backup.assess" => { plan: BackupId, evidence: backup::evidence::Evidence, now: Timestamp },
        |policy| {
            let plan = declared(&policy.backups.plans, "plan", &plan)?;
            assess::assess(plan, &evidence, &policy.backups.policy, now)
        };
    /// What has to be done for a data set's backups, and by when?
    "backup.due" => { plan: BackupId, evidence: backup::evidence::Evidence, now: Timestamp },
        |policy| {
            let plan = declared(&policy.backups.plans, "plan", &plan)?;
            let duties = due::due(plan, &evidence, &policy.backups.policy, now);
            duties.map(|due| Duty { due, standing: due.standing(now) })
        };
    /// Which backups are kept, and why? The others may be pruned.
    "backup.retention" => { plan: BackupId, evidence: backup::evidence::Evidence, now: Timestamp },
        |policy| {
            let plan = declared(&policy.backups.plans, "plan", &plan)?;
            retention::keep(plan.retention, &verify::candidates(&evidence, now))
        };
    /// When is something full?
    "capacity" => { what: String, points: Vec<(Timestamp, f64)>, capacity: f64, now: Timestamp },
        |policy| {
            let forecast = capacity::forecast(&points, capacity, &policy.capacity, now);
            Outlook { forecast: forecast.ok(), finding: capacity::judge(&what, forecast, &policy.capacity) }
        };
    /// Which alerts open and which are over, and who is told?
    "evaluate" => { nodes: Vec<Reported>, open: Vec<Episode>, waiting: Option<Waiting>, now: Timestamp },
        |policy| {
            let (nodes, before) = (nodes.into_iter().map(Node::from).collect::<Vec<_>>(), waiting.unwrap_or_default());
            Evaluated::from(evaluate(&nodes, open_episodes(&open), &before, policy, now))
        };
    /// Are those who are affected by an incident told often enough?
    "incident.comms" => { incident: Incident, now: Timestamp },
        |policy| comms::check(&incident, &policy.incident, now);
    /// What is due in an incident: update, review, action items?
    "incident.duties" => { incident: Incident, now: Timestamp },
        |policy| incident.duties(&policy.incident, now);
    /// Are an incident's action items in time?
    "incident.items" => { incident: Incident, now: Timestamp }, |_| review::items(&incident, now);
    /// May an incident be closed?
    "incident.may-close" => { incident: Incident, now: Timestamp }, |policy| incident.may_close(policy, now);
    /// What must an incident's phase leave?
    "incident.phase" => { incident: Incident, phase: Phase },
        |policy| phase::leaves(&incident, phase, &policy.roster);
    /// Is an incident's review in time?
    "incident.review" => { incident: Incident, now: Timestamp },
        |policy| review::check(&incident, &policy.incident, now);
    /// What must an incident's review say, by its severity?
    "incident.review.form" => { incident: Incident }, |_| review::form(&incident);
    /// How severe is an impact?
    "incident.sev" => { impact: Impact, security: bool }, |_| Severe { sev: sev::severity(impact, security) };
    /// May a severity become another?
    "incident.sev.change" => { from: Sev, to: Sev, by: Actor, reason: String },
        |policy| sev::change(from, to, &by, &reason, &policy.roster);
    /// How severe is what signals show, before a person has looked?
    "incident.sev.signals" => { signals: Signals }, |_| Severe { sev: signals.severity() };
    /// Would somebody be reached, at every moment ahead?
    "on-call.coverage" => { reach: Reach, now: Timestamp },
        |policy| coverage::prove(policy, &reach, basis(policy, Digest128::of_value(&reach), now));
    /// Which alerts lead to a page that can be followed, and which pages does none lead to?
    "policy.runbooks" => { pages: BTreeMap<String, String>, rehearsed: BTreeMap<String, Timestamp> },
        |policy| {
            let source = |(name, text): (String, String)| (name.clone(), Source::new(name, text));
            runbooks::coverage(policy, &pages.into_iter().map(source).collect(), &rehearsed)
        };
    /// How are the golden signals of the services on a node?
    "signal.health" => { node: Reported, now: Timestamp },
        |policy| health(&Node::from(node), policy, now);
    /// What is wrong with a declared objective, before anything is counted?
    "slo.lint" => { objective: ObjectiveId },
        |policy| {
            let found = declared(&policy.slo.objectives, "objective", &objective)?;
            lint::lint(&objective, &found.objective, &policy.slo)
        };
    /// How does an objective stand: budget left, and which burn rules fire?
    "slo.standing" => { objective: ObjectiveId, counted: Vec<WindowCounts>, now: Timestamp },
        |policy| {
            let found = declared(&policy.slo.objectives, "objective", &objective)?;
            standing::assess(&objective, &found.objective, &policy.slo, &counted, now)
        };
}

/// What a judgement over evidence of this digest stands on.
pub(super) fn basis(policy: &Policy, evidence: Digest128, at: Timestamp) -> Basis {
    Basis { policy: policy.digest, evidence, at }
}

#[derive(Serialize)]
struct Severe {
    sev: Sev,
}

#[derive(Serialize)]
struct Routed<'p> {
    #[serde(flatten)]
    target: Target<'p>,
    /// What names the group of the alert.
    group: Labels,
}

impl<'p> Routed<'p> {
    fn of(target: Target<'p>, labels: &Labels) -> Self {
        Self { target, group: target.grouping.key(labels) }
    }
}

#[derive(Serialize)]
struct Duty {
    #[serde(flatten)]
    due: Due,
    standing: due::Standing,
}

#[derive(Serialize)]
struct Outlook {
    /// `None` when there is none; the finding says why.
    forecast: Option<Forecast>,
    finding: Finding,
}

#[derive(Serialize)]
struct Noise {
    measures: Measures,
    findings: Vec<Finding>,
}

impl Noise {
    fn of(
        evidence: &measure::Evidence,
        scope: &Scope,
        owner: &TeamId,
        period: Period,
        policy: &noise::NoisePolicy,
    ) -> Self {
        let measures = measure::measure(evidence, scope, period, policy);
        let findings = budget::judge(&measures, scope, owner, policy);
        Self { measures, findings }
    }
}

/// A node, as the reports show it that arrived from it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reported {
    id: NodeId,
    place: Place,
    enrolled_at: Timestamp,
    /// The oldest first.
    reports: Vec<Arrived>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arrived {
    /// By the clock of whoever asks.
    at: Timestamp,
    body: Body,
}

impl From<Reported> for Node {
    fn from(reported: Reported) -> Self {
        let mut node = Self::new(reported.id, reported.place, reported.enrolled_at);
        reported.reports.iter().for_each(|report| node.observe(&report.body, report.at));
        node
    }
}

fn health(node: &Node, policy: &Policy, now: Timestamp) -> BTreeMap<ServiceId, Vec<SignalHealth>> {
    let health = node.service_health(policy, now).into_iter();
    health.map(|(service, signals)| (service.clone(), signals)).collect()
}

#[derive(Serialize)]
struct Evaluated {
    transitions: Vec<Transition>,
    waiting: Waiting,
}

#[derive(Serialize)]
struct Transition {
    episode: Digest128,
    event: EpisodeEvent,
}

impl From<evaluate::Outcome> for Evaluated {
    fn from(evaluate::Outcome { transitions, waiting }: evaluate::Outcome) -> Self {
        let transition = |evaluate::Transition { episode, event }| Transition { episode, event };
        Self { transitions: transitions.into_iter().map(transition).collect(), waiting }
    }
}
