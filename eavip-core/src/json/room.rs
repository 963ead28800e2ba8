//! What has a history: for each room a question that decides a command, and one that replays events. All have one shape.

use serde::{Deserialize, Serialize};

use super::question::declared;
use super::{Problem, UNFIT};
use crate::access_review::campaign::AccessReview;
use crate::aggregate::Aggregate;
use crate::alert::episode::Episode;
use crate::alert::noise::defect::Defect;
use crate::alert::silence::Silence;
use crate::anti_pattern::case::Case;
use crate::audit::base64;
use crate::audit::note::{Key, SignedCheckpoint};
use crate::audit::proof::Consistency;
use crate::audit::witness::{Look, Witness};
use crate::backup::drill::Drill;
use crate::config::change::ConfigChange;
use crate::decision::Refused;
use crate::finding::Finding;
use crate::flag::Flag;
use crate::id::BackupId;
use crate::incident::Incident;
use crate::on_call::page::Page;
use crate::phase::Phases;
use crate::release::Release;
use crate::release::rollout::Rollout;
use crate::time::Timestamp;
use crate::trend::feedback::Proposal;
use crate::trend::review::OperationsReview;

/// What a command came to.
#[derive(Serialize)]
#[serde(untagged)]
enum Decided<State, Event> {
    /// What happens, and the state after it. No event is no change.
    Events { events: Vec<Event>, state: Option<State> },
    /// Nothing happens: every reason at once.
    Refused { refused: Vec<Finding> },
}

#[derive(Serialize)]
struct Replayed<State> {
    state: Option<State>,
}

fn decided<A: Aggregate<Event: Clone>>(
    state: Option<A>,
    command: A::Command,
    policy: &A::Policy,
    now: Timestamp,
) -> Decided<A, A::Event> {
    match A::decide(state.as_ref(), command, policy, now) {
        Ok(events) => {
            let state = events.iter().cloned().fold(state, A::evolve);
            Decided::Events { events, state }
        }
        Err(Refused { findings }) => Decided::Refused { refused: findings },
    }
}

/// Declares rooms: what each is about, its name, its type, what else its commands are decided by, and how a command is
/// read and which part of the policy decides.
macro_rules! rooms {
    ($(
        #[doc = $about:literal]
        $name:literal: $room:ident $({ $($field:ident: $type:ty),+ })?,
            |$command:ident: $asked:ty, $policy:pat_param| ($read:expr, $of:expr);
    )+) => {
        questions! {$(
            #[doc = concat!("What does a command make of", $about, "?")]
            concat!($name, ".decide") => {
                state: Option<$room>, $command: $asked, now: Timestamp $($(, $field: $type)+)?
            }, |$policy| decided::<$room>(state, $read, $of, now);
            #[doc = concat!("What do events make of", $about, "?")]
            concat!($name, ".replay") => { events: Vec<<$room as Aggregate>::Event> },
                |_| Replayed { state: $room::replay(events) };
        )+}
    };
}

/// A room's commands.
type Command<Room> = <Room as Aggregate>::Command;

rooms! {
    /// a review of who has access
    "access-review.campaign": AccessReview,
        |command: Command<AccessReview>, policy| (command, &policy.access_review);
    /// an alert, once it is open
    "alert.episode": Episode, |command: Command<Episode>, _| (command, &());
    /// a defect of alerting
    "alert.noise.defect": Defect, |command: Command<Defect>, policy| (command, policy);
    /// a silence
    "alert.silence": Silence, |command: Command<Silence>, policy| (command, policy);
    /// a violation
    "anti-pattern.case": Case, |command: Command<Case>, policy| (command, &policy.anti_pattern);
    /// a witness of the audit log
    "audit.witness": Witness, |command: Shown, _| (command.look()?, &());
    /// a recovery drill
    "backup.drill": Drill { plan: BackupId },
        |command: Command<Drill>, policy| (command, declared(&policy.backups.plans, "plan", &plan)?);
    /// a change of configuration
    "config.change": ConfigChange, |command: Command<ConfigChange>, policy| (command, &policy.config);
    /// a feature flag
    "flag": Flag, |command: Command<Flag>, policy| (command, policy);
    /// an incident
    "incident": Incident, |command: Command<Incident>, policy| (command, policy);
    /// a page
    "on-call.page": Page, |command: Command<Page>, policy| (command, policy);
    /// the product's phases
    "phase": Phases, |command: Command<Phases>, policy| (command, policy);
    /// a release
    "release": Release, |command: Command<Release>, policy| (command, policy);
    /// a rollout
    "release.rollout": Rollout, |command: Command<Rollout>, policy| (command, &policy.rollout);
    /// a proposal that a trend makes
    "trend.feedback": Proposal, |command: Command<Proposal>, policy| (command, policy);
    /// a month's operations review
    "trend.review": OperationsReview, |command: Command<OperationsReview>, policy| (command, policy);
}

/// A checkpoint that a witness is shown. JSON can't bring the function that checks a signature, so the caller checks it
/// beforehand, and says under which key: a checkpoint without a signature of that key isn't looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    shown: SignedCheckpoint,
    proof: Option<Consistency>,
    checked_with: PublicKey,
}

/// An Ed25519 key: its name, and its 32 bytes in base64.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicKey {
    name: String,
    public: String,
}

impl Shown {
    fn look(self) -> Result<Look, Problem> {
        let at = "command.checked_with";
        let unfit = |at, message: String| Problem::new(UNFIT, at, message, "");
        let PublicKey { name, public } = &self.checked_with;
        let bytes = base64::decode_array(public)
            .ok_or_else(|| unfit(at, "a public key has 32 bytes, in base64".to_owned()))?;
        let key = Key::ed25519(name, &bytes).map_err(|error| unfit(at, error.to_string()))?;
        let shown = self.shown.verified_by(&key, |_, _| true);
        let shown = shown.map_err(|error| unfit("command.shown", error.to_string()))?;
        Ok(Look { shown, proof: self.proof })
    }
}
