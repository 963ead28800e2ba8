//! A Prometheus remote write 1.0 request of as many samples as a report has readings: protobuf by hand (four message
//! types with two fields each) in a snappy block.
//!
//! <https://prometheus.io/docs/specs/prw/remote_write_spec/>

use eavip_core::signal::reading::{Reading, Value};
use eavip_core::time::Timestamp;

use crate::report;

/// A request's bytes with the places of its values and moments, so that the next one is made by overwriting them.
#[derive(Debug)]
pub struct WriteRequest {
    bytes: Vec<u8>,
    values: Vec<usize>,
    moments: Vec<usize>,
    round: u32,
}

/// Bytes of a varint of a moment in milliseconds between 2004 and 2109.
const MOMENT: usize = 6;

impl WriteRequest {
    /// The series of an instance.
    ///
    /// # Errors
    /// When the report behind it can't be made.
    pub fn new(instance: usize) -> anyhow::Result<Self> {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let body = report(at).map_err(|error| anyhow::anyhow!("{error}"))?;
        let mut request = Self { bytes: Vec::new(), values: Vec::new(), moments: Vec::new(), round: 0 };
        for reading in &body.readings {
            request.series(reading, instance);
        }
        Ok(request)
    }

    fn series(&mut self, reading: &Reading, instance: usize) {
        let mut labels = vec![
            ("__name__".to_owned(), format!("eavip_{}", reading.metric.as_str().replace(['.', '-'], "_"))),
            ("instance".to_owned(), format!("node-{instance}")),
        ];
        labels.extend(reading.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        labels.extend(reading.service.iter().map(|service| ("service".to_owned(), service.to_string())));
        labels.sort();
        let mut series = Vec::new();
        for (name, value) in labels {
            let label = [field(1, name.as_bytes()), field(2, value.as_bytes())].concat();
            series.extend(field(1, &label));
        }
        // Sample: a double (tag 0x09) and a varint (tag 0x10).
        series.extend([0x12, 9 + 1 + MOMENT as u8, 0x09]);
        let value = series.len();
        let number = if let Value::Number(number) = reading.value { number } else { 0.0 };
        series.extend(number.to_le_bytes());
        series.push(0x10);
        let moment = series.len();
        series.extend([0; MOMENT]);
        let whole = field(1, &series);
        let offset = self.bytes.len() + whole.len() - series.len();
        self.values.push(offset + value);
        self.moments.push(offset + moment);
        self.bytes.extend(whole);
    }

    /// The next request, for a later moment, as it is sent.
    ///
    /// # Errors
    /// snappy's.
    pub fn next(&mut self, at: Timestamp) -> anyhow::Result<Vec<u8>> {
        self.round = self.round.wrapping_add(1);
        let moment = varint(at.as_millis().unsigned_abs());
        for (place, value) in self.moments.iter().zip(&self.values) {
            if let Some(to) = self.bytes.get_mut(*place..*place + MOMENT) {
                to.iter_mut().zip(&moment).for_each(|(to, from)| *to = *from);
            }
            // The least bits of each value move, as those of real ones do.
            if let Some(to) = self.bytes.get_mut(*value..*value + 4) {
                to.copy_from_slice(&self.round.wrapping_mul(0x9E37_79B9).to_le_bytes());
            }
        }
        Ok(snap::raw::Encoder::new().compress_vec(&self.bytes)?)
    }
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [vec![number << 3 | 2], varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
