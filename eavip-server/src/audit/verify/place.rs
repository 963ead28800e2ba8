//! Which records differ, and how: changed, gone, added or in each other's place. Hashes of two lists are compared, the
//! ledger's and the one that was signed.

use std::collections::BTreeSet;

use eavip_core::audit::proof::Hashes as _;
use eavip_core::id::Digest256;

use super::Flaw;
use crate::audit::evidence::Levels;

/// How far apart two records are looked for that changed places, and how many deleted or added ones in a row.
const REACH: u64 = 1_000;
/// Records after a gap that have to be right for it to be one.
const AGREE: u64 = 8;
/// Differences that are listed one by one.
const MAX_LISTED: usize = 20;

/// How some records differ from what was signed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) flaw: Flaw,
    pub(super) what: String,
}

/// Compares the ledger with the hashes that were signed; also how many of those the ledger ends before.
pub(super) fn differences(ledger: &Levels, signed: &Levels) -> (Vec<Difference>, u64) {
    let here = |at: u64| ledger.full(0, at);
    let had = |at: u64| signed.full(0, at);
    let (mut found, mut exchanged) = (Vec::new(), BTreeSet::new());
    // `at` runs over what was signed, `place` over the ledger: they part where records are gone or were added.
    let (mut at, mut place) = (0_u64, 0_u64);
    while let (Some(is), Some(was)) = (here(place), had(at)) {
        if found.len() == MAX_LISTED {
            break;
        }
        let swapped = |by: &u64| had(at + by) == Some(is) && here(place + by) == Some(was);
        let follows = |from_here: u64, from_signed: u64| agree(here, had, from_here, from_signed);
        if is == was || exchanged.contains(&at) {
            (at, place) = (at + 1, place + 1);
        } else if let Some(by) = (1..REACH).find(swapped) {
            exchanged.insert(at + by);
            let what = format!("records {at} and {} stand in each other's place", at + by);
            found.push(Difference { flaw: Flaw::Order, what });
            (at, place) = (at + 1, place + 1);
        } else if let Some(gone) = (1..REACH).find(|gone| follows(place, at + gone)) {
            let last = at + gone - 1;
            let which =
                if gone == 1 { format!("record {at} is") } else { format!("records {at} to {last} are") };
            let what = format!("{which} gone; those after moved up");
            found.push(Difference { flaw: Flaw::Deleted, what });
            at += gone;
        } else if let Some(added) = (1..REACH).find(|added| follows(place + added, at)) {
            let what = format!("{added} records were put in before record {at}");
            found.push(Difference { flaw: Flaw::Changed, what });
            place += added;
        } else {
            let what = format!("record {at} isn't the one that was signed");
            found.push(Difference { flaw: Flaw::Changed, what });
            (at, place) = (at + 1, place + 1);
        }
    }
    let rest = if here(place).is_none() { signed.len() - at } else { 0 };
    (found, rest)
}

/// Whether two stretches are the same for a while, or to the end of what was signed.
fn agree(
    here: impl Fn(u64) -> Option<Digest256>,
    had: impl Fn(u64) -> Option<Digest256>,
    from_here: u64,
    from_signed: u64,
) -> bool {
    let mut alike = 0;
    for step in 0..AGREE {
        match (here(from_here + step), had(from_signed + step)) {
            (Some(is), Some(was)) if is == was => alike += 1,
            (_, None) => break,
            _ => return false,
        }
    }
    alike > 0
}
