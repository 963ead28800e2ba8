//! `eavip-server quickstart`: a server with a real agent for this host in the same process, and one link to sign in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use eavip_agent::agent::Agent;
use eavip_agent::config::layers::Layers;
use eavip_agent::identity::StateDir;
use eavip_core::environment::Environment;
use eavip_core::labels::Labels;
use eavip_core::mode::Mode;
use eavip_core::node::Place;

use super::run::{told_to_stop, until_told};
use super::{Exit, complain, complain_of, complain_of_start, say};
use crate::api::join_tokens;
use crate::app::{App, Reload};
use crate::config::Config;
use crate::demo::{DemoError, Fleet};
use crate::record::Actor;
use crate::serve::Server;
use crate::{auth, demo, serve, telemetry};

/// Start a server with an agent for this host.
#[derive(Debug, Args)]
pub(super) struct Quickstart {
    /// Where everything is kept; made with access for this user alone.
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,
    /// Where people and API clients connect.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7480")]
    web: SocketAddr,
    /// Where agents connect.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7481")]
    agents: SocketAddr,
    /// Where local scrapers and probes connect.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7482")]
    admin: SocketAddr,
    /// A configuration with more: receivers, a runbook. The flags above win over it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Add a simulated fleet: a SaaS, a BYOC and an On-Prem deployment, marked as demo everywhere.
    #[arg(long)]
    demo: bool,
    /// Remove the simulated fleet from the data of a server that was stopped, and nothing else; then end.
    #[arg(long, conflicts_with = "demo")]
    remove_demo: bool,
}

/// Waits until it is told to stop; with a configuration it reads the runbook anew on SIGHUP meanwhile, without one a terminal that is
/// closed ends it.
async fn until_ended(app: &App, file: Option<&Path>) {
    match file {
        Some(file) => until_told(app, Some(file)).await,
        None => told_to_stop().await,
    }
}

pub(super) async fn run(quickstart: Quickstart) -> Exit {
    if quickstart.remove_demo {
        return remove_demo(&quickstart.data).await;
    }
    let began = Instant::now();
    let layers = quickstart.config.as_deref().map_or_else(Layers::default, |file| Layers::read(file, true));
    let (mut config, policy) = match Config::load(&layers) {
        Ok(loaded) => loaded,
        Err(problems) => {
            complain_of(&problems);
            return Exit::Usage;
        }
    };
    config.data.clone_from(&quickstart.data);
    (config.web, config.agents, config.admin) = (quickstart.web, quickstart.agents, quickstart.admin);
    let Ok(metrics) = telemetry::metrics() else { return Exit::Failure };
    let server = match serve::start(&config, policy, metrics).await {
        Ok(server) => server,
        Err(error) => return complain_of_start(&error),
    };
    if let Some(file) = &quickstart.config {
        // It was just made, so nobody set it.
        let _ = server.app.reload.set(Reload(Some(file.clone())));
    }
    let (trigger, shutdown) = eavip_agent::shutdown::channel();
    let agent = match agent(&server, &quickstart.data.join("agent")).await {
        Ok(agent) => agent,
        Err(error) => {
            complain(&format!("eavip-server: the agent for this host can't be started: {error:#}"));
            return Exit::Failure;
        }
    };
    let fleet = match demo::start(&server.app, &quickstart.data, quickstart.demo, &shutdown).await {
        Ok(fleet) => fleet,
        Err(error) => return complain_of_demo("started", error),
    };
    let running = tokio::spawn(agent.run(shutdown));
    let link = match auth::sign_in_link(&server.app).await {
        Ok(link) => link,
        Err(error) => {
            complain(&format!("eavip-server: no sign-in link can be made: {}", error.detail));
            return Exit::Failure;
        }
    };
    complain(&format!(
        "Started in {} ms; everything is kept in {}.",
        began.elapsed().as_millis(),
        quickstart.data.display()
    ));
    tell_of(&fleet, &server, &quickstart.data);
    complain("Open this link to sign in; it works once, for 15 minutes:");
    say(&link);
    complain("Press Ctrl-C to stop.");
    let (app, file) = (server.app.clone(), quickstart.config.clone());
    let stopping = async {
        until_ended(&app, file.as_deref()).await;
        // The agents' last reports still reach the server.
        trigger.request();
        if running.await.is_err() {
            complain("the agent for this host ended by a defect; its log lines say more");
        }
        fleet.ended().await;
    };
    match server.run(stopping).await {
        Ok(()) => Exit::Ok,
        Err(error) => {
            complain(&format!("eavip-server: {error}"));
            Exit::Failure
        }
    }
}

