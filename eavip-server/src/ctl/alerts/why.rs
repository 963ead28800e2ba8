//! `alerts why`: what each rule says of telling somebody.

use serde_json::Value;

use crate::client::model::{Finding, Why};
use crate::ctl::output::{Cell, Format, Output};

pub(super) fn show(why: &Why, json: &Value, out: &mut Output) -> std::io::Result<()> {
    if out.format != Format::Table {
        return out.one(&[], json);
    }
    let receivers = if why.receivers.is_empty() { "nobody".to_owned() } else { why.receivers.join(", ") };
    out.facts(&[("now", Cell::from(&why.reason)), ("would tell", Cell::from(receivers))])?;
    out.gap()?;
    let row = |finding: &Finding| {
        vec![
            Cell::from(&finding.rule),
            Cell::outcome(finding.outcome),
            Cell::from(&finding.message),
            Cell::from(&finding.remedy),
        ]
    };
    let rows: Vec<Vec<Cell>> = why.findings.iter().map(row).collect();
    out.rows(&["RULE", "SAYS", "WHY", "WHAT TO DO"], &rows)
}
