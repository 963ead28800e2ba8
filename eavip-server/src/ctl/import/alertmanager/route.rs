//! The tree of routes, and the maintenance windows that its time intervals become.

use std::collections::BTreeMap;

use eavip_core::alert::maintenance::MAX_WINDOWS;
use eavip_core::alert::matcher::{Matcher, Matchers};
use eavip_core::alert::route::MAX_DEPTH;
use eavip_core::time::{Span, Timestamp};

use super::super::given::{Fields, Import, Outcome, quoted};
use super::super::toml;
use super::super::yaml::{Node, Value};
use super::inhibit::texts;
use super::interval::{Named, Week};
use super::matcher;
use super::receiver::Receivers;

const DAY: Span = Span::from_secs(24 * 3_600);
/// The longest span of a route.
const LONGEST: Span = DAY.times(365);
/// The shortest time after which a runbook lets a group be told again.
const LEAST_REPEAT: Span = Span::from_secs(60);

/// What a route has from those around it.
struct Around<'a> {
    matchers: &'a [Matcher],
    interval: Span,
    repeat: Span,
    /// How many routes lie around it.
    depth: usize,
}

struct Tree<'i> {
    import: &'i Import<'i>,
    receivers: &'i Receivers,
    intervals: &'i BTreeMap<String, Named>,
    expires: String,
    routes: String,
    windows: String,
    written: usize,
}

/// The routes, and behind them the windows.
pub(super) fn write<'i>(
    import: &'i Import<'i>,
    root: &'i Node,
    receivers: &'i Receivers,
    intervals: &'i BTreeMap<String, Named>,
    now: Timestamp,
) -> String {
    let expires = (now + LONGEST).to_string();
    let expires = expires.get(..10).unwrap_or_default().to_owned();
    let (routes, windows) = (String::new(), String::new());
    let mut tree = Tree { import, receivers, intervals, expires, routes, windows, written: 0 };
    let around = Around {
        matchers: &[],
        interval: Span::from_secs(300),
        repeat: Span::from_secs(4 * 3_600),
        depth: 0,
    };
    tree.route(root, &around);
    tree.routes + &tree.windows
}

impl<'i> Tree<'i> {
    fn route(&mut self, node: &'i Node, around: &Around<'_>) {
        let Some(fields) = self.import.fields(node, "a route") else { return };
        let depth = around.depth + 1;
        let own = matcher::read(&fields, ["match", "match_re", "matchers"]);
        let Some(own) = own.filter(|_| depth <= MAX_DEPTH) else {
            let why = match depth > MAX_DEPTH {
                true => format!("routes lie at most {MAX_DEPTH} deep; its alerts go where those go that no inner route takes"),
                false => "one of its matchers can't be said here, and without it the route would take more; its alerts go to those behind it, or to the one around it".to_owned(),
            };
            self.import.remark(Outcome::LeftOut, node.line, "a route, with all that lie in it", why);
            return;
        };
        if depth == 1 && !own.is_empty() {
            self.import.problem(node, "the outermost route has matchers", "let it take every alert");
        }
        let matchers = [around.matchers, &own].concat();
        let receivers = self.receivers(&fields, depth);
        self.head(&own, &receivers, &fields, depth);
        let (interval, repeat) = self.grouping(&fields, around, depth);
        self.routes.push('\n');
        self.muted(&fields, &matchers);
        let within = Around { matchers: &matchers, interval, repeat, depth };
        for inner in fields.list("routes") {
            self.route(inner, &within);
        }
        fields.finish();
    }

    /// What the route's receiver became; nothing where it has that of the route around it.
    fn receivers(&self, fields: &Fields<'_>, depth: usize) -> Vec<String> {
        let name = if depth == 1 { fields.required("receiver") } else { fields.text("receiver") };
        let Some(name) = name else { return Vec::new() };
        self.receivers.names.get(name).cloned().unwrap_or_else(|| {
            let message = format!("no receiver is called {}", quoted(name));
            self.import.problem(fields.node, message, "add it to `receivers`, or mend the name");
            Vec::new()
        })
    }

    fn head(&mut self, own: &[Matcher], receivers: &[String], fields: &Fields<'_>, depth: usize) {
        self.routes += &format!("[[route{}]]\n", ".routes".repeat(depth - 1));
        if !own.is_empty() {
            self.routes += &format!("match = {}\n", texts(own));
        }
        if !receivers.is_empty() {
            self.routes += &format!("receivers = {}\n", toml::list(receivers));
        }
        let goes_on = fields.flag("continue") == Some(true);
        if goes_on {
            self.routes += "continue = true\n";
        }
        let own: Vec<String> = own.iter().map(ToString::to_string).collect();
        let what = format!("route {}", quoted(&format!("{{{}}}", own.join(", "))));
        let to = if receivers.is_empty() {
            "the receivers of the route around it".to_owned()
        } else {
            receivers.join(", ")
        };
        let (outcome, why) = match goes_on {
            true => {
                (Outcome::Changed, format!("to {to}; a receiver that several routes lead to is told once"))
            }
            false => (Outcome::Taken, format!("to {to}")),
        };
        self.import.remark(outcome, fields.node.line, what, why);
    }

