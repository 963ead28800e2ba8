//! The routes, receivers and inhibitions in force as Alertmanager's YAML: what `amtool config routes show` and `test` read, and
//! Grafana and karma show. It has no secret: receivers are names here.
//!
//! A route here may lead to several receivers, there to one: it becomes a route to the first with one for each within it.
//! `least` becomes a matcher on `category`, a label that each alert gets here.

use std::fmt::Write as _;

use eavip_core::alert::inhibit::Inhibition;
use eavip_core::alert::matcher::Matchers;
use eavip_core::alert::route::Route;
use eavip_core::alert::{Category, group::GroupingPolicy};
use eavip_core::policy::Policy;

/// Who is told where no route leads anywhere; no receiver can have this name.
pub(super) const NOBODY: &str = "(nobody)";

/// The configuration; `receivers` are the names of those there are.
pub(super) fn yaml(policy: &Policy, receivers: &[String]) -> String {
    let alerting = &policy.alerting;
    let mut out = format!("global:\n  resolve_timeout: {}\nroute:\n", alerting.intake.resolve_timeout);
    let _ = writeln!(out, "  receiver: {}", quoted(NOBODY));
    grouping(&mut out, &alerting.grouping, 2);
    routes(&mut out, &policy.routes, 2);
    if !alerting.inhibitions.is_empty() {
        out += "inhibit_rules:\n";
        alerting.inhibitions.iter().for_each(|one| inhibition(&mut out, one));
    }
    out += "receivers:\n";
    for name in std::iter::once(NOBODY).chain(receivers.iter().map(String::as_str)) {
        let _ = writeln!(out, "- name: {}", quoted(name));
    }
    out += "templates: []\n";
    out
}

fn routes(out: &mut String, routes: &[Route], indent: usize) {
    if routes.is_empty() {
        return;
    }
    let _ = writeln!(out, "{:indent$}routes:", "");
    for route in routes {
        let Some((first, others)) = route.receivers.split_first() else { continue };
        let _ = writeln!(out, "{:indent$}- receiver: {}", "", quoted(first.as_str()));
        let within = indent + 2;
        let mut wanted = listed(&route.matchers);
        if route.least > Category::Informational {
            let words: Vec<&str> = Category::ALL
                .iter()
                .filter(|category| **category >= route.least)
                .map(|word| word.as_str())
                .collect();
            wanted.push(format!("category=~\"{}\"", words.join("|")));
        }
        list(out, "matchers", &wanted, within);
        let _ = writeln!(out, "{:within$}continue: {}", "", route.goes_on);
        grouping(out, &route.grouping, within);
        routes_within(out, route, others.len(), within);
    }
}

/// The routes within one, and behind them one for each receiver where there are several.
fn routes_within(out: &mut String, route: &Route, others: usize, indent: usize) {
    routes(out, &route.routes, indent);
    if others == 0 {
        return;
    }
    if route.routes.is_empty() {
        let _ = writeln!(out, "{:indent$}routes:", "");
    }
    for (at, receiver) in route.receivers.iter().enumerate() {
        let _ = writeln!(out, "{:indent$}- receiver: {}", "", quoted(receiver.as_str()));
        let _ = writeln!(out, "{:indent$}  continue: {}", "", at < others);
    }
}

fn grouping(out: &mut String, grouping: &GroupingPolicy, indent: usize) {
    list(out, "group_by", &grouping.by.iter().cloned().collect::<Vec<_>>(), indent);
    // Alertmanager has no interval of nothing.
    let interval = grouping.interval.max(eavip_core::time::Span::from_millis(1));
    for (name, span) in
        [("group_wait", grouping.wait), ("group_interval", interval), ("repeat_interval", grouping.repeat)]
    {
        let _ = writeln!(out, "{:indent$}{name}: {span}", "");
    }
}

fn inhibition(out: &mut String, inhibition: &Inhibition) {
    out.push_str("- ");
    let Inhibition { source, target, equal } = inhibition;
    let mut inner = String::new();
    list(&mut inner, "source_matchers", &listed(source), 2);
    list(&mut inner, "target_matchers", &listed(target), 2);
    list(&mut inner, "equal", &equal.iter().cloned().collect::<Vec<_>>(), 2);
    out.push_str(inner.trim_start());
}

fn listed(matchers: &Matchers) -> Vec<String> {
    matchers.iter().map(ToString::to_string).collect()
}

fn list(out: &mut String, name: &str, texts: &[String], indent: usize) {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    let _ = writeln!(out, "{:indent$}{name}: [{}]", "", texts.join(", "));
}

/// A text in YAML's double quotes, with everything escaped that YAML doesn't take as it is.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' | '\u{a0}'..='\u{d7ff}' => out.push(character),
            _ => {
                let _ = write!(out, "\\U{:08x}", u32::from(character));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
