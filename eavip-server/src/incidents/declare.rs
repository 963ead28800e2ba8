//! Declaring an incident, from an alert's episode or by hand: what isn't said is taken from the alert and from what the
//! server sees, except for the data's integrity, which no signal tells.

use std::collections::BTreeSet;

use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::episode::Opening;
use eavip_core::decision::Refused;
use eavip_core::environment::Environment;
use eavip_core::id::{DeploymentId, Digest128, IncidentId, ServiceId, TeamId};
use eavip_core::incident::change::{Declaration, IncidentCommand, Request};
use eavip_core::incident::decide::MAX_LINE;
use eavip_core::incident::sev::{Impact, Integrity, Reach, Scope, Signals};
use eavip_core::incident::{Actor, Incident};
use eavip_core::labels::Labels;
use eavip_core::mode::Mode;
use eavip_core::node::Place;
use eavip_core::policy::Policy;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use eavip_core::time::Timestamp;
use tokio::sync::oneshot;

use super::act::{belongs_to_none, recorded};
use super::{FULL, proof};
use crate::app::App;
use crate::auth::{Allowed, Responder};
use crate::book::{Book, MAX_KEPT};
use crate::problem::{Code, Fault, Problem};
use crate::shared::{Shared, now};

/// What somebody says who declares an incident.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The alert that told of it.
    pub alert: Option<Digest128>,
    /// What is wrong, in one line.
    pub title: Option<String>,
    /// The team whose incident it is.
    pub owner: Option<TeamId>,
    /// The installation.
    pub deployment: Option<DeploymentId>,
    /// The environment.
    pub environment: Option<Environment>,
    /// Who runs the installation.
    pub mode: Option<Mode>,
    /// What is affected besides what the alert is about.
    pub services: BTreeSet<ServiceId>,
    /// How much is affected.
    pub scope: Option<Scope>,
    /// What is known of the data.
    pub integrity: Integrity,
    /// Whether a security event is part of it.
    pub security: bool,
    /// When it began to be bad.
    pub began_at: Option<Timestamp>,
}

/// Declares an incident and gives its name.
///
/// # Errors
/// When something is missing, nobody of the roster asks, or core doesn't take it.
pub async fn declare(app: &App, by: &Allowed<Responder>, asked: Asked) -> Result<IncidentId, Problem> {
    let policy = app.shared.policy.load_full();
    let person = by.principal().person(&policy.roster)?;
    let episode = asked.alert;
    let mut declaration = declaration(&app.shared, &policy, asked, now())?;
    let (tell, mut told) = oneshot::channel();
    let decide = move |book: &Book, at: Timestamp| {
        if book.incidents.kept() >= MAX_KEPT {
            let message = format!("{MAX_KEPT} incidents are open or have action items to do");
            return Err(Refused::because(FULL, message, "close some, or do their items"));
        }
        episode.map_or(Ok(()), |episode| belongs_to_none(book, episode))?;
        let id = book.incidents.next_id(at).unwrap_or_else(|| declaration.id.clone());
        declaration.id = id.clone();
        let request = Request::Declare(Box::new(declaration));
        let events =
            Incident::decide(None, IncidentCommand { by: Actor::Person(person), request }, &policy, at)?;
        let events = recorded(&id, events);
        // Who asked may be gone; the incident is declared all the same.
        let _ = tell.send(id);
        Ok(events)
    };
    by.mutate(app, None, decide).await?;
    told.try_recv().map_err(|_| Problem::new(Code::Internal, "the incident's name could not be told"))
}

/// Its name is given when it is written.
fn unnamed() -> Result<IncidentId, Problem> {
    "unnamed".parse().map_err(|_| Problem::new(Code::Internal, "an incident needs a name"))
}

fn declaration(
    shared: &Shared,
    policy: &Policy,
    asked: Asked,
    now: Timestamp,
) -> Result<Declaration, Problem> {
    let mut known = match asked.alert {
        Some(episode) => from_alert(shared, policy, episode, &asked, now)?,
        None => by_hand(shared, &asked, now)?,
    };
    let Asked { title, owner, deployment, environment, mode, services, scope, integrity, .. } = asked;
    known.title = title.unwrap_or(known.title);
    known.owner = owner.unwrap_or(known.owner);
    known.deployment = deployment.or(known.deployment);
    known.environment = environment.unwrap_or(known.environment);
    known.mode = mode.unwrap_or(known.mode);
    known.services.extend(services);
    known.impact = Impact { scope: scope.unwrap_or(known.impact.scope), integrity };
    known.security |= asked.security;
    known.began_at = asked.began_at.unwrap_or(known.began_at);
    Ok(known)
}

