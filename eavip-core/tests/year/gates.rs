//! What the gates look at, gathered from the books as a server would.

use eavip_core::environment::Environment;
use eavip_core::incident::change::Role;
use eavip_core::mode::Mode;
use eavip_core::release::gate::{
    Backup, Budget, Burn, ConfigurationFindings, Drill, GateEvidence, Holds, Installed, OpenIncident,
    OwnerFigures, Seen, Source, Target,
};
use eavip_core::slo::standing::Burning;

use super::platform::{SERVICES, SITES, id};
use super::recovery;
use super::upkeep;
use super::world::World;

fn seen<T>(world: &World, what: T) -> Option<Seen<T>> {
    Some(Seen { at: world.now, what })
}

/// The incidents of production that aren't closed, of one site or of all.
pub fn open_incidents(world: &World, site: Option<&str>) -> Vec<OpenIncident> {
    let here = |deployment: &str| site.is_none_or(|site| deployment == site);
    let open = world.books.incidents.values().filter(|one| one.is_open());
    let open = open.filter(|one| one.declaration.deployment.as_ref().is_none_or(|it| here(it.as_str())));
    open.map(|incident| OpenIncident {
        id: incident.declaration.id.to_string(),
        sev: incident.sev,
        acknowledged: incident.acknowledged.is_some(),
        commander: incident.roles.get(&Role::Commander).cloned(),
        mitigated_at: incident.mitigated_at,
        rca_owner: incident.roles.get(&Role::Commander).cloned(),
    })
    .collect()
}

fn common(world: &World, source: Option<Environment>, target: Target) -> GateEvidence {
    let known =
        source.and_then(|environment| world.delivery.lab.get(&environment).map(|it| (environment, it)));
    let source = known.map(|(environment, (_, artifact, since))| Source {
        environment,
        verified: Some(*artifact),
        running_since: *since,
    });
    let uses = world.books.releases.values().flat_map(|release| &release.break_glass);
    let drift = world.delivery.drift.iter().cloned().collect();
    GateEvidence {
        source: source.and_then(|source| seen(world, source)),
        target: seen(world, target),
        validations: world.delivery.validations.clone(),
        rehearsals: world.delivery.rehearsals.clone(),
        configuration: seen(world, ConfigurationFindings { drift, ..ConfigurationFindings::default() }),
        holds: seen(
            world,
            Holds {
                freezes: world.delivery.freezes.clone(),
                break_glass: uses.filter(|one| one.reviewed_at.is_none()).cloned().collect(),
            },
        ),
        ..GateEvidence::default()
    }
}

pub fn in_lab(world: &World, environment: Environment) -> GateEvidence {
    let installed = match world.delivery.lab.get(&environment) {
        Some((version, ..)) => Installed::Release { version: version.clone(), verified: true },
        None => Installed::Nothing,
    };
    let before = Environment::ALL.iter().copied().rfind(|one| *one < environment);
    common(world, before, Target { mode: Mode::Saas, installed, rollout_in_flight: None })
}

pub fn in_production(world: &World, site: usize) -> GateEvidence {
    let installed = match world.delivery.installed.get(&site) {
        Some(version) => Installed::Release { version: version.clone(), verified: true },
        None => Installed::Nothing,
    };
    let rollout_in_flight = world.delivery.in_flight.get(&site).map(id);
    let target = Target { mode: SITES[site].mode, installed, rollout_in_flight };
    let policy = &world.policy;
    let budgets = SERVICES.iter().map(|service| {
        let standing = upkeep::standing(world, service);
        let burn = match standing.burning {
            Burning::Steady | Burning::Unknown => Burn::None,
            Burning::Ticket => Burn::Ticket,
            Burning::Page => Burn::Page,
            other => panic!("{other:?}"),
        };
        Budget { service: id(service), left: standing.budget_left.unwrap(), burn }
    });
    let backups = policy.backups.plans.values().map(|plan| {
        let evidence = recovery::evidence(world, plan);
        let good = eavip_core::backup::verify::newest_good(&evidence, world.now);
        let last =
            evidence.drills.iter().filter_map(|drill| drill.ended.as_ref().map(|end| (end.at(), drill)));
        let drill = last.max_by_key(|(at, _)| *at).map(|(at, drill)| Drill {
            at,
            took: drill.passed().map(|passed| passed.measured).unwrap_or_default(),
            worked: drill.passed().is_some(),
        });
        let data_set = plan.id.to_string();
        Backup {
            data_set,
            verified_at: good.map(|good| good.started_at),
            rpo: plan.rpo,
            rto: plan.rto,
            drill,
        }
    });
    let critical =
        policy.rules().iter().filter(|rule| rule.category == eavip_core::alert::Category::Critical);
    let critical = u32::try_from(critical.count()).unwrap();
    let groups = ["platform-operations", "security-compliance", "hafen"].iter().map(|team| {
        let team = id(team);
        let members = u32::try_from(policy.roster.members(&team).count()).unwrap();
        (team, members)
    });
    let owners =
        OwnerFigures { critical, critical_resolved: critical, groups: groups.collect(), on_call_gaps: 0 };
    let fresh = common(world, Some(Environment::Staging), target);
    GateEvidence {
        incidents: seen(world, open_incidents(world, Some(SITES[site].name))),
        budgets: seen(world, budgets.collect()),
        backups: seen(world, backups.collect()),
        owners: seen(world, owners),
        ..fresh
    }
}
