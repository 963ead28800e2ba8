//! The one place where the agent asks what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use eavip_core::time::Timestamp;

/// Now, by this host's clock; a clock before 1970 counts as 1970.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Milliseconds since 1970, as the spool counts.
#[must_use]
pub fn now_ms() -> u64 {
    u64::try_from(now().as_millis()).unwrap_or_default()
}
