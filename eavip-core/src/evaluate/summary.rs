//! The one sentence that an alert says, and values as people read them. Names in it are hostile text: they are cut and
//! stay on one line; whoever shows them escapes them for the place.

use crate::alert::episode::Subject;
use crate::alert::rule::{AlertRule, Condition};
use crate::node::Node;
use crate::signal::metric::Unit;

/// Longest name of a host or a thing in a summary, in characters; both are hostile text.
const MAX_SHOWN: usize = 120;

/// A name as a sentence can carry it: on one line, without control characters, and cut.
fn shown(text: &str) -> String {
    let mut rest = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = rest.by_ref().take(MAX_SHOWN).collect();
    if rest.next().is_some() {
        shown.push('…');
    }
    shown
}

/// One sentence that reads alone, such as `disk_used_ratio of / on web-1 is 97.2 %, above 95 %`.
pub(super) fn summary(node: &Node, rule: &AlertRule, subject: &Subject, value: f64) -> String {
    let (service, own) = match subject {
        Subject::Node => (None, String::new()),
        Subject::Service(service) => (Some(service), String::new()),
        Subject::Series(key) => {
            let values = key.labels.iter().map(|(_, value)| value).collect::<Vec<_>>().join(" ");
            (key.service.as_ref(), shown(&values))
        }
    };
    // A probe named like its service needs no second mention.
    let service = service.map_or("", |service| service.as_str());
    let of = if own == service { own } else { [service, &own].join(" ") };
    let of = if of.trim().is_empty() { String::new() } else { format!(" of {}", of.trim()) };
    let id = node.id.to_string();
    let host = shown(if node.facts.hostname.is_empty() { &id } else { &node.facts.hostname });
    let unit = rule.indicator.unit();
    if unit == Unit::Bool {
        return format!("{}{of} on {host} is {}", rule.indicator, readable(value, unit));
    }
    let (side, limit) = match rule.condition {
        Condition::Above { fire, .. } => ("above", fire),
        Condition::Below { fire, .. } => ("below", fire),
    };
    format!("{}{of} on {host} is {}, {side} {}", rule.indicator, readable(value, unit), readable(limit, unit))
}

/// A longer span in its two largest units, such as `1 h 30 min`.
fn spelled(seconds: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let mut rest = seconds;
    let counts = UNITS.map(|(unit, size)| {
        let count = rest / size;
        rest %= size;
        (count, unit)
    });
    let largest = counts.into_iter().skip_while(|(count, _)| *count == 0).take(2);
    let parts: Vec<String> =
        largest.filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
    parts.join(" ")
}

/// A value as people read it: shares in percent, seconds as spans, bytes in binary multiples.
#[must_use]
pub fn readable(value: f64, unit: Unit) -> String {
    let plain = |value: f64| {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match unit {
        Unit::Ratio => format!("{} %", plain((value * 1e5).round() / 1e3)),
        Unit::Seconds if value.abs() < 1.0 => format!("{} ms", plain((value * 1e5).round() / 1e2)),
        Unit::Seconds if value.abs() < 60.0 => format!("{} s", plain((value * 1e2).round() / 1e2)),
        Unit::Seconds => {
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}{}", spelled(value.abs() as u64))
        }
        Unit::Bytes | Unit::BytesPerSecond => {
            let (mut scaled, mut names) = (value, ["B", "KiB", "MiB", "GiB", "TiB"].iter().peekable());
            let mut name = names.next().copied().unwrap_or("B");
            while let (true, Some(next)) = (scaled.abs() >= 1024.0, names.next()) {
                (scaled, name) = (scaled / 1024.0, next);
            }
            let per = if unit == Unit::BytesPerSecond { "/s" } else { "" };
            format!("{} {name}{per}", plain((scaled * 10.0).round() / 10.0))
        }
        Unit::Bool => if value >= 1.0 { "yes" } else { "no" }.to_owned(),
        Unit::Count => plain(value),
    }
}
