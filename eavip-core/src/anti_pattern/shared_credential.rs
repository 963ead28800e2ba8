//! Shared credentials: several people behind one name, so that nobody knows who did it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{AntiPatternPolicy, or_pass};
use crate::environment::Environment;
use crate::finding::{Finding, listed};
use crate::freshness::is_within;
use crate::id::PersonId;
use crate::time::Timestamp;

crate::rules! {
    /// Two people used a credential within 30 days, or it was used from a host beyond its scope or in two environments, or
    /// its name says that it is nobody's own. Give each their own, and rotate this one. A shared account that a named
    /// person checked out and that was rotated afterwards isn't shared.
    PERSONAL = "EAVIP-AP3", "a credential has one user, one scope and one environment", "Shared credentials";
}

/// One use of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// By whom; `None` when nobody can tell, and for a machine.
    pub person: Option<PersonId>,
    /// From which host.
    pub host: String,
    /// In which environment.
    pub environment: Environment,
    /// When.
    pub at: Timestamp,
}

/// A time in which one named person had a shared account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// Who.
    pub person: PersonId,
    /// Since when.
    pub from: Timestamp,
    /// Until when; `None` while they have it.
    pub until: Option<Timestamp>,
    /// When the secret was changed afterwards.
    pub rotated_at: Option<Timestamp>,
}

/// A credential and how it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// What it is called.
    pub name: String,
    /// The hosts it is for; `None` when nobody declared them.
    pub hosts: Option<BTreeSet<String>>,
    /// Its uses.
    pub uses: Vec<Use>,
    /// Its checkouts.
    pub checkouts: Vec<Checkout>,
}

/// Looks at a credential: people, hosts, environments, name; what is wrong, or one pass.
///
/// ```
/// use eavip_core::anti_pattern::AntiPatternPolicy;
/// use eavip_core::anti_pattern::shared_credential::{Credential, Use, detect};
/// use eavip_core::environment::Environment;
/// use eavip_core::time::Timestamp;
///
/// let now = Timestamp::default();
/// let used_by = |person: &str| Use {
///     person: Some(person.parse().unwrap()),
///     host: "ci-1".into(),
///     environment: Environment::Production,
///     at: now,
/// };
/// let uses = vec![used_by("ana"), used_by("ben")];
/// let credential = Credential { name: "deploy-key".into(), hosts: None, uses, checkouts: Vec::new() };
/// let findings = detect(&credential, &AntiPatternPolicy::default(), now);
/// assert_eq!(findings[0].message, "`deploy-key` was used by ana, ben");
/// ```
#[must_use]
pub fn detect(credential: &Credential, policy: &AntiPatternPolicy, now: Timestamp) -> Vec<Finding> {
    // What a wrong clock dates into the future isn't older than the window either.
    let counts = |one: &&Use| one.at > now || is_within(one.at, now, policy.credential_window);
    let all: Vec<&Use> = credential.uses.iter().filter(counts).collect();
    let own: Vec<&Use> = all.iter().copied().filter(|one| !is_checked_out(one, credential, now)).collect();
    let name = &credential.name;
    let people: BTreeSet<&PersonId> = own.iter().filter_map(|one| one.person.as_ref()).collect();
    let places: BTreeSet<Environment> = own.iter().map(|one| one.environment).collect();
    let beyond: BTreeSet<&str> = own
        .iter()
        .filter(|one| credential.hosts.as_ref().is_some_and(|hosts| !hosts.contains(&one.host)))
        .map(|one| one.host.as_str())
        .collect();
    let mut found = Vec::new();
    let mut fail =
        |message: String, remedy: &str| found.push(PERSONAL.fail(message, remedy).evidence([name]));
    if people.len() > 1 {
        let message = format!("`{name}` was used by {}", listed(people.iter(), MAX_NAMED));
        fail(message, "give each their own, and rotate this one");
    }
    if !beyond.is_empty() {
        let message =
            format!("`{name}` was used from {}, beyond its scope", listed(beyond.iter(), MAX_NAMED));
        fail(message, "find out who took it there, and rotate it");
    }
    if places.len() > 1 {
        let message = format!("`{name}` was used in {}", listed(places.iter(), MAX_NAMED));
        fail(message, "make one for each environment, and rotate this one");
    }
    let managed = !credential.checkouts.is_empty() && own.is_empty();
    if let Some(word) = shared_word(name, &policy.shared_names).filter(|_| !managed) {
        let message = format!("`{name}` is called `{word}`, which is nobody's own");
        fail(message, "give each their own, or have it checked out by name and rotated afterwards");
    }
    if credential.hosts.is_none() && !own.is_empty() {
        let message = format!("which hosts `{name}` is for isn't declared");
        found.push(PERSONAL.undetermined(message, "declare its scope").evidence([name]));
    }
    or_pass(PERSONAL, found, || format!("`{name}` is one user's own"))
}

/// A checkout covers a use by its person within its time, when the secret was changed after it, or it still runs.
fn is_checked_out(one: &Use, credential: &Credential, now: Timestamp) -> bool {
    credential.checkouts.iter().any(|checkout| {
        let over = checkout.until.filter(|until| *until <= now);
        let rotated = over.is_none_or(|until| checkout.rotated_at.is_some_and(|at| at >= until && at <= now));
        let within = checkout.from <= one.at && checkout.until.is_none_or(|until| one.at <= until);
        rotated && within && one.person.as_ref() == Some(&checkout.person)
    })
}

fn shared_word<'n>(name: &str, shared: &'n BTreeSet<String>) -> Option<&'n str> {
    let mut words = name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.find_map(|word| shared.get(&word)).map(String::as_str)
}

/// Most names in one message.
const MAX_NAMED: usize = 5;

#[cfg(test)]
mod tests;
