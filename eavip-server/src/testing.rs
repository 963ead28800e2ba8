//! What the server's own tests share: a place, a node, reports, and a server's inside over
//! a store in memory.

use std::sync::Arc;

use eavip_core::environment::Environment;
use eavip_core::id::{Digest128, NodeId};
use eavip_core::labels::Labels;
use eavip_core::mode::Mode;
use eavip_core::node::Place;
use eavip_core::policy::{Policy, Source};
use eavip_core::signal::reading::Reading;
use eavip_core::time::{Span, Timestamp};
use eavip_core::wire::v1::Body;
use uuid::Uuid;

use crate::commit::{self, Checked, Committer, Reports};
use crate::record::{Actor, Event, LedgerRecord, NodeEvent, VERSION};
use crate::shared::{Shared, now};
use crate::store::memory::MemoryStore;
use crate::store::{Store, StoreError};

/// The inside of a server, and the thread to wait for at the end.
pub(crate) struct Inside {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) committer: Committer,
    pub(crate) thread: std::thread::JoinHandle<Result<(), StoreError>>,
}

impl Inside {
    /// Over an empty store in memory, with the built-in policy.
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(MemoryStore::new(Uuid::nil())))
    }

    /// Over a store that may hold something.
    pub(crate) fn over(store: Arc<dyn Store>) -> Self {
        Self::with_policy(store, Policy::builtin())
    }

    pub(crate) fn with_policy(store: Arc<dyn Store>, policy: Policy) -> Self {
        let mut recovered = commit::recover(store.as_ref()).unwrap();
        let shared = Shared::new(recovered.take_state(), policy);
        let (committer, thread) = commit::spawn(Arc::clone(&store), Arc::clone(&shared), recovered).unwrap();
        Self { store, shared, committer, thread }
    }

    /// Stops in order, which keeps a checkpoint, and gives the store back.
    pub(crate) fn stop(self) -> Arc<dyn Store> {
        drop(self.committer);
        self.thread.join().unwrap().unwrap();
        self.store
    }

    pub(crate) async fn write(&self, events: Vec<Event>) {
        let actor = Actor::Server("test".to_owned());
        let decide =
            move |_: &crate::book::Book, at| Ok(LedgerRecord { v: VERSION, at, actor, reason: None, events });
        self.committer.mutate(decide).await.unwrap();
    }

    /// Enrols the node of a number.
    pub(crate) async fn enrol(&self, number: u128) -> NodeId {
        let id = node(number);
        let event = NodeEvent::Enrolled { place: place(), key: "00".to_owned(), join: "test".to_owned() };
        self.write(vec![Event::Node { id, event }]).await;
        id
    }

    /// A report that arrives now.
    pub(crate) async fn report(&self, node: NodeId, seq: u64, readings: Vec<Reading>) -> commit::Taken {
        self.committer
            .reports(reports(node, seq - 1, vec![checked(seq, body(now(), readings))]))
            .await
            .unwrap()
    }
}

pub(crate) fn policy(text: &str) -> Policy {
    Policy::load(&[Source::new("runbook.toml", text)]).unwrap()
}

pub(crate) fn node(number: u128) -> NodeId {
    NodeId(Uuid::from_u128(number))
}

pub(crate) fn place() -> Place {
    Place {
        deployment: "eu-1".parse().unwrap(),
        mode: Mode::Saas,
        environment: Environment::Production,
        labels: Labels::default(),
    }
}

pub(crate) fn body(at: Timestamp, readings: Vec<Reading>) -> Body {
    Body { at, interval: Span::from_secs(15), facts: None, readings, dropped: Vec::new() }
}

pub(crate) fn checked(seq: u64, body: Body) -> Checked {
    let bytes = bytes::Bytes::from(body.encode().unwrap());
    Checked { seq, digest: Digest128::of([&bytes[..]]), bytes, body }
}

pub(crate) fn reports(node: NodeId, acknowledged: u64, reports: Vec<Checked>) -> Reports {
    Reports { node, epoch: 1, acknowledged, received_at: now(), reports }
}

