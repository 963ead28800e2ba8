//! The floor of ingest: the product's own listener with its mutual TLS, and a handler that reads the body and answers.
//! It parses, writes and remembers nothing.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use eavip_server::authority::{Authority, RevokedNodes, ServerIdentity, agents_config};
use eavip_server::listener::{Speaks, serve};
use eavip_server::shared::now;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// An answer as long as the product's.
const ANSWER: &str = r#"{"store":"01980000-0000-7000-8000-000000000001","epoch":1,"acknowledged":1000,"server_time":"2026-01-01T00:00:00.000Z"}"#;

/// Serves until told to end, with the certificate authority of a server's data directory; writes its address.
///
/// # Errors
/// When the authority can't be opened or nothing can be bound.
pub async fn run(data: &Path) -> anyhow::Result<()> {
    let store = std::fs::read_to_string(data.join("IDENTITY"))?.trim().parse()?;
    let authority = Authority::open(&data.join("authority"), store, now())?;
    let identity = ServerIdentity::new(&authority, vec!["127.0.0.1".to_owned()], now())?;
    let revoked = Arc::new(RevokedNodes::default());
    let tls = Arc::new(agents_config(&authority, &identity, &revoked)?);
    let router = Router::new().route(
        "/agent/v1/reports",
        post(|_: Bytes| async { ([("content-type", "application/json")], ANSWER) }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    let (_stop, stopped) = watch::channel(false);
    serve(listener, Speaks::Agents { tls, store, revoked }, router, stopped).await;
    Ok(())
}

/// Starts [`run`] in a process of its own; gives its address too.
///
/// # Errors
/// When it doesn't start.
pub async fn start(data: &Path) -> anyhow::Result<(Child, std::net::SocketAddr)> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("bare-server")
        .arg(data)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no standard output")?).lines();
    let address = lines.next_line().await?.context("the bare server ended")?.parse()?;
    Ok((child, address))
}
