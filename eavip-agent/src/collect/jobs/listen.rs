//! The socket on which jobs announce themselves. Whoever may write to it (mode 0660) may announce.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::Book;
use super::line::{Announcement, MAX_LINE};
use crate::collect::now;

/// How long one announcement may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Most announcements at once: more jobs than a host starts in one minute.
const MAX_AT_ONCE: usize = 64;
/// How long to wait before the socket is opened again after it failed.
const REOPEN: Duration = Duration::from_secs(10);

/// Serves announcements until the task is ended; a socket that can't be opened is tried again.
pub async fn serve(path: PathBuf, book: Arc<Book>) {
    loop {
        let error = match open(&path).await {
            Ok(listener) => accept(listener, &book).await,
            Err(error) => error,
        };
        let shown = path.display().to_string();
        tracing::error!(path = shown, "jobs can't announce themselves on {shown}: {error}");
        tokio::time::sleep(REOPEN).await;
    }
}

/// Opens the socket; one that a dead agent left behind is replaced, a living one isn't.
async fn open(path: &Path) -> io::Result<UnixListener> {
    if UnixStream::connect(path).await.is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another agent serves it"));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

async fn accept(listener: UnixListener, book: &Arc<Book>) -> io::Error {
    let places = Arc::new(Semaphore::new(MAX_AT_ONCE));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return io::Error::other("the listener is closed");
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => return error,
        };
        let book = Arc::clone(book);
        tokio::spawn(async move {
            if let Ok(Err(error)) = tokio::time::timeout(DEADLINE, answer(stream, book)).await {
                tracing::debug!("an announcement broke off: {error}");
            }
            drop(place);
        });
    }
}

async fn answer(stream: UnixStream, book: Arc<Book>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(MAX_LINE as u64)).read_line(&mut line).await?;
    let reply = match line.parse::<Announcement>() {
        Err(error) => format!("refused {error}\n"),
        Ok(announcement) => {
            // The answer waits for the disk, on a thread that may wait.
            let taken = tokio::task::spawn_blocking(move || book.take(&announcement, now())).await;
            match taken.map_err(io::Error::other)? {
                Ok(()) => "done\n".to_owned(),
                Err(error) => format!("refused {error}\n"),
            }
        }
    };
    write.write_all(reply.as_bytes()).await
}
