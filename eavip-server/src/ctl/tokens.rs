//! `tokens` and `join-token`: what scripts sign in with, and what new nodes are let in with. A new secret goes to
//! stdout alone, so that it can be piped to where it is kept.

use crate::client::model::{NewNodes, Token};
use crate::record::Role;
use clap::Subcommand;
use eavip_agent::cli::exit;
use eavip_core::environment::Environment;
use eavip_core::id::TeamId;
use eavip_core::mode::Mode;

use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Output, talk};
use crate::ctl::session::Session;

/// Arguments of `tokens`.
#[derive(Debug, clap::Args)]
pub(crate) struct Tokens {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tokens in force, without their secrets
    List,
    /// Make a token; its secret is printed this once
    #[command(after_help = "eavipctl tokens create --name ci --role viewer --days 90 > token\n\
                            eavipctl tokens create --name prometheus --role sender --team storage > token")]
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may do: sender, viewer, responder or admin
        #[arg(long)]
        role: Role,
        /// The team that owns the alerts that are sent with it and have no other owner
        #[arg(long)]
        team: Option<TeamId>,
        /// After how many days it ends
        #[arg(long, default_value_t = 90)]
        days: u32,
    },
    /// Take a token back
    Revoke {
        /// The token's id
        id: String,
    },
}

impl Tokens {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        match self.command.unwrap_or(Command::List) {
            Command::List => {
                let tokens = session.client.tokens().await?;
                let rows: Vec<Vec<Cell>> = tokens.items.iter().map(row).collect();
                let headings = ["ID", "NAME", "ROLE", "MADE BY", "MADE", "ENDS", "LAST USED"];
                out.table(&headings, &rows, &tokens.json)?;
            }
            Command::Create { name, role, team, days } => {
                let team = team.as_ref().map(TeamId::as_str);
                let made = session.client.create_token(&name, role.as_str(), team, days).await?;
                let token = &made.token;
                talk(&format!("token {} is in force until {}; keep it now", token.id, token.expires_at));
                out.text(&made.secret, &made.json)?;
            }
            Command::Revoke { id } => {
                session.client.revoke_token(&id).await?;
                talk("the token is revoked");
            }
        }
        Ok(exit::OK)
    }
}

fn row(token: &Token) -> Vec<Cell> {
    vec![
        Cell::from(&token.id),
        Cell::from(&token.name),
        Cell::from(token.role),
        Cell::from(&token.created_by),
        Cell::from(&token.created_at),
        Cell::from(&token.expires_at),
        Cell::or_none(token.last_used_at.as_ref()),
    ]
}

/// Arguments of `join-token`.
#[derive(Debug, Subcommand)]
pub(crate) enum JoinToken {
    /// Make a join string; it lets one node in
    #[command(after_help = "eavipctl join-token create --deployment acme > join\n\
                            eavip-agent join --token-file join")]
    Create(Create),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// The installation that the node becomes part of
    #[arg(long)]
    deployment: String,
    /// The environment that it serves: development, integration, staging or production
    #[arg(long, default_value_t = Environment::Production)]
    environment: Environment,
    /// Who runs the installation: saas, byoc or on-prem
    #[arg(long, default_value_t = Mode::OnPrem)]
    mode: Mode,
    /// A label of the node's alerts; may be given more than once
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// After how many minutes it ends
    #[arg(long, default_value_t = 60)]
    minutes: u32,
}

fn label(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("write it like team=payments")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl JoinToken {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        let Self::Create(Create { deployment, environment, mode, labels, minutes }) = self;
        let labels = labels.into_iter().collect();
        let asked = NewNodes { deployment, environment, mode, labels, expires_in_minutes: minutes };
        let made = session.client.create_join_token(&asked).await?;
        talk(&format!("join token {} lets one node in until {}", made.id, made.expires_at));
        out.text(&made.join, &made.json)?;
        Ok(exit::OK)
    }
}