/// The data directory where nobody names one.
const DATA: &str = "./eavip-data";

/// Says that there is a demo, how it is removed, and whom it may wake.
fn tell_of(fleet: &Fleet, server: &Server, data: &Path) {
    if fleet.nodes == 0 {
        return;
    }
    let data = if data == Path::new(DATA) { String::new() } else { format!(" --data '{}'", data.display()) };
    complain(&format!(
        "{} simulated nodes run here, marked demo. To remove them, stop the server and run `eavip-server quickstart \
         --remove-demo{data}`.",
        fleet.nodes
    ));
    if !server.app.shared.policy.load().receivers().is_empty() {
        complain(
            "Their alerts go to the receivers of your routes like any other; they carry the label demo=\"true\".",
        );
    }
}

async fn remove_demo(data: &Path) -> Exit {
    match demo::remove(data).await {
        Ok(0) => complain(&format!("There is no demo in {}.", data.display())),
        Ok(nodes) => complain(&format!("{nodes} simulated nodes are removed; everything else is as it was.")),
        Err(error) => return complain_of_demo("removed", error),
    }
    Exit::Ok
}

/// Says why the demo can't be started or removed.
fn complain_of_demo(what: &str, error: DemoError) -> Exit {
    let exit = if matches!(error, DemoError::InUse(_)) { Exit::Conflict } else { Exit::Failure };
    complain(&format!("eavip-server: the demo can't be {what}: {:#}", anyhow::Error::from(error)));
    exit
}

/// The agent for this host: it joins like any other, over TLS and with a token, and watches the server itself.
async fn agent(server: &Server, state: &Path) -> anyhow::Result<Agent> {
    let directory = StateDir::open(state)?;
    if directory.identity().is_err() {
        let place = Place {
            deployment: "quickstart".parse()?,
            mode: Mode::OnPrem,
            environment: Environment::Production,
            labels: Labels::default(),
        };
        let join =
            join_tokens::for_server(&server.app, Actor::Server("quickstart".to_owned()), place).await?;
        let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
        eavip_agent::enrol::join(&directory, &join, &hostname).await?;
    }
    drop(directory);
    let file = state.join("agent.toml");
    if !file.exists() {
        std::fs::write(&file, OWN)?;
    }
    // Made anew at each start, because the addresses may be others.
    std::fs::create_dir_all(state.join("agent.d"))?;
    std::fs::write(state.join("agent.d/quickstart.toml"), watch_the_server(server, state))?;
    let config = eavip_agent::config::Config::load(&Layers::read(&file, true)).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("its configuration has problems:\n{}", told.join("\n"))
    })?;
    Ok(Agent::open(config)?)
}

/// The agent's own configuration, left in its directory for people to go on from.
const OWN: &str = r#"# The agent of this host. Add what it should watch and restart, for instance:
#
# [[probe]]
# name = "shop"
# service = "shop"
# url = "http://127.0.0.1:8080/healthz"
"#;

/// The first service that is watched: this server itself.
fn watch_the_server(server: &Server, state: &Path) -> String {
    let (web, admin, state) = (server.web, server.admin, state.display().to_string());
    format!(
        r#"# Written by `eavip-server quickstart` at each start: this server watches itself. Your own goes into ../agent.toml.
state_dir = {state:?}
interval = "5s"

[[probe]]
name = "server-api"
service = "eavip-server"
url = "http://{web}/healthz"
interval = "5s"

[[scrape]]
name = "server-metrics"
service = "eavip-server"
url = "http://{admin}/metrics"
interval = "5s"
requests = "eavip_http_requests_total"
errors = 'eavip_http_requests_total{{status=~"5.."}}'
latency = "eavip_http_request_duration_seconds"

[[scrape.job]]
name = "evaluate"
last_success = 'eavip_job_last_success_timestamp_seconds{{job="evaluate"}}'
every = "30s"

[[scrape.queue]]
name = "outbox"
ready = "eavip_outbox_pending"
oldest_age = "eavip_outbox_oldest_age_seconds"
dead_letter = "eavip_outbox_given_up"
"#
    )
}
