//! Work that takes a while, put beside the threads that answer.

use tokio::sync::Semaphore;

use crate::problem::{Code, Problem};

/// Does a piece of work when it is its turn. Who hangs up leaves the work under way, and with it its turn.
///
/// # Errors
/// When it came to no end, which is a defect.
pub(crate) async fn beside<T: Send + 'static>(
    turns: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    // It is never closed.
    let turn = turns.acquire().await;
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    done.await.map_err(|_| Problem::new(Code::Internal, "it could not be put together"))
}
