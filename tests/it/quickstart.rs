//! A real server for the tests of command line and examples: its quickstart as a process, ended by its own id.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a condition may take to come true: many times what it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A running quickstart with a configuration directory for `eavipctl` that is signed in.
pub(super) struct Quickstart {
    pub(super) url: String,
    dir: TempDir,
    child: Child,
}

impl Quickstart {
    /// Starts a server and signs `eavipctl` in with its link.
    pub(super) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let addresses = addresses();
        let mut server = Command::new(env!("CARGO_BIN_EXE_e2e-server"));
        server.arg("quickstart").arg("--data").arg(dir.path().join("data"));
        for (flag, address) in ["--web", "--agents", "--admin"].iter().zip(&addresses) {
            server.arg(flag).arg(address);
        }
        let mut child = spawn(&mut server, dir.path());
        let mut link = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut link).unwrap();
        let started = Self { url: format!("http://{}", addresses[0]), dir, child };
        assert!(link.contains("#token="), "no sign-in link: {}", started.log());
        let signed_in = started.ctl_with(&["login"], &link);
        assert!(signed_in.status.success(), "{signed_in:?}");
        started
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir().join("server.log")).unwrap_or_default()
    }

    /// Runs `eavipctl`.
    pub(super) fn ctl(&self, args: &[&str]) -> Output {
        self.ctl_with(args, "")
    }

    /// Runs `eavipctl` with a text on standard input.
    pub(super) fn ctl_with(&self, args: &[&str], input: &str) -> Output {
        let mut child = ctl(&self.dir().join("config")).args(args).spawn().unwrap();
        // What doesn't read its input has closed it.
        let _closed = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// What `eavipctl` prints to standard output when it succeeds.
    pub(super) fn data(&self, args: &[&str]) -> String {
        let done = self.ctl(args);
        assert!(done.status.success(), "{args:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    }
}

impl Drop for Quickstart {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Three addresses of this host that are free.
pub(super) fn addresses() -> Vec<String> {
    // All three are held until each has its own port.
    let held: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    held.iter().map(|held| held.local_addr().unwrap().to_string()).collect()
}

/// Starts a server whose data can be read and whose talk goes to `server.log`.
pub(super) fn spawn(server: &mut Command, dir: &Path) -> Child {
    let log = std::fs::File::create(dir.join("server.log")).unwrap();
    server.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap()
}

/// `eavipctl` with a configuration directory and nothing of this process's environment.
pub(super) fn ctl(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_e2e-ctl"));
    command.env_clear().env("XDG_CONFIG_HOME", config);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Looks until there is something and gives it.
pub(super) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(LOOK);
    }
}
