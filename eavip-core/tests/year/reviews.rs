//! Once a month: the noise is measured and its defects opened, the pack is put together from the books, recounted from
//! the facts, signed, and what it proposes is answered.

use std::collections::BTreeSet;

use eavip_core::alert::noise::budget::judge;
use eavip_core::alert::noise::defect::{self, Defect, DefectCommand, DefectStatus};
use eavip_core::alert::noise::measure::{Evidence, Measures, Period, measure};
use eavip_core::alert::noise::{Miss, Record, Scope, Silenced};
use eavip_core::capacity::forecast;
use eavip_core::finding::Outcome;
use eavip_core::id::{AlertRuleId, Digest128, TeamId};
use eavip_core::incident::Incident;
use eavip_core::policy::Policy;
use eavip_core::signal::Signal;
use eavip_core::signal::health::{Health, SignalHealth};
use eavip_core::signal::histogram::Histogram;
use eavip_core::signal::metric::Unit;
use eavip_core::signal::reading::Quality;
use eavip_core::time::Timestamp;
use eavip_core::trend::feedback::{Answer, Proposal, ProposalCommand, Remedy, Reply};
use eavip_core::trend::month::Month;
use eavip_core::trend::review::{self, Material, OperationsReview, Pack, ReviewCommand, pack};
use eavip_core::trend::{
    CapacityForecast, DrillResult, IncidentRecord, NoiseFigures, Outlook, ServiceSignal,
};

use super::books::Books;
use super::platform::{DAY, HOUR, OPERATORS, SERVICES, id, operations, person};
use super::recovery::DATA_SETS;
use super::upkeep::RESOURCES;
use super::world::World;
use super::{recount, recount_noise};

pub fn months() -> impl Iterator<Item = Month> {
    (1..=12).map(|month| id(format!("2027-{month:02}")))
}

pub fn plan(world: &mut World) {
    for month in months() {
        let over = month.period().to;
        world.at(over - DAY.times(3), move |world| early(world, month));
        world.at(over + HOUR.times(34), move |world| generate(world, month));
    }
}

/// The rules that are over their noise budget.
pub fn over_budget(world: &World) -> BTreeSet<AlertRuleId> {
    let open = world.books.defects.values().filter(|one| one.status(world.now) != DefectStatus::Mended);
    open.filter_map(|one| match &one.scope {
        Scope::Rule(rule) => Some(rule.clone()),
        _ => None,
    })
    .collect()
}

/// The episodes, misses and silences of a period, from the books.
pub fn noise_evidence(books: &Books, period: Period, now: Timestamp) -> Evidence {
    let whole = || books.incidents.values().filter(|one| one.duplicate_of.is_none());
    let first = |incident: &Incident| incident.declaration.alert.as_ref().map(|alert| alert.episode);
    let second: BTreeSet<Digest128> = whole()
        .flat_map(|one| one.episodes.keys().copied().filter(move |episode| Some(*episode) != first(one)))
        .collect();
    let records = books.episodes.iter().filter(|(_, episode)| {
        let ended = episode.resolved.map(|(_, at)| at);
        episode.opening.at < period.until && ended.is_none_or(|at| at >= period.from)
    });
    let records = records.map(|(of, episode)| {
        let (opening, told) = (&episode.opening, books.views.told.get(of));
        Record {
            fingerprint: opening.fingerprint,
            rule: opening.rule.clone(),
            owner: opening.owner.clone(),
            category: opening.category,
            began: opening.at,
            ended: episode.resolved.map(|(_, at)| at),
            acknowledged: episode.acknowledged.is_some(),
            marked_noise: told.is_some_and(|told| told.noise),
            flapped: told.is_some_and(|told| told.flapped),
            duplicate: second.contains(&opening.id),
            page: told.and_then(|told| told.message),
            responders: told.map(|told| told.responders.clone()).unwrap_or_default(),
        }
    });
    let misses = whole().filter(|one| one.declaration.alert.is_none()).map(|one| Miss {
        rule: None,
        owner: one.declaration.owner.clone(),
        at: one.declared_at,
    });
    let silenced = books.silences.values().filter_map(|silence| {
        let request = &silence.request;
        let from = if silence.waits { silence.approved.as_ref()?.1 } else { request.from };
        let until = silence.ended.as_ref().map_or(request.until, |(_, at)| *at);
        let matchers = request.matchers.to_string();
        let rule = matchers.trim_matches(['{', '}']).strip_prefix("rule=")?.trim_matches('"').to_owned();
        Some(Silenced { rule: id(rule), owner: silence.owners.first()?.clone(), from, until: until.min(now) })
    });
    Evidence { records: records.collect(), misses: misses.collect(), silenced: silenced.collect() }
}

