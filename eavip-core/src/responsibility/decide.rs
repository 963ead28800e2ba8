//! Whether somebody stands on the right side of the boundary to do something.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Activity, Cell, Matrix, vendor_team};
use crate::decision::{Basis, Decision};
use crate::finding::Finding;
use crate::id::{Digest128, PersonId};
use crate::mode::Mode;
use crate::roster::Party;
use crate::time::Timestamp;
use crate::words;

crate::rules! {
    /// Each activity has one accountable party in each mode, and only people of that party do it. Ask the accountable
    /// party; the decision names it. People count for the sides of the teams that they are active in.
    BOUNDARY = "EAVIP-D01", "only the accountable party acts", "Clear responsibility boundaries defined";
    /// Some activities of the vendor need the customer's word first, such as the window for a change of production. It is
    /// told and doesn't stop anybody: a security incident is handled while the customer is being called.
    CONSULTED = "EAVIP-D02", "the other party is heard where the table says so", "Clear responsibility boundaries defined";
    /// On customer-managed infrastructure the customer's own installation decides. What the vendor's server says of it is
    /// guidance.
    FORCE = "EAVIP-D03", "On-Prem the customer's installation decides", "Platform provides operational guidance";
}

words! {
    /// What a decision can do.
    #[non_exhaustive]
    pub enum Force ("force of a decision") {
        /// It is guidance for those who decide elsewhere.
        Advisory = "advisory",
        /// What it denies isn't done.
        Binding = "binding",
    }
}

/// The force of a decision about a deployment, made in an installation of `made_by`.
#[must_use]
pub const fn force(mode: Mode, made_by: Party) -> Force {
    match (mode, made_by) {
        (Mode::Saas | Mode::Byoc, _) | (Mode::OnPrem, Party::Customer) => Force::Binding,
        (Mode::OnPrem, Party::Vendor) => Force::Advisory,
    }
}

/// Something that somebody is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// What.
    pub activity: Activity,
    /// In a deployment of which mode.
    pub mode: Mode,
    /// Who.
    pub actor: PersonId,
    /// The sides that they act for: [`Roster::parties`](crate::roster::Roster::parties).
    pub parties: BTreeSet<Party>,
    /// The sides that agreed to it beforehand.
    pub heard: BTreeSet<Party>,
    /// Whose installation decides.
    pub made_by: Party,
}

/// Decides whether somebody may do something: one finding for each rule, in their order.
///
/// ```
/// use std::collections::BTreeSet;
///
/// use eavip_core::decision::Verdict;
/// use eavip_core::id::Digest128;
/// use eavip_core::mode::Mode;
/// use eavip_core::responsibility::{Act, Activity, Matrix, decide};
/// use eavip_core::roster::Party;
/// use eavip_core::time::Timestamp;
///
/// let act = Act {
///     activity: Activity::ApplyRelease,
///     mode: Mode::OnPrem,
///     actor: "ana".parse().unwrap(),
///     parties: BTreeSet::from([Party::Vendor]),
///     heard: BTreeSet::new(),
///     made_by: Party::Customer,
/// };
/// let decision = decide(&act, &Matrix::default(), Digest128::of([]), Timestamp::default());
/// assert_eq!(decision.verdict, Verdict::Deny);
/// assert_eq!(
///     decision.findings[0].message,
///     "`apply-release` is the customer's in on-prem, and ana acts for the vendor"
/// );
/// ```
#[must_use]
pub fn decide(act: &Act, matrix: &Matrix, policy: Digest128, now: Timestamp) -> Decision {
    let cell = matrix.cell(act.activity, act.mode);
    let findings = vec![boundary(act, cell), consulted(act, cell), forced(act)];
    Decision::over(findings, Basis { policy, evidence: Digest128::of_value(act), at: now })
}

fn boundary(act: &Act, cell: Cell) -> Finding {
    let (accountable, activity, mode) = (cell.accountable, act.activity, act.mode);
    let whose = format!("`{activity}` is the {accountable}'s in {mode}");
    if act.parties.contains(&accountable) {
        return BOUNDARY.pass(format!("{whose}, and {} acts for them", act.actor));
    }
    let mut finding = match act.parties.first() {
        Some(side) => BOUNDARY.fail(
            format!("{whose}, and {} acts for the {side}", act.actor),
            format!("ask the {accountable} to do it"),
        ),
        None => BOUNDARY.undetermined(
            format!("{whose}, and for whom {} acts isn't known", act.actor),
            format!("declare [person.{}] with their teams, or mark them active", act.actor),
        ),
    };
    if accountable == Party::Vendor {
        finding.owner = vendor_team(activity).parse().ok();
    }
    finding
}

fn consulted(act: &Act, cell: Cell) -> Finding {
    match cell.consulted() {
        None => CONSULTED.not_applicable(format!("`{}` needs nobody else's word", act.activity)),
        Some(other) if act.heard.contains(&other) => {
            CONSULTED.pass(format!("the {other} was heard on `{}`", act.activity))
        }
        Some(other) => CONSULTED.warn(
            format!("the {other} has a say in `{}` and wasn't heard yet", act.activity),
            format!("ask the {other}, and record the answer"),
        ),
    }
}

fn forced(act: &Act) -> Finding {
    match force(act.mode, act.made_by) {
        Force::Binding => FORCE.pass("the decision binds"),
        Force::Advisory => FORCE.warn(
            "the decision is advice: the customer's own installation decides",
            "send it to the customer",
        ),
    }
}
