//! A ledger record for people: who, when, why and what, without the hashes of secrets that the ledger has to keep.
//! The record's own bytes, which the tree is over, are only for who can read the data directory.

use eavip_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::LedgerRecord;

/// Fields that hold a hash of a secret, in whatever event: of a password, a session, a link or a token.
const WITHHELD: [&str; 4] = ["password", "hash", "session", "secret"];

/// A record as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// When, by the server's clock.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Why, where a person said so.
    pub reason: Option<String>,
    /// What: the events as the ledger holds them.
    pub events: Vec<Value>,
    /// Whether hashes of secrets were left out.
    #[serde(skip)]
    pub withheld: bool,
}

/// What a stored record says; `None` when it can't be read.
#[must_use]
pub fn shown(stored: &[u8]) -> Option<Shown> {
    let LedgerRecord { at, actor, reason, events, .. } = serde_json::from_slice(stored).ok()?;
    let mut withheld = false;
    let events = events.iter().map(|event| {
        let mut event = serde_json::to_value(event).unwrap_or_default();
        withheld |= withhold(&mut event);
        event
    });
    let events = events.collect();
    Some(Shown { at, actor: actor.to_string(), reason, events, withheld })
}

/// Takes out what may not be shown, at any depth; whether there was any.
fn withhold(value: &mut Value) -> bool {
    let mut withheld = false;
    match value {
        Value::Object(fields) => {
            let before = fields.len();
            fields.retain(|name, _| !WITHHELD.contains(&name.as_str()));
            withheld = fields.len() < before;
            fields.values_mut().for_each(|value| withheld |= withhold(value));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| withheld |= withhold(value)),
        _ => {}
    }
    withheld
}

/// What kinds of events a record has, in a few words.
#[must_use]
pub fn kinds(shown: &Shown) -> String {
    let kind = |event: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let aggregate = text(&event["aggregate"]);
        match &event["event"] {
            Value::Object(inner) => match inner.get("kind").or_else(|| inner.values().next()) {
                Some(Value::String(kind)) => format!("{aggregate} {kind}"),
                _ => inner.keys().next().map_or(aggregate.clone(), |kind| format!("{aggregate} {kind}")),
            },
            other => format!("{aggregate} {}", text(other)).trim_end().to_owned(),
        }
    };
    let mut kinds: Vec<String> = shown.events.iter().map(kind).collect();
    kinds.dedup();
    kinds.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Actor, Event, JoinEvent, LinkEvent, Role, TokenEvent, UserEvent, VERSION};
    use crate::testing::place;

    #[test]
    fn no_hash_of_a_secret_is_shown() {
        let (role, expires_at) = (Role::Admin, Timestamp::default());
        let hash = || "SECRET".to_owned();
        let events = vec![
            Event::User { name: "mara".into(), event: UserEvent::Set { password: hash(), role } },
            Event::User {
                name: "mara".into(),
                event: UserEvent::SignedIn { session: hash(), role, expires_at },
            },
            Event::User { name: "mara".into(), event: UserEvent::SignedOut { session: hash() } },
            Event::Link { hash: hash(), event: LinkEvent::Created { user: "mara".into(), role, expires_at } },
            Event::Token {
                id: "t".into(),
                event: TokenEvent::Created {
                    name: "ci".into(),
                    hash: hash(),
                    role,
                    team: None,
                    own: false,
                    expires_at,
                },
            },
            Event::Join {
                id: "j".into(),
                event: JoinEvent::Created { hash: hash(), place: place(), expires_at },
            },
        ];
        for event in events {
            let record = LedgerRecord {
                v: VERSION,
                at: Timestamp::default(),
                actor: Actor::User("mara".into()),
                reason: Some("because".into()),
                events: vec![event],
            };
            let stored = serde_json::to_vec(&record).unwrap();
            assert!(String::from_utf8_lossy(&stored).contains("SECRET"));
            let shown = shown(&stored).unwrap();
            let text = serde_json::to_string(&shown).unwrap();
            assert!(shown.withheld && !text.contains("SECRET"), "{text}");
            assert!(text.contains("mara") && text.contains("because") && text.contains("\"kind\""), "{text}");
            assert!(!kinds(&shown).is_empty());
        }
        assert_eq!(shown(b"{}"), None);
    }
}
