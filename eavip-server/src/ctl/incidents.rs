//! `incidents`: from the declaration to a signed, closed review. Each command asks one thing of an incident and then says
//! what comes next; the server decides.

mod commands;
mod show;

use eavip_agent::cli::exit;
use eavip_core::incident::phase::Phase;
use serde_json::{Value, json};

pub(crate) use self::commands::Incidents;
use self::commands::{Ask, Command, Declare, Item, List, Review};
use crate::client::incidents::IncidentFilter;
use crate::client::model::IncidentReview;
use crate::ctl::failure::Failure;
use crate::ctl::output::{Format, Output, raw, talk};
use crate::ctl::session::Session;
use crate::incidents::template::Audience;

impl Incidents {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        match self.command.unwrap_or(Command::List(self.list)) {
            Command::List(asked) => list(asked, session, out).await,
            Command::Show { id } => {
                let incident = session.client.incident(&id).await?;
                show::whole(&incident, &incident.json, out)?;
                Ok(exit::OK)
            }
            Command::Declare(asked) => declare(asked, session, out).await,
            Command::Review(asked) => review(asked, session, out).await,
            Command::Update { id, text: Some(text), .. } => {
                ask(session, &id, "updates", &json!({ "text": text }), out).await
            }
            Command::Update { id, text: None, draft } => drafted(&id, draft, session, out).await,
            Command::Tick { id, step, runbook, improvised } => {
                let incident = session.client.incident(&id).await?;
                let (runbook, step) = show::step(&incident, step, runbook, improvised)?;
                let body = json!({ "runbook": runbook, "step": step, "improvised": improvised });
                ask(session, &id, "steps", &body, out).await
            }
            Command::Export { id, format } => {
                raw(&session.client.export_incident(&id, format.as_str()).await?)?;
                Ok(exit::OK)
            }
            Command::Ask(command) => {
                let (id, what, body) = request(command);
                ask(session, &id, what, &body, out).await
            }
        }
    }
}

/// Of which incident, by which route, with which body.
fn request(command: Ask) -> (String, &'static str, Value) {
    let to = |id, phase: Phase| (id, "advance", json!({ "to": phase }));
    match command {
        Ask::Ack { id } => (id, "acknowledge", Value::Null),
        Ask::Triage { id } => to(id, Phase::Triage),
        Ask::Mitigate { id } => to(id, Phase::Mitigation),
        Ask::Communicate { id } => to(id, Phase::Communication),
        Ask::Rca { id } => to(id, Phase::RootCauseAnalysis),
        Ask::Prevent { id } => to(id, Phase::PreventiveAction),
        Ask::Close { id } => (id, "close", Value::Null),
        Ask::Impact { id, scope, integrity, reason } => {
            (id, "impact", json!({ "scope": scope, "integrity": integrity, "reason": reason }))
        }
        Ask::Security { id, reason } => (id, "security", json!({ "reason": reason })),
        Ask::Service { id, services } => (id, "services", json!({ "services": services })),
        Ask::Role { id, role, person } => (id, "roles", json!({ "role": role, "person": person })),
        Ask::Attach { id, alert } => (id, "alerts", json!({ "alert": alert })),
        Ask::Proof { id, did, signal, service } => {
            let proof = signal.map(|signal| json!({ "signal": signal, "service": service }));
            (id, "actions", json!({ "what": did, "proof": proof }))
        }
        Ask::Note { id, text } => (id, "notes", json!({ "text": text })),
        Ask::Item(Item::Add { id, what, owner, due, verify }) => {
            let item = json!({ "what": what, "owner": owner, "due_at": due, "verification": verify });
            (id, "items", item)
        }
        Ask::Item(Item::Done { id, number, proof }) => {
            (id, "items/complete", json!({ "item": number, "proof": proof }))
        }
        Ask::Sign { id } => (id, "review/sign", Value::Null),
        Ask::Merge { id, other } => (id, "absorb", json!({ "other": other })),
        Ask::Duplicate { id, of } => (of, "absorb", json!({ "other": id })),
        Ask::Reopen { id, reason } => (id, "reopen", json!({ "reason": reason })),
    }
}

/// Asks, and says what comes next.
async fn ask(session: &Session, id: &str, what: &str, body: &Value, out: &mut Output) -> Result<u8, Failure> {
    let answer = session.client.ask_incident(id, what, body).await?;
    then(session, id, &answer.json, out).await
}

