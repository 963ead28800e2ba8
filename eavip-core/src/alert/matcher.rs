//! Which alerts a route, an inhibition, a silence or a window means: labels that must have a value or fit a pattern, or
//! must not.
//!
//! They mean what Alertmanager's mean: a label that isn't there counts as empty, and a regular expression must fit the
//! whole value. How they are written is in `read`, what a pattern may cost in `pattern`.

mod pattern;
mod read;

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Category;
use crate::labels::{Labels, MAX_LABELS};
use crate::words;
use pattern::Pattern;
pub use read::InvalidMatcher;

/// Most matchers of one list: one for each label that an alert can have.
pub const MAX_MATCHERS: usize = MAX_LABELS;
/// Most bytes that the compiled patterns of one list take together: two of the largest, or all of a usual size.
pub const MAX_PATTERNS: usize = 128 << 10;

words! {
    /// How a matcher compares, as Alertmanager writes it.
    #[non_exhaustive]
    pub enum Operator ("comparison") {
        /// The value is this text.
        Equal = "=",
        /// The value is another text.
        NotEqual = "!=",
        /// The whole value fits the pattern.
        Matches = "=~",
        /// The whole value doesn't fit the pattern.
        NotMatches = "!~",
    }
}

impl Operator {
    /// The operator of Alertmanager's `isRegex` and `isEqual`.
    #[must_use]
    pub const fn of(is_regex: bool, is_equal: bool) -> Self {
        match (is_regex, is_equal) {
            (false, true) => Self::Equal,
            (false, false) => Self::NotEqual,
            (true, true) => Self::Matches,
            (true, false) => Self::NotMatches,
        }
    }
}

/// One label's value, wanted or unwanted; written `category!="critical"` or `rule=~"disk-.*"`, the quotes may be left out.
///
/// Two matchers are equal when they are written alike. A clone shares the compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Matcher {
    name: Box<str>,
    wanted: Wanted,
    differs: bool,
}

/// What a value is held against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Wanted {
    Text(Box<str>),
    Pattern(Pattern),
}

/// Pairs of values that nobody has and that have in common only of what kind they are. A pattern that fits both of a pair
/// says which kind it wants and not which value.
const MADE_UP: [[&str; 2]; 6] = [
    ["zqxj", "jvkw"],
    ["ZqxjVk", "JvkwQz"],
    ["90617", "31845"],
    ["zq-xj_wv", "jv-kw_qz"],
    ["zq.xj:90617", "jv.kw:31845"],
    ["/zq/xj", "/jv/kw"],
];

impl Matcher {
    /// A matcher of a label's name, the comparison, and the text or pattern to compare with.
    ///
    /// # Errors
    /// No label can have this name or value, or the pattern can't be used.
    pub fn new(name: &str, operator: Operator, value: &str) -> Result<Self, InvalidMatcher> {
        Labels::new([(name, value)])?;
        let wanted = match operator {
            Operator::Equal | Operator::NotEqual => Wanted::Text(value.into()),
            Operator::Matches | Operator::NotMatches => Wanted::Pattern(Pattern::new(value)?),
        };
        let differs = matches!(operator, Operator::NotEqual | Operator::NotMatches);
        Ok(Self { name: name.into(), wanted, differs })
    }

    /// A matcher of the four parts that Alertmanager's API has: `name`, `value`, `isRegex`, `isEqual`.
    ///
    /// # Errors
    /// As [`Matcher::new`].
    pub fn from_parts(
        name: &str,
        value: &str,
        is_regex: bool,
        is_equal: bool,
    ) -> Result<Self, InvalidMatcher> {
        Self::new(name, Operator::of(is_regex, is_equal), value)
    }

    /// The label's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text or the pattern that the label's value is compared with.
    #[must_use]
    pub fn value(&self) -> &str {
        match &self.wanted {
            Wanted::Text(text) => text,
            Wanted::Pattern(pattern) => pattern.text(),
        }
    }

    /// How it compares.
    #[must_use]
    pub fn operator(&self) -> Operator {
        Operator::of(self.is_regex(), self.is_equal())
    }

    /// Whether the value is a regular expression: `=~` and `!~`.
    #[must_use]
    pub fn is_regex(&self) -> bool {
        matches!(self.wanted, Wanted::Pattern(_))
    }

    /// Whether the value is wanted and not unwanted: `=` and `=~`.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        !self.differs
    }

    /// At most so many bytes its compiled pattern takes.
    fn bytes(&self) -> usize {
        match &self.wanted {
            Wanted::Text(_) => 0,
            Wanted::Pattern(pattern) => pattern.bytes(),
        }
    }

    fn takes(&self, value: &str) -> bool {
        let fits = match &self.wanted {
            Wanted::Text(text) => **text == *value,
            Wanted::Pattern(pattern) => pattern.fits(value),
        };
        fits != self.differs
    }

    /// Whether it demands a certain value, or one of a few. What takes the empty value or made-up ones doesn't.
    fn demands(&self) -> bool {
        let takes_both = |pair: &[&str; 2]| pair.iter().all(|value| self.takes(value));
        // Of categories there are three.
        let is_any = &*self.name == "category" && Category::ALL.iter().all(|one| self.takes(one.as_str()));
        !self.takes("") && !is_any && !MADE_UP.iter().any(takes_both)
    }
}

