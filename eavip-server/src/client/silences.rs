//! Silences from the other side, by the server's own API and, to hand them over, by Alertmanager's; and why somebody was told.

use serde_json::{Value, json};

use super::model::{Page, Silence, Why};
use super::{Answer, Client, ClientError, Method, segment};

impl Client {
    /// Why somebody was told of an alert or wasn't.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn why(&self, id: &str, receiver: Option<&str>) -> Result<Answer<Why>, ClientError> {
        let request = self.request(Method::GET, &format!("/api/v1/alerts/{}/why", segment(id)?));
        let receiver: Vec<(&str, &str)> =
            receiver.map(|receiver| ("receiver", receiver)).into_iter().collect();
        Answer::of(self.send(request.query(&receiver)).await?)
    }

    /// Silences, the newest first, at most `most`.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn silences(
        &self,
        status: Option<&str>,
        most: usize,
    ) -> Result<Answer<Page<Silence>>, ClientError> {
        let filter: Vec<(&str, &str)> = status.map(|status| ("status", status)).into_iter().collect();
        self.pages("/api/v1/silences", &filter, most).await
    }

    /// Asks for a silence; what the document holds is said in the API's description.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused when the rules don't allow it.
    pub async fn request_silence(&self, asked: &Value) -> Result<Answer<Silence>, ClientError> {
        self.post("/api/v1/silences", asked).await
    }

    /// Agrees to a silence as the second person.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused when the rules don't allow it.
    pub async fn approve_silence(&self, id: &str) -> Result<Answer<Silence>, ClientError> {
        self.post(&format!("/api/v1/silences/{}/approve", segment(id)?), &json!({})).await
    }

    /// Ends a silence.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused when it is over.
    pub async fn end_silence(&self, id: &str, reason: &str) -> Result<Answer<Silence>, ClientError> {
        let path = format!("/api/v1/silences/{}/end", segment(id)?);
        self.post(&path, &json!({ "reason": reason })).await
    }

    /// Silences in the form of Alertmanager's API.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn alertmanager_silences(&self) -> Result<Answer<Vec<Value>>, ClientError> {
        self.get("/api/v2/silences").await
    }

    /// Makes a silence of one in the form of Alertmanager's API.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused when the rules don't allow it.
    pub async fn take_alertmanager_silence(&self, silence: &Value) -> Result<Answer<Value>, ClientError> {
        self.post("/api/v2/silences", silence).await
    }
}