/// The incident after something was asked of it.
async fn then(session: &Session, id: &str, answer: &Value, out: &mut Output) -> Result<u8, Failure> {
    if out.format != Format::Table {
        out.one(&[], answer)?;
        return Ok(exit::OK);
    }
    show::standing(&*session.client.incident(id).await?, out)?;
    Ok(exit::OK)
}

async fn list(asked: List, session: &Session, out: &mut Output) -> Result<u8, Failure> {
    let List { status, sev, owner, deployment, security, limit } = asked;
    let filter = IncidentFilter {
        status: status.map(|status| status.to_string()),
        sev: sev.map(|sev| sev.to_string()),
        owner,
        deployment,
        security: security.then_some(true),
    };
    let page = session.client.incidents(&filter, limit).await?;
    show::table(&page.items, &page.json, out)?;
    if page.next_cursor.is_some() {
        talk(&format!("there are more; --limit {} shows them", limit.saturating_mul(4)));
    }
    Ok(exit::OK)
}

async fn declare(asked: Declare, session: &Session, out: &mut Output) -> Result<u8, Failure> {
    let Declare { alert, title, owner, deployment, environment, mode, .. } = asked;
    let body = json!({
        "alert": alert, "title": title, "owner": owner, "deployment": deployment, "environment": environment,
        "mode": mode, "services": asked.services, "scope": asked.scope, "integrity": asked.integrity,
        "security": asked.security, "began_at": asked.began,
    });
    let declared = session.client.declare_incident(&body).await?;
    talk(&format!("{} is declared as {}", declared.id, declared.sev));
    then(session, &declared.id, &declared.json, out).await
}

/// Prints a draft of the next update; nothing is sent.
async fn drafted(
    id: &str,
    audience: Option<Audience>,
    session: &Session,
    out: &mut Output,
) -> Result<u8, Failure> {
    let audience = audience.unwrap_or(Audience::Customers);
    let incident = session.client.incident(id).await?;
    let draft = incident.updates.iter().find(|draft| draft.audience == audience.as_str());
    let text = draft.map(|draft| draft.text.as_str()).unwrap_or_default();
    out.text(text, &json!({ "audience": audience, "text": text }))?;
    talk(&format!("nothing was sent; eavipctl incidents update {id} 'TEXT' does"));
    Ok(exit::OK)
}

/// Writes what is given into the review, over what was there when it was read, and completes it when asked to.
async fn review(asked: Review, session: &Session, out: &mut Output) -> Result<u8, Failure> {
    let (id, complete) = (asked.id.clone(), asked.complete);
    let present = session.client.incident(&id).await?;
    let text = merged(asked, &present.review);
    if let Some(text) = &text {
        let written = session.client.ask_incident(&id, "review", text).await?;
        if !complete {
            return then(session, &id, &written.json, out).await;
        }
    }
    if complete {
        return ask(session, &id, "review/complete", &Value::Null, out).await;
    }
    show::review(&present.review, present.json.get("review").unwrap_or(&Value::Null), out)?;
    Ok(exit::OK)
}

/// The review's text with what is given in place of what was there; `None` when nothing is given.
fn merged(asked: Review, present: &IncidentReview) -> Option<Value> {
    let Review { summary, consequences, cause, explanation, factors, gap, lessons, runbook_revision, .. } =
        asked;
    let cause = cause.map(|cause| cause.to_string());
    let texts = [&summary, &consequences, &cause, &explanation, &gap, &lessons, &runbook_revision];
    if factors.is_empty() && texts.iter().all(|text| text.is_none()) {
        return None;
    }
    let or = |given: Option<String>, present: &str| given.unwrap_or_else(|| present.to_owned());
    Some(json!({
        "summary": or(summary, &present.summary),
        "consequences": or(consequences, &present.consequences),
        "cause": cause.or_else(|| present.cause.clone()),
        "explanation": or(explanation, &present.explanation),
        "factors": if factors.is_empty() { present.factors.clone() } else { factors },
        "detection_gap": or(gap, &present.detection_gap),
        "lessons": or(lessons, &present.lessons),
        "runbook_revision": runbook_revision.or_else(|| present.runbook_revision.clone()),
        "replaces": present.digest,
    }))
}

#[cfg(test)]
mod tests;
