//! `audit`: how the server's audit log stands, judged as a node's agent judges it: this user is a witness too, and keeps
//! what was seen beside the stored token.

use eavip_agent::cli::exit;
use eavip_agent::private;
use eavip_agent::witness::{Keeper, WitnessStatus};
use eavip_core::id::Digest256;
use eavip_core::wire::v1::AuditHead;
use uuid::Uuid;

use crate::client::model::{AuditCheckpoint, AuditLog};
use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Output, talk};
use crate::ctl::session::{Session, Stored};
use crate::shared::now;

/// Prints how the log stands; exits 3 when it contradicts what was seen, 8 when it can't be judged.
pub(crate) async fn run(session: &Session, out: &mut Output) -> Result<u8, Failure> {
    let standing = session.client.audit().await?;
    let witness = match &standing.checkpoint {
        Some(checkpoint) => Some(look(session, &standing, checkpoint).await?),
        None => None,
    };
    table(&standing, &standing.json, witness.as_ref(), out)?;
    let Some(witness) = witness else {
        talk("no checkpoint is signed yet; ask again in a minute");
        return Ok(exit::UNDECIDED);
    };
    let contradicted = !witness.conflicts.is_empty() || standing.contradiction.is_some();
    if contradicted || !standing.conflicting.is_empty() {
        talk("the audit log contradicts itself; `runbooks/audit-conflict` on the server says what to do");
        return Ok(exit::FINDINGS);
    }
    if let Some(problem) = witness.problem {
        talk(&format!("the checkpoint tells nothing: {problem}"));
        return Ok(exit::UNDECIDED);
    }
    Ok(exit::OK)
}

/// Judges the newest checkpoint beside the last one that this user saw of this log, and keeps it.
async fn look(
    session: &Session,
    standing: &AuditLog,
    checkpoint: &AuditCheckpoint,
) -> Result<WitnessStatus, Failure> {
    let unusable =
        || Failure::new(exit::FAILURE, "the log's name has no store in it", "is it an EAVIP server?");
    let store: Uuid =
        standing.log.rsplit_once('/').and_then(|(_, store)| store.parse().ok()).ok_or_else(unusable)?;
    let dir = Stored::directory()?;
    private::create_dir(&dir)?;
    let mut keeper = Keeper::open(&dir, store)?;
    let seen = keeper.seen().filter(|seen| (1..checkpoint.size).contains(seen));
    let proof = match seen {
        Some(seen) => session.client.audit_growth(seen, checkpoint.size).await?.value.path,
        None => Vec::new(),
    };
    // What can't be read is no proof, and told as that.
    let proof: Vec<Digest256> = proof.iter().filter_map(|hash| hash.parse().ok()).collect();
    let head = AuditHead { key: standing.key.clone(), checkpoint: checkpoint.note.clone(), proof };
    if keeper.seen().is_none() {
        talk(&format!("the first look at this log: its key is believed from here on: {}", standing.key));
    }
    keeper.look(&head, now());
    Ok(keeper.status())
}

fn table(
    standing: &AuditLog,
    json: &serde_json::Value,
    witness: Option<&WitnessStatus>,
    out: &mut Output,
) -> std::io::Result<()> {
    if out.format != crate::ctl::output::Format::Table {
        return out.one(&[], json);
    }
    let signed = standing.checkpoint.as_ref().map(|one| format!("{} records, signed {}", one.size, one.at));
    let mut facts = vec![
        ("log", Cell::from(&standing.log)),
        ("records", Cell::from(standing.records.to_string())),
        ("checkpoint", Cell::or_none(signed)),
        ("witnesses", Cell::from(format!("{} of {} nodes", standing.witnesses, standing.nodes))),
        ("conflicts", Cell::from(standing.conflicting.join(" "))),
    ];
    let seen = witness.and_then(|witness| witness.events);
    facts.push(("seen here", Cell::or_none(seen.map(|events| format!("{events} records")))));
    for conflict in witness.iter().flat_map(|witness| &witness.conflicts) {
        facts.push(("contradicts", Cell::from(conflict)));
    }
    facts.extend(standing.contradiction.iter().map(|what| ("contradiction", Cell::from(what))));
    out.facts(&facts)
}