/// What an alert and its signals say. Where it happens is read from the alert's labels where nobody says it.
fn from_alert(
    shared: &Shared,
    policy: &Policy,
    episode: Digest128,
    asked: &Asked,
    now: Timestamp,
) -> Result<Declaration, Problem> {
    let opening: Option<Opening> = shared.book().alerts.get(episode).map(|known| known.opening.clone());
    let opening = opening.ok_or_else(|| Problem::not_found("alert", episode))?;
    let place = place(&opening.labels, asked)?;
    let service = label(&opening.labels, "service");
    let seen = proof::measured(shared, policy, Some(&place.deployment), now);
    let of_it = seen.iter().filter(|one| service.is_none() || one.service == service);
    let availability = of_it.filter(|one| one.signal == Signal::Availability).map(|one| one.health).max();
    let signals = Signals {
        availability: availability.unwrap_or(Health::Unknown),
        reach: Reach::Part,
        integrity: asked.integrity,
        security: asked.security,
    };
    let declaration = Declaration::from_alert(unnamed()?, &opening, &place, signals);
    let title = declaration.title.chars().take(MAX_LINE).collect();
    Ok(Declaration { title, ..declaration })
}

/// Where it is: as it was said, or as the alert's labels have it.
fn place(labels: &Labels, asked: &Asked) -> Result<Place, Problem> {
    let deployment = asked.deployment.clone().or_else(|| label(labels, "deployment"));
    let environment = asked.environment.or_else(|| label(labels, "environment"));
    let mode = asked.mode.or_else(|| label(labels, "mode"));
    let named = [
        ("deployment", deployment.is_none(), "name the installation"),
        ("environment", environment.is_none(), "name what it serves"),
        ("mode", mode.is_none(), "name who runs it"),
    ];
    match (deployment, environment, mode) {
        (Some(deployment), Some(environment), Some(mode)) => {
            Ok(Place { deployment, mode, environment, labels: Labels::default() })
        }
        _ => Err(lacking("the alert doesn't say where it is", &named)),
    }
}

/// What is missing, by name, and what to do about each.
fn lacking(what: &str, named: &[(&str, bool, &str)]) -> Problem {
    let missing = named.iter().filter(|(_, is_missing, _)| *is_missing);
    let fault = |(at, _, detail): &(&str, bool, &str)| Fault { at: (*at).into(), detail: (*detail).into() };
    let errors: Vec<Fault> = missing.map(fault).collect();
    let told: Vec<String> = errors.iter().map(|fault| format!("{}: {}", fault.at, fault.detail)).collect();
    Problem { errors, ..Problem::new(Code::Conflict, format!("{what}; {}", told.join("; "))) }
}

pub(super) fn label<T: std::str::FromStr>(labels: &Labels, name: &str) -> Option<T> {
    labels.get(name)?.parse().ok()
}

/// What a person says alone; an installation that has nodes tells where it is.
fn by_hand(shared: &Shared, asked: &Asked, now: Timestamp) -> Result<Declaration, Problem> {
    let place = asked.deployment.as_ref().and_then(|deployment| {
        let book = shared.book();
        let node = book.nodes.values().find(|node| !node.revoked && node.place.deployment == *deployment);
        node.map(|node| (node.place.environment, node.place.mode))
    });
    let environment = asked.environment.or(place.map(|(environment, _)| environment));
    let mode = asked.mode.or(place.map(|(_, mode)| mode));
    match (&asked.title, &asked.owner, environment, mode, asked.scope) {
        (Some(title), Some(owner), Some(environment), Some(mode), Some(scope)) => Ok(Declaration {
            id: unnamed()?,
            title: title.clone(),
            owner: owner.clone(),
            environment,
            mode,
            deployment: asked.deployment.clone(),
            services: BTreeSet::new(),
            impact: Impact { scope, integrity: asked.integrity },
            security: asked.security,
            began_at: now,
            alert: None,
        }),
        _ => {
            let named = [
                ("title", asked.title.is_none(), "say what is wrong, in one line"),
                ("owner", asked.owner.is_none(), "name the team whose incident it is"),
                ("environment", environment.is_none(), "name it, or a deployment that has nodes"),
                ("mode", mode.is_none(), "name it, or a deployment that has nodes"),
                ("scope", asked.scope.is_none(), "say how much is affected"),
            ];
            Err(lacking("an incident without an alert has to say more", &named))
        }
    }
}
