//! The server under test as an operator runs it: `eavip-server quickstart` in a process of its own, asked by its API.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::link::Link;
use super::measure::Usage;

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Product {
    child: Child,
    /// Where its web listener is.
    pub web: SocketAddr,
    /// Its data.
    pub data: PathBuf,
    /// An API token that may do everything.
    token: String,
    /// When its process was started.
    pub started: Instant,
}

/// The program of this name that was built beside this one.
///
/// # Errors
/// When there is none.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    ensure!(path.exists(), "`{}` isn't built; run `benches/run`", path.display());
    Ok(path)
}

impl Product {
    /// Starts it over a directory and signs in.
    ///
    /// # Errors
    /// When it doesn't start or doesn't let us in.
    pub async fn start(data: &Path) -> anyhow::Result<Self> {
        Self::with_config(data, None).await
    }

    /// Starts it over a directory, with a configuration, and signs in.
    ///
    /// # Errors
    /// When it doesn't start or doesn't let us in.
    pub async fn with_config(data: &Path, config: Option<&Path>) -> anyhow::Result<Self> {
        let started = Instant::now();
        let log = std::fs::File::create(data.with_extension("log"))?;
        let mut child = Command::new(program("eavip-server")?)
            .args(["quickstart", "--web", "127.0.0.1:0", "--agents", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .arg("--data")
            .arg(data)
            .args(config.into_iter().flat_map(|config| ["--config".as_ref(), config.as_os_str()]))
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no standard output")?).lines();
        let link = lines.next_line().await?.context("the server ended before it was ready")?;
        let (url, secret) =
            link.split_once("/sign-in#token=").context("the sign-in link has another form")?;
        let web = url.rsplit_once('/').context("the sign-in link has another form")?.1.parse()?;
        let token = token(web, url, secret).await?;
        Ok(Self { child, web, data: data.to_owned(), token, started })
    }

    /// Its process.
    ///
    /// # Errors
    /// When it ended.
    pub fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().context("the server ended")
    }

    /// What it used so far.
    ///
    /// # Errors
    /// When it ended.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.pid()?)
    }

    /// An API token that may do everything.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A connection to its API.
    ///
    /// # Errors
    /// The network's.
    pub async fn api(&self) -> anyhow::Result<Api> {
        Ok(Api { link: Link::plain(self.web).await?, authorization: format!("Bearer {}", self.token) })
    }

    /// Ends it in order and waits until it has.
    ///
    /// # Errors
    /// When it doesn't end well.
    pub async fn stop(mut self) -> anyhow::Result<PathBuf> {
        terminate(&mut self.child).await?;
        Ok(self.data)
    }
}

/// Asks a process to end and waits until it has.
///
/// # Errors
/// When it ends with a failure.
pub async fn terminate(child: &mut Child) -> anyhow::Result<()> {
    let pid = child.id().and_then(|pid| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?));
    rustix::process::kill_process(pid.context("the process ended")?, rustix::process::Signal::TERM)?;
    let status = child.wait().await?;
    ensure!(status.success(), "the process ended with {status}");
    Ok(())
}

/// Signs in by the link and makes an API token.
async fn token(web: SocketAddr, url: &str, secret: &str) -> anyhow::Result<String> {
    let mut link = Link::plain(web).await?;
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: {web}\r\norigin: {url}\r\ncontent-type: application/json\r\n"
    );
    let answer = link.exchange(&head, &[json!({"link": secret}).to_string().as_bytes()]).await?;
    let cookie = answer.header("set-cookie").context("the sign-in was refused")?;
    let cookie = cookie.split(';').next().unwrap_or_default();
    let head = format!(
        "POST /api/v1/tokens HTTP/1.1\r\nhost: {web}\r\norigin: {url}\r\ncookie: {cookie}\r\ncontent-type: application/json\r\n"
    );
    let body = json!({"name": "load", "role": "admin", "expires_in_days": 1}).to_string();
    let answer = link.exchange(&head, &[body.as_bytes()]).await?;
    let made: Value = serde_json::from_slice(answer.body)?;
    Ok(made.get("secret").and_then(Value::as_str).context("no token was made")?.to_owned())
}

/// A connection to the API.
#[derive(Debug)]
pub struct Api {
    link: Link<TcpStream>,
    authorization: String,
}

impl Api {
    /// Asks and reads what is answered; nothing for an empty answer.
    ///
    /// # Errors
    /// The network's, or a refusal.
    pub async fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {}\r\ncontent-type: application/json\r\n",
            self.authorization
        );
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = self.link.exchange(&head, &[body.as_bytes()]).await?;
        if answer.status >= 300 {
            bail!("{method} {path} gave {}: {}", answer.status, String::from_utf8_lossy(answer.body));
        }
        if answer.body.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(answer.body)?) }
    }
}