impl crate::document::Declared for Matcher {}

impl FromStr for Matcher {
    type Err = InvalidMatcher;
    fn from_str(text: &str) -> Result<Self, InvalidMatcher> {
        let (name, operator, value) = read::parts(text)?;
        Self::new(name, operator, &value)
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}\"", self.name, self.operator())?;
        for character in self.value().chars() {
            match character {
                '\n' => f.write_str("\\n")?,
                '"' | '\\' => write!(f, "\\{character}")?,
                character => write!(f, "{character}")?,
            }
        }
        f.write_str("\"")
    }
}

impl Serialize for Matcher {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::vocabulary::parsed(deserializer)
    }
}

/// Matchers that must all hold; an empty list means every alert.
///
/// As JSON they are a list of texts; as one text, what `amtool` takes:
///
/// ```
/// use eavip_core::alert::matcher::Matchers;
/// use eavip_core::labels::Labels;
///
/// let disks: Matchers = r#"{alertname=~"Disk.*|InodesFull", mount!~"/mnt/.*"}"#.parse().unwrap();
/// let meant = |rule, mount| disks.matches(&Labels::new([("alertname", rule), ("mount", mount)]).unwrap());
/// assert!(meant("DiskFull", "/var"));
/// assert!(!meant("DiskFull", "/mnt/scratch"));
/// assert!(!meant("HostDiskFull", "/var"), "a pattern must fit the whole value");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Matchers(Vec<Matcher>);

/// A list that would cost too much to hold and to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TooCostly {
    /// More matchers than an alert can have labels.
    #[error("more than {MAX_MATCHERS} matchers are too many; write fewer")]
    Count,
    /// The patterns grow larger than [`MAX_PATTERNS`] together.
    #[error("the regular expressions grow too large together; write fewer, or repeat less in them")]
    Patterns,
}

impl Matchers {
    /// Another matcher, as long as all of them together keep the bounds.
    ///
    /// # Errors
    /// When they don't any more; the list stays as it is.
    pub fn push(&mut self, matcher: Matcher) -> Result<(), TooCostly> {
        if self.0.len() >= MAX_MATCHERS {
            return Err(TooCostly::Count);
        }
        let bytes: usize = self.0.iter().chain([&matcher]).map(Matcher::bytes).sum();
        if bytes > MAX_PATTERNS {
            return Err(TooCostly::Patterns);
        }
        self.0.push(matcher);
        Ok(())
    }
}

impl TryFrom<Vec<Matcher>> for Matchers {
    type Error = TooCostly;
    fn try_from(list: Vec<Matcher>) -> Result<Self, TooCostly> {
        let mut matchers = Self::default();
        list.into_iter().try_for_each(|matcher| matchers.push(matcher))?;
        Ok(matchers)
    }
}

impl From<Matchers> for Vec<Matcher> {
    fn from(matchers: Matchers) -> Self {
        matchers.0
    }
}

impl FromStr for Matchers {
    type Err = InvalidMatcher;
    fn from_str(text: &str) -> Result<Self, InvalidMatcher> {
        let mut matchers = Self::default();
        for piece in read::pieces(text)? {
            matchers.push(piece.parse()?)?;
        }
        Ok(matchers)
    }
}

/// Each label with its value.
impl From<&Labels> for Matchers {
    fn from(labels: &Labels) -> Self {
        let equal = |(name, value): (&str, &str)| Matcher {
            name: name.into(),
            wanted: Wanted::Text(value.into()),
            differs: false,
        };
        Self(labels.iter().map(equal).collect())
    }
}

impl<'de> Deserialize<'de> for Matchers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounded;
        impl<'de> Visitor<'de> for Bounded {
            type Value = Matchers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of matchers")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Matchers, A::Error> {
                let mut matchers = Matchers::default();
                // A few characters may compile to much, so it ends at the bound and not behind the last of them.
                while let Some(matcher) = texts.next_element()? {
                    matchers.push(matcher).map_err(Error::custom)?;
                }
                Ok(matchers)
            }
        }
        deserializer.deserialize_seq(Bounded)
    }
}

impl Matchers {
    /// The matchers, in the order in which they were written.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Matcher> {
        self.0.iter()
    }

    /// Whether there are none, so that every alert is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an alert with these labels is meant.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|matcher| matcher.takes(labels.get(&matcher.name).unwrap_or_default()))
    }

    /// Whether an alert may be meant of whose labels only some are known; what isn't known may be anything.
    #[must_use]
    pub fn may_match(&self, known: &Labels) -> bool {
        self.0.iter().all(|matcher| known.get(&matcher.name).is_none_or(|value| matcher.takes(value)))
    }

    /// Whether no matcher demands a certain value: such a list means nearly everything, whatever it leaves out. A pattern
    /// demands one unless it takes the empty value or any value of a kind, as `.*`, `.+` and `[a-z-]+` do. Nobody can
    /// prove of every pattern how much it means: whoever lists all values that there are isn't found out.
    #[must_use]
    pub fn is_match_all(&self) -> bool {
        !self.0.iter().any(Matcher::demands)
    }
}

impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, matcher) in self.0.iter().enumerate() {
            write!(f, "{}{matcher}", if at > 0 { ", " } else { "" })?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests;
