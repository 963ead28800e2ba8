//! A service that embeds the policy library: it ships its own alert rules, checks them in its unit tests, and lets the
//! library decide what its readings mean. No server, no agent, no I/O: the same code decides as in production.
//!
//! ```text
//! cargo run -p eavip-examples --example embed_policy
//! cargo test -p eavip-examples --example embed_policy
//! ```

use std::io::Write as _;

use eavip_core::alert::episode::{EpisodeEvent, Opening};
use eavip_core::environment::Environment;
use eavip_core::evaluate::{Waiting, evaluate, open_episodes};
use eavip_core::incident::sev::{Impact, Integrity, Scope, Sev, classify};
use eavip_core::labels::Labels;
use eavip_core::mode::Mode;
use eavip_core::node::{Node, Place};
use eavip_core::policy::{Policy, Problem, Source};
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::{Span, Timestamp};
use eavip_core::wire::v1::Body;

/// The rules that this service ships with.
const RULES: &str = include_str!("shop_runbook.toml");

fn policy() -> Result<Policy, Vec<Problem>> {
    Policy::load(&[Source::new("shop_runbook.toml", RULES)])
}

/// A node of a customer's own installation.
fn node(at: Timestamp) -> anyhow::Result<Node> {
    let place = Place {
        deployment: "acme".parse()?,
        mode: Mode::OnPrem,
        environment: Environment::Production,
        labels: Labels::default(),
    };
    Ok(Node::new("01980000-0000-7000-8000-000000000001".parse()?, place, at))
}

/// What the node reports: how long the oldest message of a queue has waited.
fn report(at: Timestamp, oldest: f64) -> anyhow::Result<Body> {
    let checkout = "checkout".parse()?;
    let labels = Labels::new([("queue", "settlement")])?;
    let reading = Reading::exact(Metric::QueueOldestAge, oldest).of(Some(&checkout)).labelled(labels);
    Ok(Body { at, interval: Span::from_secs(15), facts: None, readings: vec![reading], dropped: Vec::new() })
}

/// The alerts that the policy opens when the queue's age stays at `oldest` seconds for a minute.
fn alerts(policy: &Policy, oldest: f64) -> anyhow::Result<Vec<Opening>> {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let (mut node, mut waiting, mut opened) = (node(start)?, Waiting::default(), Vec::new());
    // Time is an argument: a minute passes in no time.
    for seconds in (0..=60).step_by(15) {
        let now = start + Span::from_secs(seconds);
        node.observe(&report(now, oldest)?, now);
        let outcome = evaluate([&node], open_episodes([]), &waiting, policy, now);
        waiting = outcome.waiting;
        opened.extend(outcome.transitions.into_iter().filter_map(|transition| match transition.event {
            EpisodeEvent::Opened(opening) => Some(*opening),
            _ => None,
        }));
        if !opened.is_empty() {
            break;
        }
    }
    Ok(opened)
}

/// How severe it is when settlement stops and the data is known to be intact.
fn severity() -> Sev {
    classify(Impact { scope: Scope::MajorFunction, integrity: Integrity::Intact })
}

fn main() -> anyhow::Result<()> {
    let policy = policy().map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", told.join("\n"))
    })?;
    let mut out = std::io::stdout().lock();
    for oldest in [20.0, 300.0] {
        let opened = alerts(&policy, oldest)?;
        writeln!(out, "oldest message {oldest} s: {} alert(s)", opened.len())?;
        for alert in opened {
            writeln!(out, "  {} {}: {}", alert.category, alert.rule, alert.summary)?;
            writeln!(out, "  owner   {}", alert.owner)?;
            writeln!(out, "  action  {}", alert.action)?;
            writeln!(out, "  runbook {}", alert.runbook)?;
        }
    }
    writeln!(out, "settlement stopped, data intact: {}", severity())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_that_ship_with_the_service_are_valid() {
        let problems = policy().err().unwrap_or_default();
        assert!(problems.is_empty(), "{problems:#?}");
    }

    #[test]
    fn a_slow_queue_pages_the_team_that_owns_it_and_a_fast_one_nobody() {
        let policy = policy().unwrap();
        assert!(alerts(&policy, 20.0).unwrap().is_empty());
        let opened = alerts(&policy, 300.0).unwrap();
        let told: Vec<(&str, &str)> =
            opened.iter().map(|alert| (alert.rule.as_str(), alert.owner.as_str())).collect();
        assert_eq!(told, [("checkout-queue-slow", "payments")]);
    }

    #[test]
    fn a_rule_without_an_owner_cannot_be_shipped() {
        let orphan = RULES.replace("owner = \"payments\"\naction", "action");
        let problems = Policy::load(&[Source::new("orphan.toml", orphan)]).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].message.contains("owner"), "{problems:#?}");
    }

    #[test]
    fn integrity_at_risk_outranks_everything() {
        assert_eq!(severity(), Sev::Sev2);
        assert_eq!(classify(Impact { scope: Scope::Minor, integrity: Integrity::Unknown }), Sev::Sev1);
    }
}
