//! What a command on a silence comes to, whoever gave it by whatever API: the policy library's decision, and word to the owners
//! of what is silenced, in one record. What a form or a client's body says is read elsewhere.

use std::collections::BTreeSet;

use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::silence::{
    self, Request, SECOND_PERSON, Silence, SilenceCommand, SilenceEvent, SilenceStatus,
};
use eavip_core::alert::{Category, route};
use eavip_core::decision::Refused;
use eavip_core::id::{Digest128, PersonId, ReceiverId, TeamId};
use eavip_core::labels::Labels;
use eavip_core::policy::Policy;
use eavip_core::time::Timestamp;
use uuid::Uuid;

use crate::book::Book;
use crate::book::silences::MAX_SILENCES;
use crate::record::{Content, DeliveryEvent, Event, Notice, Recipient, Topic, delivery_id};

/// More silences than are kept, or than one person may have.
pub const TOO_MANY: &str = "EAVIP-U09";
/// Most silences of one person that aren't over.
const MAX_OF_ONE: usize = 200;

/// A new silence's id.
#[must_use]
pub fn new_id() -> Digest128 {
    Digest128(*Uuid::now_v7().as_bytes())
}

/// A silence's id as people and Alertmanager's clients write it.
#[must_use]
pub fn uuid(id: Digest128) -> Uuid {
    Uuid::from_bytes(id.0)
}

/// Asks for a silence; `before` is the one that ends for it. `speaks` is the person for whom the request's credential speaks:
/// whoever asks in another's name could approve as the second person what they asked for as the first, so that takes one's own.
///
/// # Errors
/// Everything that stands against it.
pub fn request(
    book: &Book,
    policy: &Policy,
    request: Request,
    before: Option<Digest128>,
    speaks: Option<&PersonId>,
    at: Timestamp,
) -> Result<Vec<Event>, Refused> {
    let is_over = |status| matches!(status, SilenceStatus::Expired | SilenceStatus::Ended);
    let others = || book.silences.iter().filter(|(id, _)| Some(*id) != before).map(|(_, silence)| silence);
    let of_one =
        others().filter(|silence| silence.request.by == request.by && !is_over(silence.status(at))).count();
    if of_one >= MAX_OF_ONE {
        let message = format!("`{}` has {MAX_OF_ONE} silences that aren't over", request.by);
        return Err(Refused::because(TOO_MANY, message, "use fewer with wider matchers, or end some"));
    }
    if book.silences.iter().len() >= MAX_SILENCES {
        let message = format!("there are {MAX_SILENCES} silences");
        return Err(Refused::because(TOO_MANY, message, "use fewer with wider matchers"));
    }
    let (id, by) = (request.id, request.by.clone());
    let decided = silence::ask(request, others(), policy, at)?;
    let mut events = Vec::new();
    for event in decided {
        if let SilenceEvent::Requested { request, waits, owners, .. } = &event {
            if *waits && speaks != Some(&by) {
                let message = format!("a second person is needed, and `{by}` was named by somebody else");
                return Err(SECOND_PERSON.fail(message, "ask for it in your own name").into());
            }
            events = told(book, policy, request, *waits, owners, at);
        }
        events.insert(0, Event::Silence { id, event });
    }
    Ok(events)
}

/// Agrees to a silence as the second person.
///
/// # Errors
/// Everything that stands against it.
pub fn approve(
    book: &Book,
    policy: &Policy,
    id: Digest128,
    by: PersonId,
    at: Timestamp,
) -> Result<Vec<Event>, Refused> {
    decide(book, policy, id, SilenceCommand::Approve { by }, at)
}

/// Ends a silence.
///
/// # Errors
/// Everything that stands against it.
pub fn end(
    book: &Book,
    policy: &Policy,
    id: Digest128,
    by: PersonId,
    reason: String,
    at: Timestamp,
) -> Result<Vec<Event>, Refused> {
    decide(book, policy, id, SilenceCommand::End { by, reason }, at)
}

fn decide(
    book: &Book,
    policy: &Policy,
    id: Digest128,
    command: SilenceCommand,
    at: Timestamp,
) -> Result<Vec<Event>, Refused> {
    let decided = Silence::decide(book.silences.get(id), command, policy, at)?;
    Ok(decided.into_iter().map(|event| Event::Silence { id, event }).collect())
}

/// Word to the owners of what is silenced: of the rules, and of what other systems sent and fires now. It goes where the routes
/// lead with what these teams own.
fn told(
    book: &Book,
    policy: &Policy,
    request: &Request,
    waits: bool,
    owners: &BTreeSet<TeamId>,
    at: Timestamp,
) -> Vec<Event> {
    let silenced = book.alerts.open().filter(|episode| request.matchers.matches(&episode.opening.labels));
    let mut teams: BTreeSet<&TeamId> = silenced.map(|episode| &episode.opening.owner).collect();
    teams.extend(owners);
    let of_team = |team: &&TeamId| {
        let labels = Labels::new([("owner", team.as_str())]).unwrap_or_default();
        let targets = route::targets(&policy.routes, &labels, Category::Critical).into_iter();
        targets.map(|target| target.receiver.clone()).collect::<Vec<_>>()
    };
    let receivers: BTreeSet<ReceiverId> = teams.iter().flat_map(of_team).collect();
    let Request { id, matchers, reason, ticket, by, from, until } = request;
    let asks = if waits { "asks to silence" } else { "silences" };
    let approval = if waits { " It holds once a second person has approved it." } else { "" };
    let notice = Notice {
        topic: Topic::Silence,
        title: format!("{by} {asks} {matchers} until {until}"),
        text: format!("{reason}\nTicket {ticket}, from {from}.{approval}"),
        path: format!("/silences#s-{}", uuid(*id)),
    };
    let event = |receiver| {
        let to = Recipient::from(receiver);
        let id = delivery_id(&to, &id.0, at);
        let content = Content::Notice(notice.clone());
        Event::Delivery { id, event: DeliveryEvent::Decided { to, content } }
    };
    receivers.into_iter().map(event).collect()
}

#[cfg(test)]
mod tests;
