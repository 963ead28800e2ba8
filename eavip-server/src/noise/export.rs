//! Scores as Markdown and CSV. Names come from people and other systems: markup is escaped, and what a spreadsheet would take
//! for a formula isn't one.

use eavip_core::markdown::escape;

use crate::api::view::noise::{Noise, NoiseScore};
use crate::csv::{row, table};

const COLUMNS: [&str; 14] = [
    "whose",
    "name",
    "owner",
    "over budget",
    "alerts",
    "decided",
    "worth it",
    "precision",
    "recall",
    "pages",
    "pages of the worst shift",
    "chattering",
    "stale",
    "silence hours",
];

fn cells(score: &NoiseScore) -> Vec<String> {
    let share = |share: Option<f64>| share.map_or_else(String::new, |share| format!("{share:.3}"));
    vec![
        score.whose.to_string(),
        score.name.clone(),
        score.owner.as_ref().map(|owner| owner.id.clone()).unwrap_or_default(),
        if score.over { "yes" } else { "no" }.to_owned(),
        score.alerts.to_string(),
        score.decided.to_string(),
        score.worth.to_string(),
        share(score.precision),
        share(score.recall),
        score.pages.to_string(),
        score.worst_shift.to_string(),
        score.chatter.to_string(),
        score.stale.to_string(),
        format!("{:.1}", score.silence_hours),
    ]
}

/// The scores for a spreadsheet.
#[must_use]
pub fn csv(noise: &Noise) -> String {
    table(std::iter::once(row(COLUMNS)).chain(noise.scores.iter().map(|score| row(cells(score)))))
}

/// The scores and the open defects for people.
#[must_use]
pub fn markdown(noise: &Noise) -> String {
    let period = match (&noise.from, &noise.until) {
        (Some(from), Some(until)) => format!("From {from} until {until}."),
        _ => "Nothing was measured yet.".to_owned(),
    };
    let mut page = format!("# Alert noise\n\n{period}\n\n## Scores\n\n");
    if noise.scores.is_empty() {
        page += "None.\n";
    } else {
        page += &format!("| {} |\n|{}\n", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
        for score in &noise.scores {
            let cells: Vec<String> = cells(score).iter().map(|cell| escape(cell)).collect();
            page += &format!("| {} |\n", cells.join(" | "));
        }
    }
    page += "\n## Defects\n\n";
    if noise.defects.is_empty() {
        page += "None.\n";
    }
    for defect in &noise.defects {
        let found: Vec<String> = defect.evidence.iter().map(|found| escape(&found.message)).collect();
        let (whose, name, owner) = (defect.whose, escape(&defect.name), escape(&defect.owner.id));
        let (status, due) = (defect.status, &defect.due_at);
        page += &format!("- {whose} {name} ({status}, owner {owner}, due {due}): {}\n", found.join("; "));
    }
    page
}
