//! The command line of `incidents`.

use clap::{Args, Subcommand};
use eavip_core::environment::Environment;
use eavip_core::incident::change::Role;
use eavip_core::incident::review::Cause;
use eavip_core::incident::sev::{Integrity, Scope, Sev};
use eavip_core::mode::Mode;
use eavip_core::signal::Signal;
use eavip_core::time::{Span, Timestamp};

use crate::api::incidents::{Format, Standing};
use crate::incidents::template::Audience;
use crate::shared::now;

/// Incidents printed when nobody says how many.
const LIMIT: usize = 50;

/// Arguments of `incidents`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "From a failing probe to a signed review:\n  \
    eavipctl incidents declare --alert ALERT --integrity intact\n  \
    eavipctl incidents show INCIDENT      # what it lacks now, and the command for each\n\
    Phases: triage, mitigate, communicate, rca, prevent, close; each is refused with everything that is missing."
)]
pub(crate) struct Incidents {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) list: List,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Incidents, the newest first
    #[command(after_help = "Example: eavipctl incidents list --status open --sev SEV-1")]
    List(List),
    /// One incident: what it lacks, what to do next, its timeline
    #[command(after_help = "Example: eavipctl incidents show inc-2026-0042")]
    Show {
        /// The incident's name
        id: String,
    },
    /// Declare one, from an alert or by hand
    #[command(after_help = "Examples:\n  eavipctl incidents declare --alert 4be5... --integrity intact\n  \
        eavipctl incidents declare --title 'checkout fails' --owner platform-operations --deployment eu-1 \
        --environment production --mode saas --service shop --scope major-function --integrity unknown")]
    Declare(Declare),
    #[command(flatten)]
    Ask(Ask),
    /// Tick a step of a runbook, by its number in `show` or in its words
    #[command(after_help = "Examples:\n  eavipctl incidents tick inc-2026-0042 2\n  \
        eavipctl incidents tick inc-2026-0042 --improvised --runbook probe-down 'restarted the proxy too'")]
    Tick {
        /// The incident's name
        id: String,
        /// The step
        step: String,
        /// The runbook's page, when the incident's alerts cite several
        #[arg(long, value_name = "PAGE")]
        runbook: Option<String>,
        /// The runbook doesn't have it yet
        #[arg(long)]
        improvised: bool,
    },
    /// Tell those who are affected
    #[command(
        after_help = "Examples:\n  eavipctl incidents update inc-2026-0042 --draft customers   # prints a draft\n  \
        eavipctl incidents update inc-2026-0042 'Checkout works again since 13:40 UTC.'"
    )]
    Update {
        /// The incident's name
        id: String,
        /// What they are told
        #[arg(required_unless_present = "draft")]
        text: Option<String>,
        /// Print a draft for customers or internal, and send nothing
        #[arg(long, conflicts_with = "text")]
        draft: Option<Audience>,
    },
    /// Write the review: what is given is replaced, the rest stays
    #[command(after_help = "Example: eavipctl incidents review inc-2026-0042 --summary 'the shop was down' \
        --cause defect --explanation 'a leak' --gap 'nothing watched memory' --complete")]
    Review(Review),
    /// Print the whole incident, to be kept or sent
    #[command(after_help = "Example: eavipctl incidents export inc-2026-0042 --format markdown > review.md")]
    Export {
        /// The incident's name
        id: String,
        /// markdown or json
        #[arg(long, default_value = "markdown")]
        format: Format,
    },
}

