//! Why a command didn't work: the message, what would mend it, and the exit code.

use crate::client::{ClientError, Refusal};
use crate::problem::Code;
use eavip_agent::cli::exit;
use eavip_agent::private::PrivateError;

use crate::ctl::output::talk;
use crate::ctl::text::shown;

/// A command that didn't work.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: u8,
    message: String,
    remedy: String,
    /// Every reason, where there are several.
    reasons: Vec<String>,
}

impl Failure {
    pub(crate) fn new(exit: u8, message: impl ToString, remedy: impl Into<String>) -> Self {
        Self { exit, message: message.to_string(), remedy: remedy.into(), reasons: Vec::new() }
    }

    /// Says it on stderr; the exit code.
    pub(crate) fn tell(self) -> u8 {
        if !self.message.is_empty() {
            let remedy =
                if self.remedy.is_empty() { String::new() } else { format!("\n  = {}", shown(&self.remedy)) };
            let reasons: String =
                self.reasons.iter().map(|reason| format!("\n  - {}", shown(reason))).collect();
            talk(&format!("eavipctl: {}{reasons}{remedy}", shown(&self.message)));
        }
        self.exit
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused(refusal) => refused(&refusal),
            ClientError::Unreachable { .. } => {
                let remedy = "check the address and that the server runs; --ca FILE names its own authority";
                Self::new(exit::UNREACHABLE, error, remedy)
            }
            ClientError::Id(_) => Self::new(exit::NOT_FOUND, error, ""),
            ClientError::Url { .. } | ClientError::Token | ClientError::Authorities { .. } => {
                Self::new(exit::USAGE, error, "")
            }
            ClientError::Client(_) | ClientError::Answer(_) => Self::new(exit::FAILURE, error, ""),
        }
    }
}

fn refused(refusal: &Refusal) -> Failure {
    let exit = match refusal.status {
        400 | 422 => exit::USAGE,
        401 | 403 => exit::NOT_AUTHORISED,
        404 => exit::NOT_FOUND,
        409 | 412 => exit::CONFLICT,
        502..=504 => exit::UNREACHABLE,
        _ => exit::FAILURE,
    };
    let code = Code::find(&refusal.code);
    let mut remedy = match refusal.errors.first().filter(|fault| fault.at.starts_with("EAVIP-")) {
        Some(fault) => format!("{}; `eavipctl explain {}` says more", fault.detail, fault.at),
        None => code.map_or("", Code::remedy).to_owned(),
    };
    if let Some(seconds) = refusal.retry_after {
        remedy += &format!(" (in {seconds} s)");
    }
    let named = code.map(|code| format!(" [{code}]")).unwrap_or_default();
    let by_rules = refusal.errors.iter().filter(|fault| fault.at.starts_with("EAVIP-")).count();
    if by_rules > 1 {
        let reasons = refusal.errors.iter().map(|fault| format!("{}: {}", fault.at, fault.detail)).collect();
        let message = format!("refused for {by_rules} reasons{named}");
        let remedy = "`eavipctl explain CODE` says more of each";
        return Failure { reasons, ..Failure::new(exit, message, remedy) };
    }
    Failure::new(exit, format!("{}{named}", refusal.detail), remedy)
}

impl From<PrivateError> for Failure {
    fn from(error: PrivateError) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::new(exit::FAILURE, format!("{error}{cause}"), "")
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        // A reader that has seen enough is no failure.
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::new(exit::OK, "", "");
        }
        Self::new(exit::FAILURE, error, "")
    }
}
