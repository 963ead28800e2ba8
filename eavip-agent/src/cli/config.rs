//! `config show [--origin]`: the values in effect that somebody wrote, and where.

use std::io::Write;

use eavip_core::document::Problem;

use super::exit;
use super::output::table;
use crate::config::layers::Layers;

/// Arguments of `config show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Say where each value was written
    #[arg(long)]
    pub origin: bool,
}

/// Prints the values; secrets are only ever named in a configuration, so none is shown.
pub fn show(args: &ShowArgs, layers: &Layers, out: &mut impl Write) -> u8 {
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