/// The name of an incident.
pub(crate) fn incident_id(text: &str) -> eavip_core::id::IncidentId {
    text.parse().unwrap()
}

/// An incident of a service of [`place`]'s installation, as ana declares it.
pub(crate) fn declaration(id: &str, service: &str) -> eavip_core::incident::change::Declaration {
    use eavip_core::incident::sev::{Impact, Integrity, Scope};
    eavip_core::incident::change::Declaration {
        id: incident_id(id),
        title: format!("{service} fails"),
        owner: "platform-operations".parse().unwrap(),
        environment: Environment::Production,
        mode: Mode::Saas,
        deployment: Some("eu-1".parse().unwrap()),
        services: [service.parse().unwrap()].into(),
        impact: Impact { scope: Scope::Partial, integrity: Integrity::Intact },
        security: false,
        began_at: Timestamp::from_millis(0),
        alert: None,
    }
}

/// The people of tests: ana and ben.
pub(crate) fn people() -> Policy {
    policy(
        "[person.ana]\nteams = [\"platform-operations\"]\n[person.ben]\nteams = [\"product-architecture\"]\n",
    )
}

/// The record of what ana asks of an incident, decided on the book.
pub(crate) fn asks(
    book: &crate::book::Book,
    id: &str,
    request: eavip_core::incident::change::Request,
    at: Timestamp,
) -> LedgerRecord {
    use eavip_core::aggregate::Aggregate as _;
    let (id, by) = (incident_id(id), eavip_core::incident::Actor::Person("ana".parse().unwrap()));
    let command = eavip_core::incident::change::IncidentCommand { by, request };
    let decided =
        eavip_core::incident::Incident::decide(book.incidents.get(&id), command, &people(), at).unwrap();
    let events = decided.into_iter().map(|event| Event::Incident { id: id.clone(), event }).collect();
    LedgerRecord { v: VERSION, at, actor: Actor::User("ana".to_owned()), reason: None, events }
}

/// The episode of a number of a rule that `platform-operations` owns, as the server itself states it, from a moment on.
pub(crate) fn opened(number: u8, rule: &str, at: Timestamp) -> eavip_core::alert::episode::Opening {
    use eavip_core::alert::episode::{Opening, Origin};
    let labels = [("rule", rule), ("category", "critical"), ("owner", "platform-operations")];
    Opening {
        id: Digest128([number; 16]),
        fingerprint: Digest128::of([rule.as_bytes()]),
        rule: rule.parse().unwrap(),
        category: eavip_core::alert::Category::Critical,
        owner: "platform-operations".parse().unwrap(),
        action: "Look at it.".parse().unwrap(),
        runbook: "probe-down".parse().unwrap(),
        origin: Origin::Server { path: "/".to_owned() },
        labels: Labels::new(labels).unwrap(),
        summary: format!("{rule} fires"),
        since: at,
        at,
    }
}

/// What happened to an episode, as it is recorded.
pub(crate) fn episode(id: Digest128, event: eavip_core::alert::episode::EpisodeEvent) -> Event {
    Event::Episode { id, event, groups: Vec::new() }
}

/// An alert of a rule that was over by itself, `lasting` later.
pub(crate) fn came_and_went(number: u8, rule: &str, at: Timestamp, lasting: Span) -> [Event; 2] {
    use eavip_core::alert::episode::{Ending, EpisodeEvent};
    let opening = opened(number, rule, at);
    let id = opening.id;
    let over = EpisodeEvent::Resolved { ending: Ending::Recovered, at: at + lasting };
    [episode(id, EpisodeEvent::Opened(Box::new(opening))), episode(id, over)]
}

/// Applies what happened at a moment to a book, as it comes back from disk.
pub(crate) fn apply(book: &mut crate::book::Book, at: Timestamp, events: Vec<Event>) {
    let record =
        LedgerRecord { v: VERSION, at, actor: Actor::Server("test".to_owned()), reason: None, events };
    let record = serde_json::from_slice(&serde_json::to_vec(&record).unwrap()).unwrap();
    book.apply(1, &record);
}
