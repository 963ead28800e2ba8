//! Runbook pages, asked for by programs and `eavipctl`.

use super::model::{RunbookDetail, Runbooks};
use super::{Answer, Client, ClientError, segment};

impl Client {
    /// The runbook pages, and what leads to them.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn runbooks(&self) -> Result<Answer<Runbooks>, ClientError> {
        self.get("/api/v1/runbooks").await
    }

    /// A runbook page.
    ///
    /// # Errors
    /// As [`Client::whoami`]; there may be none of the name.
    pub async fn runbook(&self, name: &str) -> Result<Answer<RunbookDetail>, ClientError> {
        self.get(&format!("/api/v1/runbooks/{}", segment(name)?)).await
    }
}