/// Measures every scope's noise, opens defects of what is over its budget, and has them mended later.
fn measure_noise(world: &mut World, month: Month) -> Vec<Measures> {
    let period = Period { from: month.period().from, until: month.period().to };
    let evidence = noise_evidence(&world.books, period, world.now);
    let noise = world.policy.alerting.noise.clone();
    let mut teams = Vec::new();
    for scope in evidence.scopes() {
        let measures = measure(&evidence, &scope, period, &noise);
        recount_noise::check(world, &scope, &measures);
        let owner = match &scope {
            Scope::Team(team) => team.clone(),
            Scope::Rule(rule) => {
                world.policy.rule(rule.as_str()).unwrap().owner.teams().next().unwrap().clone()
            }
            _ => operations(),
        };
        let findings = judge(&measures, &scope, &owner, &noise);
        if matches!(scope, Scope::Team(_)) {
            teams.push(measures);
        }
        if findings.iter().any(|finding| finding.outcome == Outcome::Fail) {
            let of = defect::id(&scope).to_string();
            world.must::<Defect>(&of, DefectCommand::Breach { scope, owner, findings });
            let later = DAY.times(world.chance.between(4, 40));
            world.after(later, move |world| {
                if world.books.defects[&of].status(world.now) != DefectStatus::Mended {
                    let how = "Raised the threshold and grouped by service.".to_owned();
                    world.must::<Defect>(&of, DefectCommand::Mend { by: person("dee"), how });
                }
            });
        }
    }
    teams
}

/// A defect in a few words: what was measured, which says whose noise it is.
fn in_words(defect: &Defect) -> String {
    let measured: Vec<&str> = defect.evidence.iter().map(|finding| finding.message.as_str()).collect();
    measured.join("; ")
}

/// How a value over a month is beside what it may be; larger is worse.
pub fn grade(value: f64, objective: f64) -> Health {
    if value <= objective {
        Health::Healthy
    } else if value <= 4.0 * objective {
        Health::Degraded
    } else {
        Health::Failing
    }
}

fn signals(books: &Books, policy: &Policy, month: Month) -> Vec<ServiceSignal> {
    let period = month.period();
    let within = |at: &Timestamp| period.from < *at && *at <= period.to;
    let mut rows = Vec::new();
    for service in SERVICES {
        let goal = policy.objectives(&id(service));
        let served = books.views.served[service].iter().filter(|(at, ..)| within(at));
        let (mut good, mut bad, mut seconds) = (0, 0, Histogram::default());
        for (_, counts, histogram) in served {
            (good, bad) = (good + counts.good, bad + counts.bad);
            seconds.merge(histogram);
        }
        let probed = books.views.probed[service].iter().filter(|(at, _)| within(at));
        let (up, down) = probed.fold((0, 0), |(up, down), (_, counts)| (up + counts.good, down + counts.bad));
        let episodes = || {
            let all = books.episodes.values().map(|episode| &episode.opening);
            let of_service = all.filter(|one| one.labels.get("service") == Some(service));
            of_service.filter(|one| period.contains(one.at))
        };
        let failed_jobs = episodes().filter(|one| one.rule.as_str() == "job-failed").count();
        let dead = episodes().filter(|one| one.rule.as_str() == "queue-dead-letters").count();
        let availability = up as f64 / (up + down) as f64;
        let errors = bad as f64 / (good + bad) as f64;
        let p99 = seconds.quantile(0.99).unwrap();
        let mut row = |signal, value, objective, unit, health, detail: String| {
            let health = SignalHealth {
                signal,
                health,
                value: Some(value),
                unit,
                quality: Quality::Exact,
                objective: Some(objective),
                detail,
            };
            rows.push(ServiceSignal { service: id(service), health });
        };
        let missing = grade(1.0 - availability, 1.0 - goal.availability);
        let detail = format!("{down} of {} probes failed", up + down);
        row(Signal::Availability, availability, goal.availability, Unit::Ratio, missing, detail);
        let detail = format!("{bad} of {} requests failed", good + bad);
        row(Signal::Errors, errors, goal.error_ratio, Unit::Ratio, grade(errors, goal.error_ratio), detail);
        let slowest = goal.latency_p99.as_secs_f64();
        let detail = format!("99 % of {} answers", seconds.count());
        row(Signal::Latency, p99, slowest, Unit::Seconds, grade(p99, slowest), detail);
        for (signal, count, what) in [
            (Signal::Jobs, failed_jobs, "times a job failed"),
            (Signal::Backlog, dead, "times messages were given up"),
        ] {
            row(signal, count as f64, 5.0, Unit::Count, grade(count as f64, 5.0), format!("{count} {what}"));
        }
    }
    rows
}

