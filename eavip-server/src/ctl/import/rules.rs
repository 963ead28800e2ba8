//! Prometheus' rule files, version 2.42: whose each alert is and what to do about it. The rules themselves stay in Prometheus,
//! which evaluates them and sends what fires; no expression is read here.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::alert::intake::IntakePolicy;
use eavip_core::alert::rule::Runbook;
use eavip_core::id::TeamId;
use eavip_core::labels::Labels;
use eavip_core::policy::Policy;
use eavip_core::words;
use serde::Serialize;

use super::given::{Fields, Import, Outcome, quoted};
use super::toml;
use super::yaml::Document;

words! {
    /// Where something was found.
    pub(super) enum From ("place in a rule") {
        /// A label of the rule.
        Label = "label",
        /// An annotation of the rule.
        Annotation = "annotation",
        /// A comment above the rule: Prometheus doesn't send it.
        Comment = "comment",
    }
}

words! {
    /// What an alert lacks before anybody can act on it.
    pub(super) enum Lack ("lack of an alert") {
        /// Somebody who acts.
        Owner = "owner",
        /// Where it is written what to do.
        Runbook = "runbook",
    }
}

/// A text and where it was found.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) from: From,
}

/// One alerting rule.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Alert {
    pub(super) alert: String,
    pub(super) group: String,
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) owner: Option<Found>,
    pub(super) runbook: Option<Found>,
    pub(super) lacks: Vec<Lack>,
    /// Its labels that every one of its alerts carries as they stand here.
    #[serde(skip)]
    labels: BTreeMap<String, String>,
}

/// The alerting rules of a file, in its order.
pub(super) fn read(import: &Import<'_>, document: &Document) -> Vec<Alert> {
    let mut found = Vec::new();
    let Some(root) = import.fields(&document.root, "the file") else { return found };
    for node in root.list("groups") {
        let Some(group) = import.fields(node, "a group") else { continue };
        let name = group.required("name").unwrap_or_default();
        group.take("interval");
        group.take("limit");
        for node in group.list("rules") {
            if let Some(rule) = import.fields(node, &format!("a rule of group {}", quoted(name))) {
                found.extend(alert(&rule, name, &document.comments));
                rule.finish();
            }
        }
        group.finish();
    }
    root.finish();
    found
}

fn alert(rule: &Fields<'_>, group: &str, comments: &BTreeMap<usize, String>) -> Option<Alert> {
    let labels: BTreeMap<String, String> = rule
        .pairs("labels")
        .into_iter()
        .map(|(name, value, _)| (name.to_owned(), value.to_owned()))
        .collect();
    rule.required("expr");
    let name = match (rule.text("alert"), rule.text("record")) {
        (Some(name), None) => name,
        (None, Some(_)) => return None,
        (..) => {
            rule.import.problem(rule.node, "a rule has one of `alert` and `record`", "keep one of them");
            return None;
        }
    };
    // How long Prometheus waits stays its part.
    rule.span("for");
    rule.span("keep_firing_for");
    let annotations: BTreeMap<&str, &str> =
        rule.pairs("annotations").into_iter().map(|(name, value, _)| (name, value)).collect();
    severity(rule, name, &labels);
    let above = above(rule.node.line, comments);
    let owner = owner(rule, name, &labels, &above);
    let runbook = runbook(rule, name, &annotations, &above);
    let lacks = [owner.is_none().then_some(Lack::Owner), runbook.is_none().then_some(Lack::Runbook)];
    Some(Alert {
        alert: name.to_owned(),
        group: group.to_owned(),
        file: rule.import.file.clone(),
        line: rule.node.line,
        owner,
        runbook,
        lacks: lacks.into_iter().flatten().collect(),
        labels: labels.into_iter().filter(|(_, value)| !value.contains("{{")).collect(),
    })
}

/// A severity that the intake has no word for counts as a Warning.
fn severity(rule: &Fields<'_>, alert: &str, labels: &BTreeMap<String, String>) {
    let unknown = labels.get("severity").filter(|text| {
        !text.contains("{{") && !IntakePolicy::default().severities.contains_key(&text.to_lowercase())
    });
    if let Some(text) = unknown.filter(|_| !labels.contains_key("category")) {
        let what = format!("severity {} of {}", quoted(text), quoted(alert));
        let why = "it counts as a warning unless `[intake.severities]` says what it means";
        rule.import.remark(Outcome::Changed, rule.node.line, what, why);
    }
}

/// The comment lines directly above a line, from the nearest one up.
fn above(line: usize, comments: &BTreeMap<usize, String>) -> Vec<&str> {
    (1..line).rev().map_while(|line| comments.get(&line).map(String::as_str)).collect()
}

/// What a comment line `key: value` says.
fn said<'c>(comments: &[&'c str], key: &str) -> Option<&'c str> {
    comments.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim().eq_ignore_ascii_case(key) && !value.trim().is_empty()).then(|| value.trim())
    })
}

