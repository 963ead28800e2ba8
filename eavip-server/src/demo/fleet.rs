//! Who belongs to the simulated fleet: three deployments, what runs in each, and what is the matter there.

use eavip_core::mode::Mode;

/// A simulated node.
#[derive(Debug)]
pub(super) struct Member {
    /// Its host name, and the name of its state directory.
    pub(super) name: &'static str,
    /// The installation it is part of.
    pub(super) deployment: &'static str,
    /// Who runs that.
    pub(super) mode: Mode,
    /// What its jitter follows from.
    pub(super) seed: u64,
    /// CPU cores.
    pub(super) cores: u32,
    /// Memory in GiB.
    pub(super) memory_gib: u64,
    /// Share of its disk that is in use.
    pub(super) disk: f64,
    /// What it watches.
    pub(super) services: &'static [Service],
    /// Whether it reports once and is never heard of again.
    pub(super) falls_silent: bool,
}

/// A simulated service; each has requests, a job and a queue.
#[derive(Debug)]
pub(super) struct Service {
    /// Its name, also of its probe.
    pub(super) name: &'static str,
    /// Requests per second at noon.
    pub(super) rate: f64,
    /// How long the middle one of its answers takes, in seconds.
    pub(super) latency_s: f64,
    /// Share of requests that fail.
    pub(super) errors: f64,
    /// Whether the certificate that its probe meets is close to its end.
    pub(super) old_certificate: bool,
    /// Its job, and whether the job's last run succeeded.
    pub(super) job: (&'static str, bool),
    /// Its queue.
    pub(super) queue: (&'static str, Flow),
}

/// How a queue is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// What comes in goes out.
    Drained,
    /// Nobody takes anything out any more.
    Stuck,
    /// Drained, and now and then something is given up and put back.
    DeadLetters,
}

/// Services differ from this one.
const USUAL: Service = Service {
    name: "",
    rate: 8.0,
    latency_s: 0.03,
    errors: 0.002,
    old_certificate: false,
    job: ("cleanup", true),
    queue: ("events", Flow::Drained),
};

/// Everybody.
pub(super) const FLEET: &[Member] = &[
    Member {
        name: "demo-shop-1",
        deployment: "demo-saas",
        mode: Mode::Saas,
        seed: 11,
        cores: 8,
        memory_gib: 32,
        disk: 0.41,
        services: &[
            Service { name: "storefront", rate: 40.0, ..USUAL },
            Service {
                name: "checkout",
                rate: 12.0,
                latency_s: 0.09,
                queue: ("orders", Flow::Drained),
                ..USUAL
            },
        ],
        falls_silent: false,
    },
    Member {
        name: "demo-shop-2",
        deployment: "demo-saas",
        mode: Mode::Saas,
        seed: 12,
        cores: 8,
        memory_gib: 32,
        disk: 0.57,
        services: &[
            Service { name: "search", rate: 25.0, latency_s: 0.15, ..USUAL },
            Service { name: "mailer", rate: 4.0, queue: ("mail", Flow::DeadLetters), ..USUAL },
        ],
        falls_silent: false,
    },
    Member {
        name: "demo-billing-1",
        deployment: "demo-byoc",
        mode: Mode::Byoc,
        seed: 21,
        cores: 4,
        memory_gib: 16,
        disk: 0.63,
        services: &[Service {
            name: "invoicing",
            rate: 6.0,
            latency_s: 0.07,
            job: ("month-close", true),
            queue: ("invoices", Flow::Stuck),
            ..USUAL
        }],
        falls_silent: false,
    },
    Member {
        name: "demo-billing-2",
        deployment: "demo-byoc",
        mode: Mode::Byoc,
        seed: 22,
        cores: 4,
        memory_gib: 16,
        disk: 0.74,
        services: &[Service { name: "bookings", job: ("nightly-export", false), ..USUAL }],
        falls_silent: false,
    },
    Member {
        name: "demo-plant-1",
        deployment: "demo-on-prem",
        mode: Mode::OnPrem,
        seed: 31,
        cores: 2,
        memory_gib: 8,
        disk: 0.36,
        services: &[Service {
            name: "portal",
            rate: 5.0,
            errors: 0.025,
            old_certificate: true,
            job: ("stock-sync", true),
            queue: ("scans", Flow::Drained),
            ..USUAL
        }],
        falls_silent: false,
    },
    Member {
        name: "demo-plant-2",
        deployment: "demo-on-prem",
        mode: Mode::OnPrem,
        seed: 32,
        cores: 2,
        memory_gib: 8,
        disk: 0.49,
        services: &[Service { name: "scanners", rate: 2.0, queue: ("labels", Flow::Drained), ..USUAL }],
        falls_silent: true,
    },
];
