//! A simulated year of a platform through the library, as an embedder uses it: alerts, incidents, releases, drills,
//! changes, flags and reviews. Each month's operations review is recounted from what the simulation itself wrote down.
//!
//! The world and its agenda are in `world`; `facts` are its own notes, which the recount counts; `books` are the
//! library's states, made from a log of JSON lines.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking; helper functions are outside the `#[test]` items that clippy exempts"
)]
#![allow(unreachable_pub, missing_docs, reason = "nothing of a test is anybody's interface")]

mod alerts;
mod books;
mod chance;
mod duty;
mod facts;
mod forbidden;
mod gates;
mod incidents;
mod invariants;
mod platform;
mod recount;
mod recount_capacity;
mod recount_noise;
mod recount_signals;
mod recovery;
mod releases;
mod response;
mod reviews;
mod rollouts;
mod troubles;
mod upkeep;
mod world;

use books::{Books, What};
use eavip_core::trend::review::ReviewEvent;
use world::World;

/// A year, its invariants, and the same year again from its log: the same states, and the same reviews on the way.
fn year(seed: u64) -> World {
    let world = World::run(seed);
    let entries = books::entries(&world.log);
    invariants::check(&world, &entries);
    let mut again = Books::default();
    for entry in entries {
        if let What::Review(ReviewEvent::Generated { pack }) = &entry.what {
            let made = reviews::pack_of(&again, &world.policy, pack.month, pack.generated_at);
            assert_eq!(made, **pack, "the review of {} from the log", pack.month);
        }
        again.keep(entry);
    }
    assert_eq!(again.differences(&world.books), [""; 0], "the log gives the same states");
    world
}

// Seed: "Operational metrics reviewed regularly", "Platform operations are predictable".
#[test]
fn the_reviews_of_a_year_are_what_a_recount_gives() {
    let world = year(1);
    insta::assert_snapshot!("review", world.pages["2027-05"]);
    insta::assert_snapshot!("year", tally(&world));
}

// Seed: "Failures are expected and planned for".
#[test]
fn another_year_is_recounted_as_well() {
    year(20_270_101);
}

#[test]
fn a_third_year_is_recounted_as_well() {
    year(0xEA71);
}

/// The year in a few numbers.
fn tally(world: &World) -> String {
    let facts = &world.facts;
    let count = |name: &str, count: usize| format!("{name}: {count}\n");
    let lines = [
        count("log entries", world.log.len()),
        count("alerts", facts.alerts.len()),
        count("pages", world.books.pages.len()),
        count("silences", facts.silences.len()),
        count("incidents", facts.incidents.len()),
        count("merged", facts.incidents.iter().filter(|one| one.merged_into.is_some()).count()),
        count("reopened", facts.incidents.iter().filter(|one| one.reopened > 0).count()),
        count("releases", world.books.releases.len()),
        count("deployments", facts.deployments.len()),
        count("rolled back", facts.deployments.iter().filter(|one| one.failed.is_some()).count()),
        count("broken glass", usize::try_from(facts.broken_glass).unwrap()),
        count("drills", facts.drills.len()),
        count("failed drills", facts.drills.iter().filter(|one| !one.passed).count()),
        count("noise defects", world.books.defects.len()),
        count("proposals", world.books.proposals.len()),
        count("anti-pattern cases", world.books.cases.len()),
    ];
    let denied = facts.denied.iter().map(|(gate, count)| format!("denied by {gate}: {count}\n"));
    let refused = facts.refusals.iter().map(|(rule, count)| format!("refused by {rule}: {count}\n"));
    lines.into_iter().chain(denied).chain(refused).collect()
}
