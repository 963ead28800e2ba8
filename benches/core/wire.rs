//! Reports as they travel.

use std::hint::black_box;

use criterion::Criterion;
use eavip_benches::{READINGS, Setup, compare, report, start};
use eavip_core::id::Digest128;
use eavip_core::wire::v1::{Batch, Body};

use crate::time;

/// Reading a batch of one report, with its digest and its body. The floor reads the same JSON and keeps nothing.
pub(crate) fn batch(criterion: &mut Criterion) -> Setup<()> {
    let body = String::from_utf8(report(start())?.encode()?)?;
    let digest = Digest128::of([body.as_bytes()]);
    let node = "01980000-0000-7000-8000-000000000001";
    let text =
        format!(r#"{{"node":"{node}","epoch":1,"reports":[{{"seq":1,"digest":"{digest}","body":{body}}}]}}"#);
    let decode = |bytes: &[u8]| {
        let batch = Batch::decode(bytes)?;
        batch
            .reports
            .iter()
            .map(|report| Body::decode(report.body.get().as_bytes(), ""))
            .collect::<Result<Vec<_>, _>>()
    };
    if decode(text.as_bytes())?.first().map(|body| body.readings.len()) != Some(READINGS) {
        return Err("the batch doesn't carry the report".into());
    }
    let name = format!("decode a batch of {} bytes, one report of {READINGS} readings", text.len());
    let figure = time(criterion, &name, || decode(black_box(text.as_bytes())));
    let floor = time(criterion, "floor: skip the same JSON", || {
        serde_json::from_slice::<serde::de::IgnoredAny>(black_box(text.as_bytes()))
    });
    Ok(compare(&figure, &floor)?)
}