/// What goes into a month's pack, from the books alone.
fn material(books: &Books, policy: &Policy, month: Month, teams: &[Measures], now: Timestamp) -> Material {
    let incidents: Vec<IncidentRecord> = books.incidents.values().filter_map(IncidentRecord::of).collect();
    let open = books.defects.values().filter(|one| one.status(now) != DefectStatus::Mended);
    let latest = |data_set: &&str| {
        let own = books.drills.iter().filter(|(of, _)| of.starts_with(&format!("{data_set}/")));
        own.filter_map(|(_, drill)| DrillResult::of(drill)).max_by_key(|result| result.at)
    };
    let capacity = RESOURCES.iter().map(|(resource, size)| {
        let points = books.views.used.get(*resource).map_or(&[][..], Vec::as_slice);
        let recent = &points[points.len().saturating_sub(60)..];
        let outlook = Outlook::of(forecast(recent, *size, &policy.capacity, now), now);
        CapacityForecast { resource: (*resource).to_owned(), outlook }
    });
    Material {
        signals: signals(books, policy, month),
        noise: Some(NoiseFigures::of(teams, &incidents, month.period(), open.map(in_words).collect())),
        incidents,
        drills: DATA_SETS.iter().filter_map(latest).collect(),
        capacity: capacity.collect(),
        deployments: books.views.deployments.values().cloned().collect(),
    }
}

/// The noise of each team over a month.
fn of_teams(books: &Books, policy: &Policy, month: Month, now: Timestamp) -> Vec<Measures> {
    let period = Period { from: month.period().from, until: month.period().to };
    let evidence = noise_evidence(books, period, now);
    let teams = evidence.scopes().into_iter().filter(|scope| matches!(scope, Scope::Team(_)));
    teams.map(|team| measure(&evidence, &team, period, &policy.alerting.noise)).collect()
}

/// The pack of a month as books make it at a moment.
pub fn pack_of(books: &Books, policy: &Policy, month: Month, now: Timestamp) -> Pack {
    let teams = of_teams(books, policy, month, now);
    pack(month, material(books, policy, month, &teams, now), policy, now)
}

/// A pack before the month is over can be looked at and not signed.
fn early(world: &mut World, month: Month) {
    let of = month.to_string();
    let sign = || ReviewCommand::Sign { by: person("ana"), remark: "Fine.".to_owned() };
    world.never::<OperationsReview>(&of, sign(), "EAVIP-T08");
    let pack = pack_of(&world.books, &world.policy, month, world.now);
    world.must::<OperationsReview>(&of, ReviewCommand::Generate(Box::new(pack)));
    world.never::<OperationsReview>(&of, sign(), "EAVIP-T08");
}

fn generate(world: &mut World, month: Month) {
    let of = month.to_string();
    let teams = measure_noise(world, month);
    let pack = pack_of(&world.books, &world.policy, month, world.now);
    assert_eq!(teams, of_teams(&world.books, &world.policy, month, world.now));
    recount::check(world, &pack);
    let mut other = pack.clone();
    other.month = month.previous();
    world.never::<OperationsReview>(&of, ReviewCommand::Generate(Box::new(other)), "EAVIP-T07");
    world.must::<OperationsReview>(&of, ReviewCommand::Generate(Box::new(pack.clone())));
    for draft in &pack.proposals {
        let name = draft.id.to_string();
        if world.books.proposals.contains_key(&name) {
            continue;
        }
        world.must::<Proposal>(&name, ProposalCommand::Propose(Box::new(draft.clone())));
        let (later, owner, remedy) =
            (DAY.times(world.chance.between(1, 9)), draft.owner.clone(), draft.remedy);
        world.after(later, move |world| answer(world, &name, &owner, remedy));
    }
    let (by, later) = (world.chance.pick(&OPERATORS), world.chance.minutes(600, 8 * 24 * 60));
    world.after(later, move |world| {
        let sign = |by: &str| ReviewCommand::Sign {
            by: person(by),
            remark: "Bound the pool; two items for the team.".to_owned(),
        };
        world.never::<OperationsReview>(&of, sign("pat"), "EAVIP-T08");
        world.must::<OperationsReview>(&of, sign(by));
        let state = &world.books.reviews[&of];
        assert_eq!(review::check(month, Some(state), &world.policy, world.now).outcome, Outcome::Pass);
        let page = state.pack.markdown(state.signed.as_ref());
        world.pages.insert(of, page);
    });
}

fn answer(world: &mut World, name: &str, owner: &TeamId, remedy: Remedy) {
    let owners: Vec<_> = world.policy.roster.members(owner).cloned().collect();
    let accepted = world.chance.percent(70);
    let record = |accepted: bool| accepted.then(|| id(format!("{remedy}-{}", &name[..8])));
    let answer = |by, accepted| {
        let reply = if accepted { Reply::Accepted } else { Reply::Rejected };
        let reason = "Talked about it on Monday.".to_owned();
        ProposalCommand::Answer(Answer { by, reply, reason, record: record(accepted) })
    };
    world.never::<Proposal>(name, answer(person("pat"), accepted), "EAVIP-T21");
    world.must::<Proposal>(name, answer(owners[0].clone(), accepted));
}
