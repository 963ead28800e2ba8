//! The command line: what each subcommand does, with its arguments beside it. Data goes to stdout, talk to stderr, and
//! each of the codes of [`exit`] means one thing.

pub mod collect;
pub mod config;
pub mod doctor;
mod failure;
pub mod job;
mod join;
pub mod output;
mod run;
mod spool;
mod status;

use std::io;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use self::failure::Failure;
use self::output::talk;
use crate::config::Config;
use crate::config::layers::Layers;

/// Watches this node and reports to an EAVIP ops server.
#[derive(Debug, Parser)]
#[command(name = "eavip-agent", version, max_term_width = 110)]
#[command(after_help = "Exit codes: 0 ok, 1 failure, 2 usage, 3 findings, 4 not found, 5 not authorised, \
                        6 conflict, 7 unreachable, 130 interrupted")]
pub struct Cli {
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
    Renew(join::Renew),
    /// Collect, keep and push until told to end
    Run(run::Run),
    /// Say who this node is and how the agent on it is doing
    Status(status::Args),
    /// Say whether the configuration can be used; nothing is started
    Check,
    /// Try everything that is configured once, and say what would mend it
    Doctor(doctor::DoctorArgs),
    /// Read everything that is configured now, and print it
    Collect(collect::CollectArgs),
    /// Tell the agent how a background job is going
    Job(job::JobArgs),
    /// Show the configuration in effect
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look into the spool of an agent that doesn't run
    #[command(subcommand)]
    Spool(spool::Spool),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the values that somebody wrote
    Show(config::ShowArgs),
}

/// Does what the command line says, and tells what went wrong; the exit code.
pub async fn run(cli: Cli) -> u8 {
    match dispatch(cli).await {
        Ok(code) => code,
        Err(failure) => {
            failure.tell();
            failure.exit()
        }
    }
}

async fn dispatch(cli: Cli) -> Result<u8, Failure> {
    let settings = &cli.settings;
    let out = &mut io::stdout();
    match cli.command {
        Command::Join(join) => join.run(settings, out).await,
        Command::Leave(leave) => leave.run(settings).await,
        Command::Renew(renew) => renew.run(settings, out).await,
        Command::Run(run) => run.run(settings).await,
        Command::Status(args) => args.run(settings, out).await,
        Command::Check => {
            settings.load()?;
            talk("the configuration can be used");
            Ok(exit::OK)
        }
        Command::Doctor(args) => Ok(doctor::run(&args, &settings.load()?, out).await),
        Command::Collect(args) => Ok(collect::run(&args, &settings.load()?, out).await),
        Command::Job(args) => Ok(job::run(&args, &settings.load()?, &mut io::stderr()).await),
        Command::Config(ConfigCommand::Show(args)) => Ok(config::show(&args, &settings.layers(), out)),
        Command::Spool(spool) => spool.run(settings, out).await,
    }
}

impl Settings {
    fn layers(&self) -> Layers {
        let layers = Config::layers(self.config.as_deref());
        match &self.state_dir {
            Some(dir) => layers.flag("--state-dir", "state_dir", &dir.display().to_string()),
            None => layers,
        }
    }

    /// The configuration; every problem is told when there is one.
    fn load(&self) -> Result<Config, Failure> {
        Config::load(&self.layers())
            .map_err(|problems| Failure::told(config::problems(&problems, &mut io::stderr())))
    }
}

/// Exit codes, the same for every binary.
pub mod exit {
    /// All is well.
    pub const OK: u8 = 0;
    /// It didn't work.
    pub const FAILURE: u8 = 1;
    /// The command line or the configuration is wrong.
    pub const USAGE: u8 = 2;
    /// It worked, and something was found.
    pub const FINDINGS: u8 = 3;
    /// What was asked for isn't there.
    pub const NOT_FOUND: u8 = 4;
    /// Somebody doesn't let us.
    pub const NOT_AUTHORISED: u8 = 5;
    /// Something else stands against it.
    pub const CONFLICT: u8 = 6;
    /// Nobody is there, or doesn't answer in time.
    pub const UNREACHABLE: u8 = 7;
    /// Neither yes nor no: something that is needed isn't known, or not yet.
    pub const UNDECIDED: u8 = 8;
}
