//! The pack of a month as Markdown that people read in a meeting: what is wrong first, then the figures.

use super::dora::Dora;
use super::feedback::Draft;
use super::recurrence::{Count, Repeat};
use super::review::{Pack, Signature};
use super::statistics::Summary;
use super::{CapacityForecast, DrillResult, NoiseFigures, Outlook, ServiceSignal, Share, told};
use crate::finding::{Finding, Outcome};
use crate::id::IncidentId;
use crate::markdown::escape;
use crate::mode::Mode;
use crate::signal::metric::Unit;
use crate::time::{Span, Timestamp};

impl Pack {
    /// The pack as Markdown, with the sign-off once there is one. Texts from outside are escaped.
    #[must_use]
    pub fn markdown(&self, signed: Option<&Signature>) -> String {
        let sections = [
            self.head(signed),
            section("What needs a decision", "", &["rule", "outcome", "what", "next step"], self.open()),
            section(
                "Signals against objectives",
                "",
                &["service", "signal", "health", "value", "objective", "what stands behind it"],
                self.signals.iter().map(signal),
            ),
            section("Alert noise", "", &["figure", "value"], noise(self.noise.as_ref())),
            section(
                "Response times",
                "Median and 90th percentile (of how many incidents). Acknowledging counts from the declaration, everything \
                 else from when it began.",
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
                "",
                &["pattern", "month before", "this month"],
                self.trends.iter().map(count),
            ),
            section(
                "Repeats",
                "Incidents of one pattern, each of which came too soon after the one before; the latest last.",
                &["pattern", "count", "incidents", "from", "to"],
                self.repeats.iter().map(repeat),
            ),
            section(
                "Recovery drills",
                "",
                &["data set", "at", "passed", "took", "may take"],
                self.drills.iter().map(drill),
            ),
            section(
                "Capacity",
                "",
                &["resource", "full at the earliest", "full most likely"],
                self.capacity.iter().map(|one| forecast(one, self.generated_at)),
            ),
            section(
                "Delivery",
                "Deployments to production. Lead time runs from commit to production, recovery from failure to recovery: \
                 median and 90th percentile (of how many).",
                &[
                    "mode",
                    "deployments",
                    "per day",
                    "lead time",
                    "recovery",
                    "not recovered",
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
                let at = told::moment(*at);
                format!("Signed off by {} at {at}: {}", escape(by.as_str()), escape(remark))
            },
        );
        let cut = match self.left_out {
            0 => String::new(),
            rows => format!("\n\n{rows} rows are left out of the tables below."),
        };
        let Self { month, generated_at, .. } = self;
        format!(
            "# Operations review {month}\n\nGenerated at {}. {sign_off}{cut}",
            told::moment(*generated_at)
        )
    }

    fn open(&self) -> impl Iterator<Item = Vec<String>> {
        let worst = self.findings.iter().filter(|finding| finding.outcome >= Outcome::Undetermined);
        worst.map(|Finding { rule, outcome, message, remedy, evidence, .. }| {
            let which =
                if evidence.is_empty() { String::new() } else { format!(" ({})", told::first(evidence)) };
            vec![rule.to_string(), outcome.to_string(), escape(message) + &which, escape(remedy)]
        })
    }

    fn response(&self) -> impl Iterator<Item = Vec<String>> {
        self.recovery.iter().map(|(sev, of)| {
            let clocks = [of.detect, of.acknowledge, of.mitigate, of.resolve].map(summary);
            let head = [sev.to_string(), of.incidents.to_string()];
            head.into_iter().chain(clocks).chain([of.auto_resolved.to_string()]).collect()
        })
    }

    fn delivery(&self) -> impl Iterator<Item = Vec<String>> {
        let by_mode = self.dora_by_mode.iter().map(|(mode, dora)| (Some(*mode), dora.as_ref()));
        std::iter::once((None, self.dora.as_ref())).chain(by_mode).map(|(mode, dora)| deliveries(mode, dora))
    }
}

/// A heading, perhaps how to read it, and a table below, or `None.` where there are no rows. Cells are escaped by who makes
/// them.
fn section(
    title: &str,
    reading: &str,
    columns: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let line = |cells: &[String]| format!("\n| {} |", cells.join(" | "));
    let body: String = rows.into_iter().map(|row| line(&row)).collect();
    if body.is_empty() {
        return format!("## {title}\n\nNone.");
    }
    let reading = if reading.is_empty() { String::new() } else { format!("{reading}\n\n") };
    format!("## {title}\n\n{reading}| {} |\n|{}{body}", columns.join(" | "), "---|".repeat(columns.len()))
}

/// `5 min, 1 h 2 min (3)`, or `none`.
fn summary(summary: Summary) -> String {
    summary.median.zip(summary.p90).map_or_else(
        || "none".to_owned(),
        |(median, p90)| format!("{}, {} ({})", told::span(median), told::span(p90), summary.n),
    )
}

fn signal(row: &ServiceSignal) -> Vec<String> {
    let health = &row.health;
    let number =
        |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |value| quantity(value, health.unit));
    let (value, objective) =
        (number(health.value), health.objective.map_or_else(|| "none".into(), |_| number(health.objective)));
    let head = [escape(row.service.as_str()), health.signal.to_string(), health.health.to_string()];
    head.into_iter().chain([value, objective, escape(&health.detail)]).collect()
}

