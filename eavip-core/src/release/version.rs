//! Versions after SemVer 2.0.0, and the release type that a step from one to the next amounts to (seed: *Release Types*).
//! What a release changes is declared in [`super::candidate`].

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::words;

words! {
    /// A release type; the order is the order of weight.
    pub enum Kind ("release type") {
        /// Bug fixes.
        Patch = "patch",
        /// Backward-compatible additions.
        Minor = "minor",
        /// Governed, rare: what worked before may not work after.
        Major = "major",
    }
}

/// Something for each release type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByKind<T> {
    /// For patch releases.
    pub patch: T,
    /// For minor releases.
    pub minor: T,
    /// For major releases.
    pub major: T,
}

impl<T> ByKind<T> {
    /// The one of a release type.
    #[must_use]
    pub const fn of(&self, kind: Kind) -> &T {
        match kind {
            Kind::Patch => &self.patch,
            Kind::Minor => &self.minor,
            Kind::Major => &self.major,
        }
    }
}

/// Longest version in bytes: fits a column and the tag of a container image.
pub const MAX_VERSION: usize = 128;

/// A version after SemVer 2.0.0. Two versions that differ in build metadata alone are different texts of the same
/// precedence, so there is [`Version::precedence`] and no `Ord`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version {
    /// Counts incompatible changes.
    pub major: u64,
    /// Counts compatible additions.
    pub minor: u64,
    /// Counts fixes.
    pub patch: u64,
    pre: Box<str>,
    build: Box<str>,
}

impl Version {
    /// Compares after SemVer 2.0.0 section 11; build metadata doesn't count.
    #[must_use]
    pub fn precedence(&self, other: &Self) -> Ordering {
        let core = |version: &Self| (version.major, version.minor, version.patch);
        core(self).cmp(&core(other)).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_identifiers(&self.pre, &other.pre),
        })
    }

    /// The release type of the step from this version to `next`; `None` when `next` doesn't come after it. From a
    /// pre-release to its release it is the type that led to that pre-release: 2.0.0-rc.1 to 2.0.0 is major.
    ///
    /// Major version zero is no exception: what runs in production has a contract.
    #[must_use]
    pub fn step_to(&self, next: &Self) -> Option<Kind> {
        if self.precedence(next) != Ordering::Less {
            return None;
        }
        let same_core = (self.major, self.minor, self.patch) == (next.major, next.minor, next.patch);
        Some(if next.major > self.major || (same_core && next.minor == 0 && next.patch == 0) {
            Kind::Major
        } else if next.minor > self.minor || (same_core && next.patch == 0) {
            Kind::Minor
        } else {
            Kind::Patch
        })
    }
}

fn compare_identifiers(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) => match compare_identifier(left, right) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

/// Numbers have no leading zeros, so the longer one is larger: no number is too large to compare.
fn compare_identifier(left: &str, right: &str) -> Ordering {
    match (is_number(left), is_number(right)) {
        (true, true) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => left.cmp(right),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_leading_zero(number: &str) -> bool {
    number.len() > 1 && number.starts_with('0')
}

/// A text that isn't a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a version; write it like 1.4.2 or 2.0.0-rc.1, as SemVer 2.0.0 says")]
pub struct InvalidVersion {
    /// The text that was found, cut after 80 characters.
    pub found: String,
}

impl FromStr for Version {
    type Err = InvalidVersion;
    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        parse(text).ok_or_else(|| InvalidVersion { found: text.chars().take(80).collect() })
    }
}

fn parse(text: &str) -> Option<Version> {
    if text.len() > MAX_VERSION {
        return None;
    }
    let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let mut numbers = core.split('.').map(number);
    let version = Version {
        major: numbers.next()??,
        minor: numbers.next()??,
        patch: numbers.next()??,
        pre: identifiers(pre, |id| !(is_number(id) && has_leading_zero(id)))?,
        build: identifiers(build, |_| true)?,
    };
    numbers.next().is_none().then_some(version)
}

fn number(text: &str) -> Option<u64> {
    (is_number(text) && !has_leading_zero(text)).then(|| text.parse().ok())?
}

fn identifiers(text: Option<&str>, allowed: impl Fn(&str) -> bool) -> Option<Box<str>> {
    let Some(text) = text else { return Some(Box::default()) };
    let is_identifier =
        |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.split('.').all(|id| is_identifier(id) && allowed(id)).then(|| text.into())
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.build.is_empty() {
            write!(f, "+{}", self.build)?;
        }
        Ok(())
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

#[cfg(test)]
mod tests;
