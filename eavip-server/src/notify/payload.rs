//! What this server says of a message in JSON of its own: the data of webhooks and of CloudEvents.

use eavip_core::alert::notice::Occasion;
use eavip_core::id::ReceiverId;
use eavip_core::labels::Labels;
use serde::Serialize;

use super::message::{Alerts, Body, Message, Told};
use super::wording;
use crate::api::view;

/// What a message tells.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Data<'a> {
    /// Alerts of a group.
    Alerts {
        /// Why it is sent now.
        reason: Occasion,
        /// What the alerts have in common.
        group: &'a Labels,
        /// The same over all messages about the group.
        group_key: String,
        alerts: Vec<Alert<'a>>,
        /// Alerts of the group beyond those that are spelled out.
        left_out: usize,
        /// The receiver whose messages don't arrive, where this one gets them in its place.
        #[serde(skip_serializing_if = "Option::is_none")]
        instead_of: Option<&'a ReceiverId>,
    },
    /// Something else.
    Notice {
        title: &'a str,
        text: &'a str,
        url: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        instead_of: Option<&'a ReceiverId>,
    },
}

/// An alert, with where it can be looked at.
#[derive(Debug, Serialize)]
pub(super) struct Alert<'a> {
    #[serde(flatten)]
    alert: &'a view::Alert,
    /// Where on this server it can be looked at.
    url: String,
    /// Whether it is told for the first time.
    new: bool,
}

/// What kind of message it is: `alerts.firing`, `alerts.resolved`, or `notice.` and the topic.
pub(super) fn kind(message: &Message) -> String {
    match &message.body {
        Body::Alerts(told) if told.fires() => "alerts.firing".to_owned(),
        Body::Alerts(_) => "alerts.resolved".to_owned(),
        Body::Notice(notice) => format!("notice.{}", notice.topic),
    }
}

impl<'a> Data<'a> {
    pub(super) fn of(message: &'a Message) -> Self {
        let instead_of = message.instead_of.as_ref();
        match &message.body {
            Body::Alerts(Alerts { occasion, group, alerts, left_out }) => {
                let alert = |told: &'a Told| Alert {
                    alert: &told.alert,
                    url: wording::url(message, told),
                    new: told.new,
                };
                Self::Alerts {
                    reason: *occasion,
                    group,
                    group_key: message.key().to_string(),
                    alerts: alerts.iter().map(alert).collect(),
                    left_out: *left_out,
                    instead_of,
                }
            }
            Body::Notice(notice) => Self::Notice {
                title: &notice.title,
                text: &notice.text,
                url: format!("{}{}", message.server, notice.path),
                instead_of,
            },
        }
    }
}
