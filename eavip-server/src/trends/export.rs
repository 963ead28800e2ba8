//! A month's figures for spreadsheets.

use crate::api::view::trends::{Durations, Trends};
use crate::csv::{row, table};

/// The response times by severity; seconds.
#[must_use]
pub fn csv(trends: &Trends) -> String {
    let clocks = ["detect", "acknowledge", "mitigate", "resolve"];
    let head = ["severity".to_owned(), "incidents".to_owned()].into_iter().chain(
        clocks.iter().flat_map(|clock| ["n", "median s", "p90 s"].map(|figure| format!("{clock} {figure}"))),
    );
    let head = row(head.chain(["over by themselves".to_owned()]));
    let seconds = |seconds: Option<f64>| seconds.map_or_else(String::new, |seconds| format!("{seconds:.0}"));
    let cells = |of: &Durations| [of.n.to_string(), seconds(of.median_seconds), seconds(of.p90_seconds)];
    let rows = trends.response.iter().map(|of| {
        let clocks = [&of.detect, &of.acknowledge, &of.mitigate, &of.resolve].map(cells);
        let first = [of.sev.to_string(), of.incidents.to_string()].into_iter();
        row(first.chain(clocks.into_iter().flatten()).chain([of.auto_resolved.to_string()]))
    });
    table(std::iter::once(head).chain(rows))
}

#[cfg(test)]
mod tests;
