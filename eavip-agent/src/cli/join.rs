//! `join`, `leave` and `renew`.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;

use clap::Args;
use eavip_agent::agent::{spool_dir, spool_limits};
use eavip_agent::clock;
use eavip_agent::enrol;
use eavip_agent::identity::{Identity, StateDir};
use eavip_agent::join::{JoinString, MAX_JOIN_STRING};
use eavip_agent::spool::Spool;

use super::output::one;
use super::{Exit, Failure, Settings, talk};

#[derive(Debug, Args)]
pub(crate) struct Join {
    /// A file that holds the join string [default: standard input]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Join {
    pub(crate) async fn run(self, settings: &Settings) -> Result<Exit, Failure> {
        let config = settings.load()?;
        let join = JoinString::parse(&self.read()?, clock::now())?;
        let state = StateDir::open(&config.state_dir)?;
        let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let identity = enrol::join(&state, &join, &hostname).await?;
        talk("joined; start the agent with `eavip-agent run` or `systemctl enable --now eavip-agent`");
        show(settings, &identity)
    }

    fn read(&self) -> Result<String, Failure> {
        let most = MAX_JOIN_STRING as u64 + 64;
        let mut text = Vec::new();
        match &self.token_file {
            Some(path) => {
                std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut text)).map_err(
                    |error| Failure::new(Exit::Usage, NoToken { from: path.display().to_string(), error }),
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

fn show(settings: &Settings, identity: &Identity) -> Result<Exit, Failure> {
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
    one(settings.format, &rows, &value)?;
    Ok(Exit::Ok)
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
    pub(crate) async fn run(self, settings: &Settings) -> Result<Exit, Failure> {
        let config = settings.load()?;
        let state = StateDir::open(&config.state_dir)?;
        let spool = spool_dir(&config.state_dir);
        if spool.exists() && !self.discard_spool {
            let (opened, _) = Spool::open(&spool, spool_limits(&config), clock::now_ms())?;
            let (pending, _) = opened.backlog();
            if pending > 0 {
                return Err(Failure::new(Exit::Conflict, Undelivered { pending }));
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
        Ok(Exit::Ok)
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "{pending} reports wait in the spool; run the agent until they are delivered, or add --discard-spool"
)]
struct Undelivered {
    pending: usize,
}

pub(crate) async fn renew(settings: &Settings) -> Result<Exit, Failure> {
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
    show(settings, &renewed)
}
