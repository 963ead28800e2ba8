//! The commit thread itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use eavip_core::id::NodeId;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use eavip_core::time::{Span, Timestamp};
use tokio::sync::{mpsc, oneshot};

use super::keeper::{Keeper, Moment};
use super::{
    Alerts, Checked, Committer, Decide, Job, MutateError, QUEUE, Recovered, Reports, Stopped, Taken,
};
use crate::checkpoint::{Admission, Checkpoint, Mark, Places};
use crate::history;
use crate::intake::{Known, Promise};
use crate::record::{Actor, DeliveryEvent, Event, LedgerRecord, NodeEvent, VERSION};
use crate::shared::{ChangeKind, Shared, now};
use crate::store::{ReportRecord, Store, StoreError};

/// Reports written with one fsync at the most: bounds how long the first of a group waits.
const MAX_GROUP: usize = 4_096;
/// A clone or a rewind of one node is told this often at the most.
const TELL_AGAIN: Span = Span::from_secs(3_600);

/// Starts the thread; it ends when it is told to, when the last [`Committer`] is dropped, or when the disk fails, and
/// keeps a checkpoint when it ends in order.
///
/// # Errors
/// When no thread can be started.
pub fn spawn(
    store: Arc<dyn Store>,
    shared: Arc<Shared>,
    recovered: Recovered,
) -> std::io::Result<(Committer, std::thread::JoinHandle<Result<(), StoreError>>)> {
    let (sender, jobs) = mpsc::channel(QUEUE);
    let Recovered { marks, places, ledger, reports, rolled_before, .. } = recovered;
    let keeper = Keeper::start(Arc::clone(&store), Arc::clone(&shared), rolled_before)?;
    let told = HashMap::new();
    let worker = Worker { store, shared, keeper, marks, places, ledger, reports, rolled_before, told };
    let thread = std::thread::Builder::new().name("commit".to_owned()).spawn(move || worker.run(jobs))?;
    Ok((Committer(sender), thread))
}

struct Worker {
    store: Arc<dyn Store>,
    shared: Arc<Shared>,
    keeper: Keeper,
    marks: BTreeMap<NodeId, Mark>,
    places: Places,
    /// The next positions of the two streams.
    ledger: u64,
    reports: u64,
    /// Roll-ups before this slot are whole.
    rolled_before: u32,
    /// When a clone or rewind of a node was told last.
    told: HashMap<NodeId, Timestamp>,
}

/// Alerts of a request, their room, and who waits for them.
type SentAlerts = (Vec<Known>, Promise, oneshot::Sender<Result<(), MutateError>>);

/// What is written but not yet durable.
#[derive(Default)]
struct Group {
    reports: Vec<(NodeId, Timestamp, Checked)>,
    replies: Vec<(oneshot::Sender<Taken>, Taken)>,
    alerts: Vec<SentAlerts>,
}

impl Group {
    fn len(&self) -> usize {
        self.reports.len() + self.alerts.len()
    }
}

