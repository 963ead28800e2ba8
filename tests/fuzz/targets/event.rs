//! Any bytes as the events of each aggregate: read or refused; what was read is played, in this order and backwards, and
//! gives a state that can be looked at, written and read back.

#![no_main]

use std::fmt::Debug;
use std::hint::black_box;

use eavip_core::access_review::campaign::AccessReview;
use eavip_core::aggregate::Aggregate;
use eavip_core::alert::episode::Episode;
use eavip_core::alert::noise::defect::Defect;
use eavip_core::alert::silence::Silence;
use eavip_core::anti_pattern::case::Case;
use eavip_core::audit::witness::{self, Witness};
use eavip_core::backup::drill::Drill;
use eavip_core::config::change::ConfigChange;
use eavip_core::flag::Flag;
use eavip_core::incident::Incident;
use eavip_core::on_call::page::Page;
use eavip_core::phase::Phases;
use eavip_core::policy::Policy;
use eavip_core::release::Release;
use eavip_core::release::rollout::Rollout;
use eavip_core::time::Timestamp;
use eavip_core::trend::feedback::Proposal;
use eavip_core::trend::review::OperationsReview;
use libfuzzer_sys::fuzz_target;
use serde_json::{from_slice, from_str, to_string};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

thread_local! {
    static POLICY: Policy = Policy::builtin();
}

/// Plays the events of an aggregate, then looks at its state, writes it and reads it back.
macro_rules! take {
    ($bytes:expr, $($aggregate:ty => |$state:ident, $policy:pat_param| $look:expr),+ $(,)?) => { $(
        if let Ok(events) = from_slice::<Vec<<$aggregate as Aggregate>::Event>>($bytes) {
            let played = <$aggregate>::replay(events.clone());
            let back = events.into_iter().rev().fold(played.clone(), <$aggregate>::evolve);
            for $state in [played, back].into_iter().flatten() {
                POLICY.with(|$policy| drop(black_box(Box::new($look))));
                same(&$state, to_string(&$state).map(|text| from_str(&text)));
            }
        }
    )+ };
}

fn same<T: PartialEq + Debug, E: Debug, F: Debug>(state: &T, again: Result<Result<T, E>, F>) {
    assert!(matches!(&again, Ok(Ok(again)) if again == state), "{state:?} reads back as {again:?}");
}

fuzz_target!(|bytes: &[u8]| {
    take! { bytes,
        AccessReview => |review, _| review.left(),
        Case => |case, _| case.category,
        ConfigChange => |change, _| change.status,
        Defect => |defect, _| defect.status(NOW),
        Drill => |drill, _| (drill.status(), drill.next_step()),
        Episode => |episode, _| episode.status(),
        Flag => |flag, policy| flag.staleness(&policy.flags, NOW),
        Incident => |incident, policy| {
            (incident.duties(&policy.incident, NOW), incident.may_close(policy, NOW))
        },
        OperationsReview => |review, _| review.pack.markdown(review.signed.as_ref()),
        Page => |page, _| page.status(),
        Phases => |phases, _| phases.open(),
        Proposal => |proposal, _| proposal.check(NOW),
        Release => |release, _| (release.status(), release.request()),
        Rollout => |rollout, _| (rollout.is_whole(), rollout.look(0, NOW)),
        Silence => |silence, _| silence.status(NOW),
        Witness => |seen, policy| witness::assess(Some(&seen), &policy.audit, NOW),
    }
});
