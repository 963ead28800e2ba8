//! `route`: where an alert of some labels would go by a runbook, with which others it would be told, and what each route said.
//! No server is asked. Whether anything stands in the way, such as a silence, is a running server's to say.

use std::path::PathBuf;

use clap::Subcommand;
use eavip_agent::cli::exit;
use eavip_core::alert::route::{self, Answer, Asked};
use eavip_core::alert::{Category, intake, owner};
use eavip_core::id::TeamId;
use eavip_core::labels::Labels;
use eavip_core::policy::Policy;
use serde_json::json;

use crate::ctl::failure::Failure;
use crate::ctl::given::undecided;
use crate::ctl::output::{Cell, Format, Output, talk};
use crate::ctl::policy;

/// Arguments of `route`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say which receivers an alert with these labels would go to; exits 3 when there is none
    #[command(
        after_help = "eavipctl route test alertname=DiskFull service=shop severity=critical --runbook runbook.toml\n\n\
                            The category is that of --category, or what the labels `category` or `severity` mean, as for an alert that\nPrometheus sends."
    )]
    Test(Test),
}

/// Arguments of `route test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// The alert's labels
    #[arg(required = true, value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// How urgent it is
    #[arg(long)]
    category: Option<Category>,
    /// The runbook: files, each with its `.d` directory, or directories of `*.toml`
    #[arg(long, value_name = "FILE|DIR", default_value = ".")]
    runbook: Vec<PathBuf>,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write a label as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Command {
    pub(crate) fn run(self, out: &mut Output) -> Result<u8, Failure> {
        let Self::Test(test) = self;
        test.run(out)
    }
}

impl Test {
    fn run(self, out: &mut Output) -> Result<u8, Failure> {
        let labels = Labels::new(self.labels);
        let labels = labels.map_err(|error| Failure::new(exit::USAGE, error, "correct the labels"))?;
        let policy = policy::load(&self.runbook).map_err(|problems| undecided(&problems))?;
        let meant = intake::category(&labels, &policy.alerting.intake);
        let category = self.category.unwrap_or(meant);
        let labels = completed(&labels, category, &policy);
        let targets = route::targets(&policy.routes, &labels, category);
        let asked = route::explain(&policy.routes, &labels, category);
        let rows: Vec<Vec<Cell>> = targets
            .iter()
            .map(|target| {
                let grouping = target.grouping;
                let wait =
                    if category == Category::Critical { grouping.wait_critical } else { grouping.wait };
                vec![
                    Cell::from(target.receiver),
                    Cell::from(grouping.key(&labels)),
                    Cell::from(wait),
                    Cell::from(grouping.interval),
                    Cell::from(grouping.repeat),
                ]
            })
            .collect();
        let items: Vec<_> = targets
            .iter()
            .map(|target| json!({
                "receiver": target.receiver, "grouping": target.grouping, "group": target.grouping.key(&labels),
            }))
            .collect();
        let steps: Vec<_> = asked
            .iter()
            .map(
                |asked| json!({ "route": place(asked), "answer": asked.answer, "why": why(asked, category) }),
            )
            .collect();
        let json = json!({ "labels": labels, "category": category, "items": items, "asked": steps });
        out.table(&["RECEIVER", "GROUP", "WAIT", "INTERVAL", "REPEAT"], &rows, &json)?;
        if out.format == Format::Table {
            out.gap()?;
            let rows = asked.iter().map(|asked| {
                vec![Cell::from(place(asked)), Cell::from(asked.answer), Cell::from(why(asked, category))]
            });
            out.rows(&["ROUTE", "SAYS", "WHY"], &rows.collect::<Vec<_>>())?;
        }
        if targets.is_empty() {
            talk("nobody would be told: no route takes it");
            return Ok(exit::FINDINGS);
        }
        Ok(exit::OK)
    }
}

/// The labels that the server would add, as for an alert that another system sends.
fn completed(sent: &Labels, category: Category, policy: &Policy) -> Labels {
    let declared = |team: &TeamId| policy.roster.teams.contains_key(team);
    let owner = owner::resolve(sent, None, None, &policy.owners, declared).ok();
    let rule = sent.get("alertname").filter(|_| sent.get("rule").is_none()).map(intake::rule);
    let added = [
        rule.as_ref().map(|rule| ("rule", rule.as_str())),
        Some(("category", category.as_str())),
        owner.as_ref().map(|owner| ("owner", owner.as_str())),
    ];
    sent.with(added.into_iter().flatten())
}

/// Where a route stands, as people count: `route 2.1` is the first within the second.
fn place(asked: &Asked<'_>) -> String {
    let numbers: Vec<String> = asked.path.iter().map(|at| (at + 1).to_string()).collect();
    format!("route {}", numbers.join("."))
}

fn why(asked: &Asked<'_>, category: Category) -> String {
    let route = asked.route;
    match asked.answer {
        Answer::Passes if category < route.least => format!("{category} is below {}", route.least),
        Answer::Passes => format!("the labels don't match {}", route.matchers),
        answer => {
            let what = if route.matchers.is_empty() {
                "it takes every alert".to_owned()
            } else {
                format!("the labels match {}", route.matchers)
            };
            let then = match answer {
                Answer::Within => "a route within it decides",
                _ => "none within it takes it",
            };
            let then = if route.routes.is_empty() { String::new() } else { format!(", {then}") };
            let on = if route.goes_on { ", it goes on" } else { "" };
            format!("{what}{then}{on}")
        }
    }
}

#[cfg(test)]
mod tests;
