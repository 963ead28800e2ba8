//! The server's own logs and metrics.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Bucket bounds of durations in seconds: from a cached page to a request that somebody gives up.
const SECONDS: [f64; 14] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// The exporter keeps samples until it is told to fold them into buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the recorder of metrics for this process and keeps it in order until the runtime ends.
///
/// # Errors
/// When another recorder is installed already.
pub fn metrics() -> Result<PrometheusHandle, BuildError> {
    let builder = PrometheusBuilder::new();
    let handle = builder
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    describe();
    // The quickstart runs an agent in this process.
    eavip_agent::telemetry::describe();
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(UPKEEP);
        loop {
            tick.tick().await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}

fn describe() {
    use metrics::{describe_counter as counter, describe_gauge as gauge, describe_histogram as histogram};
    counter!("eavip_reports_stored_total", "Reports that were written and acknowledged.");
    counter!("eavip_reports_refused_total", "Requests with reports that were refused, by problem code.");
    counter!("eavip_notification_attempts_total", "Attempts to deliver a notification, by outcome.");
    counter!("eavip_handshakes_failed_total", "TLS handshakes that failed.");
    counter!("eavip_http_requests_total", "Requests that the web listener answered, by status.");
    histogram!("eavip_http_request_duration_seconds", "How long the web listener took to answer.");
    histogram!("eavip_evaluation_duration_seconds", "How long an evaluation of everything took.");
    gauge!("eavip_checkpoint_timestamp_seconds", "When the last checkpoint was kept.");
    gauge!("eavip_job_last_success_timestamp_seconds", "When a background job last succeeded.");
    gauge!("eavip_outbox_pending", "Notifications that wait to be delivered.");
    gauge!("eavip_outbox_given_up", "Notifications that were given up.");
    gauge!("eavip_outbox_oldest_age_seconds", "How long the oldest waiting notification has waited.");
    gauge!("eavip_nodes", "Enrolled nodes.");
    counter!("eavip_audit_checkpoints_total", "Checkpoints of the audit log that were signed.");
    gauge!("eavip_audit_records", "Records in the tree of the audit log.");
    gauge!("eavip_audit_checkpoint_records", "Records that the newest checkpoint covers.");
    gauge!("eavip_audit_checkpoint_timestamp_seconds", "When the newest checkpoint was signed.");
    gauge!("eavip_audit_contradicted", "Whether the ledger isn't what was signed.");
    gauge!("eavip_audit_conflicting_nodes", "Nodes that were shown audit logs that contradict each other.");
    gauge!("eavip_audit_witnesses", "Nodes that looked at the audit log since the start.");
    gauge!("eavip_alerts_open", "Alerts that are not over.");
}

/// Sends logs to stderr: text on a terminal, JSON otherwise. `EAVIP_LOG` sets levels as in `info,eavip_server=debug`.
pub fn logs() {
    use std::io::IsTerminal as _;
    let filter = EnvFilter::try_from_env("EAVIP_LOG").unwrap_or_else(|_| EnvFilter::new("info,sled=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A host that installed its own subscriber keeps it.
    if std::io::stderr().is_terminal() {
        let _ = builder.with_target(false).try_init();
    } else {
        let _ = builder.json().try_init();
    }
}
