//! Telling systemd how the service is doing (`sd_notify`): one datagram each, to the socket it names.
//!
//! Without systemd nothing is said. The environment is read by the binary only: an embedded agent's process is
//! somebody else's to report.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The way to systemd, if there is one.
#[derive(Debug, Default)]
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// As `NOTIFY_SOCKET` and `WATCHDOG_USEC` say; whatever they say wrongly is as if they weren't there.
    #[must_use]
    pub fn from_environment() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET");
        let watchdog = std::env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse().ok());
        Self::new(socket.as_deref(), watchdog)
    }

    /// To this socket (a path, or `@` and an abstract name); the watchdog's patience in microseconds.
    #[must_use]
    pub fn new(socket: Option<&OsStr>, watchdog_usec: Option<u64>) -> Self {
        let socket = socket.and_then(|name| {
            let address = match name.as_bytes().split_first() {
                Some((b'@', name)) => SocketAddr::from_abstract_name(name),
                _ => SocketAddr::from_pathname(name),
            };
            Some((UnixDatagram::unbound().ok()?, address.ok()?))
        });
        Self { socket, watchdog: watchdog_usec.filter(|usec| *usec > 0).map(Duration::from_micros) }
    }

    /// How often to say [`Notifier::alive`]: twice within the watchdog's patience; `None` without a watchdog.
    #[must_use]
    pub fn every(&self) -> Option<Duration> {
        self.watchdog.map(|patience| patience / 2)
    }

    /// The service is up.
    pub fn ready(&self) {
        self.say("READY=1");
    }

    /// The service ends.
    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// The service is still doing its work.
    pub fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    fn say(&self, text: &str) {
        let said = self.socket.as_ref().map(|(socket, to)| socket.send_to_addr(text.as_bytes(), to));
        if let Some(Err(error)) = said
            && error.kind() != io::ErrorKind::WouldBlock
        {
            tracing::debug!(%error, "systemd can't be told {text}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_to_the_socket_what_happens() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let systemd = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::new(Some(path.as_os_str()), Some(30_000_000));
        notifier.ready();
        notifier.alive();
        notifier.stopping();
        let mut buffer = [0; 64];
        for expected in ["READY=1", "WATCHDOG=1", "STOPPING=1"] {
            let count = systemd.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..count], expected.as_bytes());
        }
        assert_eq!(notifier.every(), Some(Duration::from_secs(15)));
    }

    #[test]
    fn says_nothing_without_systemd() {
        let nobody = Notifier::new(None, Some(0));
        nobody.ready();
        assert_eq!(nobody.every(), None);
        Notifier::new(Some(OsStr::new("/nonexistent/socket")), None).ready();
    }
}
