//! The other end of the jobs' socket: announces one thing and waits until it is kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::line::Announcement;

/// How long the agent may take to answer: a job mustn't hang because of its watcher.
const DEADLINE: Duration = Duration::from_secs(10);
/// Longest answer in bytes.
const MAX_ANSWER: u64 = 1_024;

/// Why an announcement wasn't taken.
#[derive(Debug, thiserror::Error)]
pub enum AnnounceError {
    /// Nobody listens there.
    #[error("no agent listens on `{path}`; start it, or name the socket with --socket")]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The agent doesn't answer in time.
    #[error("the agent on `{0}` doesn't answer within 10 s; see its log")]
    Silent(PathBuf),
    /// The agent refuses it.
    #[error("the agent refuses: {0}")]
    Refused(String),
}

/// Announces; returns once the agent has it on disk.
///
/// # Errors
/// Says whether nobody is there, or why the agent refuses.
pub async fn announce(socket: &Path, announcement: &Announcement) -> Result<(), AnnounceError> {
    let exchange = async {
        let mut stream = UnixStream::connect(socket).await?;
        stream.write_all(format!("{announcement}\n").as_bytes()).await?;
        let mut reply = String::new();
        stream.take(MAX_ANSWER).read_to_string(&mut reply).await?;
        Ok(reply)
    };
    let reply = match tokio::time::timeout(DEADLINE, exchange).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(source)) => return Err(AnnounceError::Unreachable { path: socket.to_owned(), source }),
        Err(_) => return Err(AnnounceError::Silent(socket.to_owned())),
    };
    match reply.trim() {
        "done" => Ok(()),
        other => Err(AnnounceError::Refused(other.strip_prefix("refused ").unwrap_or(other).to_owned())),
    }
}
