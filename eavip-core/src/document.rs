//! Declared text read strictly: TOML from several sources merged into one tree that remembers where each value
//! stands, and readers that report every problem at once, with file, line, column and the remedy.
//!
//! Reading files is the caller's part; policy and the configurations of agent and server are read with this.

mod schema;
mod section;
mod tree;

pub use schema::Declared;
pub use section::Section;
pub use tree::{Document, Merge, Source};

/// One mistake in a declared text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A stable code, such as `EAVIP-P02`.
    pub code: &'static str,
    /// The source's name: a file, or an environment variable.
    pub source: String,
    /// Line and column from 1; `None` where the source has no lines.
    pub position: Option<(usize, usize)>,
    /// The line it stands in, cut after [`MAX_LINE`] characters.
    pub line: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What would be right.
    pub remedy: String,
}

/// Longest source line shown in a problem.
pub const MAX_LINE: usize = 160;

/// A text that isn't TOML.
pub const SYNTAX: &str = "EAVIP-P01";
/// A key that nothing reads.
pub const UNKNOWN_KEY: &str = "EAVIP-P02";
/// A value of the wrong type, form or range.
pub const WRONG_VALUE: &str = "EAVIP-P03";
/// A key that must be there and isn't.
pub const MISSING: &str = "EAVIP-P04";
/// The same thing declared in two places.
pub const TWICE: &str = "EAVIP-P05";
/// A name that nothing declares.
pub const UNRESOLVED: &str = "EAVIP-P06";
/// Values that contradict each other.
pub const CONTRADICTION: &str = "EAVIP-P07";

impl Problem {
    /// `file:line:column`, or the source's name alone.
    #[must_use]
    pub fn place(&self) -> String {
        match self.position {
            Some((line, column)) => format!("{}:{line}:{column}", self.source),
            None => self.source.clone(),
        }
    }
}

/// Several lines for a terminal: place and message, the source line with a mark below, the remedy.
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}: {} [{}]", self.place(), self.message, self.code)?;
        if let Some((number, column)) = self.position.filter(|_| !self.line.is_empty()) {
            writeln!(f, "{number:>6} | {}", self.line)?;
            if column <= MAX_LINE {
                writeln!(f, "       | {}^", " ".repeat(column.saturating_sub(1)))?;
            }
        }
        write!(f, "       = {}", self.remedy)
    }
}

#[cfg(test)]
mod tests;
