//! `config show [--origin]`: the values in effect that somebody wrote, and where.

use std::io::Write;

use eavip_core::document::Problem;

use super::exit;
use super::output::table;
use crate::config::Config;
use crate::config::layers::Layers;

/// Arguments of `config show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Say where each value was written
    #[arg(long)]
    pub origin: bool,
}

/// Prints the values. A configuration that can be used only ever names secrets, so none is shown; of one that can't,
/// the problems are shown instead, because a secret may stand in it in plain text.
pub fn show(args: &ShowArgs, layers: &Layers, out: &mut impl Write) -> u8 {
    if let Err(found) = Config::load(layers) {
        return problems(&found, &mut std::io::stderr());
    }
    let leaves = layers.document().leaves();
    let written = if args.origin {
        let rows: Vec<[String; 3]> =
            leaves.into_iter().map(|(key, value, place)| [key, value, place]).collect();
        table(out, ["KEY", "VALUE", "FROM"], &rows)
    } else {
        let rows: Vec<[String; 2]> = leaves.into_iter().map(|(key, value, _)| [key, value]).collect();
        table(out, ["KEY", "VALUE"], &rows)
    };
    if written.is_ok() { exit::OK } else { exit::FAILURE }
}

/// Prints every problem of a configuration; the exit code is that of wrong usage.
pub fn problems(problems: &[Problem], out: &mut impl Write) -> u8 {
    let count = problems.len();
    let plural = if count == 1 { "" } else { "s" };
    let mut print = || -> std::io::Result<()> {
        for problem in problems {
            writeln!(out, "{problem}\n")?;
        }
        writeln!(out, "{count} problem{plural}; nothing was started")
    };
    // With nowhere to print to, the exit code still tells.
    let _ = print();
    exit::USAGE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_where_each_value_comes_from_and_nothing_of_a_broken_configuration() {
        let shown = |layers: &Layers| {
            let mut out = Vec::new();
            let code = show(&ShowArgs { origin: true }, layers, &mut out);
            (code, String::from_utf8(out).unwrap())
        };
        let layers = Layers::default().flag("--interval", "interval", "5s");
        let (code, text) = shown(&layers);
        assert_eq!(code, exit::OK);
        assert_eq!(text, "KEY       VALUE  FROM\ninterval  \"5s\"   --interval:1:14\n");
        assert_eq!(shown(&layers.flag("--password", "password", "hunter2")), (exit::USAGE, String::new()));
    }
}
