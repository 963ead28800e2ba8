//! What goes where: the stages of a rollout, and which nodes belong to each.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::WHOLE_PLAN;
use crate::finding::Finding;
use crate::id::{DeploymentId, Digest128, Digest256, NodeId, ReleaseId};
use crate::release::judge::JudgePolicy;
use crate::time::Span;

/// Most stages of one rollout: a deployment each, for as many as one release goes through one after another.
pub const MAX_STAGES: usize = 50;

/// What a node runs: the three are one thing, and go forward and back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// The artifact.
    pub artifact: Digest256,
    /// The configuration.
    pub config: Digest256,
    /// The feature flags.
    pub flags: Digest256,
}

/// How far a stage reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reach {
    /// A share of the nodes in percent, 1 to 100, rounded up to whole nodes.
    Percent(u8),
    /// All nodes of one more deployment.
    Deployment(DeploymentId),
}

/// One stage: it is over when it has both its time and its exposure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// How far it reaches.
    pub reach: Reach,
    /// How long it takes at least.
    pub least_time: Span,
    /// How many requests the release must have answered in it.
    pub least_exposure: u64,
}

/// What goes where, and what comes back if it has to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The release.
    pub release: ReleaseId,
    /// What is rolled out.
    pub next: Bundle,
    /// What is there now, and comes back if it has to.
    pub previous: Bundle,
    /// The stages, in order.
    pub stages: Vec<Stage>,
}

/// The numbers of a rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RolloutPolicy {
    /// The stages where a plan goes by share: 5, 25, 50 and 100 %. Time and exposure are ours: 15 minutes hold the 30 values
    /// of a gauge at a report each 30 s, and 1000 requests show an error budget of 1 %.
    pub stages: Vec<Stage>,
    /// How long a release is watched once everything runs it: 1 hour.
    pub verification: Span,
    /// How long a stage whose time is up waits for exposure or evidence before it is held: 15 minutes, ours.
    pub patience: Span,
    /// How long a judgement counts: 5 minutes, ours.
    pub judgement_lasts: Span,
    /// The numbers of a judgement.
    pub judge: JudgePolicy,
}

impl Default for RolloutPolicy {
    fn default() -> Self {
        let stage = |percent| Stage {
            reach: Reach::Percent(percent),
            least_time: Span::from_secs(900),
            least_exposure: 1_000,
        };
        Self {
            stages: [5, 25, 50, 100].map(stage).to_vec(),
            verification: Span::from_secs(3_600),
            patience: Span::from_secs(900),
            judgement_lasts: Span::from_secs(300),
            judge: JudgePolicy::default(),
        }
    }
}

impl Plan {
    /// A plan through the nodes of one deployment in the declared shares. Shares that add no node to the one before are
    /// left out: a single node has one stage.
    #[must_use]
    pub fn by_share(
        release: ReleaseId,
        next: Bundle,
        previous: Bundle,
        nodes: usize,
        policy: &RolloutPolicy,
    ) -> Self {
        let mut stages: Vec<Stage> = Vec::new();
        for stage in &policy.stages {
            let same =
                stages.last().is_some_and(|last| reached(&last.reach, nodes) == reached(&stage.reach, nodes));
            if same {
                stages.pop();
            }
            stages.push(stage.clone());
        }
        Self { release, next, previous, stages }
    }

    /// A plan through one deployment after another, each with the time and the exposure of the last declared stage.
    #[must_use]
    pub fn by_deployment(
        release: ReleaseId,
        next: Bundle,
        previous: Bundle,
        deployments: impl IntoIterator<Item = DeploymentId>,
        policy: &RolloutPolicy,
    ) -> Self {
        let last = policy.stages.last();
        let stage = |deployment| Stage {
            reach: Reach::Deployment(deployment),
            least_time: last.map_or(Span::ZERO, |stage| stage.least_time),
            least_exposure: last.map_or(0, |stage| stage.least_exposure),
        };
        Self { release, next, previous, stages: deployments.into_iter().map(stage).collect() }
    }

