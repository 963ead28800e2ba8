//! `[fallback]`: whom the agent tells by itself when no server can be reached.

use eavip_core::document::Section;
use eavip_core::time::Span;

use super::target::Address;
use super::watch::span;
use crate::egress;
use crate::secret::SecretRef;

/// How long the server may be gone when nobody says: with a report each 15 s it is told within a minute.
const AFTER: Span = Span::from_secs(45);

/// A webhook for the one thing that the server can't tell: that it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackConfig {
    /// Where to.
    pub url: Address,
    /// The key that messages are signed with, as Standard Webhooks has it.
    pub secret: SecretRef,
    /// How long after the first report that couldn't be delivered.
    pub after: Span,
}

impl FallbackConfig {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let url: Option<Address> = section.required("url", "say whom to tell: `url = \"https://…\"`");
        // As it will be read when it is sent to: an address has many spellings.
        let address =
            url.as_ref().and_then(|url| egress::literal(&reqwest::Url::parse(&url.to_string()).ok()?));
        if address.is_some_and(egress::forbidden) {
            let message = "`url` leads to an address that nothing may be sent to";
            section.problem(
                Some("url"),
                "EAVIP-P03",
                message,
                "name the webhook of somebody who is to be told",
            );
        }
        let secret = SecretRef::read(section, "secret");
        if !section.has("secret") {
            section
                .missing("secret", "name the signing key: `secret = { file = \"/etc/eavip/fallback.key\" }`");
        }
        let after = span(section, "after", 30_000..=3_600_000).unwrap_or(AFTER);
        Some(Self { url: url?, secret: secret?, after })
    }
}