    /// Writes how alerts are put together; the pace that holds within.
    fn grouping(&mut self, fields: &Fields<'_>, around: &Around<'_>, depth: usize) -> (Span, Span) {
        let is_root = depth == 1;
        let has_group = fields.take("group_by");
        match has_group.map(|node| &node.value) {
            Some(Value::List(list)) => {
                let names = list.iter().filter_map(|node| match &node.value {
                    Value::Text { text, .. } => Some(text),
                    _ => None,
                });
                self.routes += &format!("group_by = {}\n", toml::list(names));
            }
            Some(_) => self.import.problem(fields.node, "`group_by` is no list", "write a list of labels"),
            // Without it all alerts of the tree are one group there; here they would be grouped by rule.
            None if is_root => self.routes += "group_by = []\n",
            None => {}
        }
        if let Some(wait) = self.within(fields, "group_wait").or(is_root.then_some(Span::from_secs(30))) {
            self.routes += &format!("group_wait = \"{wait}\"\n");
            if is_root {
                let why = "a Critical alert waits for nobody; `[grouping] wait_critical` says otherwise";
                self.import.remark(Outcome::Changed, fields.node.line, "`group_wait`", why);
            }
        }
        let interval = self.within(fields, "group_interval");
        if let Some(interval) = interval.or(is_root.then_some(around.interval)) {
            self.routes += &format!("group_interval = \"{interval}\"\n");
        }
        let interval = interval.unwrap_or(around.interval);
        let wanted = self.within(fields, "repeat_interval").unwrap_or(around.repeat);
        let repeat = wanted.max(interval).max(LEAST_REPEAT);
        if repeat != wanted {
            let why = format!(
                "{repeat} for {wanted}: never before the next message of the group, nor within a minute"
            );
            self.import.remark(Outcome::Changed, fields.node.line, "`repeat_interval`", why);
        }
        if is_root || repeat != around.repeat {
            self.routes += &format!("repeat_interval = \"{repeat}\"\n");
        }
        (interval, repeat)
    }

    fn within(&self, fields: &Fields<'_>, key: &str) -> Option<Span> {
        let found = fields.span(key)?;
        if found > LONGEST {
            let why = format!("{LONGEST} for {found}, the longest there is");
            self.import.remark(Outcome::Changed, fields.node.line, format!("`{key}`"), why);
        }
        Some(found.min(LONGEST))
    }

    /// What mutes the route, as windows for what it takes.
    fn muted(&mut self, fields: &Fields<'_>, matchers: &[Matcher]) {
        for (key, is_active) in [("mute_time_intervals", false), ("active_time_intervals", true)] {
            let names: Vec<&str> = fields.texts(key).into_iter().map(|(name, _)| name).collect();
            if names.is_empty() {
                continue;
            }
            let what = format!("`{key}` {}", quoted(&names.join(", ")));
            match self.weeks(fields, &names, is_active) {
                Ok(weeks) => self.window(fields, &what, &names.join("-"), weeks, matchers),
                Err(why) => self.import.remark(Outcome::LeftOut, fields.node.line, what, why),
            }
        }
    }

    /// When the route is mute, by whose clock counts.
    fn weeks(
        &self,
        fields: &Fields<'_>,
        names: &[&str],
        is_active: bool,
    ) -> Result<BTreeMap<String, Week>, String> {
        let mut weeks: BTreeMap<String, Week> = BTreeMap::new();
        for name in names {
            let Some(named) = self.intervals.get(*name) else {
                let message = format!("no time interval is called {}", quoted(name));
                self.import.problem(fields.node, message, "add it to `time_intervals`, or mend the name");
                continue;
            };
            for (zone, week) in named.as_ref().map_err(Clone::clone)? {
                weeks.entry(zone.clone()).or_insert_with(|| week.clone()).add(week);
            }
        }
        if !is_active {
            return Ok(weeks);
        }
        if weeks.len() > 1 {
            return Err("a window goes by one clock, and these intervals by several".to_owned());
        }
        Ok(weeks.into_iter().map(|(zone, week)| (zone, week.rest())).collect())
    }

    fn window(
        &mut self,
        fields: &Fields<'_>,
        what: &str,
        name: &str,
        weeks: BTreeMap<String, Week>,
        matchers: &[Matcher],
    ) {
        let line = fields.node.line;
        let narrow = Matchers::try_from(matchers.to_vec()).is_ok_and(|matchers| !matchers.is_match_all());
        if !narrow {
            let why = "a window needs a matcher that demands a certain value, else it hides everything";
            return self.import.remark(Outcome::LeftOut, line, what, why);
        }
        let all =
            weeks.iter().flat_map(|(zone, week)| week.windows().into_iter().map(move |one| (zone, one)));
        for (number, (zone, one)) in all.enumerate() {
            if self.written == MAX_WINDOWS {
                let why = format!("a runbook has at most {MAX_WINDOWS} windows");
                return self.import.remark(Outcome::LeftOut, line, what, why);
            }
            self.written += 1;
            let id = format!("{}-{line}-{}", toml::slug(name), number + 1);
            // A dot would begin a table of its own.
            self.windows +=
                &format!("[maintenance.{}]\nzone = {}\n", id.replace('.', "-"), toml::string(zone));
            if !one.days.is_empty() {
                self.windows += &format!("days = {}\n", toml::list(&one.days));
            }
            let lasts = Span::from_secs(60).times(one.minutes as u64);
            self.windows += &format!("at = \"{}\"\nfor = \"{lasts}\"\n", one.at);
            self.windows += &format!("match = {}\n", texts(matchers));
            self.windows +=
                "# TO COMPLETE: the change record, who answers for it, and until when it recurs.\n";
            self.windows += "change = \"TO-COMPLETE\"\nowner = \"platform-operations\"\n";
            self.windows += &format!("expires = {}T00:00:00Z\n\n", self.expires);
        }
        let why = "as maintenance windows: they hold for every receiver of these alerts, last by the time that passes, and end after a year";
        self.import.remark(Outcome::Changed, line, what, why);
    }
}
