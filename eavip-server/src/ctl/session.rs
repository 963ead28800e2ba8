//! Which server is asked, and with which token: what the environment says, else what `login` stored.
//!
//! The stored token is only ever sent to the server that it was stored for.

use std::path::PathBuf;

use crate::client::{Client, ServerUrl, Trust};
use eavip_agent::cli::exit;
use eavip_agent::private;
use eavip_agent::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::ctl::args::Global;
use crate::ctl::failure::Failure;

/// The variable that a token may come from.
pub(crate) const TOKEN_VARIABLE: &str = "EAVIP_TOKEN";
/// Largest stored file.
const MAX_FILE: u64 = 64 * 1024;

/// A server that can be asked.
pub(crate) struct Session {
    pub(crate) client: Client,
}

/// What `login` keeps; no `Debug`, because it holds the token.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) url: String,
    pub(crate) token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<PathBuf>,
}

impl Session {
    pub(crate) fn open(global: &Global) -> Result<Self, Failure> {
        let stored = Stored::read()?;
        let known = stored.as_ref().and_then(|stored| stored.url.parse::<ServerUrl>().ok());
        let log_in = "run `eavipctl login`, or set EAVIP_URL and EAVIP_TOKEN";
        let Some(url) = global.url.clone().or_else(|| known.clone()) else {
            return Err(Failure::new(exit::USAGE, "no server is named", log_in));
        };
        let matching = stored.filter(|_| known.as_ref() == Some(&url));
        let ca = global.ca.clone().or_else(|| matching.as_ref().and_then(|stored| stored.ca.clone()));
        let given = std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty());
        let Some(token) = given.or_else(|| matching.map(|stored| stored.token)) else {
            let message = format!("there is no token for `{url}`");
            return Err(Failure::new(exit::NOT_AUTHORISED, message, log_in));
        };
        let token = Secret::new(token.trim().to_owned());
        Ok(Self { client: Client::new(url, &token, &trust(ca))? })
    }
}

/// Whom to trust with this file of authorities.
pub(crate) fn trust(ca: Option<PathBuf>) -> Trust {
    ca.map_or(Trust::System, Trust::File)
}

impl Stored {
    fn path() -> Option<PathBuf> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
        Some(config.join("eavip").join("eavipctl.json"))
    }

    /// Where what this user keeps has its place; it need not be there yet.
    pub(crate) fn directory() -> Result<PathBuf, Failure> {
        let path = Self::path().and_then(|path| path.parent().map(std::path::Path::to_owned));
        path.ok_or_else(nowhere)
    }

    fn read() -> Result<Option<Self>, Failure> {
        let Some(path) = Self::path() else { return Ok(None) };
        let Some(bytes) = private::read(&path, MAX_FILE)? else { return Ok(None) };
        let unusable = |_| {
            let message = format!("`{}` can't be understood", path.display());
            Failure::new(exit::FAILURE, message, "run `eavipctl login` anew")
        };
        serde_json::from_slice(&bytes).map(Some).map_err(unusable)
    }

    /// Keeps it for this user alone; where.
    pub(crate) fn write(&self) -> Result<PathBuf, Failure> {
        let path = Self::path().ok_or_else(nowhere)?;
        if let Some(parent) = path.parent() {
            private::create_dir(parent)?;
        }
        let bytes = serde_json::to_vec(self).map_err(|error| Failure::new(exit::FAILURE, error, ""))?;
        private::write(&path, &bytes)?;
        Ok(path)
    }
}

fn nowhere() -> Failure {
    Failure::new(exit::FAILURE, "neither XDG_CONFIG_HOME nor HOME is set", "set one of them")
}
