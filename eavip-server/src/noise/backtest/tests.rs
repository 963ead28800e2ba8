//! Tests of trying another runbook on what was measured.

use std::sync::Arc;

use eavip_core::alert::episode::{Ending, EpisodeEvent};
use eavip_core::signal::reading::Reading;
use eavip_core::time::Span;
use uuid::Uuid;

use super::*;
use crate::shared::now;
use crate::store::memory::MemoryStore;
use crate::testing::{Inside, body, checked, episode, policy, reports};

/// A probe that fails when its value is low, from 30 s on.
fn runbook(hold: &str) -> Policy {
    policy(&format!(
        "[person.ana]\nteams = [\"platform-operations\"]\n[alert.probe-down]\nfor = \"{hold}\"\n"
    ))
}

/// Reports of the last minutes, ten seconds apart: `.` for up, `x` for down.
async fn measured(inside: &Inside, pattern: &str) -> NodeId {
    let node = inside.enrol(1).await;
    let steps = pattern.len() as u64;
    for (seq, step) in (1..).zip(pattern.chars()) {
        let up = if step == 'x' { 0.0 } else { 1.0 };
        let reading = Reading::exact(Metric::ProbeUp, up).of(Some(&"shop".parse().unwrap()));
        let at = now() - Span::from_secs(10).times(steps - seq);
        let body = body(at, vec![reading]);
        inside.committer.reports(reports(node, seq - 1, vec![checked(seq, body)])).await.unwrap();
    }
    node
}

fn inside(hold: &str) -> Inside {
    Inside::with_policy(Arc::new(MemoryStore::new(Uuid::nil())), runbook(hold))
}

fn messages(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.message.as_str()).collect()
}

#[tokio::test]
async fn a_runbook_that_is_noisier_on_what_was_measured_is_refused_with_the_numbers() {
    let inside = inside("1m");
    let _ = measured(&inside, "..x...x...x...x..").await;
    let trial = trial(&inside.shared, &runbook("0s"), now());
    assert_eq!(
        messages(&trial.refused),
        ["`probe-down`: alerts that weren't worth it: 4, before the edit 0"],
        "each time it was down for a moment"
    );
}

#[tokio::test]
async fn a_runbook_that_would_miss_what_somebody_acted_on_is_refused() {
    let inside = inside("0s");
    let node = measured(&inside, "..xxx...").await;
    crate::evaluate::once(&inside.shared, &inside.committer, now()).await.unwrap();
    let key = SeriesKey {
        metric: Metric::ProbeUp,
        service: Some("shop".parse().unwrap()),
        labels: Default::default(),
    };
    let mut opening = crate::testing::opened(1, "probe-down", now() - Span::from_secs(55));
    opening.origin = eavip_core::alert::episode::Origin::Node(eavip_core::alert::episode::Observed {
        node,
        subject: Subject::Series(key),
        indicator: Indicator::Metric(Metric::ProbeUp),
        unit: Metric::ProbeUp.unit(),
        value: 0.0,
    });
    let id = opening.id;
    let taken =
        EpisodeEvent::Acknowledged { by: "ana".to_owned(), reason: "mine".to_owned(), at: opening.at };
    let over = EpisodeEvent::Resolved { ending: Ending::Recovered, at: now() - Span::from_secs(30) };
    let events = [EpisodeEvent::Opened(Box::new(opening)), taken, over];
    inside.write(events.into_iter().map(|event| episode(id, event)).collect()).await;
    let trial = trial(&inside.shared, &runbook("5m"), now());
    assert_eq!(trial.refused.len(), 1);
    let message = &trial.refused[0].message;
    assert!(message.starts_with("`probe-down`: true alerts that would be lost: 1, the first {"), "{message}");
}

#[tokio::test]
async fn what_changes_no_episode_or_was_never_measured_is_let_through() {
    let inside = inside("1m");
    let other = policy("[alert.probe-down]\nfor = \"1m\"\ncategory = \"warning\"\n");
    let nothing = trial(&inside.shared, &other, now());
    assert!(nothing.refused.is_empty() && nothing.unknown.is_empty(), "it fires as before");
    let trial = trial(&inside.shared, &runbook("0s"), now());
    assert!(trial.refused.is_empty());
    assert_eq!(messages(&trial.unknown), ["`probe-down`: no stored value tells what `probe-down` would do"]);
}
