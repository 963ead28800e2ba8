//! Real processes: started with their output kept, ended by their own id, whatever happens to the test.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::wait;

/// Lines of a process's log that a failing test shows.
const SHOWN: usize = 30;

/// A running process. When it is dropped, it is killed; when a test fails, the end of its log is shown.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
    out: PathBuf,
    log: PathBuf,
}

impl Running {
    /// Starts a command; its output goes to `NAME.out` and `NAME.log` in `dir`, after what is there.
    pub fn start(command: &mut Command, dir: &Path, name: &str) -> Self {
        let (out, log) = (dir.join(format!("{name}.out")), dir.join(format!("{name}.log")));
        let append = |path: &Path| File::options().create(true).append(true).open(path).unwrap();
        // What an earlier process of this name said isn't what this one says.
        File::create(&out).unwrap();
        command.stdin(Stdio::null()).stdout(append(&out)).stderr(append(&log));
        let child = command.spawn().unwrap_or_else(|error| panic!("{name} doesn't start: {error}"));
        Self { child, name: name.to_owned(), out, log }
    }

    /// Its id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard output.
    pub fn out(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap_or_default()
    }

    /// What it and its predecessors of the same name wrote to standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it hasn't ended.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The most memory that it had resident at once, in KiB.
    pub fn most_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Kills it with signal 9.
    pub fn kill(mut self) {
        self.end();
    }

    /// Asks it to read its configuration anew.
    pub fn hang_up(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    }

    /// Asks it to end, waits, and tells how it ended and how long that took.
    pub fn terminate(mut self) -> (ExitStatus, Duration) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let began = Instant::now();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let status = wait::until(&format!("{} to end", self.name), || self.child.try_wait().unwrap());
        (status, began.elapsed())
    }

    fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let from = lines.len().saturating_sub(SHOWN);
            eprintln!("--- the end of {}.log\n{}\n---", self.name, lines[from..].join("\n"));
        }
    }
}

/// Runs a command to its end.
///
/// # Panics
/// When it can't be started.
pub fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Runs a system tool; the answer of a failing one is the reason.
///
/// # Errors
/// What it said, or why it can't be started.
pub fn tool(program: &str, args: &[&str]) -> Result<String, String> {
    let done = Command::new(program).args(args).output().map_err(|error| format!("{program}: {error}"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = [done.stdout.as_slice(), &done.stderr].concat();
    Err(format!("{program}: {}", String::from_utf8_lossy(&said).trim()))
}

/// A loopback port that is free, below those that the kernel gives to outgoing connections: a server that is down for a
/// moment finds it free again.
///
/// # Panics
/// When every port is taken.
pub fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap();
    let free = (0..COUNT).find_map(|_| {
        let turn = u32::from(start) + u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = FIRST + u16::try_from(turn % u32::from(COUNT)).unwrap();
        TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).ok().map(|_| port)
    });
    free.expect("every port is taken")
}
