//! The recount of capacity: all slopes between two points, sorted; their middle, and the ranks of Sen's interval.

use eavip_core::time::{Span, Timestamp};
use eavip_core::trend::Outlook;
use eavip_core::trend::review::Pack;

use super::platform::DAY;
use super::recount::same;
use super::upkeep::RESOURCES;
use super::world::World;

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n % 2 == 1 { values[n / 2] } else { (values[n / 2 - 1] + values[n / 2]) / 2.0 }
}

pub fn check(world: &World, pack: &Pack) {
    for ((resource, size), library) in RESOURCES.into_iter().zip(&pack.capacity) {
        same!(library.resource, resource, "the resource");
        let points = world.facts.used.get(resource).map_or(&[][..], Vec::as_slice);
        let recent = &points[points.len().saturating_sub(60)..];
        let name = format!("{resource} in {}", pack.month);
        match (outlook(recent, size, world.now), library.outlook) {
            (None, Outlook::Unknown) => {}
            (Some((_, None)), Outlook::Steady) => {}
            (Some((earliest, Some(likely))), Outlook::Full { earliest: first, likely: then }) => {
                let close = |a: Timestamp, b: Timestamp| a.since(b).max(b.since(a)) <= Span::from_secs(1);
                assert!(close(then, likely), "when {name} is full: {then} and {likely}");
                assert!(
                    close(first, earliest),
                    "when {name} is full at the earliest: {first} and {earliest}"
                );
            }
            (recount, library) => panic!("{name}: {library:?} and {recount:?}"),
        }
    }
}

/// When it is full at the earliest and most likely; `None` within where it never is, and around where nobody can say.
fn outlook(points: &[(Timestamp, f64)], size: f64, now: Timestamp) -> Option<(Timestamp, Option<Timestamp>)> {
    if points.len() < 14 {
        return None;
    }
    let ago = |at: Timestamp| -(now.since(at).as_secs_f64() / 86_400.0);
    let mut slopes = Vec::new();
    for (place, (at, value)) in points.iter().enumerate() {
        for (later, more) in &points[place + 1..] {
            slopes.push((more - value) / (ago(*later) - ago(*at)));
        }
    }
    slopes.sort_by(f64::total_cmp);
    let slope = middle(slopes.clone());
    let level = middle(points.iter().map(|(at, value)| value - slope * ago(*at)).collect());
    let spread = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let mut values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
    values.sort_by(f64::total_cmp);
    let ties: f64 = values.chunk_by(|a, b| a == b).map(|same| spread(same.len() as f64)).sum();
    let half = 1.959_963_984_540_054 * ((spread(points.len() as f64) - ties) / 18.0).sqrt() / 2.0;
    let upper = slopes[(slopes.len() as f64 / 2.0 + half).ceil() as usize];
    // A straight line says nothing of what comes after a hundred years.
    let days = |slope: f64| ((size - level) / slope).min(36_500.0);
    let after = |slope: f64| now + Span::from_millis((days(slope) * DAY.as_millis() as f64) as u64);
    Some((after(upper), (slope > 0.0).then(|| after(slope))))
}
