//! Tests of finding a reading's series, and of its place among others.

use super::*;

#[test]
fn a_reading_finds_its_series_and_no_other_and_is_sorted_as_it_is() {
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
    let mut hashed: HashMap<SeriesKey, usize> = all.iter().map(Reading::key).zip(0..).collect();
    for (at, reading) in all.iter().enumerate() {
        assert_eq!(reading.find_among(&mut hashed), Some(&mut { at }));
        for other in &all {
            assert_eq!(reading.compare_series(&other.key()), reading.key().cmp(&other.key()));
        }
    }
    assert_eq!(Reading::exact(Metric::CpuBusy, 1.0).find_among(&mut hashed), None);
}
