//! `eavip-server run`: the server as a service.

use std::path::PathBuf;

use tokio::signal::unix::{SignalKind, signal};

use super::{Exit, complain, complain_of, complain_of_start, say};
use crate::config::Config;
use crate::serve::{self, Server};
use crate::{auth, telemetry};

pub(super) async fn run(config: Option<PathBuf>) -> Exit {
    let (config, policy) = match Config::load(&Config::layers(config.as_deref())) {
        Ok(loaded) => loaded,
        Err(problems) => {
            complain_of(&problems);
            return Exit::Usage;
        }
    };
    let Ok(metrics) = telemetry::metrics() else { return Exit::Failure };
    let server = match serve::start(&config, policy, metrics).await {
        Ok(server) => server,
        Err(error) => return complain_of_start(&error),
    };
    tracing::info!(web = %server.web, agents = %server.agents, admin = %server.admin, "the server runs");
    invite(&server).await;
    match server.run(told_to_stop()).await {
        Ok(()) => Exit::Ok,
        Err(error) => {
            tracing::error!(%error, "the server stopped by itself");
            Exit::Failure
        }
    }
}

/// Prints a sign-in link as long as nobody has an account or a token. It works once and not for long, so that the
/// service manager's log, where it ends up, opens nothing later.
async fn invite(server: &Server) {
    let somebody = || {
        let book = server.app.shared.book();
        !(book.users.is_empty() && book.tokens.is_empty())
    };
    if somebody() {
        return;
    }
    match auth::sign_in_link(&server.app).await {
        Ok(link) => {
            complain(
                "Nobody has an account yet. This link signs in once, for 15 minutes; a restart makes another:",
            );
            say(&link);
        }
        // The server does its work without; the next start tries again.
        Err(error) => complain(&format!("eavip-server: no sign-in link can be made: {}", error.detail)),
    }
}

/// Until somebody asks the process to end: SIGTERM from a service manager, SIGINT from a keyboard.
pub(super) async fn told_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        // Without handlers both signals end the process at once, which the store survives.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
