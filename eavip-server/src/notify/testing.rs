//! Messages for the senders' tests: as they are, and with hostile text wherever text can be.

use eavip_core::aggregate::Aggregate as _;
use eavip_core::alert::Category;
use eavip_core::alert::episode::{Ending, Episode, EpisodeEvent, Opening, Origin};
use eavip_core::alert::intake::Annotations;
use eavip_core::alert::notice::Occasion;
use eavip_core::id::{Digest128, ReceiverId};
use eavip_core::labels::Labels;
use eavip_core::time::Timestamp;

use super::message::{Alerts, Body, Message, Told};
use crate::api::view;
use crate::record::{Notice, Recipient, Topic};

/// Texts that mean something to some of those who get them.
pub(super) const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "<!channel> <!here> <@U012AB3CD> <#C012AB3CD> <http://evil.example|click>",
    "@here @channel @all @mara",
    "[click](http://evil.example) ![x](http://evil.example/x.png) **bold** `code`",
    "line\r\nBcc: everybody@example.com\r\n\r\nbody",
    "line\nX-Injected: yes",
    "=cmd|' /C calc'!A0",
    "\u{1b}[31mred\u{202e}txt.exe\u{2028}next\0end",
    "&amp; &lt;b&gt; %0d%0a \"quoted\" 'single' \\ | ~ # > - + 1.",
    "https://evil.example/a?b=c www.evil.example",
];

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + seconds * 1_000)
}

/// An alert that another system sent, with `text` wherever it has a say.
pub(super) fn told(number: u8, text: &str, fires: bool) -> Told {
    let said = [("summary", text), ("description", text), ("note", text)];
    let said = said.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let sent = Labels::new([("alertname", "DiskFull"), ("instance", "web-1:9100"), ("owner", text)]).unwrap();
    let added = [("rule", "diskfull"), ("category", "critical"), ("owner", "ops")];
    let opening = Opening {
        id: Digest128([number; 16]),
        fingerprint: Digest128([2; 16]),
        rule: "diskfull".parse().unwrap(),
        category: Category::Critical,
        owner: "ops".parse().unwrap(),
        action: "Free space.".parse().unwrap(),
        runbook: "disk-full".parse().unwrap(),
        origin: Origin::Sent {
            annotations: Annotations::new(said.clone().into()).unwrap(),
            generator: Some(format!("http://prometheus.example/graph?q={text}")),
            replaced: Labels::new([("owner", text)]).unwrap(),
        },
        labels: sent.with(added),
        summary: text.to_owned(),
        since: at(0),
        at: at(0),
    };
    let alert = view::Alert {
        id: opening.id.to_string(),
        status: eavip_core::alert::episode::Status::Firing,
        category: opening.category,
        rule: opening.rule.to_string(),
        owner: view::TeamName { id: "ops".to_owned(), name: text.to_owned() },
        action: text.to_owned(),
        runbook: text.to_owned(),
        runbook_url: format!("https://wiki.example/{text}"),
        summary: text.to_owned(),
        labels: opening.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        node: None,
        hostname: Some(text.to_owned()),
        value: Some(text.to_owned()),
        annotations: said.into(),
        since: opening.since.to_string(),
        opened_at: opening.at.to_string(),
        acknowledged: None,
        resolved: None,
    };
    let mut episode = Episode::evolve(None, EpisodeEvent::Opened(Box::new(opening))).unwrap();
    episode.resolved = (!fires).then(|| (Ending::Recovered, at(60)));
    Told { alert, episode, new: fires }
}

/// A message about one alert.
pub(super) fn message(text: &str, fires: bool) -> Message {
    about(vec![told(1, text, fires)], text)
}

/// A message about alerts of a group that `text` names.
pub(super) fn about(alerts: Vec<Told>, text: &str) -> Message {
    let group = Labels::new([("alertname", "DiskFull"), ("zone", text)]).unwrap();
    let occasion = if alerts.iter().any(Told::fires) { Occasion::First } else { Occasion::AllResolved };
    of(Body::Alerts(Alerts { occasion, group, alerts, left_out: 0 }))
}

/// A message about something else.
pub(super) fn notice(text: &str) -> Message {
    let (title, text, path) = (text.to_owned(), text.to_owned(), "/silences".to_owned());
    of(Body::Notice(Notice { topic: Topic::Silence, title, text, path }))
}

fn of(body: Body) -> Message {
    Message {
        id: Digest128([7; 16]),
        decided_at: at(1),
        to: Recipient::from("pager".parse::<ReceiverId>().unwrap()),
        instead_of: None,
        body,
        server: "https://ops.example".to_owned(),
    }
}
