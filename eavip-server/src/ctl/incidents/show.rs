//! Incidents in the terminal: a list, one of them, and above all what one lacks now and which command brings it.

use std::io;

use eavip_agent::cli::exit;
use eavip_core::finding::Outcome;
use eavip_core::incident::phase::Phase;
use eavip_core::incident::sev::Sev;
use eavip_core::signal::health::Health;
use serde_json::Value;

use crate::client::model::{Incident, IncidentDetail, IncidentFinding, IncidentMark, IncidentReview};
use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Format, Output};

/// Timeline entries shown; the export has all.
const ENTRIES: usize = 20;

fn sev(sev: Sev) -> Cell {
    if sev.is_major() { Cell::bad(sev) } else { Cell::from(sev) }
}

/// Incidents as a table.
pub(super) fn table(incidents: &[Incident], json: &Value, out: &mut Output) -> io::Result<()> {
    let row = |incident: &Incident| {
        vec![
            Cell::from(&incident.id),
            sev(incident.sev),
            Cell::from(stands(incident)),
            Cell::from(&incident.owner.id),
            Cell::or_none(incident.commander.as_ref()),
            Cell::from(incident.overdue),
            Cell::from(&incident.declared_at),
            Cell::from(&incident.title),
        ]
    };
    let rows: Vec<Vec<Cell>> = incidents.iter().map(row).collect();
    out.table(&["ID", "SEV", "PHASE", "OWNER", "COMMANDER", "LATE", "DECLARED", "TITLE"], &rows, json)
}

fn stands(incident: &Incident) -> String {
    match &incident.duplicate_of {
        Some(of) => format!("part of {of}"),
        None => incident.phase.to_string(),
    }
}

/// How an incident stands and what comes next, for people only.
pub(super) fn standing(detail: &IncidentDetail, out: &mut Output) -> io::Result<()> {
    let incident = &detail.incident;
    out.facts(&[
        ("incident", Cell::from(&incident.id)),
        ("severity", sev(incident.sev)),
        ("phase", Cell::from(stands(incident))),
    ])?;
    next(detail, out)
}

/// An incident, whole.
pub(super) fn whole(detail: &IncidentDetail, json: &Value, out: &mut Output) -> io::Result<()> {
    if out.format != Format::Table {
        return out.one(&[], json);
    }
    let incident = &detail.incident;
    let roles: Vec<String> = detail.roles.iter().map(|(role, person)| format!("{role} {person}")).collect();
    let listed =
        |list: &[String]| if list.is_empty() { Cell::from("-") } else { Cell::from(list.join(", ")) };
    out.facts(&[
        ("incident", Cell::from(&incident.id)),
        ("title", Cell::from(&incident.title)),
        ("severity", sev(incident.sev)),
        (
            "impact",
            Cell::from(format!("{}, data {}, says {}", detail.scope, detail.integrity, detail.sev_by)),
        ),
        ("security", Cell::from(if incident.security { "yes" } else { "no" })),
        ("phase", Cell::from(stands(incident))),
        ("owner", Cell::from(format!("{} ({})", incident.owner.name, incident.owner.id))),
        ("who", listed(&roles)),
        ("services", listed(&incident.services)),
        ("deployment", Cell::or_none(incident.deployment.as_ref())),
        ("began", Cell::from(&incident.began_at)),
        ("declared", Cell::from(&incident.declared_at)),
        ("acknowledged", Cell::or_none(incident.acknowledged_by.as_ref())),
        ("next update due", Cell::or_none(incident.update_due_at.as_ref())),
        ("review due", Cell::or_none(incident.review_due_at.as_ref())),
        ("closed", Cell::or_none(incident.closed_at.as_ref())),
    ])?;
    next(detail, out)?;
    late(detail, out)?;
    signals(detail, out)?;
    steps(detail, out)?;
    items(detail, out)?;
    timeline(detail, out)
}

fn is_missing(finding: &&IncidentFinding) -> bool {
    finding.outcome >= Outcome::Undetermined
}