/// What is one request of an incident.
#[derive(Debug, Subcommand)]
pub(super) enum Ask {
    /// Say that you have it
    #[command(after_help = "Example: eavipctl incidents ack inc-2026-0042")]
    Ack {
        /// The incident's name
        id: String,
    },
    /// Go on to triage: how bad it is, what it affects, who leads
    #[command(after_help = "Example: eavipctl incidents triage inc-2026-0042")]
    Triage {
        /// The incident's name
        id: String,
    },
    /// Declare the impact, which gives the severity
    #[command(
        after_help = "Example: eavipctl incidents impact inc-2026-0042 --scope partial --integrity intact \
        --reason 'only exports fail'"
    )]
    Impact {
        /// The incident's name
        id: String,
        /// platform-unavailable, major-function, partial or minor
        #[arg(long)]
        scope: Scope,
        /// intact, unknown or at-risk
        #[arg(long)]
        integrity: Integrity,
        /// Why; needed when the severity falls
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Flag a security event; nobody can take it back
    #[command(
        after_help = "Example: eavipctl incidents security inc-2026-0042 --reason 'a key that nobody made'"
    )]
    Security {
        /// The incident's name
        id: String,
        /// What shows it
        #[arg(long)]
        reason: String,
    },
    /// Add services that are affected
    #[command(after_help = "Example: eavipctl incidents service inc-2026-0042 shop payments")]
    Service {
        /// The incident's name
        id: String,
        /// The services
        #[arg(required = true)]
        services: Vec<String>,
    },
    /// Give somebody a part: commander, scribe or comms
    #[command(after_help = "Example: eavipctl incidents role inc-2026-0042 commander ana")]
    Role {
        /// The incident's name
        id: String,
        /// commander, scribe or comms
        role: Role,
        /// A person of the runbook's roster
        person: String,
    },
    /// Add an alert that belongs to it
    #[command(after_help = "Example: eavipctl incidents attach inc-2026-0042 4be5...")]
    Attach {
        /// The incident's name
        id: String,
        /// The alert's id
        alert: String,
    },
    /// Go on to mitigation: ending the impact
    #[command(after_help = "Example: eavipctl incidents mitigate inc-2026-0042")]
    Mitigate {
        /// The incident's name
        id: String,
    },
    /// Record what was done, with the signal that proves it
    #[command(after_help = "Example: eavipctl incidents proof inc-2026-0042 --did 'restarted the shop' \
        --signal availability --service shop\nWithout --signal the action is recorded as not proven.")]
    Proof {
        /// The incident's name
        id: String,
        /// What was done
        #[arg(long)]
        did: String,
        /// The signal that is healthy now because of it
        #[arg(long)]
        signal: Option<Signal>,
        /// Whose signal; none for a host
        #[arg(long, requires = "signal")]
        service: Option<String>,
    },
    /// Go on to communication: telling that the impact is over
    #[command(after_help = "Example: eavipctl incidents communicate inc-2026-0042")]
    Communicate {
        /// The incident's name
        id: String,
    },
    /// Add a note to the timeline
    #[command(
        after_help = "Example: eavipctl incidents note inc-2026-0042 'the proxy was restarted at 13:31'"
    )]
    Note {
        /// The incident's name
        id: String,
        /// The note
        text: String,
    },
    /// Go on to root cause analysis
    #[command(after_help = "Example: eavipctl incidents rca inc-2026-0042")]
    Rca {
        /// The incident's name
        id: String,
    },
    /// Go on to preventive action
    #[command(after_help = "Example: eavipctl incidents prevent inc-2026-0042")]
    Prevent {
        /// The incident's name
        id: String,
    },
    /// Plan something against its return, or say that it is done
    #[command(subcommand)]
    Item(Item),
    /// Sign the review that somebody else completed
    #[command(after_help = "Example: eavipctl incidents sign inc-2026-0042")]
    Sign {
        /// The incident's name
        id: String,
    },
    /// Close it; refused with everything that is missing
    #[command(after_help = "Example: eavipctl incidents close inc-2026-0042")]
    Close {
        /// The incident's name
        id: String,
    },
    /// Make another incident part of this one
    #[command(after_help = "Example: eavipctl incidents merge inc-2026-0042 inc-2026-0043")]
    Merge {
        /// The incident that goes on
        id: String,
        /// The one that becomes part of it
        other: String,
    },
    /// Make it part of another incident
    #[command(after_help = "Example: eavipctl incidents duplicate inc-2026-0043 --of inc-2026-0042")]
    Duplicate {
        /// The incident that becomes part of another
        id: String,
        /// The one that goes on
        #[arg(long, value_name = "INCIDENT")]
        of: String,
    },
    /// Reopen it: it is back, or it wasn't a duplicate
    #[command(
        after_help = "Example: eavipctl incidents reopen inc-2026-0042 --reason 'checkout fails again'"
    )]
    Reopen {
        /// The incident's name
        id: String,
        /// What shows it
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Only these: open or closed
    #[arg(long)]
    pub(super) status: Option<Standing>,
    /// Only these: SEV-1 to SEV-4
    #[arg(long)]
    pub(super) sev: Option<Sev>,
    /// Only those of a team
    #[arg(long, value_name = "TEAM")]
    pub(super) owner: Option<String>,
    /// Only those of an installation
    #[arg(long)]
    pub(super) deployment: Option<String>,
    /// Only security events
    #[arg(long)]
    pub(super) security: bool,
    /// Most incidents
    #[arg(long, value_name = "N", default_value_t = LIMIT)]
    pub(super) limit: usize,
}

