//! `status`: who this node is, and how the agent on it is doing.

use std::io::Write;

use crate::agent::AgentStatus;
use crate::identity::Identity;
use crate::push::LinkState;
use crate::{admin, clock};
use eavip_core::time::{Span, Timestamp};

use super::failure::Failure;
use super::output::{Format, one, talk};
use super::{Settings, exit};

/// A certificate that ends sooner than this should have been renewed days ago.
const ENDS_SOON: Span = Span::from_secs(3 * 86_400);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Args {
    pub(crate) async fn run(self, settings: &Settings, out: &mut impl Write) -> Result<u8, Failure> {
        let config = settings.load()?;
        let identity = match Identity::load(&config.state_dir) {
            Ok(identity) => identity,
            Err(error) => return Err(Failure::new(exit::FINDINGS, error)),
        };
        // An agent of another node on this port isn't the one that was asked about.
        let agent = admin::fetch_status(config.admin).await.ok().filter(|agent| agent.node == identity.node);
        let now = clock::now();
        let until = agent.as_ref().map_or(identity.validity.until, |agent| agent.certificate_until);
        let value = serde_json::json!({
            "node": identity.node,
            "place": identity.servers.place,
            "servers": identity.servers.agents,
            "certificate_until": until,
            "running": agent.is_some(),
            "agent": agent,
        });
        one(out, self.output, &rows(&identity, until, agent.as_ref()), &value)?;
        Ok(judge(until, now, agent.as_ref()))
    }
}

fn rows(identity: &Identity, until: Timestamp, agent: Option<&AgentStatus>) -> Vec<(&'static str, String)> {
    let place = &identity.servers.place;
    let mut rows = vec![
        ("node", identity.node.to_string()),
        ("place", format!("{} ({}, {})", place.deployment, place.mode, place.environment)),
        ("certificate until", until.to_string()),
    ];
    let Some(agent) = agent else {
        rows.push(("agent", "not running".to_owned()));
        return rows;
    };
    let link = &agent.link;
    let moment = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    rows.extend([
        ("agent", format!("{} since {}", agent.version, agent.started_at)),
        ("link", format!("{} since {}", link.state.as_str(), link.since)),
        ("server", link.server.clone()),
        ("last report", moment(agent.reported_at)),
        ("last delivery", moment(link.last_success)),
        ("acknowledged", link.acknowledged.to_string()),
        (
            "clock",
            link.clock_off_ms.map_or_else(|| "not compared".to_owned(), |ms| format!("{ms} ms off at least")),
        ),
        ("spool", format!("{} reports wait, {} bytes", link.pending, link.spool_bytes)),
    ]);
    let audit = &link.audit;
    rows.push((
        "audit log",
        audit.events.map_or_else(
            || "no checkpoint was seen".to_owned(),
            |events| format!("{events} events seen, last look {}", moment(audit.looked_at)),
        ),
    ));
    rows.extend(audit.conflicts.iter().map(|conflict| ("conflict", conflict.clone())));
    rows.extend(audit.problem.iter().map(|problem| ("audit problem", problem.clone())));
    if !link.reason.is_empty() {
        rows.push(("reason", link.reason.clone()));
    }
    rows.extend(agent.renewal_failure.iter().map(|reason| ("renewal", reason.clone())));
    rows
}

/// 0 when all is well, 7 when the server can't be reached, 3 for everything that needs a person.
fn judge(until: Timestamp, now: Timestamp, agent: Option<&AgentStatus>) -> u8 {
    let mut findings = Vec::new();
    if until < now + ENDS_SOON {
        findings.push(format!("the certificate ends at {until} and should have been renewed; see `reason`"));
    }
    match agent {
        None => findings.push("the agent doesn't run; start it with `eavip-agent run`".to_owned()),
        Some(agent) => {
            if agent.link.state == LinkState::Denied {
                findings.push("the server refuses this node; ask its operators, or join again".to_owned());
            }
            if !agent.link.durable {
                findings.push("the spool's disk failed a sync; replace it and restart the agent".to_owned());
            }
            if !agent.link.audit.conflicts.is_empty() {
                findings.push(
                    "the server's audit log contradicts what this node was shown; keep the state directory's witness file and \
                     tell security"
                        .to_owned(),
                );
            }
            if agent.link.refused > 0 {
                findings.push(format!("{} reports were refused for good; see the log", agent.link.refused));
            }
        }
    }
    findings.iter().for_each(|finding| talk(finding));
    let unreachable = agent.is_some_and(|agent| agent.link.state == LinkState::Unreachable);
    match (findings.is_empty(), unreachable) {
        (false, _) => exit::FINDINGS,
        (true, true) => exit::UNREACHABLE,
        (true, false) => exit::OK,
    }
}
