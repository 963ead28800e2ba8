//! Tests of retention: what is kept and why, and what must never be pruned.

use proptest::prelude::*;

use super::*;

fn retention(text: &str) -> Retention {
    Retention::try_from(toml::from_str::<Counts>(text).unwrap()).unwrap()
}

fn backup(at: &str, good: bool) -> Candidate {
    let id = at.to_lowercase().replace([':', 't', 'z'], "-");
    Candidate { id: id.parse().unwrap(), at: at.parse().unwrap(), good }
}

/// What is kept, as `time: reasons`, the oldest first.
fn kept(retention: Retention, backups: &[Candidate]) -> Vec<String> {
    let kept = keep(retention, backups);
    assert_eq!(kept.len(), backups.len(), "each backup is answered");
    let tell = |(id, reasons): (SnapshotId, BTreeSet<Reason>)| {
        let reasons: Vec<&str> = reasons.into_iter().map(Reason::as_str).collect();
        (!reasons.is_empty()).then(|| format!("{id} {}", reasons.join(" ")))
    };
    kept.into_iter().filter_map(tell).collect()
}

fn good(times: &[&str]) -> Vec<Candidate> {
    times.iter().map(|at| backup(at, true)).collect()
}

#[test]
fn keeps_the_last_one_of_each_period_and_says_why() {
    let backups = good(&[
        "2025-12-31T23:00:00Z",
        "2026-01-01T00:30:00Z",
        "2026-01-04T23:59:59Z",
        "2026-01-05T00:00:00Z",
        "2026-01-05T10:10:00Z",
        "2026-01-05T10:50:00Z",
        "2026-01-06T09:00:00Z",
    ]);
    let table = [
        ("last = 2", vec!["2026-01-05-10-50-00- last", "2026-01-06-09-00-00- last-good last"]),
        ("hourly = 2", vec!["2026-01-05-10-50-00- hourly", "2026-01-06-09-00-00- last-good hourly"]),
        (
            "daily = 3",
            vec![
                "2026-01-04-23-59-59- daily",
                "2026-01-05-10-50-00- daily",
                "2026-01-06-09-00-00- last-good daily",
            ],
        ),
        // The week begins on Monday, the 5th.
        ("weekly = 2", vec!["2026-01-04-23-59-59- weekly", "2026-01-06-09-00-00- last-good weekly"]),
        // While places are left the oldest one stays.
        ("monthly = 2", vec!["2025-12-31-23-00-00- monthly", "2026-01-06-09-00-00- last-good monthly"]),
        ("yearly = 5", vec!["2025-12-31-23-00-00- yearly", "2026-01-06-09-00-00- last-good yearly"]),
        (
            "weekly = 9",
            vec![
                "2025-12-31-23-00-00- weekly",
                "2026-01-04-23-59-59- weekly",
                "2026-01-06-09-00-00- last-good weekly",
            ],
        ),
    ];
    for (text, expected) in table {
        assert_eq!(kept(retention(text), &backups), expected, "{text}");
        let mut reversed = backups.clone();
        reversed.reverse();
        assert_eq!(kept(retention(text), &reversed), expected, "{text}: in any order");
    }
    assert!(kept(retention("last = 1"), &[]).is_empty());
}

// Seed: "Backup integrity verified": what isn't known to be good stands in for nothing.
#[test]
fn the_last_good_one_stays_however_many_bad_ones_follow() {
    let mut backups = good(&["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]);
    backups.extend(
        ["2026-01-01T12:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z"].map(|at| backup(at, false)),
    );
    assert_eq!(
        kept(retention("last = 1"), &backups),
        [
            "2026-01-02-00-00-00- last-good last",
            "2026-01-03-00-00-00- not-yet-verified",
            "2026-01-04-00-00-00- not-yet-verified"
        ]
    );
    backups.iter_mut().for_each(|backup| backup.good = false);
    assert_eq!(kept(retention("last = 1"), &backups).len(), 5, "while none is good none may be pruned");
}

#[test]
fn refuses_a_retention_that_keeps_nothing_or_everything() {
    assert_eq!(Retention::try_from(Counts::default()), Err(InvalidRetention));
    assert_eq!(
        Retention::try_from(Counts { last: MAX_KEPT + 1, ..Counts::default() }),
        Err(InvalidRetention)
    );
    assert!(serde_json::from_str::<Retention>("{}").is_err());
    let whole = retention("last = 1\nyearly = 3");
    assert_eq!(serde_json::from_str::<Retention>(&serde_json::to_string(&whole).unwrap()).unwrap(), whole);
}

fn counts() -> impl Strategy<Value = Retention> {
    let counts = prop::array::uniform6(0u32..4).prop_map(|[last, hourly, daily, weekly, monthly, yearly]| {
        Counts { last, hourly, daily, weekly, monthly, yearly }
    });
    counts.prop_filter_map("keeps nothing", |counts| Retention::try_from(counts).ok())
}

fn backups() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (0i64..60_000, prop::bool::weighted(0.7));
    prop::collection::btree_map(0u32..1_000, one, 0..40).prop_map(|map| {
        let candidate = |(id, (hours, good)): (u32, (i64, bool))| Candidate {
            id: format!("b{id}").parse().unwrap(),
            at: Timestamp::from_millis(1_700_000_000_000 + hours * 3_600_000),
            good,
        };
        map.into_iter().map(candidate).collect()
    })
}

proptest! {
    #[test]
    fn never_prunes_the_last_good_one_and_nothing_while_none_is_good(retention in counts(), backups in backups()) {
        let kept = keep(retention, &backups);
        let newest = backups.iter().filter(|backup| backup.good).max_by_key(|backup| (backup.at, backup.id.clone()));
        match newest {
            Some(newest) => prop_assert!(kept[&newest.id].contains(&Reason::LastGood)),
            None => prop_assert!(kept.values().all(|reasons| !reasons.is_empty())),
        }
        // Each line keeps as many as it may, and no more than there are periods.
        for (reason, count) in Counts::from(retention).pairs() {
            let having = kept.values().filter(|reasons| reasons.contains(&reason)).count();
            let of_good = backups.iter().filter(|backup| backup.good).count();
            prop_assert!(having <= count as usize && (reason != Reason::Last || having == of_good.min(count as usize)));
        }
    }

    #[test]
    fn pruning_is_done_once(retention in counts(), backups in backups()) {
        let kept = keep(retention, &backups);
        let left: Vec<Candidate> =
            backups.into_iter().filter(|backup| !kept[&backup.id].is_empty()).collect();
        let reasons: BTreeMap<_, _> = kept.into_iter().filter(|(_, reasons)| !reasons.is_empty()).collect();
        prop_assert_eq!(keep(retention, &left), reasons, "nothing that was kept may be pruned the next time");
    }

    #[test]
    fn a_backup_that_turns_out_bad_is_no_reason_to_prune_a_good_one(
        retention in counts(), backups in backups(), which: prop::sample::Index
    ) {
        prop_assume!(!backups.is_empty());
        let before = keep(retention, &backups);
        let mut worse = backups.clone();
        worse[which.index(backups.len())].good = false;
        let after = keep(retention, &worse);
        for backup in worse.iter().filter(|backup| backup.good) {
            let (before, after) = (&before[&backup.id], &after[&backup.id]);
            let by_period = before.iter().any(|reason| matches!(reason, Reason::Last));
            prop_assert!(!by_period || after.contains(&Reason::Last), "it moves up, never down");
        }
    }
}
