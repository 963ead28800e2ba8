//! The part of the API that is about duty: who has it, pages, overrides, and the own ways to be reached.

use eavip_core::alert::Category;
use eavip_core::decision::Verdict;
use eavip_core::finding::Outcome;
use eavip_core::on_call::Channel;
use eavip_core::on_call::page::PageStatus;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Page, Team};
use super::{Answer, Client, ClientError, segment};

macro_rules! answers {
    ($( $(#[$meta:meta])* $name:ident { $( $field:ident: $kind:ty ),+ $(,)? } )+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        pub struct $name { $( #[doc = concat!("`", stringify!($field), "` of the answer.")] pub $field: $kind ),+ }
    )+};
}

answers! {
    /// A person, and whether messages reach them.
    Reached { id: String, name: String, channel: Channel }

    /// A schedule now and next.
    Schedule { id: String, zone: String, now: Option<Reached>, until: Option<String>, next: Option<Reached> }

    /// A step of an escalation.
    Step { after: String, people: Vec<Reached> }

    /// How a team's alerts escalate.
    Escalation { team: Team, escalation: String, steps: Vec<Step> }

    /// Who has duty.
    Duty { schedules: Vec<Schedule>, teams: Vec<Escalation> }

    /// What one rule found of duties.
    Found { rule: String, outcome: Outcome, message: String, remedy: String }

    /// Whether somebody would be told.
    Coverage { verdict: Verdict, horizon: String, findings: Vec<Found> }

    /// Somebody in another's place.
    Override { id: String, schedule: String, person: String, from: String, until: String, reason: String, by: String }

    /// Who has a page.
    Holder { person: String, since: String, lapses_at: Option<String> }

    /// Who is told next.
    Next { step: usize, at: String, people: Vec<Reached> }

    /// A page.
    Paged {
        id: String, summary: String, category: Category, escalation: String, status: PageStatus,
        holder: Option<Holder>, next: Option<Next>, unreached_since: Option<String>,
    }

    /// A way to be reached.
    Contact { id: String, receiver: String, address: Option<String>, verified: bool, state: Channel }

    /// The own ways, and whether messages reach the others.
    Contacts { person: Option<String>, own: Vec<Contact>, receivers: Vec<String>, people: Vec<Reached> }
}

impl Client {
    /// Who has duty now and next.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn duty(&self) -> Result<Answer<Duty>, ClientError> {
        self.get("/api/v1/on-call").await
    }

    /// Whether somebody would be told, proved ahead.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn coverage(&self) -> Result<Answer<Coverage>, ClientError> {
        self.get("/api/v1/on-call/coverage").await
    }

    /// The shifts of a schedule, or of a person, as iCalendar.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn calendar(&self, of_person: bool, id: &str) -> Result<String, ClientError> {
        let kind = if of_person { "people" } else { "schedules" };
        let path = format!("/api/v1/on-call/{kind}/{}/calendar", segment(id)?);
        let response = self.exchange(self.request(Method::GET, &path)).await?;
        let body = self.body(response).await?;
        String::from_utf8(body).map_err(|error| ClientError::Answer(error.to_string()))
    }

    /// Overrides that hold or will.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn overrides(&self) -> Result<Answer<Page<Override>>, ClientError> {
        self.get("/api/v1/on-call/overrides").await
    }

    /// Makes an override.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn add_override(&self, asked: &Value) -> Result<Answer<Override>, ClientError> {
        self.post("/api/v1/on-call/overrides", asked).await
    }

    /// Takes an override back.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn remove_override(&self, id: &str, reason: &str) -> Result<(), ClientError> {
        let path = format!("/api/v1/on-call/overrides/{}", segment(id)?);
        let request = self.request(Method::DELETE, &path).query(&[("reason", reason)]);
        self.send(request).await.map(drop)
    }

    /// Pages that aren't over.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn open_pages(&self) -> Result<Answer<Page<Paged>>, ClientError> {
        self.get("/api/v1/on-call/pages").await
    }

    /// Takes a page, or goes on with it.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused when somebody else has it.
    pub async fn acknowledge_page(&self, id: &str, reason: &str) -> Result<Answer<Paged>, ClientError> {
        let path = format!("/api/v1/on-call/pages/{}/acknowledge", segment(id)?);
        self.post(&path, &json!({ "reason": reason })).await
    }

    /// Hands a page over.
    ///
    /// # Errors
    /// As [`Client::whoami`]; refused when somebody else has it.
    pub async fn hand_over(&self, id: &str, to: &str, reason: &str) -> Result<Answer<Paged>, ClientError> {
        let path = format!("/api/v1/on-call/pages/{}/hand-over", segment(id)?);
        self.post(&path, &json!({ "to": to, "reason": reason })).await
    }

    /// The own ways to be reached.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn contacts(&self) -> Result<Answer<Contacts>, ClientError> {
        self.get("/api/v1/on-call/contacts").await
    }

    /// Names a way to be reached.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn add_contact(
        &self,
        receiver: &str,
        address: Option<&str>,
    ) -> Result<Answer<Contact>, ClientError> {
        self.post("/api/v1/on-call/contacts", &json!({ "receiver": receiver, "address": address })).await
    }

    /// Shows by a code that a way is one's own.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn verify_contact(&self, id: &str, code: &str) -> Result<Answer<Contact>, ClientError> {
        let path = format!("/api/v1/on-call/contacts/{}/verify", segment(id)?);
        self.post(&path, &json!({ "code": code })).await
    }

    /// Has a code or a test message sent: `what` is `code` or `test`.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn send_to_contact(&self, id: &str, what: &str) -> Result<(), ClientError> {
        let path = format!("/api/v1/on-call/contacts/{}/{what}", segment(id)?);
        self.send(self.request(Method::POST, &path)).await.map(drop)
    }

    /// Removes an own way.
    ///
    /// # Errors
    /// As [`Client::whoami`].
    pub async fn remove_contact(&self, id: &str) -> Result<(), ClientError> {
        let path = format!("/api/v1/on-call/contacts/{}", segment(id)?);
        self.send(self.request(Method::DELETE, &path)).await.map(drop)
    }
}
