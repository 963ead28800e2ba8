//! Break-glass: named gates are set aside during an incident, by two people, for hours, in the open (seed: "No manual
//! production changes without traceability"). What may never be set aside is known to the [gates](super::gate).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::gate::{self, Case, OpenIncident, Seen};
use crate::alert::episode::MAX_REASON;
use crate::decision::Override;
use crate::finding::{Finding, Outcome};
use crate::id::{PersonId, ReleaseId};
use crate::incident::sev::Sev;
use crate::time::{Span, Timestamp};

crate::rules! {
    /// Break-glass needs an incident of SEV-1 or SEV-2 that is open in the target environment and cited by its id. Declare the
    /// incident first.
    INCIDENT = "EAVIP-B01", "break-glass needs an open SEV-1 or SEV-2", "Failures are expected and planned for";
    /// Say in 1 to 1000 characters why the gates can't be met in time. It is kept with the release.
    JUSTIFIED = "EAVIP-B02", "break-glass is justified in writing", "No manual production changes without traceability";
    /// Two active people of the roster, or one and an automatic page that was sent, so that nobody does it alone and unseen.
    TWO_PEOPLE = "EAVIP-B03", "nobody breaks the glass alone", "No manual production changes without traceability";
    /// Name each gate that is set aside by its code. The path of promotion (G01), the artifact (G02), a rollback plan that
    /// lacks something (G08), secrets that were found or not looked for (G09) and an overdue review (G10) can't be set aside.
    NAMED = "EAVIP-B04", "break-glass sets aside named gates only", "Manual hotfixes in production";
    /// It holds for at most 4 hours from the moment it was opened. Open a new one when the incident lasts longer.
    BOUNDED = "EAVIP-B05", "break-glass ends by itself", "No manual production changes without traceability";
    /// Whoever used it doesn't review it: another active person of the roster does, within 24 hours. Until then, once those
    /// are over, every later gate holds.
    REVIEWED = "EAVIP-B06", "break-glass is reviewed by somebody else", "Every incident results in a documented review";
}

/// Gates set aside for one release during an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakGlass {
    /// Who does it.
    pub by: BTreeSet<PersonId>,
    /// Whether an automatic page went out that says so.
    pub paged: bool,
    /// The incident's id.
    pub incident: String,
    /// Why the gates can't be met.
    pub justification: String,
    /// The codes of the gates that are set aside.
    pub rules: BTreeSet<String>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Until when it holds.
    pub until: Timestamp,
}

/// That break-glass was used, and whether somebody looked at it since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The release that went through.
    pub release: ReleaseId,
    /// Who did it.
    pub by: BTreeSet<PersonId>,
    /// When.
    pub at: Timestamp,
    /// When it was reviewed.
    pub reviewed_at: Option<Timestamp>,
}

impl Use {
    /// Whether its review should have been there.
    #[must_use]
    pub fn is_overdue(&self, review_within: Span, now: Timestamp) -> bool {
        self.reviewed_at.is_none() && now.since(self.at) > review_within
    }
}

impl BreakGlass {
    /// Holds it against every rule B01 to B05, in their order.
    pub(super) fn judge(&self, case: &Case<'_>) -> Vec<Finding> {
        vec![self.incident(case), self.justified(), self.people(case), self.named(case), self.bounded(case)]
    }

    /// The overrides that it amounts to once no rule objects.
    pub(super) fn overrides(&self, findings: &[Finding]) -> Vec<Override> {
        if findings.iter().any(|finding| finding.outcome >= Outcome::Undetermined) {
            return Vec::new();
        }
        let set_aside = |rule: &String| Override {
            rule: rule.clone().into(),
            by: self.by.iter().cloned().collect(),
            reason: self.justification.trim().to_owned(),
            until: self.until,
        };
        self.rules.iter().map(set_aside).collect()
    }

    fn incident(&self, case: &Case<'_>) -> Finding {
        let Some(incidents) = case.fresh(case.evidence.incidents.as_ref()) else {
            return case.unseen(&INCIDENT, "which incidents are open", case.evidence.incidents.as_ref());
        };
        let cited = |one: &&OpenIncident| one.id == self.incident && one.sev <= Sev::Sev2;
        match incidents.iter().find(cited) {
            Some(incident) => INCIDENT
                .pass(format!("{} is open with {}", gate::listed(&[&incident.id]), incident.sev))
                .evidence([&incident.id]),
            None => INCIDENT.fail(
                format!("`{}` is no open SEV-1 or SEV-2", gate::listed(&[&self.incident])),
                "declare the incident, then cite its id",
            ),
        }
    }

    fn justified(&self) -> Finding {
        match self.justification.trim().chars().count() {
            1..=MAX_REASON => JUSTIFIED.pass("the justification is written down"),
            characters => JUSTIFIED.fail(
                format!("the justification has {characters} characters"),
                format!("say in 1 to {MAX_REASON} characters why the gates can't be met"),
            ),
        }
    }

    fn people(&self, case: &Case<'_>) -> Finding {
        let active =
            |person: &&PersonId| case.policy.roster.people.get(*person).is_some_and(|one| one.active);
        match (self.by.iter().filter(active).count(), self.paged) {
            (0, _) => {
                TWO_PEOPLE.fail("nobody of the roster asks for it", "two active people have to ask for it")
            }
            (1, false) => TWO_PEOPLE.fail(
                "one person asks for it and no page went out",
                "let a second person join, or send the automatic page",
            ),
            (1, true) => TWO_PEOPLE.pass("one person asks for it and a page went out"),
            (people, _) => TWO_PEOPLE.pass(format!("{people} people ask for it")),
        }
    }

    fn named(&self, case: &Case<'_>) -> Finding {
        if self.rules.is_empty() {
            return NAMED.fail("no gate is named", "name each gate that is set aside by its code");
        }
        let refused: Vec<&str> = self
            .rules
            .iter()
            .map(String::as_str)
            .filter(|code| !gate::may_be_set_aside(code, case))
            .collect();
        if refused.is_empty() {
            return NAMED.pass("only gates are named that can be set aside");
        }
        NAMED
            .fail(format!("{} can't be set aside", gate::listed(&refused)), "leave these out and meet them")
            .evidence(refused.into_iter().take(gate::MAX_CITED))
    }

    fn bounded(&self, case: &Case<'_>) -> Finding {
        let most = case.policy.release.gate.break_glass_at_most;
        let lasts = self.until.since(self.opened_at);
        if self.opened_at > case.now + case.policy.release.gate.skew {
            return BOUNDED
                .undetermined("it is opened in the future", "correct the clocks, then open it again");
        }
        if lasts > most {
            let message = format!("it would hold for {lasts}, longer than {most}");
            return BOUNDED.fail(message, format!("let it end within {most}"));
        }
        if self.until <= case.now {
            let message = format!("it ended at {}", self.until);
            return BOUNDED.fail(message, "open a new one if the incident lasts");
        }
        BOUNDED.pass(format!("it holds until {}", self.until))
    }
}

/// The uses whose review should have been there.
pub(super) fn overdue<'u>(uses: &'u [Use], case: &Case<'_>) -> Vec<&'u Use> {
    let within = case.policy.release.gate.break_glass_review;
    uses.iter().filter(|one| one.is_overdue(within, case.now)).collect()
}

/// Whether what was seen of freezes and uses shows no overdue review.
pub(super) fn is_reviewed(holds: Option<&Seen<gate::Holds>>, case: &Case<'_>) -> bool {
    case.fresh(holds).is_some_and(|holds| overdue(&holds.break_glass, case).is_empty())
}