fn quantity(value: f64, unit: Unit) -> String {
    match unit {
        _ if !value.is_finite() => "unknown".to_owned(),
        Unit::Ratio => percent(value),
        Unit::Seconds => format!("{value:.3} s"),
        Unit::Bytes => format!("{value:.0} B"),
        Unit::BytesPerSecond => format!("{value:.0} B/s"),
        Unit::Count | Unit::Bool => format!("{value}"),
    }
}

/// A share with what it is of: `75 % (3 of 4)`.
fn share(share: Share) -> String {
    let Share { part, whole } = share;
    share
        .ratio()
        .map_or_else(|| "unknown".to_owned(), |ratio| format!("{:.0} % ({part} of {whole})", ratio * 100.0))
}

/// A share in per cent with up to three decimals, so that `99.95 %` and `99.9 %` stay apart.
fn percent(value: f64) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    let text = format!("{:.3}", value * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn noise(figures: Option<&NoiseFigures>) -> Vec<Vec<String>> {
    let Some(NoiseFigures { pages, worst_shift, worth, told, defects }) = figures else { return Vec::new() };
    let head = [
        ("pages", pages.to_string()),
        ("pages of one team in its worst shift", worst_shift.to_string()),
        ("alerts that were worth it", share(*worth)),
        ("incidents that an alert told of", share(*told)),
    ];
    let defects = defects.iter().map(|defect| ("open defect", escape(defect)));
    head.into_iter().chain(defects).map(|(name, value)| vec![name.to_owned(), value]).collect()
}

fn count(count: &Count) -> Vec<String> {
    vec![escape(&count.pattern.to_string()), count.before.to_string(), count.now.to_string()]
}

fn repeat(repeat: &Repeat) -> Vec<String> {
    let names: Vec<&str> = repeat.incidents.iter().map(IncidentId::as_str).collect();
    vec![
        escape(&repeat.pattern.to_string()),
        repeat.count.to_string(),
        told::last(&names, repeat.count),
        told::moment(repeat.first_at),
        told::moment(repeat.last_at),
    ]
}

fn drill(drill: &DrillResult) -> Vec<String> {
    let passed = if drill.passed { "yes" } else { "no" };
    let took = drill.took.map_or_else(|| "not measured".to_owned(), told::span);
    vec![escape(&drill.data_set), told::moment(drill.at), passed.into(), took, told::span(drill.objective)]
}

/// How far ahead a forecast names a day: 10 years. What a straight line says of later is nobody's plan.
const NAMED_AHEAD: Span = Span::from_secs(3_650 * 86_400);

fn forecast(forecast: &CapacityForecast, made_at: Timestamp) -> Vec<String> {
    let named = |at: Timestamp| {
        if at.since(made_at) > NAMED_AHEAD { "not within 10 years".to_owned() } else { told::day(at) }
    };
    let (earliest, likely) = match forecast.outlook {
        Outlook::Unknown => ("unknown".to_owned(), "unknown".to_owned()),
        Outlook::Steady => ("not filling up".to_owned(), "not filling up".to_owned()),
        Outlook::Full { earliest, likely } => (named(earliest), named(likely)),
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
        summary(dora.lead_time),
        summary(dora.recovery),
        dora.unrecovered.to_string(),
        share(Share { part: dora.failed as u64, whole: dora.deployments as u64 }),
        share(Share { part: dora.reworked as u64, whole: dora.deployments as u64 }),
    ]
}

/// A draft's text is escaped already; a diff stands in a fence that its lines, each with a sign in front, can't close.
fn proposal(draft: &Draft) -> String {
    let Draft { remedy, owner, due, title, text, .. } = draft;
    let body = match remedy {
        super::feedback::Remedy::RunbookChange => format!("```diff\n{text}```"),
        super::feedback::Remedy::ArchitectureDecision => text.trim_end().to_owned(),
    };
    let due = told::moment(*due);
    format!("\n\n### {}\n\n{remedy}, to be answered by {owner} until {due}.\n\n{body}", escape(title))
}

#[cfg(test)]
mod tests;
