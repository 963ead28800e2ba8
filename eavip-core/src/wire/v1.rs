//! Version 1 of the report: an envelope with a number and a digest around a body that is stored as it came.
//!
//! ```json
//! {"node":"0198…","epoch":1,"reports":[{"seq":7,"digest":"…","body":{"at":"2026-…Z","interval":"15s","readings":[…]}}]}
//! ```
//!
//! The digest is [`Digest128::of`] the body's bytes, so that server and agent agree on what was acknowledged.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::id::{Digest128, Digest256, NodeId, ServiceId};
use crate::labels::Labels;
use crate::node::{Facts, MAX_SERIES};
use crate::signal::histogram::Histogram;
use crate::signal::metric::{Kind, Metric};
use crate::signal::reading::{MAX_REASON, Quality, Reading, Value};
use crate::time::{Span, Timestamp};

/// Most reports in one batch.
pub const MAX_REPORTS: usize = 500;
/// Longest message and path of a [`WireError`] in characters: both can quote what was sent.
const MAX_MESSAGE: usize = 300;
/// Most drop ranges in one body.
pub const MAX_DROPS: usize = 100;

/// Why something from the wire can't be taken: where, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct WireError {
    /// Whether it is right in itself and only more than its bound: sending less would do.
    pub too_much: bool,
    /// The field, as a path such as `reports[3].body.readings[17].labels`.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl WireError {
    /// What is wrong at a place.
    #[must_use]
    pub fn wrong(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { too_much: false, path: path.into(), message: message.into() }
    }
}

/// What an agent sends: reports of one node in the order of their numbers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Batch<'a> {
    /// The sender; must be the one of its certificate.
    pub node: NodeId,
    /// The numbering that `seq` belongs to; a new one begins when a spool is lost with its numbers.
    pub epoch: u64,
    /// The mark of this epoch that the server acknowledged, as the sender remembers it. A server whose own mark is
    /// lower has lost something: it stores nothing and answers with its mark, and the sender goes back to it.
    #[serde(default)]
    pub acknowledged: u64,
    /// The size of the audit log at the last checkpoint that the sender saw: the answer's proof begins there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_seen: Option<u64>,
    /// The reports, with rising numbers.
    #[serde(borrow)]
    pub reports: Vec<Envelope<'a>>,
}

/// One report with its number and digest.
#[derive(Debug, Serialize, Deserialize)]
pub struct Envelope<'a> {
    /// The report's number in its epoch, from 1.
    pub seq: u64,
    /// [`Digest128::of`] the body's bytes.
    pub digest: Digest128,
    /// The body, byte for byte as the agent spooled it.
    #[serde(borrow)]
    pub body: &'a RawValue,
}

/// What the server answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The server's store: another one than before means that it was rebuilt or restored.
    pub store: String,
    /// The epoch of `acknowledged`.
    pub epoch: u64,
    /// Every report up to this number is on the server's disk.
    pub acknowledged: u64,
    /// The server's clock.
    pub server_time: Timestamp,
    /// Don't push again before this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Span>,
    /// The head of the server's audit log. One that can't be read counts as none, so that it costs no acknowledgement.
    #[serde(default, deserialize_with = "readable", skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditHead>,
}

/// The newest checkpoint of the server's audit log, for a witness ([`crate::audit::witness`]) to judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Whose signature it carries, in the form of a C2SP verifier key. A witness believes the first one only.
    pub key: String,
    /// The signed checkpoint.
    pub checkpoint: String,
    /// That it continues the log at [`Batch::audit_seen`]; empty where that needs no proof.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<Digest256>,
}

fn readable<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<AuditHead>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

/// What one report says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// When it was made, by the node's clock.
    pub at: Timestamp,
    /// How often the node reports.
    pub interval: Span,
    /// What the node says of itself; with the first report of a process and when it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
    /// What was measured. Metrics that this version doesn't know are left out here.
    #[serde(default, with = "readings")]
    pub readings: Vec<Reading>,
    /// What the agent had to drop since the last acknowledged report that said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<Dropped>,
}

/// Reports that the agent dropped before they could be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The epoch of the numbers.
    pub epoch: u64,
    /// The first number.
    pub from: u64,
    /// The last number.
    pub to: u64,
    /// How many reports of that range were dropped.
    pub count: u64,
}

impl<'a> Batch<'a> {
    /// Reads a batch and checks what can be checked without its bodies.
    ///
    /// # Errors
    /// Names the field and what is wrong with it.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let batch: Self = decode(bytes, "")?;
        let wrong = |path: String, message: &str| Err(WireError::wrong(path, message));
        if batch.reports.is_empty() {
            return wrong("reports".into(), "no report; send at least one");
        }
        if batch.reports.len() > MAX_REPORTS {
            let wrong = WireError::wrong("reports", "more than 500 reports; send smaller batches");
            return Err(WireError { too_much: true, ..wrong });
        }
        let mut last = 0;
        for (at, report) in batch.reports.iter().enumerate() {
            if report.seq <= last {
                return wrong(format!("reports[{at}].seq"), "numbers must rise from 1 within a batch");
            }
            if Digest128::of([report.body.get().as_bytes()]) != report.digest {
                return wrong(format!("reports[{at}].digest"), "the digest is not that of the body");
            }
            last = report.seq;
        }
        Ok(batch)
    }
}

