//! The command line: data on stdout, talk on stderr, exit codes that mean one thing each.

mod join;
mod output;
mod run;
mod spool;
mod status;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use eavip_agent::agent::AgentError;
use eavip_agent::config::Config;
use eavip_agent::enrol::{AskError, EnrolError};
use eavip_agent::identity::StateError;
use eavip_agent::join::JoinError;
use eavip_agent::private::PrivateError;
use eavip_agent::spool::SpoolError;
use eavip_core::document::Problem;

pub(crate) use output::{Format, talk};

/// Watches this node and reports to an EAVIP ops server.
#[derive(Debug, Parser)]
#[command(name = "eavip-agent", version, max_term_width = 110)]
#[command(after_help = "Exit codes: 0 ok, 1 failure, 2 usage, 3 findings, 4 not found, 5 not authorised, \
                        6 conflict, 7 unreachable, 130 interrupted")]
pub(crate) struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// What every command knows.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// The configuration [default: /etc/eavip/agent.toml where it exists, and agent.d beside it]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where identity and spool live, over what the configuration says
    #[arg(long, global = true, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// How data is written
    #[arg(short = 'o', long = "output", global = true, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write logs without colour, as with NO_COLOR
    #[arg(long, global = true)]
    no_color: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Become a node of a server, with the join string that it issued
    #[command(after_help = "The join string is a secret and is read from a file or from standard input:\n  \
                            eavip-agent join < token\n  eavip-agent join --token-file token")]
    Join(join::Join),
    /// Give up this node's identity and tell the server so
    Leave(join::Leave),
    /// Get a new certificate now
    Renew,
    /// Collect, keep and push until told to end
    Run(run::Run),
    /// Say who this node is and how the agent on it is doing
    Status,
    /// Look into the spool of an agent that doesn't run
    #[command(subcommand)]
    Spool(spool::Spool),
}

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> Result<Exit, Failure> {
    let settings = &cli.settings;
    match cli.command {
        Command::Join(join) => join.run(settings).await,
        Command::Leave(leave) => leave.run(settings).await,
        Command::Renew => join::renew(settings).await,
        Command::Run(run) => run.run(settings).await,
        Command::Status => status::run(settings).await,
        Command::Spool(spool) => spool.run(settings).await,
    }
}

impl Settings {
    /// The configuration; every problem is told when there is one.
    fn load(&self) -> Result<Config, Failure> {
        let mut layers = Config::layers(self.config.as_deref());
        if let Some(dir) = &self.state_dir {
            layers = layers.flag("--state-dir", "state_dir", &dir.display().to_string());
        }
        Config::load(&layers).map_err(|problems| Failure::problems(&problems))
    }
}

/// What a script learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok = 0,
    Failure = 1,
    Usage = 2,
    Findings = 3,
    NotFound = 4,
    NotAuthorised = 5,
    Conflict = 6,
    Unreachable = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command didn't do what it should.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    text: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl std::error::Error) -> Self {
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

    fn problems(problems: &[Problem]) -> Self {
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Self { exit: Exit::Findings, text: text.join("\n\n") }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn tell(&self) {
        talk(&self.text);
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let exit = match &error {
            StateError::File(PrivateError::InUse(_)) | StateError::Enrolled(_) => Exit::Conflict,
            StateError::NotEnrolled(_) => Exit::NotFound,
            StateError::Partial(_) | StateError::Damaged(_) => Exit::Findings,
            _ => Exit::Failure,
        };
        Self::new(exit, error)
    }
}

impl From<EnrolError> for Failure {
    fn from(error: EnrolError) -> Self {
        let exit = match error {
            EnrolError::State(error) => return error.into(),
            EnrolError::Ask(AskError::Unreachable { .. }) => Exit::Unreachable,
            EnrolError::Ask(AskError::WrongServer { .. }) | EnrolError::TooLate(_) => Exit::NotAuthorised,
            EnrolError::Ask(AskError::Refused { status: 401 | 403, .. }) => Exit::NotAuthorised,
            EnrolError::Ask(AskError::Refused { status: 409, .. }) => Exit::Conflict,
            _ => Exit::Failure,
        };
        Self::new(exit, error)
    }
}

impl From<SpoolError> for Failure {
    fn from(error: SpoolError) -> Self {
        let exit = if matches!(error, SpoolError::InUse(_)) { Exit::Conflict } else { Exit::Failure };
        Self::new(exit, error)
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::State(error) => error.into(),
            AgentError::Spool(error) => error.into(),
            AgentError::Enrol(error) => error.into(),
        }
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        Self::new(Exit::Usage, error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failure, error)
    }
}
