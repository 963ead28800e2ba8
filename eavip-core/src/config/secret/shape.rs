//! The forms of tokens, as their makers document them. Each is found by a fixed prefix, and by the length and the
//! alphabet of what follows; nothing may touch it on either side. No form may match what isn't a secret: a scanner that
//! cries wolf is switched off.

use super::reference::{is_redacted, is_reference};
use crate::words;

words! {
    /// A form of secret that is known by its look.
    #[non_exhaustive]
    pub enum Shape ("secret shape") {
        /// A private key in PEM.
        PrivateKey = "private-key",
        /// An access key of Amazon Web Services.
        AwsAccessKey = "aws-access-key",
        /// A token of GitHub: personal, OAuth, user, server, refresh.
        GithubToken = "github-token",
        /// A fine-grained personal token of GitHub.
        GithubFineGrained = "github-fine-grained-token",
        /// A personal access token of GitLab.
        GitlabToken = "gitlab-token",
        /// A token of Slack.
        SlackToken = "slack-token",
        /// An incoming webhook of Slack.
        SlackWebhook = "slack-webhook",
        /// A live key of Stripe.
        StripeKey = "stripe-key",
        /// An API key of Google.
        GoogleApiKey = "google-api-key",
        /// An access token of npm.
        NpmToken = "npm-token",
        /// An upload token of PyPI.
        PypiToken = "pypi-token",
        /// An API key of SendGrid.
        SendgridKey = "sendgrid-key",
        /// A service token of HashiCorp Vault.
        VaultToken = "vault-token",
        /// A personal access token of DigitalOcean.
        DigitalOceanToken = "digital-ocean-token",
        /// A secret key of age.
        AgeSecretKey = "age-secret-key",
        /// A join string of this product.
        JoinString = "join-string",
        /// A signed JSON Web Token.
        JsonWebToken = "json-web-token",
        /// An address with a password in it.
        UrlPassword = "url-password",
    }
}

/// What a token may consist of after its prefix.
#[derive(Clone, Copy)]
enum Alphabet {
    /// `0-9 A-Z a-z`
    Alphanumeric,
    /// `0-9 A-Z a-z _`
    Word,
    /// `0-9 A-Z a-z _ -`
    Base64Url,
    /// `A-Z 2-7`
    Base32,
    /// `0-9 a-f`
    Hex,
    /// `0-9 A-Z`
    Upper,
}

impl Alphabet {
    const fn has(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Self::Base64Url => is_word(byte),
            Self::Base32 => matches!(byte, b'A'..=b'Z' | b'2'..=b'7'),
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Upper => matches!(byte, b'0'..=b'9' | b'A'..=b'Z'),
        }
    }
}

/// A prefix with a run of characters after it.
struct Form {
    shape: Shape,
    prefixes: &'static [&'static str],
    alphabet: Alphabet,
    least: usize,
    most: usize,
}

const fn form(
    shape: Shape,
    prefixes: &'static [&'static str],
    alphabet: Alphabet,
    least: usize,
    most: usize,
) -> Form {
    Form { shape, prefixes, alphabet, least, most }
}

const FORMS: &[Form] = &[
    form(Shape::AwsAccessKey, &["AKIA", "ASIA"], Alphabet::Base32, 16, 16),
    form(Shape::GithubToken, &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], Alphabet::Alphanumeric, 36, 251),
    form(Shape::GithubFineGrained, &["github_pat_"], Alphabet::Word, 82, 82),
    form(Shape::GitlabToken, &["glpat-"], Alphabet::Base64Url, 20, 64),
    form(Shape::SlackToken, &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-"], Alphabet::Base64Url, 24, 251),
    form(Shape::StripeKey, &["sk_live_", "rk_live_"], Alphabet::Alphanumeric, 24, 247),
    form(Shape::GoogleApiKey, &["AIza"], Alphabet::Base64Url, 35, 35),
    form(Shape::NpmToken, &["npm_"], Alphabet::Alphanumeric, 36, 36),
    form(Shape::PypiToken, &["pypi-AgEIcHlwaS5vcmc"], Alphabet::Base64Url, 50, 1_000),
    form(Shape::VaultToken, &["hvs.", "hvb."], Alphabet::Base64Url, 24, 300),
    form(Shape::DigitalOceanToken, &["dop_v1_", "doo_v1_"], Alphabet::Hex, 64, 64),
    form(Shape::AgeSecretKey, &["AGE-SECRET-KEY-1"], Alphabet::Upper, 58, 58),
];

/// A prefix with parts after it, each with its own run, and a separator between them.
struct Parts {
    shape: Shape,
    prefix: &'static str,
    separator: u8,
    /// Alphabet, least and most of each part; the prefix isn't counted.
    parts: &'static [(Alphabet, usize, usize)],
}

