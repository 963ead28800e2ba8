//! The metrics that agents report: each with its unit, its kind and the signal it speaks for.
//!
//! A metric of a newer agent that isn't in this list is kept with its report and left out of judgement.

use super::Signal;
use crate::words;

words! {
    /// The unit a value is in.
    pub enum Unit ("unit") {
        /// A share from 0 to 1.
        Ratio = "ratio",
        /// Seconds.
        Seconds = "seconds",
        /// Bytes.
        Bytes = "bytes",
        /// Bytes per second.
        BytesPerSecond = "bytes-per-second",
        /// Things that are counted.
        Count = "count",
        /// 1 for yes, 0 for no.
        Bool = "bool",
    }
}

words! {
    /// How a value behaves over time.
    pub enum Kind ("metric kind") {
        /// The state at one moment.
        Gauge = "gauge",
        /// How many happened since the previous report.
        Delta = "delta",
        /// How durations were distributed since the previous report.
        Histogram = "histogram",
    }
}

macro_rules! metrics {
    ($( $(#[$meta:meta])* $variant:ident = $word:literal, $signal:ident, $unit:ident, $kind:ident; )+) => {
        words! {
            /// A metric of the declared list.
            pub enum Metric ("metric") { $( $(#[$meta])* $variant = $word ),+ }
        }

        impl Metric {
            /// The signal it speaks for.
            #[must_use]
            pub const fn signal(self) -> Signal {
                match self { $( Self::$variant => Signal::$signal ),+ }
            }

            /// The unit of its values.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $( Self::$variant => Unit::$unit ),+ }
            }

            /// How its values behave over time.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $( Self::$variant => Kind::$kind ),+ }
            }
        }
    };
}

metrics! {
    /// Share of CPU time that was busy, over all cores.
    CpuBusy = "cpu_busy_ratio", Host, Ratio, Gauge;
    /// One-minute load average per core.
    LoadPerCore = "load_per_core", Host, Count, Gauge;
    /// Memory that isn't available, as a share.
    MemoryUsed = "memory_used_ratio", Host, Ratio, Gauge;
    /// Swap in use, as a share; absent without swap.
    SwapUsed = "swap_used_ratio", Host, Ratio, Gauge;
    /// Share of the last minute in which some task waited for CPU (PSI).
    PressureCpu = "pressure_cpu_ratio", Host, Ratio, Gauge;
    /// Share of the last minute in which some task waited for memory (PSI).
    PressureMemory = "pressure_memory_ratio", Host, Ratio, Gauge;
    /// Share of the last minute in which some task waited for I/O (PSI).
    PressureIo = "pressure_io_ratio", Host, Ratio, Gauge;
    /// Space in use of a file system (`mount`), as users other than root see it.
    DiskUsed = "disk_used_ratio", Host, Ratio, Gauge;
    /// Space left on a file system (`mount`).
    DiskFree = "disk_free_bytes", Host, Bytes, Gauge;
    /// Inodes in use of a file system (`mount`).
    InodesUsed = "disk_inodes_used_ratio", Host, Ratio, Gauge;
    /// Whether a file system (`mount`) that was mounted writable is read-only.
    DiskReadOnly = "disk_read_only", Host, Bool, Gauge;
    /// Received per second (`interface`).
    NetworkReceive = "network_receive_bytes", Host, BytesPerSecond, Gauge;
    /// Sent per second (`interface`).
    NetworkTransmit = "network_transmit_bytes", Host, BytesPerSecond, Gauge;
    /// Packets with errors in either direction (`interface`).
    NetworkErrors = "network_errors", Host, Count, Delta;
    /// How far the node's clock is from the server's at least, in either direction.
    ClockOffset = "clock_offset_seconds", Host, Seconds, Gauge;
    /// Whether the kernel's clock is synchronised.
    ClockSynchronised = "clock_synchronised", Host, Bool, Gauge;
    /// Time since the host started.
    Uptime = "uptime_seconds", Host, Seconds, Gauge;
    /// File descriptors in use against the host's limit.
    OpenFiles = "open_files_ratio", Host, Ratio, Gauge;

    /// Whether a probe (`probe`) got the answer it expects.
    ProbeUp = "probe_up", Availability, Bool, Gauge;
    /// Whole duration of a probe's request (`probe`).
    ProbeDuration = "probe_duration_seconds", Latency, Seconds, Histogram;
    /// Duration of one part of a probe's request (`probe`, `phase`: dns, connect, tls, first_byte, transfer).
    ProbePhase = "probe_phase_seconds", Latency, Seconds, Gauge;
    /// HTTP status that a probe (`probe`) got; 0 without an answer.
    ProbeStatus = "probe_status", Availability, Count, Gauge;
    /// Time until the certificate that a probe (`probe`) met runs out.
    CertificateExpires = "certificate_expires_seconds", Certificates, Seconds, Gauge;

    /// Requests that a service answered.
    Requests = "requests", Errors, Count, Delta;
    /// Requests that a service failed to answer rightly.
    RequestErrors = "request_errors", Errors, Count, Delta;
    /// How long a service took to answer.
    RequestDuration = "request_duration_seconds", Latency, Seconds, Histogram;

    /// Whether a job's (`job`) last run succeeded.
    JobOk = "job_ok", Jobs, Bool, Gauge;
    /// Time since a job (`job`) last succeeded.
    JobSuccessAge = "job_success_age_seconds", Jobs, Seconds, Gauge;
    /// How far a job (`job`) is beyond the time it should have succeeded by; 0 while in time.
    JobLate = "job_late_seconds", Jobs, Seconds, Gauge;
    /// How long a job's (`job`) last run took.
    JobDuration = "job_duration_seconds", Jobs, Seconds, Gauge;

    /// Messages that wait (`queue`).
    QueueReady = "queue_ready", Backlog, Count, Gauge;
    /// Messages handed out and not yet confirmed (`queue`).
    QueueInFlight = "queue_in_flight", Backlog, Count, Gauge;
    /// Messages that wait for a later time (`queue`).
    QueueDelayed = "queue_delayed", Backlog, Count, Gauge;
    /// Messages given up (`queue`).
    QueueDeadLetter = "queue_dead_letter", Backlog, Count, Gauge;
    /// Who takes from the queue (`queue`).
    QueueConsumers = "queue_consumers", Backlog, Count, Gauge;
    /// How long the oldest message has waited (`queue`).
    QueueOldestAge = "queue_oldest_age_seconds", Backlog, Seconds, Gauge;
    /// Messages put in (`queue`).
    QueueEnqueued = "queue_enqueued", Backlog, Count, Delta;
    /// Messages taken out (`queue`).
    QueueDequeued = "queue_dequeued", Backlog, Count, Delta;
    /// Time until the queue (`queue`) is empty at the present rate.
    QueueDrain = "queue_drain_seconds", Backlog, Seconds, Gauge;

    /// Whether a collector (`collector`) read its source.
    CollectorUp = "collector_up", Freshness, Bool, Gauge;
    /// Bytes in the agent's spool.
    SpoolBytes = "spool_bytes", Freshness, Bytes, Gauge;
    /// Reports in the agent's spool that the server hasn't acknowledged.
    SpoolPending = "spool_pending", Freshness, Count, Gauge;
    /// Whether the agent's spool keeps its promise to survive a power cut.
    SpoolDurable = "spool_durable", Freshness, Bool, Gauge;
    /// Whether the node was shown audit logs of its server that contradict each other.
    AuditConflict = "audit_conflict", Freshness, Bool, Gauge;
    /// Memory that the agent itself holds.
    AgentMemory = "agent_memory_bytes", Freshness, Bytes, Gauge;
    /// Time since the node's last report; told by the server, not by the agent.
    NodeSilent = "node_silent_seconds", Freshness, Seconds, Gauge;
    /// Whether two hosts were seen to use the node's identity; told by the server, not by the agent.
    NodeCloned = "node_cloned", Freshness, Bool, Gauge;
}

impl Metric {
    /// Whether the server tells it of a node, so that no node can claim it of itself.
    #[must_use]
    pub const fn is_the_servers(self) -> bool {
        matches!(self, Self::NodeSilent | Self::NodeCloned)
    }
}
