//! Tests of the pack as people read it.

use super::super::review::tests::{bad, calm, month, row};
use super::super::review::{Material, pack};
use super::*;
use crate::incident::tests::policy;
use crate::signal::Signal;
use crate::signal::health::Health;

#[test]
fn a_pack_reads_as_a_page() {
    let made = pack(month(), bad(), policy(), month().period().to);
    let by = "ana".parse().unwrap();
    let signature = Signature { by, remark: "Bound the *cache*.".into(), at: month().period().to };
    insta::assert_snapshot!(made.markdown(Some(&signature)));
}

#[test]
fn every_table_has_as_many_cells_as_columns() {
    for material in [calm(), bad(), Material::default()] {
        let page = pack(month(), material, policy(), month().period().to).markdown(None);
        let cells = |line: &str| line.replace(r"\|", "").matches('|').count();
        let mut table = None;
        for line in page.lines() {
            match (line.starts_with('|'), table) {
                (true, None) => table = Some(cells(line)),
                (true, Some(columns)) => assert_eq!(cells(line), columns, "{line}"),
                (false, _) => table = None,
            }
        }
    }
}

#[test]
fn numbers_that_are_none_are_unknown() {
    let mut material = calm();
    material.signals.truncate(1);
    for (value, unit, shown) in [
        (Some(f64::NAN), Unit::Ratio, "unknown"),
        (Some(f64::INFINITY), Unit::Seconds, "unknown"),
        (None, Unit::Ratio, "unknown"),
        (Some(0.9995), Unit::Ratio, "99.95 %"),
        (Some(1.0), Unit::Ratio, "100 %"),
        (Some(0.0), Unit::Ratio, "0 %"),
        (Some(0.25), Unit::Seconds, "0.250 s"),
        (Some(3.0), Unit::Count, "3"),
        (Some(2048.0), Unit::Bytes, "2048 B"),
        (Some(10.0), Unit::BytesPerSecond, "10 B/s"),
    ] {
        let mut one = row("shop", Signal::Latency, Health::Healthy);
        (one.health.value, one.health.unit, one.health.objective) = (value, unit, None);
        assert_eq!(signal(&one)[3..5], [shown.to_owned(), "none".to_owned()]);
    }
}
