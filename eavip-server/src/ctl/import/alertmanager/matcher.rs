//! Matchers in every form that Alertmanager 0.25 has: the maps `match` and `match_re`, and the list `matchers`. The runbook's own
//! matchers mean the same and read the same list; what they refuse is told.

use eavip_core::alert::matcher::{InvalidMatcher, Matcher, Matchers, Operator};

use super::super::given::{Fields, Import, Outcome, quoted};
use super::super::yaml::Node;

/// Labels that this server sets on every alert.
const OWN_LABELS: [&str; 3] = ["rule", "category", "owner"];

/// The matchers of a route or of one side of an inhibition; `None` when one of them can't be said here: fewer would mean more
/// alerts. `keys` are the names of the two maps and the list.
pub(super) fn read(fields: &Fields<'_>, keys: [&str; 3]) -> Option<Vec<Matcher>> {
    let [plain, patterns, list] = keys;
    let import = fields.import;
    let mut found: Option<Vec<Matcher>> = Some(Vec::new());
    let mut add = |node: &Node, text: &str, read: Result<Vec<Matcher>, InvalidMatcher>| match read {
        Ok(matchers) => {
            matchers.iter().for_each(|matcher| remark(import, node, matcher));
            found.iter_mut().for_each(|list| list.extend(matchers.iter().cloned()));
        }
        Err(error) => {
            found = None;
            refused(import, node, text, &error);
        }
    };
    for (key, operator) in [(plain, Operator::Equal), (patterns, Operator::Matches)] {
        for (name, value, node) in fields.pairs(key) {
            let read = Matcher::new(name, operator, value).map(|matcher| vec![matcher]);
            add(node, &format!("{name}{operator}{value}"), read);
        }
    }
    for (text, node) in fields.texts(list) {
        add(node, text, text.parse::<Matchers>().map(Vec::from));
    }
    found
}

fn refused(import: &Import<'_>, node: &Node, text: &str, error: &InvalidMatcher) {
    match error {
        InvalidMatcher::Form { .. } | InvalidMatcher::Quote { .. } | InvalidMatcher::Brace { .. } => {
            let told = error.to_string();
            let (message, remedy) = told.split_once("; ").unwrap_or((&told, "correct it"));
            import.problem(node, message, remedy);
        }
        _ => {
            import.remark(Outcome::LeftOut, node.line, format!("matcher {}", quoted(text)), error.to_string())
        }
    }
}

/// What means something else here than there.
fn remark(import: &Import<'_>, node: &Node, matcher: &Matcher) {
    let what = || format!("matcher {}", quoted(&matcher.to_string()));
    if OWN_LABELS.contains(&matcher.name()) {
        let why = "this server sets this label itself: `rule` from the alert's name, `category` from its severity, `owner` by \
                   the runbook";
        import.remark(Outcome::Changed, node.line, what(), why);
    }
    if matcher.is_regex() && matcher.value().contains("(?i") && !matcher.value().is_ascii() {
        let why = "`(?i)` takes either case of the letters of ASCII only";
        import.remark(Outcome::Changed, node.line, what(), why);
    }
}
