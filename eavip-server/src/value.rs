//! Numbers as people read them: a value in its unit as short text, for cards, tables, axes and charts.

use eavip_core::signal::metric::Unit;

/// What stands where a value isn't known.
pub const NONE: &str = "–";

/// Values beyond this are written as this.
const MOST: f64 = 1e18;

/// A value in its unit as text, such as `99.95 %`, `12.4 ms` or `1.5 GiB`; [`NONE`] when it isn't a finite number.
#[must_use]
pub fn value(unit: Unit, value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    // No metric comes near; beyond, the sums of formatting would leave the finite numbers.
    let value = value.clamp(-MOST, MOST);
    match unit {
        Unit::Ratio => percent(value),
        Unit::Seconds => seconds(value),
        Unit::Bytes => bytes(value, ""),
        Unit::BytesPerSecond => bytes(value, "/s"),
        Unit::Count => count(value),
        Unit::Bool => if value >= 0.5 { "yes" } else { "no" }.to_owned(),
    }
}

/// Whole numbers stay whole; three digits that count otherwise.
fn short(value: f64) -> String {
    let size = value.abs();
    let digits = if size >= 100.0 || (value - value.round()).abs() < 1e-9 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 0.01 {
        2
    } else {
        4
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Close to 100 % the digits behind the nines are the ones that count, and rounding must not hide a failure.
fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if percent < 100.0 && percent > 99.0 {
        let down = (percent * 1000.0).floor() / 1000.0;
        return format!("{} %", short_exact(down));
    }
    format!("{} %", short(percent))
}

fn short_exact(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A span in the unit that suits its size.
#[must_use]
pub fn seconds(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0 s".to_owned()
    } else if size < 0.001 {
        format!("{} µs", short(value * 1e6))
    } else if size < 1.0 {
        format!("{} ms", short(value * 1e3))
    } else if size < 120.0 {
        format!("{} s", short(value))
    } else {
        let text = age(size);
        if value < 0.0 { format!("-{text}") } else { text }
    }
}

/// A longer span in one unit below an hour, where the next would only flicker, then in two.
#[must_use]
pub fn coarse(seconds: f64) -> String {
    age(if (60.0..3600.0).contains(&seconds) { (seconds / 60.0).floor() * 60.0 } else { seconds })
}

/// How long ago something was, coarsely.
#[must_use]
pub fn ago(seconds: f64) -> String {
    format!("{} ago", coarse(seconds))
}

/// A longer span in its two largest units, such as `3 h 20 min`.
#[must_use]
pub fn age(seconds: f64) -> String {
    const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let mut rest = if seconds.is_finite() { seconds.max(0.0).floor() as u64 } else { 0 };
    let mut parts: Vec<String> = Vec::with_capacity(2);
    for (unit, size) in UNITS {
        let count = rest / size;
        rest %= size;
        // The second unit only says something directly below the first.
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

fn bytes(value: f64, per: &str) -> String {
    let mut size = value;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if size.abs() < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = next;
    }
    format!("{} {unit}{per}", short(size))
}

fn count(value: f64) -> String {
    let size = value.abs();
    if size >= 1e9 {
        format!("{} G", short(value / 1e9))
    } else if size >= 1e6 {
        format!("{} M", short(value / 1e6))
    } else if size >= 1e4 {
        format!("{} k", short(value / 1e3))
    } else {
        short(value)
    }
}

#[cfg(test)]
mod tests;
