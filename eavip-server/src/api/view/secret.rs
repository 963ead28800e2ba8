//! Secrets that are shown once. They have no `Debug`.

use serde::Serialize;
use utoipa::ToSchema;

use super::Token;

/// A new API token with its secret, shown this once.
#[derive(Serialize, ToSchema)]
pub struct NewToken {
    /// The token.
    #[serde(flatten)]
    pub token: Token,
    /// What goes into the Authorization header; it can't be shown again.
    pub secret: String,
}

/// A new join token, shown this once.
#[derive(Serialize, ToSchema)]
pub struct NewJoinToken {
    /// Its id.
    pub id: String,
    /// When it ends, RFC 3339.
    pub expires_at: String,
    /// What `eavip-agent join` takes; it can't be shown again.
    pub join: String,
    /// The whole command.
    pub command: String,
}