/// What the present phase lacks with a command for each, or the command that goes on.
fn next(detail: &IncidentDetail, out: &mut Output) -> io::Result<()> {
    let incident = &detail.incident;
    let id = &incident.id;
    if !incident.open {
        out.gap()?;
        return out.facts(&[("next", Cell::from("nothing; note, item done and reopen are still taken"))]);
    }
    let phase = detail.phases.iter().find(|known| known.phase == incident.phase);
    let leaves = phase.map(|known| known.leaves.iter().filter(is_missing).collect()).unwrap_or_default();
    let missing: Vec<&IncidentFinding> = match incident.phase {
        Phase::PreventiveAction => detail.before_closing.iter().collect(),
        _ => leaves,
    };
    out.gap()?;
    if missing.is_empty() {
        return out.facts(&[("next", Cell::from(onward(incident.phase, id)))]);
    }
    let row = |finding: &IncidentFinding| {
        vec![
            Cell::bad(&finding.message),
            Cell::from(format!("eavipctl incidents {}", remedy(finding, detail))),
            Cell::from(&finding.rule),
        ]
    };
    let rows: Vec<Vec<Cell>> = missing.iter().map(|finding| row(finding)).collect();
    out.rows(&["LACKS", "DO", "RULE"], &rows)
}

/// The command that moves on from a phase.
fn onward(phase: Phase, id: &str) -> String {
    let command = match phase {
        Phase::Detection => "triage",
        Phase::Triage => "mitigate",
        Phase::Mitigation => "communicate",
        Phase::Communication => "rca",
        Phase::RootCauseAnalysis => "prevent",
        Phase::PreventiveAction | Phase::Closed => "close",
    };
    format!("eavipctl incidents {command} {id}")
}

/// The command that brings what a finding misses; capitals stand for what a person has to say.
fn remedy(finding: &IncidentFinding, detail: &IncidentDetail) -> String {
    let id = &detail.incident.id;
    let healthy = detail.signals.iter().find(|signal| signal.health == Health::Healthy);
    match finding.rule.as_str() {
        "EAVIP-I11" => format!("ack {id}"),
        "EAVIP-I12" => format!("impact {id} --scope SCOPE --integrity INTEGRITY"),
        "EAVIP-I13" => format!("role {id} commander PERSON"),
        "EAVIP-I14" => format!("service {id} SERVICE"),
        "EAVIP-I15" => match healthy {
            Some(signal) => {
                let of = signal.service.as_ref().map(|service| format!(" --service {service}"));
                format!("proof {id} --did TEXT --signal {}{}", signal.signal, of.unwrap_or_default())
            }
            None => format!("proof {id} --did TEXT --signal SIGNAL --service SERVICE"),
        },
        "EAVIP-I16" => format!("update {id} TEXT"),
        "EAVIP-I17" => format!("review {id} --cause CAUSE --explanation TEXT --factor TEXT --gap TEXT"),
        "EAVIP-I18" => format!("item add {id} --what TEXT --owner TEAM --due 14d --verify TEXT"),
        "EAVIP-I40" => format!("review {id} --summary TEXT --consequences TEXT --lessons TEXT"),
        "EAVIP-I41" => format!("review {id} --complete"),
        "EAVIP-I42" => format!("sign {id}   # somebody else"),
        "EAVIP-I43" => format!("review {id} --runbook-revision REVISION"),
        _ => format!("show {id}"),
    }
}

fn late(detail: &IncidentDetail, out: &mut Output) -> io::Result<()> {
    let late: Vec<Vec<Cell>> = detail
        .duties
        .iter()
        .filter(is_missing)
        .map(|duty| vec![Cell::bad(&duty.message), Cell::from(&duty.remedy), Cell::from(&duty.rule)])
        .collect();
    if late.is_empty() {
        return Ok(());
    }
    out.gap()?;
    out.rows(&["LATE", "DO", "RULE"], &late)
}

fn signals(detail: &IncidentDetail, out: &mut Output) -> io::Result<()> {
    if detail.signals.is_empty() || !detail.incident.open {
        return Ok(());
    }
    out.gap()?;
    let rows = detail.signals.iter().map(|signal| {
        vec![
            Cell::from(signal.signal),
            Cell::or_none(signal.service.as_ref()),
            Cell::health(signal.health),
            Cell::from(&signal.at),
        ]
    });
    out.rows(&["SIGNAL", "SERVICE", "NOW", "MEASURED"], &rows.collect::<Vec<_>>())
}

/// The steps of all runbooks with their numbers, as `tick` takes them.
fn numbered(detail: &IncidentDetail) -> Vec<(usize, &str, &str, Option<&IncidentMark>)> {
    let all = detail.runbooks.iter().flat_map(|runbook| {
        runbook.steps.iter().map(|step| (runbook.page.as_str(), step.text.as_str(), step.ticked.as_ref()))
    });
    all.zip(1..).map(|((page, text, ticked), number)| (number, page, text, ticked)).collect()
}

