//! Tests of reports on their way into the spool; whole agents are tested with a server's authority.

use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::Span;
use eavip_core::wire::v1::Body;

use super::*;
use crate::spool::{Class, Entry};

fn body(readings: usize) -> Body {
    Body {
        at: clock::now(),
        interval: Span::from_secs(15),
        facts: None,
        readings: vec![Reading::exact(Metric::CpuBusy, 0.5); readings],
        dropped: Vec::new(),
    }
}

fn bodies(spool: &Spool) -> Vec<Body> {
    let entries: Vec<Entry> = spool.pending(100, usize::MAX).unwrap();
    entries.iter().map(|entry| Body::decode(&entry.body, "").unwrap()).collect()
}

#[test]
fn a_report_tells_of_the_spool_and_of_each_drop_once() {
    let dir = tempfile::tempdir().unwrap();
    let (spool, _) = Spool::open(dir.path(), Limits::default(), 1).unwrap();
    let refused = spool.append(Class::Metrics, b"{}", 1).unwrap();
    spool.refuse(refused).unwrap();
    report::store(&spool, body(1)).unwrap();
    report::store(&spool, body(1)).unwrap();
    let [first, second] = <[Body; 2]>::try_from(bodies(&spool)).unwrap();
    assert_eq!(first.dropped.len(), 1);
    assert_eq!((first.dropped[0].from, first.dropped[0].count), (refused.seq, 1));
    assert!(second.dropped.is_empty());
    let pending = second.readings.iter().find(|reading| reading.metric == Metric::SpoolPending).unwrap();
    assert_eq!(pending, &Reading::exact(Metric::SpoolPending, 1.0));
}

#[test]
fn a_report_that_is_too_large_becomes_several() {
    let dir = tempfile::tempdir().unwrap();
    // A spool of 4 KiB takes no larger report than that.
    let limits = Limits { max_bytes: 4_096, ..Limits::default() };
    let (spool, _) = Spool::open(dir.path(), limits, 1).unwrap();
    let whole = body(120);
    assert!(whole.encode().unwrap().len() > 4_096);
    report::store(&spool, whole).unwrap();
    assert!(spool.last().seq >= 2);
    assert!(bodies(&spool).iter().all(|body| body.readings.len() < 120));
}
