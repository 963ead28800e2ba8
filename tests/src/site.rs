//! A server as a process, started by its quickstart, with ports and data of its own, and an API token to ask it with.

use std::fs::Permissions;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use eavip_agent::tls::client::trusting_config;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::{Answer, Peer};
use crate::process::{Running, free_port};
use crate::wait;

/// A server, running or not. Restarts keep its data and its ports.
#[derive(Debug)]
pub struct Site {
    /// Where people and API clients connect.
    pub web: SocketAddr,
    /// Where agents connect.
    pub agents: SocketAddr,
    /// Where `/metrics` is.
    pub admin: SocketAddr,
    /// Where the server keeps everything.
    pub data: PathBuf,
    dir: TempDir,
    program: PathBuf,
    config: Option<PathBuf>,
    flags: Vec<String>,
    service: bool,
    server: Option<Running>,
    token: String,
}

impl Site {
    /// A site on loopback that isn't started; `program` is the server's.
    pub fn new(program: &str) -> Self {
        Self::on(program, Ipv4Addr::LOCALHOST.into())
    }

    /// The same on another address of this host, where it speaks TLS only.
    pub fn on(program: &str, host: IpAddr) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        Self {
            web: SocketAddr::new(host, free_port()),
            agents: SocketAddr::new(host, free_port()),
            admin: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), free_port()),
            data,
            dir,
            program: program.into(),
            config: None,
            flags: Vec::new(),
            service: false,
            server: None,
            token: String::new(),
        }
    }

    /// A directory for whatever belongs to the site.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file that only this user can read, and gives its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
        let path = self.dir().join(name);
        let above = path.parent().unwrap();
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(above).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The configuration that it is started with.
    pub fn configure(&mut self, text: &str) {
        self.config = Some(self.write("server.toml", text));
    }

    /// Runs it as a service from now on, without an agent of its own: on SIGHUP it reads its runbook anew.
    pub fn as_service(&mut self, runbook: &Path) {
        let Self { data, web, agents, admin, .. } = &*self;
        let text = format!(
            "data = {data:?}\nrunbook = {runbook:?}\nweb.listen = \"{web}\"\nagents.listen = \"{agents}\"\nadmin.listen = \"{admin}\"\n"
        );
        self.configure(&text);
        self.service = true;
    }

    /// The flags that it is started with from now on, besides those for data and ports.
    pub fn flags(&mut self, flags: &[&str]) {
        self.flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
    }

    /// Starts the server and waits for its sign-in link; the first time it also makes an API token.
    pub fn start(&mut self) {
        let mut command = Command::new(&self.program);
        if self.service {
            command.arg("run");
        } else {
            command.arg("quickstart").arg("--data").arg(&self.data);
            for (flag, address) in [("--web", self.web), ("--agents", self.agents), ("--admin", self.admin)] {
                command.arg(flag).arg(address.to_string());
            }
        }
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
        command.args(&self.flags);
        let mut server = Running::start(&mut command, self.dir(), "server");
        let link = wait::until("the sign-in link", || {
            assert!(server.runs(), "the server ended while starting:\n{}", server.log());
            server.out().lines().find_map(|line| Some(line.split_once("#token=")?.1.to_owned()))
        });
        self.server = Some(server);
        if self.token.is_empty() {
            self.token = self.sign_in(&link);
        }
    }

    fn sign_in(&self, link: &str) -> String {
        self.token_for(&json!({ "link": link }), "admin")
    }

    /// A token that a responder, who gets an account with it, makes for themselves.
    pub fn token_of(&self, name: &str) -> String {
        let password = "correct horse battery";
        let account = json!({ "password": password, "role": "responder" });
        let made = self.api("PUT", &format!("/users/{name}"), &account);
        assert_eq!(made.status, 200, "{}", made.text());
        self.token_for(&json!({ "user": name, "password": password }), "responder")
    }

    fn token_for(&self, with: &Value, role: &str) -> String {
        let body = with.to_string();
        let json = ("content-type", "application/json");
        let signed_in = self.web().ask("POST", "/api/v1/session", &[json], body.as_bytes()).unwrap();
        assert_eq!(signed_in.status, 200, "{}", signed_in.text());
        let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
        let headers = [json, ("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
        let body = json!({ "name": "e2e", "role": role, "expires_in_days": 1 }).to_string();
        let made = self.web().ask("POST", "/api/v1/tokens", &headers, body.as_bytes()).unwrap();
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["secret"].as_str().unwrap().to_owned()
    }

    /// The running server.
    pub fn server(&mut self) -> &mut Running {
        self.server.as_mut().expect("the server runs")
    }

    /// Kills the server with signal 9.
    pub fn kill(&mut self) {
        self.server.take().unwrap().kill();
    }

    /// Asks the server to end.
    pub fn terminate(&mut self) -> (ExitStatus, Duration) {
        self.server.take().unwrap().terminate()
    }

    fn web(&self) -> Peer {
        if self.web.ip().is_loopback() {
            return Peer::plain(self.web);
        }
        let ca = std::fs::read_to_string(self.data.join("authority/ca.pem")).unwrap();
        Peer::tls(self.web, trusting_config(&ca).unwrap())
    }

    /// Asks for a path as somebody who signs in with a password, as a page of the server would.
    pub fn as_user(&self, user: &str, password: &str, method: &str, path: &str) -> Answer {
        let json = ("content-type", "application/json");
        let body = json!({ "user": user, "password": password }).to_string();
        let signed_in = self.web().ask("POST", "/api/v1/session", &[json], body.as_bytes()).unwrap();
        let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
        let headers = [json, ("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
        self.web().ask(method, path, &headers, b"").unwrap()
    }

    /// Asks the API with the token.
    pub fn api(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.api_as(&self.token, method, path, body)
    }

    /// Asks the API with somebody's token.
    pub fn api_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send_as(token, method, &format!("/api/v1{path}"), body.as_bytes()).unwrap()
    }

    /// Asks for any path with the token.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> std::io::Result<Answer> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, body.as_bytes())
    }

    /// Sends bytes to any path with the token.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn send(&self, method: &str, path: &str, body: &[u8]) -> std::io::Result<Answer> {
        self.send_as(&self.token, method, path, body)
    }

    fn send_as(&self, token: &str, method: &str, path: &str, body: &[u8]) -> std::io::Result<Answer> {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.web().ask(method, path, &headers, body)
    }

    /// The API token, an administrator's.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What the API answers to a GET.
    pub fn get(&self, path: &str) -> Value {
        let answer = self.api("GET", path, &Value::Null);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// The items of a list of the API.
    pub fn items(&self, path: &str) -> Vec<Value> {
        self.get(path)["items"].as_array().unwrap().clone()
    }

    /// What a new node joins with.
    pub fn join_string(&self) -> String {
        let place = json!({ "deployment": "e2e", "environment": "staging", "mode": "byoc" });
        let made = self.api("POST", "/join-tokens", &place);
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["join"].as_str().unwrap().to_owned()
    }

    /// How often an event of a kind stands in the feed of changes.
    pub fn changes(&self, kind: &str) -> usize {
        self.items("/changes?limit=500").iter().filter(|change| change["kind"] == kind).count()
    }

    /// What `/metrics` says.
    pub fn metrics(&self) -> String {
        Peer::plain(self.admin).get("/metrics").unwrap().text()
    }

    /// A metric's value; `None` when it isn't there.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let metrics = self.metrics();
        let mut lines = metrics.lines().filter_map(|line| line.rsplit_once(' '));
        lines.find(|(series, _)| *series == name).and_then(|(_, value)| value.parse().ok())
    }
}
