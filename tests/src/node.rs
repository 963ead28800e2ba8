//! An agent as a process, with a state directory of its own, on this host or in a network namespace.

use std::fs::Permissions;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::time::Duration;

use serde_json::Value;

use crate::process::{Running, free_port, run};
use crate::wait;

/// An agent, running or not.
#[derive(Debug)]
pub struct Node {
    /// Where its identity and spool are.
    pub state: PathBuf,
    /// Where its `/metrics` is.
    pub admin: SocketAddr,
    name: String,
    dir: PathBuf,
    program: PathBuf,
    /// What it is started by, such as `ip netns exec NAME`: it becomes the program, so its id is the program's.
    through: Vec<String>,
    running: Option<Running>,
}

impl Node {
    /// An agent that keeps everything below `dir` and reports every second; `program` is the agent's. `more` goes into
    /// its configuration.
    pub fn new(program: &str, dir: &Path, name: &str, more: &str) -> Self {
        let dir = dir.join(name);
        std::fs::create_dir_all(&dir).unwrap();
        let (state, admin) = (dir.join("state"), SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())));
        let text = format!("state_dir = {state:?}\ninterval = \"1s\"\nadmin.listen = \"{admin}\"\n{more}");
        std::fs::write(dir.join("agent.toml"), text).unwrap();
        let name = name.to_owned();
        Self { state, admin, name, dir, program: program.into(), through: Vec::new(), running: None }
    }

    /// The same in a network namespace.
    pub fn within(self, namespace: &str) -> Self {
        self.through(&["ip", "netns", "exec", namespace])
    }

    /// The same with a clock that is off by as much as `library`, which is libfaketime, understands: `+20s`.
    pub fn with_clock(self, library: &Path, off: &str) -> Self {
        let (preload, off) = (format!("LD_PRELOAD={}", library.display()), format!("FAKETIME={off}"));
        self.through(&["env", &preload, &off, "DONT_FAKE_MONOTONIC=1"])
    }

    fn through(mut self, command: &[&str]) -> Self {
        self.through = command.iter().map(|&word| word.to_owned()).collect();
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut words = self.through.iter().map(std::ffi::OsStr::new).chain([self.program.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        command.arg("--config").arg(self.dir.join("agent.toml")).args(args);
        command
    }

    /// Runs a command of the agent to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        run(&mut self.command(args))
    }

    /// What a command of the agent prints as JSON; null when it prints none.
    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_slice(&self.run(args).stdout).unwrap_or_default()
    }

    /// Becomes a node of a server.
    pub fn join(&self, join: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let file = self.dir.join("token");
        std::fs::write(&file, join).unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let done = self.run(&["join", "--token-file", file.to_str().unwrap()]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Its identity, as the API writes it.
    pub fn id(&self) -> String {
        std::fs::read_to_string(self.state.join("node.id")).unwrap().trim().to_owned()
    }

    /// Starts it.
    pub fn start(&mut self) {
        let running = Running::start(&mut self.command(&["run"]), &self.dir, &self.name);
        self.running = Some(running);
    }

    /// The running agent.
    pub fn process(&mut self) -> &mut Running {
        self.running.as_mut().expect("the agent runs")
    }

    /// Kills it with signal 9.
    pub fn kill(&mut self) {
        self.running.take().unwrap().kill();
    }

    /// Asks it to end.
    pub fn terminate(&mut self) -> (ExitStatus, Duration) {
        self.running.take().unwrap().terminate()
    }

    /// How the running agent stands to its server: state, acknowledged, pending and more. Null while it doesn't answer.
    pub fn link(&self) -> Value {
        self.json(&["status", "-o", "json"])["agent"]["link"].clone()
    }

    /// Waits until this much is acknowledged.
    pub fn until_acknowledged(&self, seq: u64) {
        wait::until_so(&format!("{} to have report {seq} acknowledged", self.name), || {
            self.link()["acknowledged"].as_u64().is_some_and(|acknowledged| acknowledged >= seq)
        });
    }
}