fn owner(rule: &Fields<'_>, alert: &str, labels: &BTreeMap<String, String>, above: &[&str]) -> Option<Found> {
    let label = ["owner", "team"].iter().find_map(|name| labels.get(*name)).filter(|text| !text.is_empty());
    if let Some(text) = label.filter(|text| text.contains("{{")) {
        let why = "whose it is shows when it fires: each value needs an [[owner]]";
        rule.import.remark(
            Outcome::ToComplete,
            rule.node.line,
            format!("owner {} of {}", quoted(text), quoted(alert)),
            why,
        );
        return None;
    }
    let label = label.map(|text| Found { text: text.clone(), from: From::Label });
    label.or_else(|| {
        let text = said(above, "owner").or_else(|| said(above, "team"))?;
        Some(Found { text: text.to_owned(), from: From::Comment })
    })
}

fn runbook(
    rule: &Fields<'_>,
    alert: &str,
    annotations: &BTreeMap<&str, &str>,
    above: &[&str],
) -> Option<Found> {
    let annotation = ["runbook_url", "runbook"].iter().find_map(|name| annotations.get(name));
    let annotation = annotation.map(|text| Found { text: text.trim().to_owned(), from: From::Annotation });
    let comment = || Some(Found { text: said(above, "runbook")?.to_owned(), from: From::Comment });
    let found = annotation.filter(|found| !found.text.is_empty()).or_else(comment)?;
    // A template is filled in when the alert fires.
    if !found.text.contains("{{") && found.text.parse::<Runbook>().is_err() {
        let what = format!("runbook {} of {}", quoted(&found.text), quoted(alert));
        rule.import.remark(
            Outcome::LeftOut,
            rule.node.line,
            what,
            "it is neither a page's name nor an address",
        );
        return None;
    }
    if found.from == From::Comment {
        let what = format!("runbook {} of {}", quoted(&found.text), quoted(alert));
        rule.import.remark(Outcome::Taken, rule.node.line, what, "as `runbook` of its [[owner]]");
    }
    Some(found)
}

/// The runbook's part: the teams that aren't built in, and an `[[owner]]` for each alert.
pub(super) fn write(alerts: &[Alert]) -> String {
    let builtin = Policy::builtin().roster.teams;
    let mut teams: BTreeMap<TeamId, BTreeSet<&str>> = BTreeMap::new();
    let (mut owners, mut written) = (String::new(), BTreeSet::new());
    for one in alerts {
        let entry = entry(one, &mut teams);
        if !entry.is_empty() && written.insert(entry.clone()) {
            owners += &entry;
            owners.push('\n');
        }
    }
    let mut out = String::new();
    for (team, called) in teams.iter().filter(|(team, _)| !builtin.contains_key(*team)) {
        let name = called.iter().next().copied().unwrap_or_default();
        out += "# TO COMPLETE: who is in this team; it needs two active members.\n";
        out += &format!("[team.{}]\nname = {}\n", key(team), toml::string(name));
        out += &format!("# [person.NAME]\n# teams = [\"{team}\"]\n\n");
    }
    out + &owners
}

/// A name as a key: a dot in it would begin a table of its own.
fn key(team: &TeamId) -> String {
    if team.as_str().contains('.') { format!("\"{team}\"") } else { team.to_string() }
}

/// An `[[owner]]`; nothing where the alert itself names a team and a runbook. One without owner waits as a comment.
fn entry<'a>(one: &'a Alert, teams: &mut BTreeMap<TeamId, BTreeSet<&'a str>>) -> String {
    let owner = one.owner.as_ref();
    let team = owner.and_then(|owner| Some((toml::slug(&owner.text).parse::<TeamId>().ok()?, owner)));
    if let Some((team, owner)) = &team {
        teams.entry(team.clone()).or_default().insert(&owner.text);
    }
    let names_team = team
        .as_ref()
        .is_some_and(|(team, _)| one.labels.get("owner").is_some_and(|label| label == team.as_str()));
    let runbook = match &one.runbook {
        Some(Found { text, from: From::Comment }) => format!("runbook = {}\n", toml::string(text)),
        Some(_) => String::new(),
        None => "# runbook = \"\"\n".to_owned(),
    };
    if names_team && runbook.is_empty() {
        return String::new();
    }
    let place = format!("{} ({}:{})", quoted(&one.alert), one.file, one.line);
    let lacks: Vec<&str> = one.lacks.iter().map(|lack| lack.as_str()).collect();
    let place = match lacks.is_empty() {
        true => toml::comment(&place),
        false => toml::comment(&format!("TO COMPLETE: {} of {place}", lacks.join(" and "))),
    };
    match (team, matched(one)) {
        (Some((team, _)), Some(labels)) => {
            format!("{place}[[owner]]\nmatch = {labels}\nteam = \"{team}\"\n{runbook}")
        }
        _ => {
            let labels = toml::pairs([("alertname", one.alert.as_str())]);
            let runbook = if runbook.starts_with("runbook") { format!("# {runbook}") } else { runbook };
            format!("{place}# [[owner]]\n# match = {labels}\n# team = \"\"\n{runbook}")
        }
    }
}

/// What tells the rule's alerts from others: its name, and the labels that it sets itself.
fn matched(one: &Alert) -> Option<String> {
    let name = std::iter::once(("alertname", one.alert.as_str()));
    let told = ["owner", "team", "severity"];
    let labels = one.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let labels = labels.filter(|(name, _)| told.contains(name));
    let labels = Labels::new(name.chain(labels)).ok()?;
    Some(toml::pairs(labels.iter()))
}

#[cfg(test)]
mod tests;
