//! `[[probe]]`: an HTTP request that a service must answer.

use eavip_core::document::{Section, WRONG_VALUE};
use eavip_core::time::Span;

use super::Watch;
use super::target::Target;

/// How often a target is probed by default: often enough that an outage is known within seconds.
const INTERVAL: Span = Span::from_secs(5);

/// One probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeConfig {
    /// Name, service, interval and deadline; the deadline is that of one answer, with its retry.
    pub watch: Watch,
    /// What is asked.
    pub target: Target,
    /// `GET` or `HEAD`.
    pub head: bool,
    /// The status codes that are good; empty for any of 200 to 299.
    pub status: Vec<u16>,
    /// A text that the body must contain.
    pub contains: Option<String>,
}

impl ProbeConfig {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let watch = Watch::read(section, INTERVAL);
        let target = Target::read(section);
        let head = match section.text::<String>("method").as_deref() {
            None | Some("GET") => false,
            Some("HEAD") => true,
            Some(other) => {
                let message = format!("`method` is `{other}`");
                section.problem(Some("method"), WRONG_VALUE, message, "write \"GET\" or \"HEAD\"");
                false
            }
        };
        let status = section.integers("status", 100..=599);
        let contains: Option<String> = section.text("contains");
        if head && contains.is_some() {
            let message = "an answer to HEAD has no body that could contain a text";
            section.problem(Some("contains"), WRONG_VALUE, message, "use GET or remove `contains`");
        }
        let status = status.into_iter().filter_map(|code| u16::try_from(code).ok()).collect();
        Some(Self { watch: watch?, target: target?, head, status, contains })
    }

    /// Whether a status code is a good one.
    #[must_use]
    pub fn accepts(&self, status: u16) -> bool {
        if self.status.is_empty() { (200..300).contains(&status) } else { self.status.contains(&status) }
    }
}
