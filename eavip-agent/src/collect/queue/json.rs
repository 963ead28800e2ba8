//! A queue that a service tells of in a JSON document: each figure is found by its pointer (RFC 6901).

use serde_json::Value;

use super::super::Failure;
use super::super::http::{Ask, document};
use super::{Figure, Sample};
use crate::config::queue;

/// Largest document in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// A JSON document with figures.
#[derive(Debug)]
pub struct Json {
    config: queue::Json,
}

impl Json {
    /// A document as it is configured.
    #[must_use]
    pub fn new(config: queue::Json) -> Self {
        Self { config }
    }

    pub(super) async fn sample(&mut self) -> Result<Sample, Failure> {
        let ask = Ask { head: false, limit: MAX_BODY, cut: false, authorization: None };
        let bytes = document(&self.config.target, ask).await.map_err(|error| Failure::of(&error))?;
        let json: Value =
            serde_json::from_slice(&bytes).map_err(|_| Failure("the answer isn't JSON".to_owned()))?;
        Ok(read(&json, &self.config.pointers))
    }
}

fn read(json: &Value, pointers: &queue::Pointers) -> Sample {
    let figure = |pointer: &str| match json.pointer(pointer).map(number) {
        Some(Some(value)) => Figure::exact(value),
        Some(None) => Figure::Unknown(format!("`{pointer}` isn't a number")),
        None => Figure::Unknown(format!("the document has no `{pointer}`")),
    };
    let some = |pointer: &Option<String>| pointer.as_deref().map_or(Figure::Absent, figure);
    Sample {
        ready: figure(&pointers.ready),
        in_flight: some(&pointers.in_flight),
        delayed: some(&pointers.delayed),
        dead_letter: some(&pointers.dead_letter),
        consumers: some(&pointers.consumers),
        oldest_age: some(&pointers.oldest_age),
        enqueued: some(&pointers.enqueued).value(),
        dequeued: some(&pointers.dequeued).value(),
    }
}

/// A number, or how many a list holds.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Array(list) => Some(list.len() as f64),
        value => value.as_f64().filter(|number| number.is_finite() && *number >= 0.0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_each_figure_by_its_pointer() {
        let document =
            json!({"queue": {"waiting": 7, "oldest": 3.5, "running": ["a", "b"]}, "in": 100, "bad": "x"});
        let pointers = queue::Pointers {
            ready: "/queue/waiting".into(),
            in_flight: Some("/queue/running".into()),
            oldest_age: Some("/queue/oldest".into()),
            enqueued: Some("/in".into()),
            dead_letter: Some("/bad".into()),
            consumers: Some("/none".into()),
            ..Default::default()
        };
        let sample = read(&document, &pointers);
        assert_eq!(sample.ready, Figure::exact(7.0));
        assert_eq!(sample.in_flight, Figure::exact(2.0));
        assert_eq!(sample.oldest_age, Figure::exact(3.5));
        assert_eq!(sample.enqueued, Some(100.0));
        assert_eq!(sample.delayed, Figure::Absent);
        assert!(matches!(sample.dead_letter, Figure::Unknown(_)), "a text is not a count");
        assert!(matches!(sample.consumers, Figure::Unknown(_)), "a missing value is not zero");
    }
}
