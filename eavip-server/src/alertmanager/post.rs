//! `POST /api/v2/alerts`: what Prometheus sends every minute of each alert that fires. Answered with an empty 200 once it is
//! on disk; of a batch that is partly bad the good ones are kept, and a 400 says what is wrong with the others.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use eavip_core::alert::intake::{Annotations, MAX_SENT_LABELS, admit, fingerprint};
use eavip_core::id::Digest128;
use eavip_core::labels::Labels;
use eavip_core::time::{Span, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::refusal::Refusal;
use crate::app::App;
use crate::auth::{Allowed, Sender};
use crate::commit::Alerts;
use crate::foreign::leads;
use crate::intake::{Known, MAX_ALERTS, MAX_BYTES};
use crate::problem::{Code, Problem};
use crate::shared::now;
use crate::store::AlertsRecord;

/// Longest body: a record of the log, and some ten thousand alerts.
pub const MAX_BODY: usize = 3 << 20;
/// What is wrong is told of so many alerts; the sender's rule is the same for all of them.
const MAX_TOLD: usize = 20;
/// How far ahead an end is taken at its word: what nobody repeats for as long is no longer meant.
const MAX_AHEAD: Span = Span::from_secs(7 * 86_400);
/// The beginning of 9999, in milliseconds: later moments are no longer the same in all zones.
const NEVER: Timestamp = Timestamp::from_millis(253_370_764_800_000);
/// Longest address of a rule at its sender.
const MAX_GENERATOR: usize = 2_000;

/// An alert as it is posted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted<'a> {
    #[serde(borrow)]
    labels: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    #[serde(borrow, default)]
    starts_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    ends_at: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "generatorURL")]
    generator: Option<Cow<'a, str>>,
}

/// What a body says.
#[derive(Debug, Default)]
pub struct Batch {
    /// Alerts that can be taken.
    pub known: Vec<Known>,
    /// What is wrong with the others.
    pub refused: Vec<String>,
}

/// Reads a body.
///
/// # Errors
/// When it isn't a list of alerts.
pub fn read(record: &AlertsRecord) -> Result<Batch, serde_json::Error> {
    let posted: Vec<Posted<'_>> = serde_json::from_slice(&record.body)?;
    let mut batch = Batch::default();
    for alert in posted {
        match alert.known(record) {
            Ok(known) => batch.known.push(known),
            Err(message) => batch.refused.push(message),
        }
    }
    Ok(batch)
}

impl Posted<'_> {
    /// The alert, with the times that Alertmanager gives it where its sender gives none.
    fn known(self, record: &AlertsRecord) -> Result<Known, String> {
        let received_at = record.received_at;
        let given = self.labels.iter().filter(|(_, value)| !value.is_empty());
        let labels = Labels::new(given).map_err(|error| error.to_string())?;
        if labels.is_empty() {
            return Err("at least one label pair required".to_owned());
        }
        if labels.len() > MAX_SENT_LABELS {
            return Err(format!("{} labels are too many; send at most {MAX_SENT_LABELS}", labels.len()));
        }
        let annotations = Annotations::new(self.annotations).map_err(|error| error.to_string())?;
        let starts_at = moment(self.starts_at.as_deref()).map_err(|error| format!("startsAt: {error}"))?;
        let ends_at = moment(self.ends_at.as_deref()).map_err(|error| format!("endsAt: {error}"))?;
        if let (Some(start), Some(end)) = (starts_at, ends_at)
            && end < start
        {
            return Err("start time must be before end time".to_owned());
        }
        let ends_at = ends_at.map(|end| end.min(received_at + MAX_AHEAD));
        let starts_at = starts_at.or(ends_at).unwrap_or(received_at);
        let open_ended = ends_at.is_none();
        let ends_at = ends_at.unwrap_or(received_at + record.resolve_timeout);
        if ends_at < starts_at {
            return Err("startsAt: it lies more than 7 days ahead; send the alert when it fires".to_owned());
        }
        let generator = self.generator.filter(|url| leads(url) && url.len() <= MAX_GENERATOR);
        Ok(Known {
            fingerprint: fingerprint(&labels),
            labels,
            annotations,
            generator: generator.map(Cow::into_owned),
            starts_at,
            ends_at,
            open_ended,
            updated_at: received_at,
            fallback: record.fallback.clone(),
        })
    }
}

