//! `login` and `whoami`.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;

use crate::client::sign_in::{self, Link};
use crate::client::{Client, ServerUrl, Trust};
use eavip_agent::cli::exit;
use eavip_agent::secret::Secret;
use serde_json::{Value, json};

use crate::ctl::args::Global;
use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Output, talk};
use crate::ctl::session::{Session, Stored, TOKEN_VARIABLE, trust};

/// Longest text that holds a token or a link.
const MAX_TEXT: u64 = 4 * 1024;
/// How long a token lives that is made from a sign-in link.
const DAYS: u32 = 30;

/// Arguments of `login`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The token, or a one-time sign-in link in its place, is read from a file, from EAVIP_TOKEN or \
from standard input:\n  eavipctl login --url https://ops.example.com:7480 --token-file token\n  \
echo 'http://127.0.0.1:7480/sign-in#token=...' | eavipctl login\n\
A link names its server itself; a token of 30 days is made with it."
)]
pub(crate) struct Login {
    /// A file that holds the token or link [default: EAVIP_TOKEN, else standard input]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Login {
    pub(crate) async fn run(self, global: &Global, out: &mut Output) -> Result<u8, Failure> {
        let text = self.read()?;
        let ca = match &global.ca {
            Some(ca) => Some(std::path::absolute(ca)?),
            None => None,
        };
        let (url, token) = with(text.trim(), global.url.clone(), &trust(ca.clone())).await?;
        let client = Client::new(url, &Secret::new(token.clone()), &trust(ca.clone()))?;
        let who = client.whoami().await?;
        let stored = Stored { url: client.url().to_string(), token, ca };
        talk(&format!("signed in; kept in {}", stored.write()?.display()));
        show(&client, &who.name, who.role.as_str(), out)
    }

    fn read(&self) -> Result<String, Failure> {
        let mut text = String::new();
        if let Some(path) = &self.token_file {
            let read =
                std::fs::File::open(path).and_then(|file| file.take(MAX_TEXT).read_to_string(&mut text));
            let unreadable = |error| {
                let message = format!("`{}` can't be read: {error}", path.display());
                Failure::new(exit::USAGE, message, "name the file that holds the token")
            };
            read.map_err(unreadable)?;
        } else if let Some(token) = std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty()) {
            text = token;
        } else {
            let stdin = std::io::stdin();
            if stdin.is_terminal() {
                talk("paste the token or the sign-in link and press Enter, then Ctrl-D:");
            }
            stdin.lock().take(MAX_TEXT).read_to_string(&mut text)?;
        }
        Ok(text)
    }
}

/// The server and a token for it; a sign-in link names one and makes the other.
async fn with(text: &str, url: Option<ServerUrl>, trust: &Trust) -> Result<(ServerUrl, String), Failure> {
    if let Some(link) = Link::read(text)? {
        let (url, host) = (link.url.clone(), rustix::system::uname());
        let host: String = host.nodename().to_string_lossy().chars().take(60).collect();
        let made = sign_in::token(link, &format!("eavipctl on {host}"), DAYS, trust).await?;
        talk(&format!("a token was made, in force until {}", made.token.expires_at));
        return Ok((url, made.value.secret));
    }
    if text.is_empty() {
        return Err(Failure::new(exit::USAGE, "there is no token to read", "see `eavipctl login --help`"));
    }
    let missing =
        || Failure::new(exit::USAGE, "no server is named", "add --url https://ops.example.com:7480");
    Ok((url.ok_or_else(missing)?, text.to_owned()))
}

/// Says who the token stands for.
pub(crate) async fn whoami(session: &Session, out: &mut Output) -> Result<u8, Failure> {
    let who = session.client.whoami().await?;
    show(&session.client, &who.name, who.role.as_str(), out)
}

fn show(client: &Client, name: &str, role: &str, out: &mut Output) -> Result<u8, Failure> {
    let url = client.url().to_string();
    let json: Value = json!({ "name": name, "role": role, "url": url });
    let rows = [("name", Cell::from(name)), ("role", Cell::from(role)), ("server", Cell::from(url))];
    out.one(&rows, &json)?;
    Ok(exit::OK)
}
