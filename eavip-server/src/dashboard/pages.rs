//! The pages about the platform and its nodes, signing in, and what to do when a page can't be shown.

use askama::Template;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;
use eavip_core::signal::metric::{Metric, Unit};

use super::chart::spark::spark;
use super::chart::{Chart, Size, chart};
use super::chrome::Chrome;
use super::words::{self, counted, firing_text, metric_title, mode_title, signal_title};
use super::{Main, Rendered, encoded};
use crate::value::{NONE, age, ago, coarse, value};
use std::collections::BTreeMap;

use crate::api::view::{Change, Firing, History, NodeDetail, NodeRow, Overview, Page, SignalAt};

/// Healthy nodes up to this many are shown below troubled ones; more are folded, so that what follows stays on the screen.
const UNFOLDED: usize = 8;
/// Healthy nodes up to this many are shown when there is no troubled one.
const UNFOLDED_WHEN_CALM: usize = 30;
/// Most nodes on the overview: the page stays small, and nobody reads on; the list of nodes has them all.
pub const MOST_ROWS: usize = 500;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewMain<'a> {
    chrome: &'a Chrome,
    view: &'a Overview,
    open: usize,
    troubled: Vec<&'a NodeRow>,
    healthy: Vec<&'a NodeRow>,
    unfolded: bool,
    left_out: usize,
    changes: Vec<(String, &'a Change)>,
}

/// The whole platform at a glance.
///
/// # Errors
/// See [`Rendered`].
pub fn overview(view: &Overview, chrome: &Chrome) -> Rendered {
    let shown = view.nodes.iter().take(MOST_ROWS);
    let (healthy, troubled): (Vec<_>, Vec<_>) = shown.partition(|row| is_fine(row));
    let unfolded = healthy.len() <= if troubled.is_empty() { UNFOLDED_WHEN_CALM } else { UNFOLDED };
    let left_out = view.now.nodes.saturating_sub(view.nodes.len().min(MOST_ROWS));
    let Firing { critical, warning, informational } = view.now.firing;
    let open = critical + warning + informational;
    let changes = placed(&view.changes);
    let page = OverviewMain { chrome, view, open, troubled, healthy, unfolded, left_out, changes };
    Ok(Main::new("Overview", &page)?.live(
        "/fragments/overview".into(),
        "report alert incident node delivery settings",
        String::new(),
    ))
}

/// Changes, newest first, with a name for each that stays when newer ones come: its record's number, and which of the
/// record's changes it is, counted from the last.
fn placed(changes: &[Change]) -> Vec<(String, &Change)> {
    let records = changes.chunk_by(|a, b| a.seq == b.seq);
    let named = |(nth, change): (usize, &Change)| format!("{}-{nth}", change.seq);
    records.flat_map(|record| record.iter().enumerate().map(|of| (named(of), of.1))).collect()
}

fn is_fine(row: &NodeRow) -> bool {
    let firing = row.firing.critical + row.firing.warning + row.firing.informational;
    row.health == Health::Healthy && firing == 0 && !row.stale
}

#[derive(Template)]
#[template(path = "nodes.html")]
struct NodesMain<'a> {
    chrome: &'a Chrome,
    page: &'a Page<NodeRow>,
    query: &'a str,
}

/// The list of nodes; `query` is what host names, deployments and environments were searched for.
///
/// # Errors
/// See [`Rendered`].
pub fn nodes(page: &Page<NodeRow>, query: &str, chrome: &Chrome) -> Rendered {
    let live = match chrome.path.split_once('?') {
        Some((_, asked)) => format!("/fragments/nodes?{asked}"),
        None => "/fragments/nodes".to_owned(),
    };
    Ok(Main::new("Nodes", &NodesMain { chrome, page, query })?.live(live, "report node alert", String::new()))
}

/// The metrics whose charts lead a node's page, the most telling first.
pub const MAIN_METRICS: [Metric; 8] = [
    Metric::CpuBusy,
    Metric::MemoryUsed,
    Metric::DiskUsed,
    Metric::ProbeDuration,
    Metric::RequestDuration,
    Metric::ProbeUp,
    Metric::QueueOldestAge,
    Metric::JobLate,
];
/// Most charts on a node's page: two rows on a wide screen.
const MOST_CHARTS: usize = 8;

/// The ids of the series whose histories a node's page shows: of each leading metric one, then further ones.
#[must_use]
pub fn main_series(node: &NodeDetail) -> Vec<&str> {
    let of = |metric: Metric| node.series.iter().filter(move |series| series.metric == metric);
    let firsts = MAIN_METRICS.iter().filter_map(|metric| of(*metric).next());
    let others = MAIN_METRICS.iter().flat_map(|metric| of(*metric).skip(1));
    firsts.chain(others).take(MOST_CHARTS).map(|series| series.id.as_str()).collect()
}

#[derive(Template)]
#[template(path = "node.html")]
struct NodeMain<'a> {
    chrome: &'a Chrome,
    node: &'a NodeDetail,
    services: Vec<ServiceRow<'a>>,
    charts: Vec<Chart>,
}

