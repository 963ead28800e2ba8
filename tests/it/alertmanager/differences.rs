//! Every difference between this server and Alertmanager 0.25 that is on purpose, with its reason; `docs/alertmanager.md` tells
//! users the same.

/// A difference: what was asked for begins like this, Alertmanager's answer holds the one text and this server's the other.
pub(super) struct Difference {
    pub(super) asked: &'static str,
    pub(super) theirs: &'static str,
    pub(super) ours: &'static str,
    pub(super) why: &'static str,
}

const fn because(
    asked: &'static str,
    theirs: &'static str,
    ours: &'static str,
    why: &'static str,
) -> Difference {
    Difference { asked, theirs, ours, why }
}

/// Alertmanager tells the end of an alert whose beginning it held back, when another of its group was told.
pub(super) const ENDS_OF_UNTOLD: &str = "who wasn't told of a beginning isn't told of its end";

/// Where the body of a webhook differs; `*` is each of a list.
pub(super) const IN_WEBHOOKS: &[(&str, &str)] = &[
    ("/groupKey", "each names its groups its own way, and only that a key stays the same means anything"),
    ("/externalURL", "where each of them is"),
    ("/alerts/*/generatorURL", "an alert that came without one leads to its page"),
    ("/alerts/*/annotations/action", "what to do first"),
    ("/alerts/*/annotations/owner", "who owns it"),
    ("/alerts/*/annotations/runbook_url", "the runbook that was found for it"),
    ("/commonAnnotations/action", "as above"),
    ("/commonAnnotations/owner", "as above"),
    ("/commonAnnotations/runbook_url", "as above"),
];

/// The same of one that tells an end.
pub(super) const IN_ENDS: &[(&str, &str)] =
    &[("/alerts/*/endsAt", "when this server took it for over; a sender may date that back")];

pub(super) const DIFFERENCES: &[Difference] = &[
    because(
        "GET /api/v2/alerts?filter=nonsense",
        "400 \"bad matcher format: nonsense\"",
        "400 \"filter: `nonsense` compares nothing",
        "the message names the parameter and how a matcher is written",
    ),
    because(
        "GET /api/v2/alerts?receiver=(",
        "400 \"failed to parse receiver param",
        "400 \"receiver: `(` can't be used",
        "the same error in this server's words",
    ),
    because(
        "GET /api/v2/silence/x",
        "422 {\"code\":601",
        "400 \"id: not a UUID",
        "every refusal is one JSON string with status 400",
    ),
    because(
        "POST /api/v2/alerts nope",
        "400 {\"code\":400,\"message\":\"parsing alerts body",
        "400 \"the body is not a list of alerts",
        "every refusal is one JSON string with status 400",
    ),
    because(
        "DELETE /api/v2/silence/",
        "500 \"silence not found\"",
        "404 \"silence not found\"",
        "a silence that isn't there is no failure of the server; newer Alertmanagers answer 404 as well",
    ),
    because(
        "amtool silence expire 0000",
        "[DELETE /silence/{silenceID}][500]",
        "(status 404)",
        "as above; amtool 0.25 knows no 404 here and exits 1 either way",
    ),
    because(
        "amtool silence add --author=admin alertname=Slow --comment=without a ticket",
        "ok ID",
        "comment: it names no ticket",
        "no silence without a ticket (EAVIP-A11)",
    ),
    because(
        "amtool silence add alertname=Slow --author=stranger",
        "ok ID",
        "createdBy: `stranger` is not an active person",
        "a silence has an author of the roster (EAVIP-A13)",
    ),
];
