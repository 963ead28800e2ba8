//! `[config.KEY]`: the declared configuration keys; `[drift]`: the numbers of drift.

use crate::config::schema::{KeySpec, Schema};
use crate::config::{ConfigKey, ConfigPolicy, MAX_KEYS};
use crate::document::{CONTRADICTION, Section, WRONG_VALUE};
use crate::time::Span;

pub(super) fn read(root: &Section<'_>) -> ConfigPolicy {
    const MINUTE: Span = Span::from_secs(60);
    let default = ConfigPolicy::default();
    let drift = root.section("drift");
    let within = |key, most| drift.span(key, MINUTE..=MINUTE.times(most));
    let policy = ConfigPolicy {
        schema: schema(root),
        drift_tolerance: within("tolerance", 60).unwrap_or(default.drift_tolerance),
        stale_after: within("stale_after", 24 * 60).unwrap_or(default.stale_after),
    };
    drift.finish();
    policy
}

fn schema(root: &Section<'_>) -> Schema {
    let sections = root.named_sections::<ConfigKey>("config");
    if sections.len() > MAX_KEYS {
        let message = format!("{} configuration keys are too many", sections.len());
        root.problem(Some("config"), WRONG_VALUE, message, &format!("keep at most {MAX_KEYS}"));
        return Schema::default();
    }
    Schema { keys: sections.into_iter().map(|(key, section)| (key, spec(section))).collect() }
}

fn spec(section: Section<'_>) -> KeySpec {
    let flag = |key| section.flag(key).unwrap_or(false);
    let spec = KeySpec {
        differs: flag("differs"),
        optional: flag("optional"),
        dynamic: flag("dynamic"),
        secret: flag("secret"),
    };
    if spec.dynamic && spec.secret {
        let message = "a secret that changes by itself would hide that somebody changed it";
        section.problem(Some("dynamic"), CONTRADICTION, message, "remove `dynamic`, and record rotations");
    }
    section.finish();
    spec
}

#[cfg(test)]
mod tests;
