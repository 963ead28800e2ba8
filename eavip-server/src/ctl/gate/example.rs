//! Files to begin with: a runbook with people, and evidence with which a minor release goes to production under it. The
//! evidence is built from the gates' own types and numbers.

use std::collections::BTreeSet;

use eavip_agent::cli::exit;
use eavip_core::environment::Environment;
use eavip_core::id::Digest256;
use eavip_core::mode::Mode;
use eavip_core::release::approval::Approval;
use eavip_core::release::candidate::{Candidate, Change, ChangeKind, Surface};
use eavip_core::release::gate::{
    Backup, Budget, Burn, ConfigurationFindings, Drill, GateEvidence, GatePolicy, GateRequest, Holds,
    Installed, OwnerFigures, Seen, Source, Target, Validation,
};
use eavip_core::release::notes::Notes;
use eavip_core::release::rollback::{Rehearsal, RollbackPlan, Undo};
use eavip_core::release::version::Kind;
use eavip_core::roster::{PLATFORM_OPERATIONS, PRODUCT_ARCHITECTURE};
use eavip_core::time::{Span, Timestamp};
use serde_json::{Value, json};

use super::evidence::Question;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;

/// The runbook that the evidence goes with.
pub(super) const RUNBOOK: &str = include_str!("example.toml");

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Example {
    /// What the gates look at, as JSON
    Evidence,
    /// The people who ask and approve, as TOML
    Runbook,
}

impl Example {
    pub(super) fn print(self, now: Timestamp, out: &mut Output) -> Result<u8, Failure> {
        let (text, json) = match self {
            Self::Runbook => (RUNBOOK.trim_end().to_owned(), json!({ "runbook": RUNBOOK })),
            Self::Evidence => {
                let json = evidence(now)
                    .ok_or_else(|| Failure::new(exit::FAILURE, "the example can't be written", ""))?;
                (format!("{json:#}"), json)
            }
        };
        out.text(&text, &json)?;
        Ok(exit::OK)
    }
}

fn evidence(now: Timestamp) -> Option<Value> {
    serde_json::to_value(question(now)?).ok()
}

/// `None` only if the fixed names couldn't be names.
pub(super) fn question(now: Timestamp) -> Option<Question> {
    let request = request()?;
    let evidence = seen_at(now, &request)?;
    Some(Question { request, evidence })
}

fn request() -> Option<GateRequest> {
    let change = Change {
        kind: ChangeKind::Feature,
        summary: "invoices can be paid by instalment".to_owned(),
        touches: BTreeSet::from([Surface::Config]),
        irreversible: false,
    };
    let candidate = Candidate {
        id: "shop-1-5-0".parse().ok()?,
        version: "1.5.0".parse().ok()?,
        kind: Kind::Minor,
        artifact: Digest256::of(b"the image of shop 1.5.0"),
        authors: BTreeSet::from(["dana".parse().ok()?]),
        changes: vec![change],
        notes: Notes {
            what_changed: "Invoices can be paid by instalment.".to_owned(),
            operator_action: "Set `instalments.most` before the rollout.".to_owned(),
            rollback: "As planned; open instalments stay payable.".to_owned(),
            known_issues: "none".to_owned(),
        },
        fixes: BTreeSet::new(),
    };
    let reverse = |step: &str| Undo::Reverse { steps: vec![step.to_owned()] };
    Some(GateRequest {
        candidate,
        rollback: RollbackPlan {
            binary: reverse("install 1.4.2"),
            config: reverse("remove `instalments.most`"),
            schema: Undo::Unchanged,
            flags: Undo::Unchanged,
        },
        source: Some(Environment::Staging),
        target: Environment::Production,
        deployment: "eu-1".parse().ok()?,
        mode: Mode::Saas,
        requester: "rosa".parse().ok()?,
    })
}

fn seen_at(now: Timestamp, request: &GateRequest) -> Option<GateEvidence> {
    let numbers = GatePolicy::default();
    let (hour, day) = (Span::from_secs(3_600), Span::from_secs(86_400));
    let artifact = request.candidate.artifact;
    let installed = Installed::Release { version: "1.4.2".parse().ok()?, verified: true };
    let digest = request.digest();
    let approval = |by: &str| Some(Approval { by: by.parse().ok()?, request: digest, at: now - hour });
    let passed = |name| Validation { name, artifact, at: now - hour, passed: true };
    Some(GateEvidence {
        source: seen(
            now,
            Source {
                environment: Environment::Staging,
                verified: Some(artifact),
                running_since: now - *numbers.soak.of(Kind::Minor) - hour,
            },
        ),
        rehearsals: vec![Rehearsal {
            environment: Environment::Staging,
            back_to: installed.version().cloned(),
            from: request.candidate.version.clone(),
            plan: request.rollback.digest(),
            at: now - day,
            took: Span::from_secs(240),
            worked: true,
        }],
        target: seen(now, Target { mode: request.mode, installed, rollout_in_flight: None }),
        validations: numbers.validations.into_iter().map(passed).collect(),
        approvals: vec![approval("omar")?, approval("pia")?],
        incidents: seen(now, Vec::new()),
        budgets: seen(now, vec![Budget { service: "shop".parse().ok()?, left: 0.82, burn: Burn::None }]),
        backups: seen(
            now,
            vec![Backup {
                data_set: "orders".to_owned(),
                verified_at: Some(now - hour),
                rpo: day,
                rto: hour,
                drill: Some(Drill { at: now - day.times(30), took: Span::from_secs(1_500), worked: true }),
            }],
        ),
        configuration: seen(now, ConfigurationFindings::default()),
        holds: seen(now, Holds::default()),
        owners: seen(
            now,
            OwnerFigures {
                critical: 9,
                critical_resolved: 9,
                groups: vec![(PLATFORM_OPERATIONS.parse().ok()?, 3), (PRODUCT_ARCHITECTURE.parse().ok()?, 2)],
                on_call_gaps: 0,
            },
        ),
        break_glass: None,
    })
}

fn seen<T>(at: Timestamp, what: T) -> Option<Seen<T>> {
    Some(Seen { at, what })
}

#[cfg(test)]
mod tests;