fn steps(detail: &IncidentDetail, out: &mut Output) -> io::Result<()> {
    let steps = numbered(detail);
    if steps.is_empty() {
        return Ok(());
    }
    out.gap()?;
    let rows = steps.into_iter().map(|(number, page, text, ticked)| {
        let ticked = ticked.map(|mark| format!("{} {}", mark.by, mark.at));
        vec![Cell::from(number), Cell::from(page), Cell::or_none(ticked), Cell::from(text)]
    });
    out.rows(&["STEP", "RUNBOOK", "TICKED", "DO"], &rows.collect::<Vec<_>>())
}

/// The runbook and the words of a step that is named by its number or its words.
pub(super) fn step(
    detail: &IncidentDetail,
    step: String,
    runbook: Option<String>,
    improvised: bool,
) -> Result<(String, String), Failure> {
    let by_number = step.parse::<usize>().ok().filter(|_| !improvised);
    let known = numbered(detail)
        .into_iter()
        .find(|(number, _, text, _)| by_number.map_or(*text == step, |wanted| wanted == *number));
    if let Some((_, page, text, _)) = known {
        return Ok((page.to_owned(), text.to_owned()));
    }
    if by_number.is_some() {
        let message = format!("there is no step {step}");
        let remedy = format!("`eavipctl incidents show {}` numbers them", detail.incident.id);
        return Err(Failure::new(exit::NOT_FOUND, message, remedy));
    }
    let cited = match detail.runbooks.as_slice() {
        [only] => Some(only.page.clone()),
        _ => None,
    };
    let unnamed = || Failure::new(exit::USAGE, "no runbook is named", "add --runbook PAGE");
    Ok((runbook.or(cited).ok_or_else(unnamed)?, step))
}

fn items(detail: &IncidentDetail, out: &mut Output) -> io::Result<()> {
    if detail.items.is_empty() {
        return Ok(());
    }
    out.gap()?;
    let rows = detail.items.iter().map(|item| {
        let due = match &item.done {
            Some(mark) => Cell::from(format!("done by {}", mark.by)),
            None if item.late => Cell::bad(&item.due_at),
            None => Cell::from(&item.due_at),
        };
        vec![Cell::from(item.number), Cell::from(&item.owner.id), due, Cell::from(&item.what)]
    });
    out.rows(&["ITEM", "OWNER", "DUE", "WHAT"], &rows.collect::<Vec<_>>())
}

fn timeline(detail: &IncidentDetail, out: &mut Output) -> io::Result<()> {
    out.gap()?;
    let first = detail.timeline.len().saturating_sub(ENTRIES);
    let rows = detail.timeline.iter().skip(first).map(|entry| {
        vec![Cell::from(&entry.at), Cell::from(&entry.by), Cell::from(entry.topic), Cell::from(&entry.text)]
    });
    out.rows(&["WHEN", "WHO", "ABOUT", "WHAT"], &rows.collect::<Vec<_>>())?;
    if detail.entries > ENTRIES {
        let more = detail.entries - ENTRIES;
        let text = format!("{more} earlier; eavipctl incidents export {} has all", detail.incident.id);
        out.facts(&[("more", Cell::from(text))])?;
    }
    Ok(())
}

/// The review as it stands.
pub(super) fn review(review: &IncidentReview, json: &Value, out: &mut Output) -> io::Result<()> {
    let mark = |mark: &Option<IncidentMark>| {
        Cell::or_none(mark.as_ref().map(|mark| format!("{} {}", mark.by, mark.at)))
    };
    out.one(
        &[
            ("summary", Cell::from(&review.summary)),
            ("consequences", Cell::from(&review.consequences)),
            ("cause", Cell::or_none(review.cause.as_ref())),
            ("explanation", Cell::from(&review.explanation)),
            ("factors", Cell::from(review.factors.join("; "))),
            ("detection gap", Cell::from(&review.detection_gap)),
            ("lessons", Cell::from(&review.lessons)),
            ("runbook revision", Cell::or_none(review.runbook_revision.as_ref())),
            ("completed", mark(&review.completed)),
            ("signed", mark(&review.signed)),
        ],
        json,
    )
}