    /// The nodes that should have the release in a stage (from 0): those that have it, and the next in order until the
    /// stage is full. Each release has its own order, by hash, so that it isn't always the same nodes that go first. Of
    /// the same nodes a later stage always holds an earlier one, and a node that joins pushes none out.
    #[must_use]
    pub fn targets(
        &self,
        stage: usize,
        nodes: &BTreeMap<NodeId, DeploymentId>,
        have: &BTreeSet<NodeId>,
    ) -> BTreeSet<NodeId> {
        let mut targets: BTreeSet<NodeId> =
            have.iter().copied().filter(|node| nodes.contains_key(node)).collect();
        let (mut percent, mut whole) = (0, BTreeSet::new());
        for stage in self.stages.iter().take(stage.saturating_add(1)) {
            match &stage.reach {
                Reach::Percent(share) => percent = percent.max(*share),
                Reach::Deployment(deployment) => drop(whole.insert(deployment)),
            }
        }
        let of_deployment = nodes.iter().filter(|(_, deployment)| whole.contains(deployment));
        targets.extend(of_deployment.map(|(node, _)| *node));
        let mut order: Vec<NodeId> = nodes.keys().copied().filter(|node| !targets.contains(node)).collect();
        order.sort_by_cached_key(|node| self.place_of(*node));
        let missing = reached(&Reach::Percent(percent), nodes.len()).saturating_sub(targets.len());
        targets.extend(order.into_iter().take(missing));
        targets
    }

    fn place_of(&self, node: NodeId) -> [u8; 16] {
        Digest128::of([self.release.as_str().as_bytes(), node.0.as_bytes().as_slice()]).0
    }

    /// What is wrong with the plan.
    pub(super) fn problems(&self) -> Option<Finding> {
        let mut problems = Vec::new();
        if self.stages.is_empty() || self.stages.len() > MAX_STAGES {
            problems.push(format!("{} stages are not 1 to {MAX_STAGES}", self.stages.len()));
        }
        if self.stages.iter().any(|stage| stage.least_time == Span::ZERO || stage.least_exposure == 0) {
            problems.push("a stage has no time or no exposure".to_owned());
        }
        let shares: Vec<u8> = self.stages.iter().filter_map(|stage| stage.reach.percent()).collect();
        let rises =
            shares.is_sorted_by(|a, b| a < b) && shares.first() > Some(&0) && shares.last() == Some(&100);
        let deployments: BTreeSet<_> =
            self.stages.iter().filter_map(|stage| stage.reach.deployment()).collect();
        if !shares.is_empty() && (!rises || !deployments.is_empty()) {
            problems.push("its shares don't rise to 100 %".to_owned());
        }
        if shares.is_empty() && deployments.len() != self.stages.len() {
            problems.push("a deployment comes twice".to_owned());
        }
        if self.next == self.previous {
            problems.push("what comes is what is there".to_owned());
        }
        let remedy = "mend the plan: rising shares to 100 %, or each deployment once, with time and exposure";
        (!problems.is_empty()).then(|| WHOLE_PLAN.fail(problems.join("; "), remedy))
    }
}

impl Reach {
    /// The share in percent, where it is one.
    #[must_use]
    pub fn percent(&self) -> Option<u8> {
        match self {
            Self::Percent(percent) => Some(*percent),
            Self::Deployment(_) => None,
        }
    }

    fn deployment(&self) -> Option<&DeploymentId> {
        match self {
            Self::Percent(_) => None,
            Self::Deployment(deployment) => Some(deployment),
        }
    }
}

/// How many of so many nodes a share reaches: whole nodes, rounded up.
fn reached(reach: &Reach, nodes: usize) -> usize {
    let percent = usize::from(reach.percent().unwrap_or(0).min(100));
    nodes.saturating_mul(percent).div_ceil(100)
}