/// The body with nothing but what was taken of it, so that who reads it again takes the same.
fn only(record: &AlertsRecord, taken: &[Known]) -> Bytes {
    let taken: HashSet<Digest128> = taken.iter().map(|known| known.fingerprint).collect();
    // It was read before.
    let mut all: Vec<&RawValue> = serde_json::from_slice(&record.body).unwrap_or_default();
    all.retain(|one| {
        let known = serde_json::from_str::<Posted<'_>>(one.get()).ok().and_then(|one| one.known(record).ok());
        known.is_some_and(|known| taken.contains(&known.fingerprint))
    });
    serde_json::to_vec(&all).unwrap_or_default().into()
}

/// A moment; none is what Go writes for one that isn't set. The last year that can be written stands for never.
fn moment(text: Option<&str>) -> Result<Option<Timestamp>, String> {
    if text.is_some_and(|text| text.starts_with("9999-")) {
        return Ok(Some(NEVER));
    }
    let set = text.filter(|text| !text.is_empty() && !text.starts_with("0001-01-01T00:00:00"));
    set.map(str::parse).transpose().map_err(|error: eavip_core::time::InvalidTimestamp| error.to_string())
}

/// Takes alerts.
pub(super) async fn post(
    State(app): State<App>,
    sender: Allowed<Sender>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let body = body?;
    let policy = app.shared.policy.load_full();
    let intake = &policy.alerting.intake;
    let Some(turn) = app.shared.intake.turn().await else {
        return Err(Problem::new(Code::Unavailable, "too many alerts are sent at the same time").into());
    };
    let mut record = AlertsRecord {
        received_at: now(),
        resolve_timeout: intake.resolve_timeout,
        fallback: sender.principal().team.clone(),
        body,
    };
    let Batch { mut known, mut refused } = match read(&record) {
        Ok(batch) => batch,
        Err(error) => {
            let told = format!("the body is not a list of alerts: {error}");
            return Ok((StatusCode::BAD_REQUEST, Json(told)).into_response());
        }
    };
    if intake.strict {
        known.retain(|alert| {
            let lacks = admit(&alert.sent(), &policy).err();
            let told = |finding: &eavip_core::finding::Finding| {
                format!("{}: {}; {}", alert.labels, finding.message, finding.remedy)
            };
            refused.extend(lacks.iter().flat_map(|lacks| lacks.0.iter().map(told)));
            lacks.is_none()
        });
    }
    let found = known.len();
    let promise = app.shared.intake.promise(turn, &mut known);
    let full = known.len() < found;
    if full {
        refused.push(format!(
            "as many alerts are kept as there is room for, {MAX_ALERTS} or {} MiB of them; {} were refused",
            MAX_BYTES >> 20,
            found - known.len()
        ));
    }
    if !refused.is_empty() {
        record.body = only(&record, &known);
    }
    if !known.is_empty() {
        app.committer.alerts(Alerts { record, known, promise }).await.map_err(Problem::from)?;
    }
    metrics::counter!("eavip_alerts_refused_total").increment(refused.len() as u64);
    if refused.is_empty() {
        return Ok(StatusCode::OK.into_response());
    }
    let more = refused.len().saturating_sub(MAX_TOLD);
    refused.truncate(MAX_TOLD);
    if more > 0 {
        refused.push(format!("and {more} more"));
    }
    let status = if full { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::BAD_REQUEST };
    Ok((status, Json(refused.join("; "))).into_response())
}

#[cfg(test)]
mod tests;
