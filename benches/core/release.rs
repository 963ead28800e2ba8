//! Whether a release may go out: all sixteen gates over the state of a whole platform.

use std::hint::black_box;

use criterion::Criterion;
use eavip_benches::{Setup, compare, start};
use eavip_core::decision::Verdict;
use eavip_core::id::{Digest128, Digest256};
use eavip_core::policy::{Policy, Source};
use eavip_core::release::gate::{self, GateEvidence, GateRequest};
use eavip_core::time::{Span, Timestamp};
use serde_json::{Value, json};

use crate::time;

/// Services of the platform, each with an error budget and a data set of its own.
const SERVICES: usize = 50;
/// Critical alerts that have to reach somebody.
const ALERTS: u32 = 200;
/// Open incidents; none of them stops a release.
const INCIDENTS: usize = 20;

/// Two people for each approval that the policy asks for, and one who asks.
const PEOPLE: &str = r#"
[person.ana]
teams = ["platform-operations"]
[person.ben]
teams = ["platform-operations"]
[person.cleo]
teams = ["product-architecture"]
[person.dan]
teams = ["product-architecture"]
[person.gil]
teams = ["platform-operations"]
"#;

/// Deciding a minor release to Production that every gate looks at and lets through. The floor is the digest of as many
/// bytes as the evidence has as JSON: a decision names what it was made from.
pub(crate) fn decide(criterion: &mut Criterion) -> Setup<()> {
    let policy = Policy::load(&[Source::new("runbook.toml", PEOPLE)])
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<String>())?;
    let now = start();
    let request: GateRequest = serde_json::from_value(request())?;
    let evidence: GateEvidence = serde_json::from_value(evidence(&request, now))?;
    let decision = gate::decide(&request, &evidence, &policy, now);
    if decision.verdict != Verdict::Allow || decision.findings.len() != 16 {
        let blocking: Vec<&str> = decision.blocking().map(|finding| finding.message.as_str()).collect();
        return Err(format!("the release isn't let through: {}", blocking.join("; ")).into());
    }
    let name = format!("decide 16 gates over {SERVICES} services, {ALERTS} alerts, {INCIDENTS} incidents");
    let figure = time(criterion, &name, || gate::decide(black_box(&request), &evidence, &policy, now));
    let bytes = serde_json::to_vec(&evidence)?;
    let name = format!("floor: SHA-256 of the evidence, {} bytes", bytes.len());
    let floor = time(criterion, &name, || Digest128::of([black_box(bytes.as_slice())]));
    Ok(compare(&figure, &floor)?)
}

fn artifact() -> Digest256 {
    Digest256::of(b"the artifact")
}

fn request() -> Value {
    json!({
        "candidate": {
            "id": "r-2-4-0",
            "version": "2.4.0",
            "kind": "minor",
            "artifact": artifact(),
            "authors": ["fay"],
            "changes": [{ "kind": "feature", "summary": "Orders by voice", "touches": ["config"], "irreversible": false }],
            "notes": {
                "what_changed": "Orders can be spoken.",
                "operator_action": "none",
                "rollback": "as planned",
                "known_issues": "none",
            },
            "fixes": [],
        },
        "rollback": {
            "binary": { "how": "reverse", "steps": ["install 2.3.0"] },
            "config": { "how": "reverse", "steps": ["remove voice.enabled"] },
            "schema": { "how": "unchanged" },
            "flags": { "how": "unchanged" },
        },
        "source": "staging",
        "target": "production",
        "deployment": "eu",
        "mode": "saas",
        "requester": "gil",
    })
}

fn evidence(request: &GateRequest, now: Timestamp) -> Value {
    let ago = |hours: u64| now - Span::from_secs(hours * 3_600);
    let seen = |what: Value| json!({ "at": now, "what": what });
    let (id, plan) = (request.digest(), request.rollback.digest());
    let approval = |by: &str| json!({ "by": by, "request": id, "at": ago(1) });
    let check = |name: &str| json!({ "name": name, "artifact": artifact(), "at": ago(2), "passed": true });
    let incident = |number: usize| {
        json!({
            "id": format!("inc-{number}"), "sev": "SEV-4", "acknowledged": true, "commander": "ana",
            "mitigated_at": ago(3), "rca_owner": "ben",
        })
    };
    let budget =
        |number: usize| json!({ "service": format!("service-{number}"), "left": 0.8, "burn": "none" });
    let backup = |number: usize| {
        json!({
            "data_set": format!("service-{number}"),
            "verified_at": ago(2),
            "rpo": Span::from_secs(24 * 3_600),
            "rto": Span::from_secs(4 * 3_600),
            "drill": { "at": ago(24 * 30), "took": Span::from_secs(1_800), "worked": true },
        })
    };
    let rehearsal = json!({
        "environment": "staging", "back_to": "2.3.0", "from": "2.4.0", "plan": plan, "at": ago(24),
        "took": Span::from_secs(240), "worked": true,
    });
    json!({
        "source": seen(json!({ "environment": "staging", "verified": artifact(), "running_since": ago(48) })),
        "target": seen(json!({
            "mode": "saas",
            "installed": { "kind": "release", "version": "2.3.0", "verified": true },
            "rollout_in_flight": null,
        })),
        "validations": [check("build"), check("test")],
        "approvals": [approval("ana"), approval("cleo")],
        "incidents": seen((0..INCIDENTS).map(incident).collect()),
        "budgets": seen((0..SERVICES).map(budget).collect()),
        "backups": seen((0..SERVICES).map(backup).collect()),
        "rehearsals": [rehearsal],
        "configuration": seen(json!({ "unaudited": [], "undeclared_keys": [], "secrets": [], "drift": [] })),
        "holds": seen(json!({ "freezes": [], "break_glass": [] })),
        "owners": seen(json!({
            "critical": ALERTS,
            "critical_resolved": ALERTS,
            "groups": [["platform-operations", 2], ["product-architecture", 2]],
            "on_call_gaps": 0,
        })),
        "break_glass": null,
    })
}
