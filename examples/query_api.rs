//! Asking a server from Rust: the overview, and the alerts that are open.
//!
//! ```text
//! EAVIP_URL=http://127.0.0.1:7480 EAVIP_TOKEN=$(cat token) cargo run -p eavip-examples --example query_api
//! ```

use std::io::Write as _;

use anyhow::Context as _;
use eavip_agent::secret::SecretRef;
use eavip_server::client::{AlertFilter, Client, Trust};

/// Alerts that are printed.
const MOST: usize = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("EAVIP_URL").context("set EAVIP_URL, like http://127.0.0.1:7480")?;
    let token = SecretRef::Env("EAVIP_TOKEN".to_owned()).resolve()?;
    // A server with an authority of its own: name its ca.pem.
    let trust = std::env::var_os("EAVIP_CA").map_or(Trust::System, |file| Trust::File(file.into()));
    let client = Client::new(url.parse()?, &token, &trust)?;

    let overview = client.overview().await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}: {}", overview.now.health, overview.now.headline)?;
    for card in &overview.signals {
        writeln!(out, "  {:<13} {:<9} {} ({})", card.signal, card.health, card.value, card.objective)?;
    }
    for status in ["firing", "acknowledged"] {
        let filter = AlertFilter { status: Some(status.to_owned()), ..AlertFilter::default() };
        let alerts = client.alerts(&filter, MOST).await?;
        writeln!(out, "{} {status}", alerts.items.len())?;
        for alert in &alerts.items {
            // Summaries carry names that machines chose: `{:?}` writes out what a terminal would obey.
            writeln!(out, "  {} {} of {}: {:?}", alert.category, alert.rule, alert.owner.id, alert.summary)?;
        }
    }
    Ok(())
}
