//! The settings page: who may do what, what scripts and new nodes sign in with, where messages go, and how the audit log stands.

use askama::Template;
use eavip_core::Vocabulary;
use eavip_core::environment::Environment;
use eavip_core::mode::Mode;

use super::chrome::Chrome;
use super::words::{counted, delivery_class, delivery_title, mode_title};
use super::{Main, Rendered, encoded};
use crate::api::view::audit::AuditLog;
use crate::api::view::{JoinToken, Message, NewJoinToken, NewToken, Receiver, Token, User};

/// What the settings page shows.
#[derive(Default)]
pub struct Settings<'a> {
    /// Accounts.
    pub users: &'a [User],
    /// API tokens in force.
    pub tokens: &'a [Token],
    /// Join tokens that can still be used.
    pub joins: &'a [JoinToken],
    /// Receivers of messages.
    pub receivers: &'a [Receiver],
    /// Messages that were given up, the newest first.
    pub dead_letters: &'a [Message],
    /// A test just made.
    pub tested: Option<&'a Message>,
    /// A join token just made.
    pub new_join: Option<&'a NewJoinToken>,
    /// An API token just made.
    pub new_token: Option<&'a NewToken>,
    /// How the audit log stands; none where none is kept.
    pub audit: Option<&'a AuditLog>,
    /// What was wrong with the last attempt.
    pub problem: Option<&'a str>,
    /// The deployment that was given with it, or the one to suggest.
    pub deployment: &'a str,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsMain<'a> {
    chrome: &'a Chrome,
    settings: &'a Settings<'a>,
}

/// Users, API tokens, join tokens and receivers; testing a receiver and sending again is for responders, the other forms are for
/// administrators.
///
/// # Errors
/// See [`Rendered`].
pub fn settings(settings: &Settings<'_>, chrome: &Chrome) -> Rendered {
    Main::new("Settings", &SettingsMain { chrome, settings })
}
