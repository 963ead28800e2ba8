//! From what went wrong to what people read and scripts learn.

use crate::agent::AgentError;
use crate::enrol::{AskError, EnrolError};
use crate::identity::StateError;
use crate::join::JoinError;
use crate::private::PrivateError;
use crate::spool::SpoolError;

use super::exit;
use super::output::talk;

/// Why a command didn't do what it should.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: u8,
    text: String,
}

impl Failure {
    pub(crate) fn new(exit: u8, error: impl std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            let cause_text = cause.to_string();
            // A transparent error repeats its cause's words.
            if !text.ends_with(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            next = cause.source();
        }
        Self { exit, text: format!("error: {text}") }
    }

    /// What was to be told has been told.
    pub(crate) fn told(exit: u8) -> Self {
        Self { exit, text: String::new() }
    }

    pub(crate) fn exit(&self) -> u8 {
        self.exit
    }

    pub(crate) fn tell(&self) {
        if !self.text.is_empty() {
            talk(&self.text);
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let exit = match &error {
            StateError::File(PrivateError::InUse(_)) | StateError::Enrolled(_) => exit::CONFLICT,
            StateError::NotEnrolled(_) => exit::NOT_FOUND,
            StateError::Partial(_) | StateError::Damaged(_) => exit::FINDINGS,
            _ => exit::FAILURE,
        };
        Self::new(exit, error)
    }
}

impl From<EnrolError> for Failure {
    fn from(error: EnrolError) -> Self {
        let exit = match error {
            EnrolError::State(error) => return error.into(),
            EnrolError::Ask(AskError::Unreachable { .. }) => exit::UNREACHABLE,
            EnrolError::Ask(AskError::WrongServer { .. }) | EnrolError::TooLate(_) => exit::NOT_AUTHORISED,
            EnrolError::Ask(AskError::Refused { status: 401 | 403, .. }) => exit::NOT_AUTHORISED,
            EnrolError::Ask(AskError::Refused { status: 409, .. }) => exit::CONFLICT,
            _ => exit::FAILURE,
        };
        Self::new(exit, error)
    }
}

impl From<SpoolError> for Failure {
    fn from(error: SpoolError) -> Self {
        let exit = if matches!(error, SpoolError::InUse(_)) { exit::CONFLICT } else { exit::FAILURE };
        Self::new(exit, error)
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::State(error) => error.into(),
            AgentError::Spool(error) => error.into(),
            AgentError::Enrol(error) => error.into(),
            error @ AgentError::Fallback(_) => Self::new(exit::FAILURE, error),
        }
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        Self::new(exit::USAGE, error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        // A reader that has seen enough is no failure.
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::told(exit::OK);
        }
        Self::new(exit::FAILURE, error)
    }
}
