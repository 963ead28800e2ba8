//! `import`: what Alertmanager and Prometheus are told, as parts of a runbook and of the server's configuration; and a report of
//! what was taken over, what means something else here, what can't be said, and which alerts nobody owns. No server is asked,
//! and no secret is repeated.

mod alertmanager;
mod given;
mod report;
mod rules;
mod toml;
mod yaml;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use eavip_agent::cli::exit;
use eavip_core::document::Problem;

use self::given::{Import, Outcome, UNREADABLE};
use self::report::Report;
use self::yaml::Document;
use crate::ctl::failure::Failure;
use crate::ctl::given as files;
use crate::ctl::output::{Output, talk};
use crate::ctl::text::counted;

/// Largest file, in bytes: the largest known configurations have a fifth of it.
const MAX_FILE: u64 = 4 * 1024 * 1024;
/// Most problems that are told; the rest is counted.
const MAX_TOLD: usize = 100;

/// Arguments of `import`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write Alertmanager's routes, inhibitions, time intervals and receivers as parts of a runbook and of the server's
    /// configuration; exits 3 when something can't be said here
    #[command(after_help = "eavipctl import alertmanager /etc/prometheus/alertmanager.yml --out runbook\n\
                            eavipctl check runbook\n\
                            eavipctl import alertmanager - -o json < alertmanager.yml")]
    Alertmanager {
        /// Its configuration, or - for standard input
        file: PathBuf,
        #[command(flatten)]
        to: To,
    },
    /// Write the owners of Prometheus' alerts, and list those without owner or runbook; exits 3 when there are some
    #[command(after_help = "eavipctl import prometheus-rules /etc/prometheus/rules/*.yml --out runbook\n\n\
                            The owner is the label `owner` or `team`, or a line `# owner: NAME` above the rule; the runbook is \
                            the\nannotation `runbook_url` or `runbook`, or a line `# runbook: NAME` above the rule.")]
    PrometheusRules {
        /// Its rule files, or - for standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        to: To,
    },
}

/// Where what was imported goes.
#[derive(Debug, clap::Args)]
pub(crate) struct To {
    /// A directory for the files; nothing in it is overwritten [default: print them]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What a file becomes.
#[derive(Debug, Default)]
struct Parts {
    /// A part of a runbook.
    runbook: String,
    /// A part of the server's configuration; may be empty.
    server: String,
}

impl Command {
    pub(crate) fn run(self, out: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Alertmanager { file, to } => {
                let mut report = Report::default();
                let mut parts = Parts::default();
                let now = crate::shared::now();
                each(&[file], &mut report, |import, document, _| {
                    parts = alertmanager::read(import, document, now);
                })?;
                to.write(&parts, "alertmanager.toml")?;
                report.tell(&parts, to.out.is_none(), out)?;
                let lost = report.remarks.iter().any(|remark| remark.outcome == Outcome::LeftOut);
                Ok(if lost { exit::FINDINGS } else { exit::OK })
            }
            Self::PrometheusRules { files, to } => {
                let mut report = Report::default();
                each(&files, &mut report, |import, document, alerts| {
                    alerts.extend(rules::read(import, document));
                })?;
                let named = files.iter().map(|file| files::name(file)).collect::<Vec<_>>().join(", ");
                let runbook = alertmanager::head(&named, "teams and owners of alerts", "eavipctl check")
                    + &rules::write(&report.alerts);
                let parts = Parts { runbook, server: String::new() };
                to.write(&parts, "prometheus-rules.toml")?;
                report.tell(&parts, to.out.is_none(), out)?;
                let lacking = report.alerts.iter().any(|alert| !alert.lacks.is_empty());
                Ok(if lacking { exit::FINDINGS } else { exit::OK })
            }
        }
    }
}

/// Reads each file; every problem of all of them is told at once, and then nothing is imported.
fn each(
    files: &[PathBuf],
    report: &mut Report,
    mut read: impl FnMut(&Import<'_>, &Document, &mut Vec<rules::Alert>),
) -> Result<(), Failure> {
    let mut problems = Vec::new();
    for file in files {
        let bytes = match files::read(file, MAX_FILE) {
            Ok(bytes) => bytes,
            Err(found) => {
                problems.extend(found.into_iter().map(|problem| Problem { code: UNREADABLE, ..problem }));
                continue;
            }
        };
        let text = String::from_utf8_lossy(&bytes);
        let import = Import::new(&files::name(file), &text);
        match (std::str::from_utf8(&bytes), yaml::parse(&text)) {
            (Err(_), _) => import.problem_at((1, 1), UNREADABLE, "isn't UTF-8", "save it as UTF-8"),
            (Ok(_), Err(flaw)) => {
                import.problem_at((flaw.line, flaw.column), UNREADABLE, flaw.message, flaw.remedy);
            }
            (Ok(_), Ok(document)) => {
                if let Some(line) = document.second {
                    let why = "only the first document of a file is read, as there";
                    import.remark(Outcome::LeftOut, line, "a second document", why);
                }
                read(&import, &document, &mut report.alerts);
            }
        }
        problems.append(&mut import.problems.borrow_mut());
        report.remarks.append(&mut import.remarks.borrow_mut());
    }
    if problems.is_empty() {
        return Ok(());
    }
    problems.iter().take(MAX_TOLD).for_each(|problem| talk(&files::harmless(problem)));
    let message = format!("nothing was imported: {} in what was given", counted(problems.len(), "problem"));
    Err(Failure::new(exit::USAGE, message, "mend what is told above, then import again"))
}

impl To {
    /// Writes the parts that hold something into the directory.
    fn write(&self, parts: &Parts, name: &str) -> Result<(), Failure> {
        let Some(dir) = &self.out else { return Ok(()) };
        let server = dir.join("server.d");
        create(dir, name, &parts.runbook)?;
        if parts.server.is_empty() { Ok(()) } else { create(&server, name, &parts.server) }
    }
}

fn create(dir: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = dir.join(name);
    let done = fs::create_dir_all(dir)
        .and_then(|()| fs::OpenOptions::new().write(true).create_new(true).open(&path))
        .and_then(|mut file| file.write_all(text.as_bytes()));
    done.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            let message = format!("`{}` is there already", path.display());
            Failure::new(exit::CONFLICT, message, "name another directory, or move what is there")
        }
        _ => Failure::new(exit::FAILURE, format!("`{}` can't be written: {error}", path.display()), ""),
    })?;
    talk(&format!("wrote {}", path.display()));
    Ok(())
}
