//! Drafts of updates by severity, audience and what is known.

use eavip_core::incident::change::{Proof, Request};
use eavip_core::incident::sev::Impact;
use eavip_core::signal::Signal;
use eavip_core::signal::health::Health;

use super::*;
use crate::book::Book;
use crate::testing::{asks, declaration, incident_id, people};

fn at() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn incident(scope: Scope, integrity: Integrity, mitigated: bool) -> Incident {
    let mut book = Book::default();
    let mut declaration = declaration("inc-1", "shop");
    declaration.impact = Impact { scope, integrity };
    declaration.began_at = at();
    let proof = Proof {
        signal: Signal::Errors,
        service: Some("shop".parse().unwrap()),
        health: Health::Healthy,
        at: at(),
    };
    let mut requests = vec![Request::Declare(Box::new(declaration)), Request::Acknowledge, Request::Advance];
    if mitigated {
        requests.push(Request::RecordAction { what: "restarted it.".into(), proof: Some(proof) });
    }
    for request in requests {
        book.apply(1, &asks(&book, "inc-1", request, at()));
    }
    book.incidents.get(&incident_id("inc-1")).unwrap().clone()
}

#[test]
fn a_draft_says_what_is_known_and_when_the_next_one_comes() {
    let cases = [
        (
            Scope::PlatformUnavailable,
            Integrity::Intact,
            false,
            "The platform can't be used at present, since 2026-03-02 10:00 UTC. We are working on it. We report again \
             by 2026-03-02 10:30 UTC.",
        ),
        (
            Scope::MajorFunction,
            Integrity::Unknown,
            false,
            "A major function doesn't work at present: shop, since 2026-03-02 10:00 UTC. Whether data is affected isn't \
             known yet; we are checking. We are working on it. We report again by 2026-03-02 10:30 UTC.",
        ),
        (
            Scope::Partial,
            Integrity::AtRisk,
            false,
            "Part of the platform works worse than it should: shop, since 2026-03-02 10:00 UTC. Data may be affected; we \
             are working on that first. We are working on it. We report again by 2026-03-02 10:30 UTC.",
        ),
        (
            Scope::Minor,
            Integrity::Intact,
            false,
            "A minor issue affects shop, since 2026-03-02 10:00 UTC. We are working on it. We report again by \
             2026-03-03 10:00 UTC.",
        ),
        (
            Scope::Partial,
            Integrity::Intact,
            true,
            "The impact on shop, which began at 2026-03-02 10:00 UTC, has ended at 2026-03-02 10:00 UTC. We keep \
             watching. We report again by 2026-03-02 14:00 UTC.",
        ),
    ];
    for (scope, integrity, mitigated, expected) in cases {
        let incident = incident(scope, integrity, mitigated);
        assert_eq!(draft(&incident, Audience::Customers, &people(), at()), expected);
    }
    let internal =
        draft(&incident(Scope::Partial, Integrity::Intact, true), Audience::Internal, &people(), at());
    assert_eq!(
        internal,
        "inc-1 (SEV-3, triage): shop fails. Affected: shop, since 2026-03-02 10:00 UTC. Commander: nobody yet. Done last: \
         restarted it. We report again by 2026-03-02 14:00 UTC."
    );
}
