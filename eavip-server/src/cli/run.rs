//! `eavip-server run`: the server as a service.

use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};

use eavip_core::finding::Finding;

use super::{Exit, complain, complain_of, complain_of_start, say};
use crate::app::{App, Reload};
use crate::commit::MutateError;
use crate::config::Config;
use crate::serve::{self, Server};
use crate::{auth, telemetry};

pub(super) async fn run(file: Option<PathBuf>) -> Exit {
    let (config, policy) = match Config::load(&Config::layers(file.as_deref())) {
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
    let simulated = server.app.shared.book().demo_nodes().count();
    if simulated > 0 {
        tracing::warn!(
            nodes = simulated,
            "the data has nodes of a demo that runs with quickstart alone, so they are silent; remove them with \
             `eavip-server quickstart --remove-demo`"
        );
    }
    invite(&server).await;
    // It was just made, so nobody set it.
    let _ = server.app.reload.set(Reload(file.clone()));
    let app = server.app.clone();
    match server.run(async move { until_told(&app, file.as_deref()).await }).await {
        Ok(()) => Exit::Ok,
        Err(error) => {
            tracing::error!(%error, "the server stopped by itself");
            Exit::Failure
        }
    }
}

/// Waits until the server is told to stop; on SIGHUP it reads the runbook anew meanwhile.
pub(super) async fn until_told(app: &App, file: Option<&Path>) {
    tokio::select! {
        () = told_to_stop() => {}
        () = reload_when_told(app, file) => {}
    }
}

/// On SIGHUP, reads the runbook anew and tells what came of it.
async fn reload_when_told(app: &App, file: Option<&Path>) {
    // Without a handler the signal ends the process, as it would by default.
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return std::future::pending().await };
    while hangup.recv().await.is_some() {
        // What is wrong was told.
        let _ = reload(app, file).await;
    }
}

/// Reads the runbook anew: valid as a whole it comes into force, otherwise the one before stays and every problem is told.
/// Listeners, data and receivers are as they were at the start.
///
/// # Errors
/// Why the one before stays.
pub(crate) async fn reload(app: &App, file: Option<&Path>) -> Result<(), Vec<String>> {
    match Config::load(&Config::layers(file)) {
        Ok((_, policy)) => {
            let rules = policy.rules().len();
            match Server::apply(app, policy).await {
                Ok(unknown) => {
                    let told =
                        |finding: &Finding| tracing::warn!(code = %finding.rule, "{}", finding.message);
                    unknown.iter().for_each(told);
                    tracing::info!(rules, "another runbook is in force");
                }
                Err(MutateError::Refused(refused)) => {
                    let told =
                        |found: &Finding| format!("{}: {}; {}", found.rule, found.message, found.remedy);
                    let told: Vec<String> = refused.findings.iter().map(told).collect();
                    told.iter().for_each(|line| complain(line));
                    tracing::error!(findings = told.len(), "the runbook before stays in force");
                    return Err(told);
                }
                Err(error) => {
                    tracing::error!(%error, "the runbook before stays in force");
                    return Err(vec![error.to_string()]);
                }
            }
            Ok(())
        }
        Err(problems) => {
            complain_of(&problems);
            tracing::error!(problems = problems.len(), "the runbook before stays in force");
            Err(problems.iter().map(ToString::to_string).collect())
        }
    }
}

/// Prints a sign-in link as long as nobody has an account or a token. It works once and not for long, so that the
/// service manager's log, where it ends up, opens nothing later.
async fn invite(server: &Server) {
    let known = {
        let book = server.app.shared.book();
        !(book.users.is_empty() && book.tokens.is_empty())
    };
    if known {
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
