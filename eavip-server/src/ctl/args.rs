//! What can be asked for, and who does it.

use std::io;
use std::path::PathBuf;

use crate::client::ServerUrl;
use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use eavip_agent::cli::exit;

use crate::ctl::failure::Failure;
use crate::ctl::output::{Format, Output};
use crate::ctl::session::Session;
use crate::ctl::{
    alerts, audit, check, explain, gate, import, incidents, login, nodes, noise, notify, on_call, policy,
    route, runbooks, silences, status, tokens, trends, users,
};

/// Asks an EAVIP ops server, and checks runbooks without one.
#[derive(Debug, Parser)]
#[command(name = "eavipctl", version, max_term_width = 110)]
#[command(
    after_help = "The server and the token come from `eavipctl login`, or from EAVIP_URL and EAVIP_TOKEN.\n\
    Exit codes: 0 ok, 1 failure, 2 usage, 3 findings or denied, 4 not found, 5 not authorised, 6 conflict, \
    7 unreachable, 8 undecided, 130 interrupted"
)]
pub(crate) struct Args {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command knows.
#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// The server, over what `login` stored
    #[arg(long, global = true, value_name = "URL", env = "EAVIP_URL")]
    pub(crate) url: Option<ServerUrl>,
    /// PEM file of the authority that the server's certificate comes from [default: the system's authorities]
    #[arg(long, global = true, value_name = "FILE", env = "EAVIP_CA")]
    pub(crate) ca: Option<PathBuf>,
    /// How to print
    #[arg(short, long, global = true, value_enum, default_value_t)]
    output: Format,
    /// Print without colour, as with NO_COLOR
    #[arg(long, global = true)]
    no_color: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Keep a server's address and an API token for the other commands
    Login(login::Login),
    /// Say who the token stands for
    Whoami,
    /// Say how the platform is; exits 3 unless it is healthy and nothing fires
    Status,
    /// List, show and take alerts
    Alerts(alerts::Alerts),
    /// Take an incident from its declaration to a signed review
    Incidents(incidents::Incidents),
    /// Say what alerts cost people, and what of it is to be mended; exits 3 when something is over its budget
    Noise(noise::Noise),
    /// Say what incidents and alerts of the month amount to, and answer what follows from it
    Trends(trends::Trends),
    /// Print a month's operations review, or sign it
    Report(trends::Report),
    /// List, ask for, approve and end silences; hand them over from and to Alertmanager
    Silences(silences::Silences),
    /// Say who has duty, take pages, keep overrides and the own ways to be reached
    #[command(subcommand)]
    OnCall(on_call::OnCall),
    /// List, show and revoke nodes
    Nodes(nodes::Nodes),
    /// Receivers of messages: list and test them, and send again what was given up
    #[command(subcommand)]
    Notify(notify::Notify),
    /// Say how the audit log stands, and whether it continues what was seen here before; exits 3 when it contradicts
    Audit,
    /// List, make and remove accounts of people
    Users(users::Users),
    /// List, make and revoke API tokens
    Tokens(tokens::Tokens),
    /// Make what new nodes are let in with
    #[command(name = "join-token", subcommand)]
    JoinToken(tokens::JoinToken),
    /// Check a whole runbook repository: what is declared and the pages it cites; needs no server
    Check(check::Check),
    /// Say whether a release may go to an environment, with every reason; needs no server
    Gate(gate::Gate),
    /// Check a runbook, or show one of its rules; needs no server
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Take over what Alertmanager and Prometheus are told; needs no server
    #[command(subcommand)]
    Import(import::Command),
    /// Look at runbook pages: the server's, or without one those of a repository
    #[command(subcommand)]
    Runbooks(runbooks::Command),
    /// Say where an alert would go, and why; needs no server
    #[command(subcommand)]
    Route(route::Command),
    /// Say what a code such as EAVIP-P02 means; needs no server
    Explain(explain::Explain),
    /// Print what a shell completes this command line with
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Does what the command line says; the exit code.
pub(crate) async fn run(args: Args) -> Result<u8, Failure> {
    let Args { global, command } = args;
    let out = &mut Output::new(global.output, global.no_color);
    let session = || Session::open(&global);
    match command {
        Command::Login(login) => login.run(&global, out).await,
        Command::Whoami => login::whoami(&session()?, out).await,
        Command::Status => status::run(&session()?, out).await,
        Command::Alerts(alerts) => alerts.run(&session()?, out).await,
        Command::Incidents(incidents) => incidents.run(&session()?, out).await,
        Command::Noise(noise) => noise.run(&session()?, out).await,
        Command::Trends(trends) => trends.run(&session()?, out).await,
        Command::Report(report) => report.run(&session()?, out).await,
        Command::Silences(silences) => silences.run(&session()?, out).await,
        Command::OnCall(command) => command.run(&session()?, out).await,
        Command::Nodes(nodes) => nodes.run(&session()?, out).await,
        Command::Notify(notify) => notify.run(&session()?, out).await,
        Command::Audit => audit::run(&session()?, out).await,
        Command::Users(users) => users.run(&session()?, out).await,
        Command::Tokens(tokens) => tokens.run(&session()?, out).await,
        Command::JoinToken(command) => command.run(&session()?, out).await,
        Command::Check(check) => check.run(out),
        Command::Gate(gate) => gate.run(out),
        Command::Policy(policy) => policy.run(out),
        Command::Import(command) => command.run(out),
        Command::Route(command) => command.run(out),
        Command::Runbooks(command) => command.run(session, out).await,
        Command::Explain(explain) => explain.run(out),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Args::command(), "eavipctl", &mut io::stdout());
            Ok(exit::OK)
        }
    }
}