const PARTED: &[Parts] = &[
    Parts {
        shape: Shape::SlackWebhook,
        prefix: "https://hooks.slack.com/services/T",
        separator: b'/',
        parts: &[(Alphabet::Upper, 7, 12), (Alphabet::Upper, 8, 13), (Alphabet::Alphanumeric, 24, 24)],
    },
    Parts {
        shape: Shape::SendgridKey,
        prefix: "SG.",
        separator: b'.',
        parts: &[(Alphabet::Base64Url, 22, 22), (Alphabet::Base64Url, 43, 43)],
    },
    Parts {
        shape: Shape::JoinString,
        prefix: "eavip1.",
        separator: b'.',
        parts: &[(Alphabet::Base64Url, 40, 4_000), (Alphabet::Hex, 8, 8)],
    },
    // Both begin with `{"` in Base64; the signature of the shortest algorithm has 43 characters.
    Parts {
        shape: Shape::JsonWebToken,
        prefix: "eyJ",
        separator: b'.',
        parts: &[
            (Alphabet::Base64Url, 10, 4_000),
            (Alphabet::Base64Url, 10, 16_000),
            (Alphabet::Base64Url, 43, 700),
        ],
    },
];

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// The first form, in declared order, that a text holds.
///
/// A match ends where its alphabet does, and what touches it may be no letter, digit, `_` or `-`.
#[must_use]
pub fn find(text: &str) -> Option<Shape> {
    if has_private_key(text) {
        return Some(Shape::PrivateKey);
    }
    let simple = FORMS.iter().filter(|form| {
        form.prefixes.iter().any(|prefix| {
            behind(text, prefix)
                .any(|rest| after(rest, form.alphabet, form.least, form.most).is_some_and(ends))
        })
    });
    let parted = PARTED.iter().filter(|form| behind(text, form.prefix).any(|rest| is_parted(rest, form)));
    let known = simple.map(|form| form.shape).chain(parted.map(|form| form.shape)).next();
    known.or_else(|| has_url_password(text).then_some(Shape::UrlPassword))
}

/// What stands behind each occurrence of a prefix that nothing touches in front.
fn behind<'t>(text: &'t str, prefix: &'static str) -> impl Iterator<Item = &'t [u8]> {
    text.match_indices(prefix).filter_map(move |(at, _)| {
        let (before, from) = text.as_bytes().split_at_checked(at)?;
        let free = before.last().is_none_or(|byte| !is_word(*byte));
        from.get(prefix.len()..).filter(|_| free)
    })
}

/// What stands behind a run of an alphabet, when the run's length fits.
fn after(text: &[u8], alphabet: Alphabet, least: usize, most: usize) -> Option<&[u8]> {
    let run = text.iter().take(most + 1).take_while(|byte| alphabet.has(**byte)).count();
    (least..=most).contains(&run).then(|| text.get(run..)).flatten()
}

fn ends(rest: &[u8]) -> bool {
    rest.first().is_none_or(|byte| !is_word(*byte))
}

fn is_parted(text: &[u8], form: &Parts) -> bool {
    let mut rest = text;
    for (at, (alphabet, least, most)) in form.parts.iter().enumerate() {
        if at > 0 {
            let Some(next) = rest.strip_prefix(&[form.separator]) else { return false };
            rest = next;
        }
        let Some(next) = after(rest, *alphabet, *least, *most) else { return false };
        rest = next;
    }
    // The payload of a JSON Web Token is an object, too.
    let payload = || text.split(|byte| *byte == b'.').nth(1).is_some_and(|part| part.starts_with(b"eyJ"));
    ends(rest) && (form.shape != Shape::JsonWebToken || payload())
}

/// The head of a private key in PEM, of whatever kind.
fn has_private_key(text: &str) -> bool {
    const BEGIN: &str = "-----BEGIN ";
    const KINDS: [&str; 7] = ["", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "PGP "];
    text.match_indices(BEGIN).any(|(at, _)| {
        let head = text.get(at + BEGIN.len()..).unwrap_or_default();
        KINDS.iter().any(|kind| {
            let rest = head.strip_prefix(kind).and_then(|rest| rest.strip_prefix("PRIVATE KEY"));
            rest.is_some_and(|rest| rest.starts_with("-----") || rest.starts_with(" BLOCK-----"))
        })
    })
}

/// `scheme://user:password@host`, where the password is neither absent nor a reference nor blacked out.
fn has_url_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let scheme = text.get(..at).unwrap_or_default();
        let rest = text.get(at + 3..).unwrap_or_default();
        let end = rest.find(['/', '?', '#', '"', '\'', '<', '>', '`']).or(Some(rest.len()));
        let authority = end.and_then(|end| rest.get(..end)).and_then(|part| part.split_whitespace().next());
        let login = authority.and_then(|authority| authority.rsplit_once('@')).map(|(login, _)| login);
        let password = login.and_then(|login| login.split_once(':')).map(|(_, password)| password);
        scheme.ends_with(|c: char| c.is_ascii_alphanumeric())
            && password.is_some_and(|text| !text.is_empty() && !is_reference(text) && !is_redacted(text))
    })
}
