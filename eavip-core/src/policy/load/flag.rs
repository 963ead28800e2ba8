//! `[flag.NAME]`, `[phase.NAME]` and `[flags]`: declared flags and phases, and how long flags live.

use std::collections::{BTreeMap, BTreeSet};

use super::roster::team;
use crate::document::{CONTRADICTION, MISSING, Section, UNRESOLVED, WRONG_VALUE};
use crate::environment::Environment;
use crate::flag::{DeclaredFlag, FlagPolicy, MAX_FLAGS};
use crate::id::{FlagId, PhaseId};
use crate::phase::{DeclaredPhase, MAX_PHASES};
use crate::roster::Roster;
use crate::time::Span;
use crate::vocabulary::nearest;

type Phases = BTreeMap<PhaseId, DeclaredPhase>;

pub(super) fn read(root: &Section<'_>, roster: &Roster) -> FlagPolicy {
    let default = FlagPolicy::default();
    let section = root.section("flags");
    let life = |key, default| {
        let found: Option<Span> = section.text(key);
        if found == Some(Span::ZERO) {
            section.problem(
                Some(key),
                WRONG_VALUE,
                format!("`{key}` is no time at all"),
                "write it like 40d",
            );
        }
        found.unwrap_or(default)
    };
    let mut policy = FlagPolicy {
        release_lasts: life("release_lasts", default.release_lasts),
        experiment_lasts: life("experiment_lasts", default.experiment_lasts),
        review_every: life("review_every", default.review_every),
        ..default
    };
    section.finish();
    policy.phases = phases(root);
    let sections = root.named_sections::<FlagId>("flag");
    if sections.len() > MAX_FLAGS {
        let message = format!("{} flags are too many", sections.len());
        root.problem(Some("flag"), WRONG_VALUE, message, &format!("keep at most {MAX_FLAGS}"));
        return policy;
    }
    let flags =
        sections.into_iter().filter_map(|(id, section)| Some((id, flag(section, roster, &policy.phases)?)));
    policy.flags = flags.collect();
    policy
}

fn phases(root: &Section<'_>) -> Phases {
    let sections = root.named_sections::<PhaseId>("phase");
    if sections.len() > MAX_PHASES {
        let message = format!("{} phases are too many", sections.len());
        root.problem(Some("phase"), WRONG_VALUE, message, &format!("keep at most {MAX_PHASES}"));
        return Phases::new();
    }
    let mut found = Phases::new();
    for (id, section) in sections {
        let name = section.text("name").unwrap_or_else(|| id.to_string());
        if !section.has("order") {
            section.missing("order", "say which phase it is: `order = 1` for the first");
        }
        let order = section.integer("order", 1..=MAX_PHASES as u64);
        let other = found.iter().find(|(_, phase)| Some(phase.order) == order).map(|(id, _)| id.clone());
        if let Some(other) = other {
            let message = format!("`{id}` and `{other}` have the same place in the order");
            section.problem(Some("order"), CONTRADICTION, message, "give each phase a place of its own");
        }
        section.finish();
        found.extend(order.map(|order| (id, DeclaredPhase { name, order })));
    }
    found
}

fn flag(section: Section<'_>, roster: &Roster, phases: &Phases) -> Option<DeclaredFlag> {
    let owner = team(&section, "owner", roster, "name the team that answers for the flag");
    let kind =
        section.required("kind", "say what it is for: release, experiment, operational or kill-switch");
    let environments: BTreeSet<Environment> = section.list("environments").into_iter().collect();
    if environments.is_empty() {
        let remedy = "say where it may be on: `environments = [\"staging\", \"production\"]`";
        section.problem(Some("environments"), MISSING, "the flag may be on nowhere", remedy);
    }
    let phase = section.text::<PhaseId>("phase").filter(|phase| {
        let known = phases.contains_key(phase);
        if !known {
            undeclared(&section, phase, phases);
        }
        known
    });
    section.finish();
    Some(DeclaredFlag { owner: owner?, kind: kind?, environments, phase })
}

fn undeclared(section: &Section<'_>, phase: &PhaseId, phases: &Phases) {
    let remedy = match nearest(phases.keys().map(PhaseId::as_str), phase.as_str()) {
        Some(meant) => format!("did you mean `{meant}`? or declare [phase.{phase}]"),
        None => format!("declare [phase.{phase}]"),
    };
    section.problem(Some("phase"), UNRESOLVED, format!("no phase is called `{phase}`"), &remedy);
}
