//! Trends, operations reviews and proposals, asked for by programs and `eavipctl`.

use serde_json::json;

use super::model::{Items, OpenItem, Proposal, ReviewRow, Trends};
use super::{Answer, Client, ClientError, segment};

impl Client {
    /// What this month amounts to until now.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn trends(&self) -> Result<Answer<Trends>, ClientError> {
        self.get("/api/v1/trends").await
    }

    /// The action items of incidents that aren't done.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn open_items(&self) -> Result<Answer<Items<OpenItem>>, ClientError> {
        self.get("/api/v1/trends/items").await
    }

    /// The operations reviews, the latest month first.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn reviews(&self) -> Result<Answer<Items<ReviewRow>>, ClientError> {
        self.get("/api/v1/reviews").await
    }

    /// A month's review as a text: `markdown`, `csv` or `json`.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn export_review(&self, month: &str, format: &str) -> Result<String, ClientError> {
        self.export(&format!("reviews/{}", segment(month)?), format).await
    }

    /// Signs a month's review.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused when it can't be signed.
    pub async fn sign_review(&self, month: &str, remark: &str) -> Result<Answer<ReviewRow>, ClientError> {
        self.post(&format!("/api/v1/reviews/{}/sign", segment(month)?), &json!({ "remark": remark })).await
    }

    /// What trends ask for.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn proposals(&self) -> Result<Answer<Items<Proposal>>, ClientError> {
        self.get("/api/v1/proposals").await
    }

    /// Answers what a trend asks for: `reply` is `accepted` or `rejected`.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused, with every reason, when it isn't taken.
    pub async fn answer_proposal(
        &self,
        id: &str,
        reply: &str,
        reason: &str,
        record: Option<&str>,
    ) -> Result<Answer<Proposal>, ClientError> {
        let body = json!({ "reply": reply, "reason": reason, "record": record });
        self.post(&format!("/api/v1/proposals/{}/answer", segment(id)?), &body).await
    }
}
