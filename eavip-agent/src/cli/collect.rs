//! `collect --once`: everything this agent would report, read now.

use std::io::Write;

use eavip_core::id::NodeId;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::{Reading, Value};
use eavip_core::wire::v1::Body;

use super::exit;
use super::output::{Format, table};
use crate::collect::{Collectors, now};
use crate::config::Config;

/// Arguments of `collect`.
#[derive(Debug, clap::Args)]
pub struct CollectArgs {
    /// Read everything once, with a second look for what is a rate, print it and end
    #[arg(long, required = true)]
    pub once: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Format,
}

/// Reads every collector twice and prints what the second report would be. The jobs' socket isn't opened by this: a
/// running agent keeps it. The exit code is 3 when a collector failed.
pub async fn run(args: &CollectArgs, config: &Config, out: &mut impl Write) -> u8 {
    let body = read(config).await;
    let failed =
        body.readings.iter().any(|r| r.metric == Metric::CollectorUp && r.value == Value::Number(0.0));
    let written = print(args.output, &body, out);
    match (written.is_ok(), failed) {
        (false, _) => exit::FAILURE,
        (true, true) => exit::FINDINGS,
        (true, false) => exit::OK,
    }
}

async fn read(config: &Config) -> Body {
    // Nobody's node: phases don't matter when everything is read at once.
    let mut collectors = Collectors::start(&config.clone().without_jobs(), NodeId(uuid::Uuid::nil()));
    collectors.board().passed(2).await;
    collectors.report(now())
}

fn print(format: Format, body: &Body, out: &mut impl Write) -> std::io::Result<()> {
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, body)?;
            writeln!(out)
        }
        Format::Jsonl => {
            let json = serde_json::to_value(body)?;
            let readings = json.get("readings").and_then(serde_json::Value::as_array);
            readings.into_iter().flatten().try_for_each(|reading| writeln!(out, "{reading}"))
        }
        Format::Table => {
            let rows: Vec<[String; 4]> = body.readings.iter().map(row).collect();
            table(out, ["METRIC", "SERVICE", "LABELS", "VALUE"], &rows)
        }
    }
}

fn row(reading: &Reading) -> [String; 4] {
    let value = match &reading.value {
        Value::Number(value) => format!("{value:.4} {}", reading.metric.unit()),
        Value::Histogram(histogram) => match histogram.quantile(0.5) {
            Some(median) => format!("{} values, half within {:.1} ms", histogram.count(), median * 1_000.0),
            None => "no values".to_owned(),
        },
        Value::Unknown(reason) => format!("unknown: {reason}"),
    };
    let labels = if reading.labels.is_empty() { String::new() } else { reading.labels.to_string() };
    let service = reading.service.as_ref().map(ToString::to_string).unwrap_or_default();
    [reading.metric.to_string(), service, labels, value]
}

#[cfg(test)]
mod tests;
