//! Tests of the four clocks.

use super::super::change::{Alert, Declaration, Happening, Request};
use super::super::phase::Phase;
use super::super::sev::Scope;
use super::super::tests::{after, ask, declaration, in_phase, minutes, now, person};
use super::super::{Actor, Incident};
use super::*;
use crate::id::Digest128;

#[test]
fn each_clock_runs_from_its_beginning_to_its_end() {
    let clocks = Clocks::of(&in_phase(Scope::Minor, Phase::Closed));
    let expected = Clocks {
        detect: minutes(10),
        acknowledge: Some(minutes(1)),
        mitigate: Some(minutes(15)),
        resolve: Some(minutes(18)),
        auto_resolved: false,
    };
    assert_eq!(clocks, expected);
    let open = Clocks::of(&in_phase(Scope::Minor, Phase::Triage));
    assert_eq!((open.mitigate, open.resolve), (None, None));
}

fn from_alert() -> Incident {
    let alert = Some(Alert { episode: Digest128([1; 16]), rule: "probe-down".parse().unwrap() });
    let declaration = Declaration { alert, ..declaration("inc-1", Scope::Minor) };
    ask(None, Actor::Platform, Request::Declare(Box::new(declaration)), now()).unwrap()
}

fn over() -> Request {
    let happening = Happening::AlertResolved { episode: Digest128([1; 16]) };
    Request::Witness { happening, happened_at: now() + minutes(1) }
}

#[test]
fn what_was_over_before_anybody_took_it_is_counted_apart() {
    let over_alone = after(from_alert(), [over()]);
    assert!(Clocks::of(&over_alone).auto_resolved);
    let looked_later = after(over_alone, [Request::Acknowledge]);
    let clocks = Clocks::of(&looked_later);
    assert_eq!((clocks.auto_resolved, clocks.acknowledge), (true, None));
    let taken = after(from_alert(), [Request::Acknowledge, over()]);
    let clocks = Clocks::of(&taken);
    assert_eq!((clocks.auto_resolved, clocks.acknowledge), (false, Some(minutes(1))));
}

#[test]
fn an_alert_that_still_fires_keeps_it_going() {
    let another = Alert { episode: Digest128([2; 16]), rule: "probe-down".parse().unwrap() };
    let opened = Request::Witness { happening: Happening::AlertOpened(another), happened_at: now() };
    assert!(!Clocks::of(&after(from_alert(), [opened, over()])).auto_resolved);
    let stranger = Happening::AlertResolved { episode: Digest128([7; 16]) };
    let stranger = Request::Witness { happening: stranger, happened_at: now() };
    assert!(!Clocks::of(&after(from_alert(), [stranger])).auto_resolved);
    assert!(!Clocks::of(&in_phase(Scope::Minor, Phase::Detection)).auto_resolved, "no alert resolves it");
}

#[test]
fn a_clock_that_ran_backwards_gives_zero() {
    let incident = in_phase(Scope::Minor, Phase::Detection);
    let taken = ask(Some(&incident), person("ana"), Request::Acknowledge, now() - minutes(5)).unwrap();
    assert_eq!(Clocks::of(&taken).acknowledge, Some(Span::ZERO));
}