/// One service of a node and its golden signals, in their fixed order.
struct ServiceRow<'a> {
    name: &'a str,
    owner: Option<&'a str>,
    cells: Vec<(Signal, Option<&'a SignalAt>)>,
}

/// One node, with the histories of [`main_series`].
///
/// # Errors
/// See [`Rendered`].
pub fn node(node: &NodeDetail, histories: &[History], chrome: &Chrome) -> Rendered {
    let id = &node.row.id;
    let charts = histories
        .iter()
        .map(|history| chart(history, Size::Small, Some(series_path(chrome, id, &history.series.id))))
        .collect();
    let page = NodeMain { chrome, node, services: services(node), charts };
    let live = format!("/fragments/nodes/{}", encoded(id));
    Ok(Main::new(&node.row.hostname, &page)?.live(live, "report node alert", id.clone()))
}

fn services(node: &NodeDetail) -> Vec<ServiceRow<'_>> {
    let mut of: BTreeMap<&str, Vec<&SignalAt>> = BTreeMap::new();
    for signal in &node.services {
        of.entry(&signal.service).or_default().push(signal);
    }
    of.into_iter()
        .map(|(name, all)| ServiceRow {
            name,
            owner: all.iter().find_map(|signal| signal.owner.as_deref()),
            cells: Signal::GOLDEN
                .iter()
                .map(|kind| (*kind, all.iter().copied().find(|signal| signal.signal == *kind)))
                .collect(),
        })
        .collect()
}

fn series_path(chrome: &Chrome, node: &str, series: &str) -> String {
    format!("{}/nodes/{}/series/{}", chrome.base, encoded(node), encoded(series))
}

/// The spans of time that a series is offered for: what stands in the query, and what it is called.
pub const SPANS: [(&str, &str); 4] = [("1h", "1 hour"), ("6h", "6 hours"), ("1d", "1 day"), ("7d", "7 days")];

#[derive(Template)]
#[template(path = "series.html")]
struct SeriesMain<'a> {
    chrome: &'a Chrome,
    node: &'a NodeRow,
    history: &'a History,
    span: &'a str,
    chart: Chart,
}

/// One series of a node over `span`, one of [`SPANS`].
///
/// # Errors
/// See [`Rendered`].
pub fn series(node: &NodeRow, history: &History, span: &str, chrome: &Chrome) -> Rendered {
    let chart = chart(history, Size::Large, None);
    let title = format!("{} · {}", words::series_title(&history.series), node.hostname);
    Main::new(title, &SeriesMain { chrome, node, history, span, chart })
}

/// What the sign-in page knows of the last attempt.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    /// What was wrong with it.
    pub problem: Option<String>,
    /// The user name that was given.
    pub user: String,
    /// Where to go afterwards: a path on this server.
    pub next: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInMain<'a> {
    chrome: &'a Chrome,
    attempt: &'a SignIn,
}

/// Signing in: with name and password, or with a one-time link.
///
/// # Errors
/// See [`Rendered`].
pub fn sign_in(attempt: &SignIn, chrome: &Chrome) -> Rendered {
    Main::new("Sign in", &SignInMain { chrome, attempt })
}

/// Why a page can't be shown, and the next step.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// The HTTP status.
    pub status: u16,
    /// What is the matter, in a few words.
    pub title: &'static str,
    /// The same in a sentence.
    pub detail: String,
    /// What to do now.
    pub next: String,
}

impl Trouble {
    /// Nothing is at this path.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self {
            status: 404,
            title: "Not found",
            detail: format!("There is no {what} here."),
            next: "It may have been removed, or the address is mistyped. Start from the overview.".into(),
        }
    }

    /// The viewer's role doesn't include it.
    #[must_use]
    pub fn forbidden(needed: crate::record::Role) -> Self {
        Self {
            status: 403,
            title: "Not allowed",
            detail: format!("This needs the role {needed}."),
            next: "Ask an administrator for the role, or sign in as somebody who has it.".into(),
        }
    }

    /// The server could not do it; `reference` is what its log is searched for.
    #[must_use]
    pub fn failed(reference: &str) -> Self {
        Self {
            status: 500,
            title: "The server failed",
            detail: "The page could not be put together. Collecting and alerting go on.".into(),
            next: format!("Try again. If it stays, search the server's log for {reference}."),
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorMain<'a> {
    chrome: &'a Chrome,
    trouble: &'a Trouble,
}

/// A page that says what is the matter and what to do.
///
/// # Errors
/// See [`Rendered`].
pub fn error(trouble: &Trouble, chrome: &Chrome) -> Rendered {
    Main::new(trouble.title, &ErrorMain { chrome, trouble })
}

/// CPU cores in words.
fn cores(cores: &u32) -> String {
    counted(*cores as usize, "core", "cores")
}

/// Memory in bytes as text.
fn memory(bytes: &u64) -> String {
    value(Unit::Bytes, *bytes as f64)
}

/// A share of a node, such as its busy CPU, as text.
fn share(share: &Option<f64>) -> String {
    share.map_or_else(|| NONE.to_owned(), |share| format!("{:.0} %", (share * 100.0).clamp(0.0, 100.0)))
}
