//! The log of everything that happened, as JSON lines, and the books that an embedder makes of it: the state of each
//! aggregate, and what the monthly review needs besides. Books change by entries of the log only, so that reading the log
//! again gives the same books.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::access_review::campaign::AccessReview;
use eavip_core::aggregate::Aggregate;
use eavip_core::alert::episode::Episode;
use eavip_core::alert::noise::defect::Defect;
use eavip_core::alert::notice::Reason;
use eavip_core::alert::silence::Silence;
use eavip_core::anti_pattern::case::Case;
use eavip_core::backup::drill::Drill;
use eavip_core::backup::evidence::{Backup, Observed};
use eavip_core::backup::verify::Check;
use eavip_core::config::change::ConfigChange;
use eavip_core::environment::Environment;
use eavip_core::flag::Flag;
use eavip_core::id::{Digest128, NodeId, PersonId};
use eavip_core::incident::Incident;
use eavip_core::on_call::page::{Page, PageEvent};
use eavip_core::phase::Phases;
use eavip_core::policy::Policy;
use eavip_core::release::rollout::{Rollout, RolloutEvent};
use eavip_core::release::{Release, ReleaseEvent};
use eavip_core::signal::histogram::Histogram;
use eavip_core::slo::Counts;
use eavip_core::time::Timestamp;
use eavip_core::trend::dora::{Deployment, Failure};
use eavip_core::trend::feedback::Proposal;
use eavip_core::trend::review::OperationsReview;
use serde::{Deserialize, Serialize};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The aggregate's or the thing's name.
    pub of: String,
    pub at: Timestamp,
    pub what: What,
}

/// Reads a log.
pub fn entries(log: &[String]) -> Vec<Entry> {
    let read = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    log.iter().map(read).collect()
}

/// What isn't an event of an aggregate and is kept all the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// A message about an alert, or that there was none and why.
    Notice {
        message: Digest128,
        reason: Reason,
        paged: bool,
    },
    /// A person said of an alert that it was noise.
    Noise,
    /// An alert began or stopped to flap.
    Flapping,
    Backup(Backup),
    Check(Check),
    Repository(Observed),
    /// How much of something is used.
    Used(f64),
    /// The requests of a service in one hour, good and bad, and how long they took.
    Served {
        counts: Counts,
        seconds: Histogram,
    },
    /// The probes of a service in one day.
    Probed(Counts),
    /// When the change in a release was committed.
    Committed(Timestamp),
}

/// An aggregate that the log and the books keep.
pub trait Kept: Aggregate<Event: Clone + Serialize> + PartialEq + std::fmt::Debug {
    fn wrap(event: Self::Event) -> What;
    fn shelf(books: &Books) -> &BTreeMap<String, Self>;
    /// The part of the runbook that decides about the one of a name.
    fn policy<'p>(policy: &'p Policy, of: &str) -> &'p Self::Policy;
}

macro_rules! shelves {
    ($( $what:ident, $shelf:ident, $aggregate:ty, |$policy:ident, $of:ident| $part:expr; )+) => {
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[allow(clippy::large_enum_variant, reason = "it lives for one line of the log")]
        pub enum What {
            $( $what(<$aggregate as Aggregate>::Event), )+
            Seen(Seen),
        }

        /// Everything that is known.
        #[derive(Debug, Default, PartialEq)]
        pub struct Books {
            $( pub $shelf: BTreeMap<String, $aggregate>, )+
            pub views: Views,
        }

        impl Books {
            /// Takes an entry of the log.
            pub fn keep(&mut self, entry: Entry) {
                self.views.look(&entry);
                match entry.what {
                    $( What::$what(event) => {
                        let state = <$aggregate>::evolve(self.$shelf.remove(&entry.of), event);
                        self.$shelf.extend(state.map(|state| (entry.of, state)));
                    } )+
                    What::Seen(_) => {}
                }
            }

            /// Where these books differ from others: the shelf and the name.
            pub fn differences(&self, other: &Self) -> Vec<String> {
                let mut found = Vec::new();
                $(
                    let names: BTreeSet<&String> = self.$shelf.keys().chain(other.$shelf.keys()).collect();
                    for name in names {
                        if self.$shelf.get(name) != other.$shelf.get(name) {
                            found.push(format!("{} {name}", stringify!($shelf)));
                        }
                    }
                )+
                if self.views != other.views {
                    found.push("views".to_owned());
                }
                found
            }
        }

        $( impl Kept for $aggregate {
            fn wrap(event: Self::Event) -> What { What::$what(event) }
            fn shelf(books: &Books) -> &BTreeMap<String, Self> { &books.$shelf }
            fn policy<'p>($policy: &'p Policy, $of: &str) -> &'p Self::Policy { $part }
        } )+
    };
}

shelves! {
    Episode, episodes, Episode, |_policy, _of| &();
    Silence, silences, Silence, |policy, _of| policy;
    Defect, defects, Defect, |policy, _of| policy;
    Page, pages, Page, |policy, _of| policy;
    Incident, incidents, Incident, |policy, _of| policy;
    Release, releases, Release, |policy, _of| policy;
    Rollout, rollouts, Rollout, |policy, _of| &policy.rollout;
    Drill, drills, Drill, |policy, of| &policy.backups.plans[of.split('/').next().unwrap()];
    Change, changes, ConfigChange, |policy, _of| &policy.config;
    Access, access, AccessReview, |policy, _of| &policy.access_review;
    Case, cases, Case, |policy, _of| &policy.anti_pattern;
    Flag, flags, Flag, |policy, _of| policy;
    Phase, phases, Phases, |policy, _of| policy;
    Proposal, proposals, Proposal, |policy, _of| policy;
    Review, reviews, OperationsReview, |policy, _of| policy;
}

