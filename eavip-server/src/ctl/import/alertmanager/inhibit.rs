//! Inhibitions.

use eavip_core::alert::inhibit::MAX_INHIBITIONS;
use eavip_core::alert::matcher::{Matcher, Matchers};

use super::super::given::{Fields, Import, Outcome, quoted};
use super::super::toml;
use super::super::yaml::Node;
use super::matcher;

pub(super) fn write(import: &Import<'_>, rules: &[Node]) -> String {
    let mut out = String::new();
    let mut written = 0;
    for node in rules {
        let Some(fields) = import.fields(node, "an inhibition") else { continue };
        match one(&fields) {
            Ok(_) if written == MAX_INHIBITIONS => {
                let why = format!("a runbook has at most {MAX_INHIBITIONS}");
                import.remark(Outcome::LeftOut, node.line, "an inhibition", why);
            }
            Ok((text, what)) => {
                written += 1;
                out += &text;
                import.remark(
                    Outcome::Taken,
                    node.line,
                    what,
                    "where alerts explain each other, the oldest is told",
                );
            }
            Err(why) => import.remark(Outcome::LeftOut, node.line, "an inhibition", why),
        }
        fields.finish();
    }
    out
}

fn one(fields: &Fields<'_>) -> Result<(String, String), &'static str> {
    let source = matcher::read(fields, ["source_match", "source_match_re", "source_matchers"]);
    let target = matcher::read(fields, ["target_match", "target_match_re", "target_matchers"]);
    let equal = fields.texts("equal");
    let (source, target) = source.zip(target).ok_or("one of its matchers can't be said here")?;
    let told = Matchers::try_from(source.clone()).map_err(|_| "it has too many matchers")?;
    if told.is_match_all() {
        return Err("its source demands no certain value, so nearly every alert would explain others");
    }
    let mut out = format!("[[inhibit]]\nsource = {}\ntarget = {}\n", texts(&source), texts(&target));
    if !equal.is_empty() {
        out += &format!("equal = {}\n", toml::list(equal.iter().map(|(name, _)| name)));
    }
    let what = format!("inhibition by {}", quoted(&told.to_string()));
    Ok((out + "\n", what))
}

/// Matchers as the runbook writes them.
pub(super) fn texts(matchers: &[Matcher]) -> String {
    toml::list(matchers.iter().map(ToString::to_string))
}