impl Body {
    /// Reads a body; `path` is where it stands, for messages. Facts are cut to [`Facts::LONGEST`].
    ///
    /// # Errors
    /// Names the field and what is wrong with it.
    pub fn decode(bytes: &[u8], path: &str) -> Result<Self, WireError> {
        let mut body: Self = decode(bytes, path)?;
        body.facts.iter_mut().for_each(Facts::cut);
        let limits = [
            ("readings", body.readings.len(), MAX_SERIES, "readings"),
            ("dropped", body.dropped.len(), MAX_DROPS, "drop ranges"),
        ];
        for (field, len, most, what) in limits {
            if len > most {
                let message = format!("{len} {what} are too many; send at most {most}");
                return Err(WireError { too_much: true, ..WireError::wrong(join(path, field), message) });
            }
        }
        if body.interval < Span::from_secs(1) || body.interval > Span::from_secs(86_400) {
            let message = format!("`{}` is out of range; report every 1s to 1d", body.interval);
            return Err(WireError::wrong(join(path, "interval"), message));
        }
        Ok(body)
    }

    /// The body as the agent spools it.
    ///
    /// # Errors
    /// Only when a value can't be written as JSON, which the types of this module exclude.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

/// Reads fast; only when that fails, reads again while keeping track of the place.
pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8], path: &str) -> Result<T, WireError> {
    let fast = serde_json::from_slice(bytes);
    fast.map_err(|error| {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let place = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Err(placed) => placed.path().to_string(),
            Ok(_) => String::new(),
        };
        // A dot is the whole, a question mark a place that has no name yet.
        let place = place.trim_end_matches(['?', '.']).to_owned();
        let message: String = error.to_string().chars().take(MAX_MESSAGE).collect();
        WireError::wrong(join(path, &place).chars().take(MAX_MESSAGE).collect::<String>(), message)
    })
}

fn join(path: &str, field: &str) -> String {
    match (path.is_empty(), field.is_empty()) {
        (true, true) => "the body".to_owned(),
        (true, false) => field.to_owned(),
        (false, true) => path.to_owned(),
        (false, false) => format!("{path}.{field}"),
    }
}

/// Readings as they travel: short where nothing has to be said.
mod readings {
    use super::*;
    use serde::de::{SeqAccess, Visitor};
    use serde::ser::SerializeSeq;
    use serde::{Deserializer, Serializer};

    /// Readings that most reports have at the most: a list of them isn't moved while it grows.
    const USUAL: usize = 64;

    #[derive(Serialize, Deserialize)]
    struct Sent<'a> {
        #[serde(borrow)]
        metric: Cow<'a, str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<Cow<'a, ServiceId>>,
        #[serde(default, skip_serializing_if = "labels_are_empty")]
        labels: Cow<'a, Labels>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        histogram: Option<Cow<'a, Histogram>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quality: Option<Quality>,
        #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
        reason: Option<Cow<'a, str>>,
    }

    fn labels_are_empty(labels: &Labels) -> bool {
        labels.is_empty()
    }

    pub(super) fn serialize<S: Serializer>(readings: &[Reading], serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(readings.len()))?;
        for reading in readings {
            let (value, histogram, reason, usual) = match &reading.value {
                Value::Number(value) => (Some(*value), None, None, Quality::Exact),
                Value::Histogram(histogram) => (None, Some(&**histogram), None, Quality::Approximate),
                Value::Unknown(reason) => (None, None, Some(&**reason), Quality::Unknown),
            };
            list.serialize_element(&Sent {
                metric: Cow::Borrowed(reading.metric.as_str()),
                service: reading.service.as_ref().map(Cow::Borrowed),
                labels: Cow::Borrowed(&reading.labels),
                value,
                histogram: histogram.map(Cow::Borrowed),
                quality: (reading.quality != usual).then_some(reading.quality),
                reason: reason.map(Cow::Borrowed),
            })?;
        }
        list.end()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Reading>, D::Error> {
        struct Readings;
        impl<'de> Visitor<'de> for Readings {
            type Value = Vec<Reading>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of readings")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Reading>, A::Error> {
                let mut list = Vec::with_capacity(USUAL);
                while let Some(sent) = seq.next_element::<Sent<'de>>()? {
                    // One past the bound is enough to be refused by it; the rest isn't kept.
                    if list.len() <= MAX_SERIES {
                        list.extend(received(sent).map_err(serde::de::Error::custom)?);
                    }
                }
                Ok(list)
            }
        }
        deserializer.deserialize_seq(Readings)
    }

    fn received(sent: Sent<'_>) -> Result<Option<Reading>, String> {
        let Some(metric) = Metric::find(&sent.metric) else { return Ok(None) };
        let unknown =
            || Value::Unknown(sent.reason.iter().flat_map(|text| text.chars()).take(MAX_REASON).collect());
        let (value, usual) = match (sent.value, sent.histogram) {
            (Some(_), Some(_)) => return Err(format!("`{metric}` has both value and histogram; send one")),
            (Some(value), None) if metric.kind() != Kind::Histogram => (Value::Number(value), Quality::Exact),
            (None, Some(histogram)) if metric.kind() == Kind::Histogram => {
                (Value::Histogram(Box::new(histogram.into_owned())), Quality::Approximate)
            }
            (None, None) => (unknown(), Quality::Unknown),
            _ => return Err(format!("`{metric}` is a {}; send its value in that form", metric.kind())),
        };
        let quality = if matches!(value, Value::Unknown(_)) { usual } else { sent.quality.unwrap_or(usual) };
        let service = sent.service.map(Cow::into_owned);
        Ok(Some(Reading { metric, service, labels: sent.labels.into_owned(), value, quality }))
    }
}

#[cfg(test)]
mod tests;