/// What became known of an alert beside its episode.
#[derive(Debug, Default, PartialEq)]
pub struct Told {
    pub message: Option<Digest128>,
    pub responders: BTreeSet<PersonId>,
    pub flapped: bool,
    pub noise: bool,
}

/// What the books know beside the states of aggregates.
#[derive(Debug, Default, PartialEq)]
pub struct Views {
    /// The open episodes of each machine.
    pub open: BTreeMap<NodeId, BTreeSet<String>>,
    node_of: BTreeMap<String, NodeId>,
    pub told: BTreeMap<String, Told>,
    pub backups: BTreeMap<String, Vec<Backup>>,
    pub checks: BTreeMap<String, Vec<Check>>,
    pub repositories: BTreeMap<String, Observed>,
    pub used: BTreeMap<String, Vec<(Timestamp, f64)>>,
    pub served: BTreeMap<String, Vec<(Timestamp, Counts, Histogram)>>,
    pub probed: BTreeMap<String, Vec<(Timestamp, Counts)>>,
    /// Deployments to production by rollout.
    pub deployments: BTreeMap<String, Deployment>,
    committed: BTreeMap<String, Timestamp>,
    unplanned: BTreeSet<String>,
}

impl Views {
    fn look(&mut self, entry: &Entry) {
        use eavip_core::alert::episode::EpisodeEvent;
        let Entry { of, at, what } = entry;
        match what {
            What::Episode(EpisodeEvent::Opened(opening)) => {
                self.open.entry(opening.origin.node().unwrap()).or_default().insert(of.clone());
                self.node_of.insert(of.clone(), opening.origin.node().unwrap());
            }
            What::Episode(EpisodeEvent::Resolved { .. }) => {
                let node = self.node_of[of];
                self.open.entry(node).or_default().remove(of);
            }
            What::Page(PageEvent::Told { people, .. }) => {
                self.told.entry(of.clone()).or_default().responders.extend(people.iter().cloned());
            }
            What::Page(PageEvent::HandedOver { to, .. }) => {
                self.told.entry(of.clone()).or_default().responders.insert(to.clone());
            }
            What::Release(event) => self.released(of, event),
            What::Rollout(event) => self.rolled(of, event),
            What::Seen(seen) => self.seen(of, *at, seen),
            _ => {}
        }
    }

    fn seen(&mut self, of: &str, at: Timestamp, seen: &Seen) {
        let of = of.to_owned();
        match seen {
            Seen::Notice { message, reason, paged } => {
                use eavip_core::alert::notice::Obstacle;
                let told = self.told.entry(of).or_default();
                if *paged {
                    told.message.get_or_insert(*message);
                }
                told.flapped |= *reason == Reason::Held(Obstacle::Flapping);
            }
            Seen::Noise => self.told.entry(of).or_default().noise = true,
            Seen::Flapping => self.told.entry(of).or_default().flapped = true,
            Seen::Backup(backup) => {
                let all = self.backups.entry(of).or_default();
                all.retain(|known| known.id != backup.id);
                all.push(backup.clone());
            }
            Seen::Check(check) => self.checks.entry(of).or_default().push(*check),
            Seen::Repository(observed) => drop(self.repositories.insert(of, observed.clone())),
            Seen::Used(value) => self.used.entry(of).or_default().push((at, *value)),
            Seen::Served { counts, seconds } => {
                self.served.entry(of).or_default().push((at, *counts, seconds.clone()));
            }
            Seen::Probed(counts) => self.probed.entry(of).or_default().push((at, *counts)),
            Seen::Committed(at) => drop(self.committed.insert(of, *at)),
        }
    }

    fn released(&mut self, of: &str, event: &ReleaseEvent) {
        match event {
            ReleaseEvent::Drafted { candidate, .. } if !candidate.fixes.is_empty() => {
                self.unplanned.insert(of.to_owned());
            }
            ReleaseEvent::Promoted(promotion) if promotion.place.environment == Environment::Production => {
                let rollout = format!("{of}@{}", promotion.place.deployment);
                let deployment = Deployment {
                    id: rollout.clone(),
                    mode: promotion.place.mode,
                    environment: Environment::Production,
                    committed_at: self.committed.get(of).copied(),
                    deployed_at: promotion.at,
                    failure: None,
                    rework: self.unplanned.contains(of),
                };
                self.deployments.insert(rollout, deployment);
            }
            _ => {}
        }
    }

    fn rolled(&mut self, of: &str, event: &RolloutEvent) {
        let deployment = self.deployments.get_mut(of);
        deployment.into_iter().for_each(|one| match event {
            RolloutEvent::RollbackBegan { at, .. } => {
                one.failure = Some(Failure { at: *at, recovered_at: None })
            }
            RolloutEvent::RolledBack { at, .. } => {
                one.failure.iter_mut().for_each(|failure| failure.recovered_at = Some(*at))
            }
            _ => {}
        });
    }
}
