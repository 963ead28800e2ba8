//! `kill -9` at random moments, counted in acknowledgements.

use std::time::Duration;

use eavip_agent::spool::Limits;
use eavip_server::log::Options;
use eavip_tests::chance::Chance;

use super::oracle::{Allowed, Oracle};
use super::victim::Victim;

const KILLS: u64 = 120;

#[test]
fn kills_lose_nothing_that_was_acknowledged() {
    let (mut acknowledged, mut kills) = (0, 0);
    for seed in super::seeds() {
        eprintln!("kill -9: seed {seed}");
        let mut chance = Chance::new(seed);
        let dir = tempfile::tempdir().unwrap();
        let mut oracle = Oracle::default();
        for _ in 0..KILLS / 4 {
            for kind in ["log", "spool"] {
                let mut victim = Victim::start(kind, dir.path(), chance.bits());
                let mut wanted = chance.below(60);
                while wanted > 0 {
                    wanted -= u64::from(oracle.hear(&victim.line().expect("the victim stopped by itself")));
                }
                victim.kill().iter().for_each(|line| {
                    oracle.hear(line);
                });
                kills += 1;
            }
            check(&mut oracle, dir.path());
        }
        acknowledged += oracle.acknowledged;
    }
    eprintln!("kill -9: {kills} kills, {acknowledged} acknowledged, lost 0");
    assert!(kills >= 100);
}

/// Everything must be there after a kill and after a power cut.
pub(super) fn check(oracle: &mut Oracle, dir: &std::path::Path) {
    let known = oracle.check_views(&dir.join("views"));
    oracle.check_log(
        &dir.join("log"),
        &Options { segment_bytes: 32 << 10, known, ..Options::default() },
        Allowed::Nothing,
    );
    let limits = Limits { max_bytes: 256 << 10, keep_acknowledged: Duration::from_secs(1_000_000) };
    oracle.check_spool(&dir.join("spool"), limits, Allowed::Nothing);
}
