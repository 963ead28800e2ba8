//! Telling every part of an agent to end, and letting each take note in its own time.

use tokio::sync::watch;

/// Asks for the end; so does dropping it.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

/// Learns that the end was asked for.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// Both ends.
#[must_use]
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    /// Asks for the end.
    pub fn request(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Waits until the end was asked for. Nothing is lost when the future is dropped.
    pub async fn requested(&mut self) {
        // An error means that the trigger is gone, which asks for the end too.
        let _gone = self.0.wait_for(|asked| *asked).await;
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}
