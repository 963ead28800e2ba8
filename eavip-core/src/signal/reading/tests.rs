//! Tests of finding a reading's series.

use super::*;

#[test]
fn a_reading_finds_its_series_in_either_map_and_no_other() {
    let service: ServiceId = "shop".parse().unwrap();
    let labels = Labels::new([("queue", "orders")]).unwrap();
    let plain = Reading::exact(Metric::QueueReady, 1.0);
    let all = [
        plain.clone().of(Some(&service)),
        plain.clone().labelled(labels.clone()),
        plain.clone().of(Some(&service)).labelled(labels),
        Reading::exact(Metric::QueueDelayed, 1.0),
        plain,
    ];
    let mut sorted: BTreeMap<SeriesKey, usize> = all.iter().map(Reading::key).zip(0..).collect();
    let mut hashed: HashMap<SeriesKey, usize> = all.iter().map(Reading::key).zip(0..).collect();
    for (at, reading) in all.iter().enumerate() {
        assert_eq!(reading.find_in(&mut sorted), Some(&mut { at }));
        assert_eq!(reading.find_among(&mut hashed), Some(&mut { at }));
    }
    let other = Reading::exact(Metric::CpuBusy, 1.0);
    assert_eq!((other.find_in(&mut sorted), other.find_among(&mut hashed)), (None, None));
}
