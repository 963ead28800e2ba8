//! `users`: accounts of people. A password goes in by standard input alone, so that no list of processes shows it.

use std::io::{IsTerminal as _, Read as _};

use clap::Subcommand;
use eavip_agent::cli::exit;
use zeroize::Zeroizing;

use crate::client::model::User;
use crate::ctl::failure::Failure;
use crate::ctl::output::{Cell, Output, talk};
use crate::ctl::session::Session;
use crate::record::Role;

/// Longest text that holds a password.
const MAX_TEXT: u64 = 4 * 1024;

/// Arguments of `users`.
#[derive(Debug, clap::Args)]
pub(crate) struct Users {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Accounts, by name
    List,
    /// Make an account, or set its password and role anew; its sessions and own tokens end
    #[command(
        after_help = "The name is that of the person in the runbook's roster. The password is read from standard input:\n  \
                            eavipctl users set ana --role responder < password"
    )]
    Set {
        /// The user name
        name: String,
        /// What they may do: viewer, responder or admin
        #[arg(long)]
        role: Role,
    },
    /// Remove an account; its sessions and own tokens end
    Remove {
        /// The user name
        name: String,
    },
}

impl Users {
    pub(crate) async fn run(self, session: &Session, out: &mut Output) -> Result<u8, Failure> {
        match self.command.unwrap_or(Command::List) {
            Command::List => {
                let users = session.client.users().await?;
                let row = |user: &User| vec![Cell::from(&user.name), Cell::from(user.role)];
                out.table(&["NAME", "ROLE"], &users.items.iter().map(row).collect::<Vec<_>>(), &users.json)?;
            }
            Command::Set { name, role } => {
                session.client.set_user(&name, role.as_str(), &password()?).await?;
                talk(&format!("{name} signs in with this password as {role}"));
            }
            Command::Remove { name } => {
                session.client.remove_user(&name).await?;
                talk(&format!("{name} is removed"));
            }
        }
        Ok(exit::OK)
    }
}

fn password() -> Result<Zeroizing<String>, Failure> {
    let (mut text, stdin) = (Zeroizing::new(String::new()), std::io::stdin());
    if stdin.is_terminal() {
        talk("type the password, press Enter, then Ctrl-D; it is shown as you type:");
    }
    stdin.lock().take(MAX_TEXT).read_to_string(&mut text)?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
