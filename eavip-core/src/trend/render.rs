//! The pack of a month as Markdown that people read in a meeting: what is wrong first, then the figures.

use super::dora::Dora;
use super::feedback::Draft;
use super::recurrence::{Count, Repeat};
use super::review::{Pack, Signature};
use super::{CapacityForecast, DrillResult, NoiseFigures, Outlook, ServiceSignal};
use crate::finding::{Finding, Outcome};
use crate::id::IncidentId;
use crate::markdown::escape;
use crate::mode::Mode;
use crate::signal::metric::Unit;

impl Pack {
    /// The pack as Markdown, with the sign-off once there is one. Texts from outside are escaped.
    #[must_use]
    pub fn markdown(&self, signed: Option<&Signature>) -> String {
        let sections = [
            self.head(signed),
            section("What needs a decision", &["rule", "outcome", "what", "next step"], self.open()),
            section(
                "Signals against objectives",
                &["service", "signal", "health", "value", "objective"],
                self.signals.iter().map(signal),
            ),
            section("Alert noise", &["figure", "value"], noise(self.noise.as_ref())),
            section(
                "Response times",
                &[
                    "severity",
                    "incidents",
                    "detect",
                    "acknowledge",
                    "mitigate",
                    "resolve",
                    "over by themselves",
                ],
                self.response(),
            ),
            section(
                "Incidents by pattern",
                &["pattern", "month before", "this month"],
                self.trends.iter().map(count),
            ),
            section(
                "Repeats",
                &["pattern", "count", "incidents", "from", "to"],
                self.repeats.iter().map(repeat),
            ),
            section(
                "Recovery drills",
                &["data set", "at", "passed", "took", "may take"],
                self.drills.iter().map(drill),
            ),
            section(
                "Capacity",
                &["resource", "full at the earliest", "full most likely"],
                self.capacity.iter().map(forecast),
            ),
            section(
                "Delivery",
                &[
                    "mode",
                    "deployments",
                    "per day",
                    "lead time",
                    "recovery",
                    "unrecovered",
                    "failed",
                    "rework",
                ],
                self.delivery(),
            ),
            self.proposals.iter().fold("## Proposals".to_owned(), |page, draft| page + &proposal(draft)),
        ];
        sections.join("\n\n") + if self.proposals.is_empty() { "\n\nNone.\n" } else { "\n" }
    }

    fn head(&self, signed: Option<&Signature>) -> String {
        let sign_off = signed.map_or_else(
            || "Not signed off.".to_owned(),
            |signature| {
                let Signature { by, remark, at } = signature;
                format!("Signed off by {} at {at}: {}", escape(by.as_str()), escape(remark))
            },
        );
        let cut = match self.left_out {
            0 => String::new(),
            rows => format!("\n\n{rows} rows are left out of the tables below."),
        };
        let Self { month, generated_at, .. } = self;
        format!("# Operations review {month}\n\nGenerated at {generated_at}. {sign_off}{cut}")
    }

    fn open(&self) -> impl Iterator<Item = Vec<String>> {
        let worst = self.findings.iter().filter(|finding| finding.outcome >= Outcome::Undetermined);
        worst.map(|Finding { rule, outcome, message, remedy, evidence, .. }| {
            let which =
                if evidence.is_empty() { String::new() } else { format!(" ({})", evidence.join(", ")) };
            vec![rule.to_string(), outcome.to_string(), escape(&(message.clone() + &which)), escape(remedy)]
        })
    }

    fn response(&self) -> impl Iterator<Item = Vec<String>> {
        self.recovery.iter().map(|(sev, of)| {
            let clocks = [of.detect, of.acknowledge, of.mitigate, of.resolve].map(|clock| clock.to_string());
            let head = [sev.to_string(), of.incidents.to_string()];
            head.into_iter().chain(clocks).chain([of.auto_resolved.to_string()]).collect()
        })
    }

    fn delivery(&self) -> impl Iterator<Item = Vec<String>> {
        let by_mode = self.dora_by_mode.iter().map(|(mode, dora)| (Some(*mode), dora.as_ref()));
        std::iter::once((None, self.dora.as_ref())).chain(by_mode).map(|(mode, dora)| deliveries(mode, dora))
    }
}