impl Worker {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) -> Result<(), StoreError> {
        'jobs: while let Some(first) = jobs.blocking_recv() {
            let mut group = Group::default();
            let mut next = Some(first);
            while let Some(job) = next.take() {
                match job {
                    Job::Reports(reports, reply) => self.admit(reports, reply, &mut group)?,
                    Job::Alerts(alerts, reply) => self.take(alerts, reply, &mut group)?,
                    Job::Mutate(decide, reply) => {
                        self.finish(std::mem::take(&mut group))?;
                        self.mutate(decide, reply)?;
                    }
                    Job::Checkpoint(reply) => {
                        self.finish(std::mem::take(&mut group))?;
                        let moment = self.moment();
                        self.keeper.keep(moment, Some(reply));
                    }
                    Job::Stop => {
                        self.finish(group)?;
                        break 'jobs;
                    }
                }
                if group.len() < MAX_GROUP {
                    next = jobs.try_recv().ok();
                }
            }
            self.finish(group)?;
        }
        let last = self.moment();
        self.keeper.keep(last, None);
        self.keeper.finish();
        Ok(())
    }

    /// Appends what is new of a request; it is answered with its group.
    fn admit(
        &mut self,
        sent: Reports,
        reply: oneshot::Sender<Taken>,
        group: &mut Group,
    ) -> Result<(), StoreError> {
        let Reports { node, epoch, acknowledged, received_at, reports } = sent;
        let enrolled = self.shared.book().nodes.get(&node).is_some_and(|node| !node.revoked);
        if !enrolled {
            group.replies.push((reply, Taken::NotEnrolled));
            return Ok(());
        }
        let mark = self.marks.entry(node).or_default();
        let known = if epoch == mark.epoch { mark.seq } else { 0 };
        if epoch >= mark.epoch && acknowledged > known {
            let (epoch, seq) = (epoch.max(mark.epoch), known);
            group.replies.push((reply, Taken::Rewound { epoch, seq }));
            return self.tell(node, NodeEvent::Rewound { from: seq, to: acknowledged }, group);
        }
        let cloned = reports.iter().find(|report| mark.admit(&report.numbered(epoch)) == Admission::Clone);
        if let Some(seq) = cloned.map(|report| report.seq) {
            group.replies.push((reply, Taken::Cloned { seq }));
            let cloned = Reading::exact(Metric::NodeCloned, 1.0);
            self.shared.nodes.change_known(node, |known| known.node.note(&cloned, received_at));
            self.shared.evaluate.notify_one();
            return self.tell(node, NodeEvent::CloneSeen { epoch, seq }, group);
        }
        for report in reports {
            let numbered = report.numbered(epoch);
            if mark.admit(&numbered) != Admission::New {
                continue;
            }
            let (seq, digest, body) = (report.seq, report.digest, report.bytes.clone());
            match self.store.append_report(&ReportRecord { node, epoch, seq, digest, received_at, body }) {
                Ok(position) => {
                    mark.advance(&numbered, received_at);
                    if let Some(facts) = &report.body.facts {
                        mark.facts = facts.clone();
                    }
                    self.places.note(received_at, position);
                    self.reports = position + 1;
                    group.reports.push((node, received_at, report));
                }
                Err(StoreError::Full) => {
                    group.replies.push((reply, Taken::Full));
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        let (epoch, seq) = (mark.epoch, mark.seq);
        group.replies.push((reply, Taken::Acknowledged { epoch, seq }));
        Ok(())
    }

    /// Appends another system's alerts; they are answered with their group.
    fn take(
        &mut self,
        Alerts { record, known, promise }: Alerts,
        reply: oneshot::Sender<Result<(), MutateError>>,
        group: &mut Group,
    ) -> Result<(), StoreError> {
        match self.store.append_alerts(&record) {
            Ok(position) => {
                self.places.note(record.received_at, position);
                self.reports = position + 1;
                group.alerts.push((known, promise, reply));
            }
            Err(StoreError::Full) => drop(reply.send(Err(MutateError::Full))),
            Err(StoreError::Record(what)) => drop(reply.send(Err(MutateError::Unwritable(what)))),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Makes a group durable, applies it and answers.
    fn finish(&mut self, group: Group) -> Result<(), StoreError> {
        if group.len() > 0 {
            self.store.sync()?;
        }
        if !group.alerts.is_empty() {
            for (known, promise, reply) in group.alerts {
                metrics::counter!("eavip_alerts_received_total").increment(known.len() as u64);
                self.shared.intake.take(known);
                drop(promise);
                // A sender that went away sends again.
                let _ = reply.send(Ok(()));
            }
            self.shared.evaluate.notify_one();
        }
        let mut dropped: BTreeMap<NodeId, u64> = BTreeMap::new();
        let mut changed: Vec<NodeId> = Vec::new();
        for (node, received_at, report) in &group.reports {
            let rolled_before = self.rolled_before;
            self.shared
                .nodes
                .change_known(*node, |known| known.observe(&report.body, *received_at, rolled_before));
            let lost: u64 = report.body.dropped.iter().fold(0, |sum, range| sum.saturating_add(range.count));
            if lost > 0 {
                *dropped.entry(*node).or_default() += lost;
            }
            if changed.last() != Some(node) {
                changed.push(*node);
            }
        }
        for (reply, taken) in group.replies {
            // A client that went away asks again and is told of the same mark.
            let _ = reply.send(taken);
        }
        if !changed.is_empty() {
            metrics::counter!("eavip_reports_stored_total").increment(group.reports.len() as u64);
            changed.sort_unstable();
            changed.dedup();
            changed.iter().for_each(|node| self.shared.changed(ChangeKind::Report, node.to_string()));
            self.shared.evaluate.notify_one();
        }
        for (node, count) in dropped {
            self.write_for(node, NodeEvent::Dropped { count })?;
        }
        Ok(())
    }

    /// Writes what a node's reports revealed, unless it was told lately.
    fn tell(&mut self, node: NodeId, event: NodeEvent, group: &mut Group) -> Result<(), StoreError> {
        let now = now();
        if self.told.get(&node).is_some_and(|last| now.since(*last) < TELL_AGAIN) {
            return Ok(());
        }
        self.told.insert(node, now);
        self.finish(std::mem::take(group))?;
        self.write_for(node, event)
    }

    fn write_for(&mut self, node: NodeId, event: NodeEvent) -> Result<(), StoreError> {
        let events = vec![Event::Node { id: node, event }];
        let record = LedgerRecord { v: VERSION, at: now(), actor: Actor::Node(node), reason: None, events };
        match self.write(&record) {
            // What can't be told now for want of space is told with the next occasion.
            Err(StoreError::Full) => Ok(()),
            other => other,
        }
    }

    fn mutate(
        &mut self,
        decide: Decide,
        reply: oneshot::Sender<Result<(), MutateError>>,
    ) -> Result<(), StoreError> {
        let decided = decide(&self.shared.book(), now());
        let (answer, result) = match decided {
            Err(refused) => (Err(MutateError::Refused(refused)), Ok(())),
            Ok(record) if record.events.is_empty() => (Ok(()), Ok(())),
            Ok(record) => match self.write(&record) {
                Ok(()) => (Ok(()), Ok(())),
                Err(StoreError::Full) => (Err(MutateError::Full), Ok(())),
                Err(StoreError::Record(what)) => (Err(MutateError::Unwritable(what)), Ok(())),
                Err(error) => (Err(MutateError::Stopped(Stopped)), Err(error)),
            },
        };
        let _ = reply.send(answer);
        result
    }

    /// Makes a record durable and applies it.
    fn write(&mut self, record: &LedgerRecord) -> Result<(), StoreError> {
        let position = self.store.append(record)?;
        self.store.sync()?;
        self.ledger = position + 1;
        self.shared.change_book(|book| book.apply(position, record));
        for event in &record.events {
            self.applied(event, record.at);
        }
        Ok(())
    }

    /// What follows from an event beyond the book.
    fn applied(&self, event: &Event, at: Timestamp) {
        let shared = &self.shared;
        match event {
            Event::Node { id, event } => {
                match event {
                    NodeEvent::Enrolled { place, .. } => {
                        let place = place.clone();
                        let new = || eavip_core::node::Node::new(*id, place.clone(), at);
                        shared.nodes.change(*id, new, |known| known.node.place = place.clone());
                    }
                    NodeEvent::Revoked => shared.nodes.remove(*id),
                    _ => {}
                }
                shared.changed(ChangeKind::Node, id.to_string());
                shared.evaluate.notify_one();
            }
            Event::Episode { id, .. } => {
                shared.changed(ChangeKind::Alert, id.to_string());
                shared.on_call.notify_one();
            }
            Event::Page { id, .. } => {
                shared.changed(ChangeKind::Alert, id.to_string());
                shared.changed(ChangeKind::OnCall, id.to_string());
            }
            Event::Override { .. } | Event::Contact { .. } => {
                shared.changed(ChangeKind::OnCall, "");
                shared.on_call.notify_one();
            }
            Event::Delivery { id, event } => {
                shared.changed(ChangeKind::Delivery, id.to_string());
                if !matches!(event, DeliveryEvent::Delivered { .. } | DeliveryEvent::GivenUp { .. }) {
                    shared.send.notify_one();
                }
            }
            Event::Held { episode, .. } | Event::Routed { episode, .. } | Event::Vote { episode, .. } => {
                shared.changed(ChangeKind::Alert, episode.to_string());
            }
            Event::Defect { id, .. } => {
                shared.changed(ChangeKind::Noise, id.to_string());
                shared.evaluate.notify_one();
            }
            Event::Review { month, .. } => {
                shared.changed(ChangeKind::Trend, month.to_string());
                shared.evaluate.notify_one();
            }
            Event::Proposal { id, .. } => shared.changed(ChangeKind::Trend, id.to_string()),
            Event::Silence { id, .. } => {
                shared.changed(ChangeKind::Silence, id.to_string());
                shared.evaluate.notify_one();
            }
            Event::Incident { id, .. } => shared.changed(ChangeKind::Incident, id.to_string()),
            Event::Join { .. }
            | Event::User { .. }
            | Event::Link { .. }
            | Event::Token { .. }
            | Event::Server { .. } => shared.changed(ChangeKind::Settings, ""),
        }
    }

    /// Everything that a checkpoint holds, as it is now. From here on roll-ups of spans that are over stay as they are, so
    /// that they can be written later.
    fn moment(&mut self) -> Moment {
        let at = now();
        self.rolled_before = history::slot(at);
        let patience = self.shared.policy.load().alerting.intake.resolve_timeout;
        self.shared.intake.forget(self.shared.started_at, patience, at);
        let checkpoint = Checkpoint {
            ledger: self.ledger,
            reports: self.reports,
            book: self.shared.book().clone(),
            waiting: self.shared.waiting(),
            flaps: self.shared.flaps(),
            intake: self.shared.intake.all(),
            marks: self.marks.clone(),
            places: self.places.clone(),
            rolled_before: self.rolled_before,
        };
        Moment { at, checkpoint }
    }
}
