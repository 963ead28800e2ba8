//! Pages of lists. A cursor says after which item the next page begins, by what the list is sorted by, so that items
//! which come or go meanwhile neither repeat nor hide others. Clients hand it back as it is.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::view::Page;
use crate::problem::Problem;

/// Items of a page when nobody says how many.
pub const DEFAULT_LIMIT: usize = 50;
/// Most items of a page.
pub const MAX_LIMIT: usize = 500;

/// An item's place in a list that is sorted by a moment, in milliseconds, and then by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place<I>(pub i64, pub I);

impl<I: Display> Display for Place<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.0, self.1)
    }
}

impl<I: FromStr> FromStr for Place<I> {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (moment, id) = text.split_once('_').ok_or(())?;
        Ok(Self(moment.parse().map_err(|_| ())?, id.parse().map_err(|_| ())?))
    }
}

/// The page over `items`, which hold one more than `limit` when there is a next page.
pub fn page<I, T>(
    mut items: Vec<I>,
    limit: usize,
    cursor: impl Fn(&I) -> String,
    view: impl FnMut(I) -> T,
) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(cursor);
    Page { items: items.into_iter().map(view).collect(), next_cursor }
}

/// How many items are asked for.
///
/// # Errors
/// When it isn't 1 to [`MAX_LIMIT`].
pub fn limit(asked: Option<u16>) -> Result<usize, Problem> {
    let asked = asked.map_or(DEFAULT_LIMIT, usize::from);
    let range = 1..=MAX_LIMIT;
    if range.contains(&asked) {
        Ok(asked)
    } else {
        Err(Problem::invalid("limit", format!("use 1 to {MAX_LIMIT}")))
    }
}

/// Where the page begins.
///
/// # Errors
/// When the cursor isn't one of this list.
pub fn cursor<C: std::str::FromStr>(text: Option<&str>) -> Result<Option<C>, Problem> {
    let wrong = || Problem::invalid("cursor", "use the `next_cursor` of a page of this list");
    text.map(|text| text.parse().map_err(|_| wrong())).transpose()
}