/// A heading and a table below it, or `None.` where there are no rows. Cells are escaped by who makes them.
fn section(title: &str, columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("\n| {} |", cells.join(" | "));
    let body: String = rows.into_iter().map(|row| line(&row)).collect();
    if body.is_empty() {
        return format!("## {title}\n\nNone.");
    }
    format!("## {title}\n\n| {} |\n|{}{body}", columns.join(" | "), "---|".repeat(columns.len()))
}

fn signal(row: &ServiceSignal) -> Vec<String> {
    let health = &row.health;
    let number =
        |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |value| quantity(value, health.unit));
    let (value, objective) =
        (number(health.value), health.objective.map_or_else(|| "none".into(), |_| number(health.objective)));
    vec![escape(row.service.as_str()), health.signal.to_string(), health.health.to_string(), value, objective]
}

fn quantity(value: f64, unit: Unit) -> String {
    match unit {
        _ if !value.is_finite() => "unknown".to_owned(),
        Unit::Ratio => share(value),
        Unit::Seconds => format!("{value:.3} s"),
        Unit::Bytes => format!("{value:.0} B"),
        Unit::BytesPerSecond => format!("{value:.0} B/s"),
        Unit::Count | Unit::Bool => format!("{value}"),
    }
}

/// A share in per cent with up to three decimals, so that `99.95 %` and `99.9 %` stay apart.
fn share(value: f64) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    let text = format!("{:.3}", value * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn noise(figures: Option<&NoiseFigures>) -> Vec<Vec<String>> {
    let Some(NoiseFigures { pages, precision, recall, defects }) = figures else { return Vec::new() };
    let known = |value: &Option<f64>| value.map_or_else(|| "unknown".to_owned(), share);
    let head = [
        ("pages", pages.to_string()),
        ("alerts that somebody acted on", known(precision)),
        ("incidents that an alert told of", known(recall)),
    ];
    let defects = defects.iter().map(|defect| ("open defect", escape(defect)));
    head.into_iter().chain(defects).map(|(name, value)| vec![name.to_owned(), value]).collect()
}

fn count(count: &Count) -> Vec<String> {
    vec![escape(&count.pattern.to_string()), count.before.to_string(), count.now.to_string()]
}

fn repeat(repeat: &Repeat) -> Vec<String> {
    let names: Vec<&str> = repeat.incidents.iter().map(IncidentId::as_str).collect();
    let pattern = escape(&repeat.pattern.to_string());
    vec![
        pattern,
        repeat.count.to_string(),
        escape(&names.join(", ")),
        repeat.first_at.to_string(),
        repeat.last_at.to_string(),
    ]
}

fn drill(drill: &DrillResult) -> Vec<String> {
    let passed = if drill.passed { "yes" } else { "no" };
    let took = drill.took.map_or_else(|| "not measured".to_owned(), |took| took.to_string());
    vec![escape(&drill.data_set), drill.at.to_string(), passed.into(), took, drill.objective.to_string()]
}

fn forecast(forecast: &CapacityForecast) -> Vec<String> {
    let (earliest, likely) = match forecast.outlook {
        Outlook::Unknown => ("unknown".to_owned(), "unknown".to_owned()),
        Outlook::Steady => ("never".to_owned(), "never".to_owned()),
        Outlook::Full { earliest, likely } => (earliest.to_string(), likely.to_string()),
    };
    vec![escape(&forecast.resource), earliest, likely]
}

fn deliveries(mode: Option<Mode>, dora: Option<&Dora>) -> Vec<String> {
    let mode = mode.map_or("all", Mode::as_str).to_owned();
    let Some(dora) = dora else {
        return vec![mode, "none".into(), "".into(), "".into(), "".into(), "".into(), "".into(), "".into()];
    };
    vec![
        mode,
        dora.deployments.to_string(),
        format!("{:.2}", dora.per_day),
        dora.lead_time.to_string(),
        dora.recovery.to_string(),
        dora.unrecovered.to_string(),
        share(dora.change_fail_rate),
        share(dora.rework_rate),
    ]
}

/// A draft's text is escaped already; a diff stands in a fence that its lines, each with a sign in front, can't close.
fn proposal(draft: &Draft) -> String {
    let Draft { remedy, owner, due, title, text, .. } = draft;
    let body = match remedy {
        super::feedback::Remedy::RunbookChange => format!("```diff\n{text}```"),
        super::feedback::Remedy::ArchitectureDecision => text.trim_end().to_owned(),
    };
    format!("\n\n### {}\n\n{remedy}, to be answered by {owner} until {due}.\n\n{body}", escape(title))
}

#[cfg(test)]
mod tests;
