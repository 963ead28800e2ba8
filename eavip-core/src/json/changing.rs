//! Questions about what is changed: releases, configuration, flags, access, responsibilities, what is forbidden, and what
//! the months show.

use std::collections::BTreeSet;

use super::running::basis;
use crate::access_review::{self, Grant};
use crate::anti_pattern::manual_hotfix::Running;
use crate::anti_pattern::precision::{self, Tally};
use crate::anti_pattern::shared_credential::Credential;
use crate::anti_pattern::silent_change::ChangeRecord;
use crate::anti_pattern::undocumented_recovery::Recovery;
use crate::anti_pattern::unowned_alert::Ownership;
use crate::anti_pattern::{
    AntiPattern, manual_hotfix, shared_credential, silent_change, undocumented_recovery, unowned_alert,
};
use crate::config::drift::{self, KeyEvidence};
use crate::config::parity::{self, Environments};
use crate::config::{ConfigKey, schema, secret};
use crate::flag::Flag;
use crate::id::Digest128;
use crate::release::gate::{self, GateEvidence, GateRequest};
use crate::release::judge;
use crate::responsibility::{self, Act};
use crate::time::Timestamp;
use crate::trend::feedback::Proposal;
use crate::trend::month::Month;
use crate::trend::review::{self, Material, OperationsReview};

questions! {
    /// Which access wasn't reviewed, and which lies unused?
    "access-review" => { grants: Vec<Grant>, now: Timestamp },
        |policy| access_review::judge(&grants, &policy.access_review, now);
    /// Does something run that no release put there?
    "anti-pattern.manual-hotfix" => { running: Running, now: Timestamp },
        |policy| manual_hotfix::detect(&running, &policy.anti_pattern, now);
    /// Is a detector right often enough?
    "anti-pattern.precision" => { detector: AntiPattern, tally: Tally },
        |policy| precision::judge(detector, tally, &policy.anti_pattern);
    /// Do several people use one credential?
    "anti-pattern.shared-credential" => { credential: Credential, now: Timestamp },
        |policy| shared_credential::detect(&credential, &policy.anti_pattern, now);
    /// Did configuration change without a record, or with half a one?
    "anti-pattern.silent-change" => { keys: Vec<KeyEvidence>, records: Vec<ChangeRecord>, now: Timestamp },
        |policy| silent_change::detect(&keys, &records, &policy.config, now);
    /// Did a recovery follow a rehearsed runbook?
    "anti-pattern.undocumented-recovery" => { recovery: Recovery, now: Timestamp },
        |policy| undocumented_recovery::detect(&recovery, &policy.anti_pattern, now);
    /// Does an alert have an owner who is there?
    "anti-pattern.unowned-alert" => { alert: Ownership, now: Timestamp },
        |policy| unowned_alert::detect(&alert, &policy.roster, &policy.anti_pattern, now);
    /// Is a value the one that was audited, or does a record explain it?
    "config.drift" => { evidence: KeyEvidence, now: Timestamp },
        |policy| drift::judge(&evidence, &policy.config, now);
    /// Do environments have the same keys, and the same values where they may not differ?
    "config.parity" => { environments: Environments },
        |policy| parity::compare(&policy.config.schema, &environments);
    /// Which keys in use aren't declared?
    "config.schema" => { keys: BTreeSet<ConfigKey> },
        |policy| schema::undeclared(&policy.config.schema, &keys);
    /// Which pairs of key and value hold a secret?
    "config.secret" => { place: String, pairs: Vec<(String, String)> },
        |policy| {
            let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            secret::search_pairs(&place, &policy.config.schema, pairs)
        };
    /// Which lines of a text hold a secret?
    "config.secret.text" => { place: String, text: String }, |_| secret::search_text(&place, &text);
    /// Is a flag past its end?
    "flag.staleness" => { flag: Flag, now: Timestamp }, |policy| flag.staleness(&policy.flags, now);
    /// May a release go to an environment?
    "release.gate" => { request: GateRequest, evidence: GateEvidence, now: Timestamp },
        |policy| gate::decide(&request, &evidence, policy, now);
    /// Does each gate keep a bad release back under this policy?
    "release.gate.self-test" => {}, |policy| gate::self_test(policy);
    /// Does a release do harm to those who have it already?
    "release.judge" => { evidence: judge::Evidence, now: Timestamp },
        |policy| {
            let basis = basis(policy, Digest128::of_value(&evidence), now);
            judge::judge(&evidence, &policy.rollout.judge, basis)
        };
    /// May somebody do something in an installation?
    "responsibility" => { act: Act, now: Timestamp },
        |policy| responsibility::decide(&act, &policy.responsibilities, policy.digest, now);
    /// Is a proposal answered in time?
    "trend.feedback" => { proposal: Proposal, now: Timestamp }, |_| proposal.check(now);
    /// What is there to look at in a month's operations review?
    "trend.review" => { month: Month, material: Material, now: Timestamp },
        |policy| review::pack(month, material, policy, now);
    /// Is a month's operations review signed off in time?
    "trend.review.check" => { month: Month, review: Option<OperationsReview>, now: Timestamp },
        |policy| review::check(month, review.as_ref(), policy, now);
}