#[derive(Debug, Args)]
pub(super) struct Declare {
    /// The alert that told of it; what isn't given is taken from it
    #[arg(long, value_name = "ID")]
    pub(super) alert: Option<String>,
    /// What is wrong, in one line
    #[arg(long)]
    pub(super) title: Option<String>,
    /// The team whose incident it is
    #[arg(long, value_name = "TEAM")]
    pub(super) owner: Option<String>,
    /// The installation
    #[arg(long)]
    pub(super) deployment: Option<String>,
    /// The environment, where no node of the installation tells
    #[arg(long)]
    pub(super) environment: Option<Environment>,
    /// Who runs the installation: saas, byoc or on-prem, where no node tells
    #[arg(long)]
    pub(super) mode: Option<Mode>,
    /// A service that is affected; may be repeated
    #[arg(long = "service", value_name = "SERVICE")]
    pub(super) services: Vec<String>,
    /// platform-unavailable, major-function, partial or minor [default: what signals say, from an alert]
    #[arg(long)]
    pub(super) scope: Option<Scope>,
    /// What is known of the data: intact, unknown (a risk) or at-risk
    #[arg(long)]
    pub(super) integrity: Integrity,
    /// A security event is part of it
    #[arg(long)]
    pub(super) security: bool,
    /// When it began to be bad, such as 2026-11-26T13:05:00Z [default: when the alert did, else now]
    #[arg(long, value_name = "TIME")]
    pub(super) began: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(super) struct Review {
    /// The incident's name
    pub(super) id: String,
    /// What happened
    #[arg(long)]
    pub(super) summary: Option<String>,
    /// What it meant for those who were affected
    #[arg(long)]
    pub(super) consequences: Option<String>,
    /// defect, change, configuration, capacity, dependency, infrastructure, procedure or attack
    #[arg(long)]
    pub(super) cause: Option<Cause>,
    /// The cause, explained
    #[arg(long)]
    pub(super) explanation: Option<String>,
    /// What contributed to it; may be repeated, and replaces all
    #[arg(long = "factor", value_name = "FACTOR")]
    pub(super) factors: Vec<String>,
    /// Why it wasn't noticed earlier
    #[arg(long)]
    pub(super) gap: Option<String>,
    /// What was learnt
    #[arg(long)]
    pub(super) lessons: Option<String>,
    /// The revision of the runbook that took it in
    #[arg(long, value_name = "REVISION")]
    pub(super) runbook_revision: Option<String>,
    /// The review is complete: somebody else can sign it
    #[arg(long)]
    pub(super) complete: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Item {
    /// Plan something against its return
    #[command(after_help = "Example: eavipctl incidents item add inc-2026-0042 --what 'bound the cache' \
        --owner platform-operations --due 14d --verify 'a load test holds'")]
    Add {
        /// The incident's name
        id: String,
        /// What is to be done
        #[arg(long)]
        what: String,
        /// The team that does it
        #[arg(long, value_name = "TEAM")]
        owner: String,
        /// Until when: 14d, or a moment such as 2026-12-10T12:00:00Z
        #[arg(long, value_parser = due)]
        due: Timestamp,
        /// How one will see that it works
        #[arg(long)]
        verify: String,
    },
    /// Say that it is done
    #[command(
        after_help = "Example: eavipctl incidents item done inc-2026-0042 1 --proof 'the load test held'"
    )]
    Done {
        /// The incident's name
        id: String,
        /// The item's number
        number: u16,
        /// What the verification showed
        #[arg(long)]
        proof: String,
    },
}

/// A moment, or how long from now.
fn due(text: &str) -> Result<Timestamp, String> {
    let span = text.parse::<Span>().map(|span| now() + span);
    let moment = || text.parse::<Timestamp>();
    span.or_else(|_| moment()).map_err(|_| format!("`{text}` is neither a span such as 14d nor a moment"))
}
