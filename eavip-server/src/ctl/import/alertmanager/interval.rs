//! Time intervals, as far as a maintenance window can say them: by weekday and clock. What hangs on days of the month, months or
//! years can't be said, and is reported.

use std::collections::{BTreeMap, BTreeSet};

use eavip_core::time::calendar::{ClockTime, Weekday};
use eavip_core::time::zone::Zone;

use super::super::given::{Fields, Import, quoted};
use super::super::yaml::Node;

/// Minutes of a week, from Monday on.
const DAY: usize = 24 * 60;
const WEEK: usize = 7 * DAY;

/// Each minute of a week, and whether it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Week(Vec<bool>);

/// What a name means: weeks by whose clock counts, or why it can't be said.
pub(super) type Named = Result<BTreeMap<String, Week>, String>;

/// A window that recurs on days, from a time on, for minutes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Recurrence {
    pub(super) at: String,
    pub(super) minutes: usize,
    /// Empty for every day.
    pub(super) days: Vec<&'static str>,
}

impl Week {
    fn never() -> Self {
        Self(vec![false; WEEK])
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, others)| *mine |= *others);
    }

    /// The minutes that aren't meant.
    pub(super) fn rest(&self) -> Self {
        Self(self.0.iter().map(|meant| !meant).collect())
    }

    fn mark(&mut self, day: usize, from: usize, until: usize) {
        let minutes = self.0.iter_mut().skip(day * DAY + from).take(until.saturating_sub(from));
        minutes.for_each(|minute| *minute = true);
    }

    /// The same as windows, none longer than a day.
    pub(super) fn windows(&self) -> Vec<Recurrence> {
        let mut runs: BTreeMap<(usize, usize), Vec<&'static str>> = BTreeMap::new();
        for (minutes, weekday) in self.0.chunks(DAY).zip(Weekday::ALL) {
            let mut from = None;
            for (minute, meant) in minutes.iter().copied().chain([false]).enumerate() {
                match (meant, from) {
                    (true, None) => from = Some(minute),
                    (false, Some(begin)) => {
                        runs.entry((begin, minute - begin)).or_default().push(weekday.as_str());
                        from = None;
                    }
                    _ => {}
                }
            }
        }
        let window = |((at, minutes), days): ((usize, usize), Vec<&'static str>)| Recurrence {
            at: format!("{:02}:{:02}", at / 60, at % 60),
            minutes,
            days: if days.len() == 7 { Vec::new() } else { days },
        };
        runs.into_iter().map(window).collect()
    }
}

/// The intervals of the file by name, from both of its keys.
pub(super) fn read(import: &Import<'_>, lists: &[&[Node]]) -> BTreeMap<String, Named> {
    let mut found = BTreeMap::new();
    for node in lists.iter().copied().flatten() {
        let Some(fields) = import.fields(node, "a time interval") else { continue };
        let Some(name) = fields.required("name") else { continue };
        let mut weeks: Named = Ok(BTreeMap::new());
        for part in fields.list("time_intervals") {
            let Some(part) = import.fields(part, &format!("time interval {}", quoted(name))) else {
                continue;
            };
            match (interval(&part), &mut weeks) {
                (Ok((zone, week)), Ok(weeks)) => weeks.entry(zone).or_insert_with(Week::never).add(&week),
                (Err(why), weeks @ Ok(_)) => *weeks = Err(why),
                (_, Err(_)) => {}
            }
            part.finish();
        }
        fields.finish();
        if found.insert(name.to_owned(), weeks).is_some() {
            import.problem(node, format!("time interval {} stands twice", quoted(name)), "keep one of them");
        }
    }
    found
}

fn interval(fields: &Fields<'_>) -> Result<(String, Week), String> {
    let zone = fields.text("location").unwrap_or("UTC");
    let days = days(&fields.texts("weekdays"));
    let times: Result<Vec<(usize, usize)>, String> = fields
        .list("times")
        .iter()
        .filter_map(|node| fields.import.fields(node, "a time range"))
        .map(range)
        .collect();
    for key in ["days_of_month", "months", "years"] {
        if fields.take(key).is_some() {
            return Err(format!("a window recurs by weekday, and this one hangs on `{key}`"));
        }
    }
    if zone == "Local" {
        return Err("whose clock is meant isn't said: the location is `Local`".to_owned());
    }
    let zone = zone.parse::<Zone>().map_err(|error| error.to_string())?;
    let (days, mut times) = (days?, times?);
    if times.is_empty() {
        times.push((0, DAY));
    }
    let mut week = Week::never();
    for day in days {
        times.iter().for_each(|(from, until)| week.mark(day, *from, *until));
    }
    Ok((zone.as_str().to_owned(), week))
}

/// Days of the week from Monday on; all where none is named.
fn days(texts: &[(&str, &Node)]) -> Result<BTreeSet<usize>, String> {
    const NAMES: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    if texts.is_empty() {
        return Ok((0..7).collect());
    }
    let mut found = BTreeSet::new();
    for (text, _) in texts {
        let number = |name: &str| NAMES.iter().position(|known| name.trim().eq_ignore_ascii_case(known));
        let (from, until) = text.split_once(':').unwrap_or((text, text));
        let range = number(from).zip(number(until)).filter(|(from, until)| from <= until);
        let (from, until) = range.ok_or_else(|| format!("{} is no range of weekdays", quoted(text)))?;
        found.extend((from..=until).map(|day| (day + 6) % 7));
    }
    Ok(found)
}

fn range(fields: Fields<'_>) -> Result<(usize, usize), String> {
    let minute = |key: &str| {
        let text = fields.required(key).unwrap_or_default();
        let whole = (text == "24:00").then_some(DAY);
        let found = whole.or_else(|| Some(usize::from(text.parse::<ClockTime>().ok()?.minutes())));
        found.ok_or_else(|| format!("{} is no time on the clock", quoted(text)))
    };
    let (from, until) = (minute("start_time"), minute("end_time"));
    fields.finish();
    let (from, until) = (from?, until?);
    if from < until { Ok((from, until)) } else { Err("a time range ends before it begins".to_owned()) }
}

#[cfg(test)]
mod tests;
