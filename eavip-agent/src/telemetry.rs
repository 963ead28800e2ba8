//! The agent's own metrics: the recorder of its process, and what each metric means. Where they are counted stands in
//! the rooms that count.

use metrics::{describe_counter as counter, describe_gauge as gauge};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

/// Installs the recorder of this process and says what each metric means.
///
/// # Errors
/// When another recorder is installed already.
pub fn metrics() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    describe();
    Ok(handle)
}

/// Says what each metric means, for a process with a recorder of its own that embeds the agent.
pub fn describe() {
    counter!("eavip_agent_push_batches_total", "Batches sent, by what came of them.");
    counter!("eavip_agent_push_rewinds_total", "Times the server went back behind its mark.");
    counter!("eavip_agent_reports_refused_total", "Reports that the server refused for good.");
    counter!("eavip_agent_reports_unspooled_total", "Reports lost because the spool failed.");
    gauge!("eavip_agent_server_connected", "Whether the server takes what is sent.");
    gauge!("eavip_agent_spool_pending_reports", "Reports that wait in the spool.");
    gauge!("eavip_agent_spool_bytes", "Bytes in the spool.");
    gauge!("eavip_agent_audit_conflicts", "Contradictions of the server's audit log that this node keeps.");
    gauge!(
        "eavip_agent_audit_seen_events",
        "Records of the server's audit log that this node saw a checkpoint of."
    );
    gauge!("eavip_agent_spool_durable", "Whether the spool survives a power cut.");
}
