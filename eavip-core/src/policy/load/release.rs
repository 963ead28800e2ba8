//! `[gate]` and `[approval.patch|minor|major]`: the numbers of the gates, and who has to approve a release.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::roster::is_declared;
use crate::document::{CONTRADICTION, MISSING, Section, WRONG_VALUE};
use crate::id::{TeamId, ValidationId};
use crate::release::ReleasePolicy;
use crate::release::approval::{ApprovalPolicy, MAX_APPROVALS};
use crate::release::gate::GatePolicy;
use crate::release::version::ByKind;
use crate::roster::Roster;
use crate::time::Span;

/// Shortest limit of a gate: below a minute nobody can act.
const LEAST: Span = Span::from_secs(60);
/// Longest limit of a gate: past a year it limits nothing.
const MOST: Span = Span::from_secs(365 * 86_400);
/// Longest difference of clocks: a larger one would let in evidence from another time.
const MOST_SKEW: Span = Span::from_secs(300);
/// Most required checks: each is looked at by every decision.
const MAX_VALIDATIONS: usize = 50;
/// Largest group that a policy may ask for.
const MAX_GROUP: u64 = 100;

pub(super) fn read(root: &Section<'_>, roster: &Roster) -> ReleasePolicy {
    ReleasePolicy { gate: gate(root), approvals: approvals(root, roster) }
}

fn gate(root: &Section<'_>) -> GatePolicy {
    let default = GatePolicy::default();
    let section = root.section("gate");
    let limit = |key, default| span(&section, key, LEAST..=MOST, default);
    let group = section.integer("group_size", 1..=MAX_GROUP).and_then(|size| u32::try_from(size).ok());
    let soak = section.section("soak");
    let soaks = |key, default| span(&soak, key, LEAST..=MOST, default);
    let found = GatePolicy {
        installation: section.text("installation").unwrap_or(default.installation),
        evidence_lasts: limit("evidence_lasts", default.evidence_lasts),
        skew: span(&section, "skew", Span::ZERO..=MOST_SKEW, default.skew),
        validations: validations(&section).unwrap_or(default.validations),
        validation_lasts: limit("validation_lasts", default.validation_lasts),
        rca_owner_within: limit("rca_owner_within", default.rca_owner_within),
        budget_for_major: section.number("budget_for_major", 0.0..=1.0).unwrap_or(default.budget_for_major),
        backup_age: limit("backup_age", default.backup_age),
        backup_age_schema: limit("backup_age_schema", default.backup_age_schema),
        drill_age: limit("drill_age", default.drill_age),
        rehearsal_lasts: limit("rehearsal_lasts", default.rehearsal_lasts),
        rollback_within: limit("rollback_within", default.rollback_within),
        rollback_within_on_prem: limit("rollback_within_on_prem", default.rollback_within_on_prem),
        freeze_at_most: limit("freeze_at_most", default.freeze_at_most),
        group_size: group.unwrap_or(default.group_size),
        soak: ByKind {
            patch: soaks("patch", default.soak.patch),
            minor: soaks("minor", default.soak.minor),
            major: soaks("major", default.soak.major),
        },
        break_glass_at_most: limit("break_glass_at_most", default.break_glass_at_most),
        break_glass_review: limit("break_glass_review", default.break_glass_review),
    };
    soak.finish();
    section.finish();
    found
}

fn validations(section: &Section<'_>) -> Option<BTreeSet<ValidationId>> {
    let declared = section.has("validations");
    let named = section.list::<ValidationId>("validations");
    if declared && (named.is_empty() || named.len() > MAX_VALIDATIONS) {
        let message = format!("{} checks can't be required", named.len());
        let remedy = format!("name 1 to {MAX_VALIDATIONS}, such as `validations = [\"build\", \"test\"]`");
        section.problem(Some("validations"), WRONG_VALUE, message, &remedy);
    }
    declared.then(|| named.into_iter().collect())
}

/// A span within a range; anything else is a problem.
pub(super) fn span(
    section: &Section<'_>,
    key: &'static str,
    range: RangeInclusive<Span>,
    default: Span,
) -> Span {
    let Some(found) = section.text::<Span>(key) else { return default };
    if !range.contains(&found) {
        let remedy = format!("write a duration from {} to {}", range.start(), range.end());
        section.problem(Some(key), WRONG_VALUE, format!("`{key}` is {found}"), &remedy);
    }
    found
}

fn approvals(root: &Section<'_>, roster: &Roster) -> ApprovalPolicy {
    let default = ApprovalPolicy::default();
    let section = root.section("approval");
    let found = ApprovalPolicy {
        teams: ByKind {
            patch: teams(section.section("patch"), roster, default.teams.patch),
            minor: teams(section.section("minor"), roster, default.teams.minor),
            major: teams(section.section("major"), roster, default.teams.major),
        },
        lasts: span(&section, "lasts", LEAST..=MOST, default.lasts),
    };
    let counts = [&found.teams.patch, &found.teams.minor, &found.teams.major].map(|teams| teams.len());
    if !counts.is_sorted() {
        let message = "a larger release needs fewer approvals than a smaller one";
        section.problem(
            None,
            CONTRADICTION,
            message,
            "name at least as many teams for minor as for patch, and for major",
        );
    }
    section.finish();
    found
}

fn teams(section: Section<'_>, roster: &Roster, default: Vec<TeamId>) -> Vec<TeamId> {
    if !section.exists() {
        return default;
    }
    let named = section.list::<TeamId>("teams");
    let remedy =
        format!("name the team of each approval, 1 to {MAX_APPROVALS}: `teams = [\"platform-operations\"]`");
    if named.is_empty() {
        section.problem(Some("teams"), MISSING, "nobody would approve these releases", &remedy);
    }
    if named.len() > MAX_APPROVALS {
        let message = format!("{} approvals are too many", named.len());
        section.problem(Some("teams"), WRONG_VALUE, message, &remedy);
    }
    let found = named.into_iter().filter(|id| is_declared(&section, "teams", id, roster)).collect();
    section.finish();
    found
}
