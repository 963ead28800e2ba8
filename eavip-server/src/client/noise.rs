//! Noise, its defects and votes, asked for by programs and `eavipctl`.

use reqwest::Method;
use serde_json::json;

use super::model::{AlertDetail, Noise, NoiseDefect};
use super::{Answer, Client, ClientError, segment};

impl Client {
    /// Says whether there was something to do about an alert.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused when it isn't counted any more.
    pub async fn vote(&self, id: &str, actionable: bool) -> Result<Answer<AlertDetail>, ClientError> {
        let path = format!("/api/v1/alerts/{}/vote", segment(id)?);
        self.post(&path, &json!({ "actionable": actionable })).await
    }

    /// The noise of the last 30 days, with its defects.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn noise(&self) -> Result<Answer<Noise>, ClientError> {
        self.get("/api/v1/noise").await
    }

    /// Says that a noise was mended.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused when it isn't open.
    pub async fn mend_defect(&self, id: &str, how: &str) -> Result<Answer<NoiseDefect>, ClientError> {
        self.post(&format!("/api/v1/defects/{}/mend", segment(id)?), &json!({ "how": how })).await
    }

    /// Figures as a text: `what` is `noise` or `trends`, the format `markdown`, `csv` or `json`.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn export(&self, what: &str, format: &str) -> Result<String, ClientError> {
        let request = self.request(Method::GET, &format!("/api/v1/{what}/export"));
        let body = self.body(self.exchange(request.query(&[("format", format)])).await?).await?;
        String::from_utf8(body).map_err(|error| ClientError::Answer(error.to_string()))
    }
}
