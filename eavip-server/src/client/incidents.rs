//! Incidents, asked for by programs and `eavipctl`.

use reqwest::Method;
use serde::Serialize;
use serde_json::Value;

use super::model::{Incident, IncidentDetail, Page};
use super::{Answer, Client, ClientError, segment};

/// Which incidents are asked for; everything that is left out matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IncidentFilter {
    /// `open` or `closed`.
    pub status: Option<String>,
    /// `SEV-1` to `SEV-4`.
    pub sev: Option<String>,
    /// The owning team's id.
    pub owner: Option<String>,
    /// The installation.
    pub deployment: Option<String>,
    /// Whether they are security events.
    pub security: Option<bool>,
}

impl Client {
    /// Incidents, the newest first, at most `most`.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn incidents(
        &self,
        filter: &IncidentFilter,
        most: usize,
    ) -> Result<Answer<Page<Incident>>, ClientError> {
        self.pages("/api/v1/incidents", filter, most).await
    }

    /// One incident: what it lacks, its timeline and its review.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn incident(&self, id: &str) -> Result<Answer<IncidentDetail>, ClientError> {
        self.get(&format!("/api/v1/incidents/{}", segment(id)?)).await
    }

    /// Declares an incident.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn declare_incident(&self, asked: &Value) -> Result<Answer<Incident>, ClientError> {
        self.post("/api/v1/incidents", asked).await
    }

    /// Asks something of an incident: `what` is the end of the route, such as `notes`.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused, with every reason, when it doesn't take it.
    pub async fn ask_incident(
        &self,
        id: &str,
        what: &str,
        asked: &Value,
    ) -> Result<Answer<Incident>, ClientError> {
        self.post(&format!("/api/v1/incidents/{}/{what}", segment(id)?), asked).await
    }

    /// The whole incident as a text: `markdown` or `json`.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn export_incident(&self, id: &str, format: &str) -> Result<String, ClientError> {
        let path = format!("/api/v1/incidents/{}/export", segment(id)?);
        let request = self.request(Method::GET, &path).query(&[("format", format)]);
        let body = self.body(self.exchange(request).await?).await?;
        String::from_utf8(body).map_err(|error| ClientError::Answer(error.to_string()))
    }
}
