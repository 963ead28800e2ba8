//! `join`, `leave` and `renew`.

use std::io::{IsTerminal as _, Read as _, Write};
use std::path::PathBuf;

use crate::agent::{spool_dir, spool_limits};
use crate::clock;
use crate::enrol;
use crate::identity::{Identity, StateDir};
use crate::join::{JoinString, MAX_JOIN_STRING};
use crate::spool::Spool;
use clap::Args;

use super::failure::Failure;
use super::output::{Format, one, talk};
use super::{Settings, exit};

#[derive(Debug, Args)]
pub(crate) struct Join {
    /// A file that holds the join string [default: standard input]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Join {
    pub(crate) async fn run(self, settings: &Settings, out: &mut impl Write) -> Result<u8, Failure> {
        let config = settings.load()?;
        let join = JoinString::parse(&self.read()?, clock::now())?;
        let state = StateDir::open(&config.state_dir)?;
        let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let identity = enrol::join(&state, &join, &hostname).await?;
        talk("joined; start the agent with `eavip-agent run` or `systemctl enable --now eavip-agent`");
        show(self.output, &identity, out)
    }

    fn read(&self) -> Result<String, Failure> {
        let most = MAX_JOIN_STRING as u64 + 64;
        let mut text = Vec::new();
        match &self.token_file {
            Some(path) => {
                std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut text)).map_err(
                    |error| Failure::new(exit::USAGE, NoToken { from: path.display().to_string(), error }),
                )?;
            }
            None => {
                if std::io::stdin().is_terminal() {
                    talk("paste the join string and press Enter, then Ctrl-D:");
                }
                std::io::stdin().lock().take(most).read_to_end(&mut text)?;
            }
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the join string can't be read from `{from}`: {error}")]
struct NoToken {
    from: String,
    error: std::io::Error,
}

fn show(format: Format, identity: &Identity, out: &mut impl Write) -> Result<u8, Failure> {
    let place = &identity.servers.place;
    let rows = [
        ("node", identity.node.to_string()),
        ("deployment", place.deployment.to_string()),
        ("mode", place.mode.to_string()),
        ("environment", place.environment.to_string()),
        ("servers", identity.servers.agents.join(" ")),
        ("certificate until", identity.validity.until.to_string()),
    ];
    let value = serde_json::json!({
        "node": identity.node,
        "place": place,
        "servers": identity.servers.agents,
        "certificate_until": identity.validity.until,
    });
    one(out, format, &rows, &value)?;
    Ok(exit::OK)
}

#[derive(Debug, Args)]
pub(crate) struct Leave {
    /// Don't tell the server, which will miss this node
    #[arg(long)]
    offline: bool,
    /// Give up reports that no server has
    #[arg(long)]
    discard_spool: bool,
}

impl Leave {
    pub(crate) async fn run(self, settings: &Settings) -> Result<u8, Failure> {
        let config = settings.load()?;
        let state = StateDir::open(&config.state_dir)?;
        let spool = spool_dir(&config.state_dir);
        if spool.exists() && !self.discard_spool {
            let (opened, _) = Spool::open(&spool, spool_limits(&config), clock::now_ms())?;
            let (pending, _) = opened.backlog();
            if pending > 0 {
                return Err(Failure::new(exit::CONFLICT, Undelivered { pending }));
            }
        }
        if !self.offline {
            enrol::farewell(&state.identity()?).await?;
        }
        state.forget()?;
        if spool.exists() {
            std::fs::remove_dir_all(&spool)?;
        }
        talk("left; this host is no node any more");
        Ok(exit::OK)
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "{pending} reports wait in the spool; run the agent until they are delivered, or add --discard-spool"
)]
struct Undelivered {
    pending: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Renew {
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Renew {
    pub(crate) async fn run(self, settings: &Settings, out: &mut impl Write) -> Result<u8, Failure> {
        let config = settings.load()?;
        let state = StateDir::open(&config.state_dir)?;
        let identity = state.identity()?;
        let now = clock::now();
        let renewed = if now >= identity.validity.until {
            enrol::reclaim(&state, &identity, now).await?
        } else {
            let credentials = identity.credentials().map_err(enrol::EnrolError::Tls)?;
            enrol::renew(&state, &identity, &enrol::agent_client(&credentials)?).await?
        };
        show(self.output, &renewed, out)
    }
}
