//! Who has duty, reckoned by hand: weeks from Monday, 2026-12-28, and the summer time of 2027.

use eavip_core::time::Timestamp;

use super::platform::{HOUR, id};

const WEEK_MS: i64 = 7 * 24 * 3_600_000;

/// What the clocks in Berlin are ahead of UTC.
fn berlin(at: Timestamp) -> eavip_core::time::Span {
    let summer = id::<Timestamp>("2027-03-28T01:00:00Z") <= at && at < id("2027-10-31T01:00:00Z");
    HOUR.times(if summer { 2 } else { 1 })
}

fn week(local: Timestamp, first: &str) -> usize {
    let since = local.as_millis() - id::<Timestamp>(first).as_millis();
    usize::try_from(since.div_euclid(WEEK_MS)).unwrap()
}

/// The first and the second on call of Platform Operations.
pub fn platform(at: Timestamp) -> [&'static str; 2] {
    let week = week(at + berlin(at), "2026-12-28T09:00:00Z");
    [["ana", "ben", "cem", "dee"][week % 4], ["cem", "dee", "ana", "ben"][week % 4]]
}

/// Who is on call of Security & Compliance.
pub fn security(at: Timestamp) -> &'static str {
    ["eva", "fay"][week(at, "2026-12-28T08:00:00Z") % 2]
}

/// Who is told first of a team's alerts, and who next.
pub fn of_team(team: &str, at: Timestamp) -> [&'static str; 2] {
    match team {
        "platform-operations" => platform(at),
        "security-compliance" => [security(at), if security(at) == "eva" { "fay" } else { "eva" }],
        "hafen" => ["kai", "lia"],
        other => panic!("{other} has no schedule"),
    }
}
