//! What is told of an import: to people on standard error, a remark a line and the alerts that lack something in a list; to
//! programs as one document.

use serde_json::json;

use super::Parts;
use super::given::{Outcome, Remark};
use super::rules::Alert;
use crate::ctl::failure::Failure;
use crate::ctl::output::{Format, Output, talk};
use crate::ctl::text::{counted, cut, shown};

/// Longest line that is told, in characters.
const MAX_LINE: usize = 300;

#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) remarks: Vec<Remark>,
    /// Only rules of Prometheus have some.
    pub(super) alerts: Vec<Alert>,
}

impl Report {
    /// Prints what was imported, if it wasn't written to files, and says what became of everything.
    pub(super) fn tell(&mut self, parts: &Parts, print: bool, out: &mut Output) -> Result<(), Failure> {
        self.remarks.sort_by(|a, b| (&a.file, a.line, a.outcome).cmp(&(&b.file, b.line, b.outcome)));
        let json = json!({
            "runbook": parts.runbook, "server": parts.server, "remarks": self.remarks, "alerts": self.alerts,
        });
        if out.format != Format::Table {
            return Ok(out.text("", &json)?);
        }
        if print {
            let between =
                if parts.server.is_empty() { "" } else { "# -- what follows belongs to server.toml --\n\n" };
            out.text(format!("{}{between}{}", parts.runbook, parts.server).trim_end(), &json)?;
        }
        for remark in &self.remarks {
            let Remark { outcome, file, line, what, why } = remark;
            talk(&cut(format!("{file}:{line}: {outcome}: {what}: {why}"), MAX_LINE));
        }
        for alert in self.alerts.iter().filter(|alert| !alert.lacks.is_empty()) {
            let lacks: Vec<&str> = alert.lacks.iter().map(|lack| lack.as_str()).collect();
            let line = format!(
                "{}:{}: {} has no {}",
                alert.file,
                alert.line,
                shown(&alert.alert),
                lacks.join(" and no ")
            );
            talk(&cut(line, MAX_LINE));
        }
        talk(&self.summary());
        Ok(())
    }

    fn summary(&self) -> String {
        let count = |outcome: Outcome| self.remarks.iter().filter(|remark| remark.outcome == outcome).count();
        let counts = Outcome::ALL.iter().map(|outcome| format!("{} {outcome}", count(*outcome)));
        let mut told = counts.collect::<Vec<_>>().join(", ");
        if !self.alerts.is_empty() {
            let lacking = self.alerts.iter().filter(|alert| !alert.lacks.is_empty()).count();
            let alerts = counted(self.alerts.len(), "alert");
            told = format!("{alerts}, {lacking} of them without owner or runbook; remarks: {told}");
        }
        told
    }
}
