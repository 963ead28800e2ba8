//! `eavip-server audit`: verifying, proving and exporting the audit log from files alone, also beside a running server.
//! What is wrong and what proves what is decided in `crate::audit`.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use eavip_agent::witness::VerifierKey;
use eavip_core::time::Timestamp;

use super::{Exit, complain, say};
use crate::audit::prove::{Asked, Document, Form, MAX_DOCUMENT, prove};
use crate::audit::verify::{Report, all_witnessed, verify};
use crate::config::Config;
use crate::dashboard::words::counted;

/// What can be done with the audit log.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Compare the ledger with what was signed; exits 0 when all is well, 3 with findings, 1 when nothing can be said
    #[command(after_help = "Examples:
  eavip-server audit verify
  eavip-server audit verify --data /backup/of/yesterday --against audit-witness-NODE.json
  eavip-server audit verify --key 'eavip-audit/0198...+5d1c...+AX...' --against checkpoint.txt -o json")]
    Verify(Verify),
    /// Print a proof that a record is in the log: one JSON document that stands alone
    #[command(after_help = "Examples:
  eavip-server audit prove 4711 > proof.json
  eavip-server audit check-proof proof.json")]
    Prove {
        #[command(flatten)]
        files: Files,
        /// The record's place in the ledger; the first is 0
        position: u64,
    },
    /// Check proofs that `prove` or `export` wrote, without the server's files; exits 3 when one proves nothing
    CheckProof {
        /// The proof, or several, one a line
        file: PathBuf,
        /// The key that is believed, instead of the one in the proof
        #[arg(long, value_name = "KEY")]
        key: Option<VerifierKey>,
    },
    /// Write the records of a period with their proofs, one JSON document a line, without hashes of secrets
    #[command(after_help = "Example:
  eavip-server audit export --from 2026-10-01T00:00:00Z --to 2027-01-01T00:00:00Z > q4.jsonl")]
    Export {
        #[command(flatten)]
        files: Files,
        /// The first moment, RFC 3339
        #[arg(long, value_name = "TIME")]
        from: Timestamp,
        /// The first moment that is no longer part of it, RFC 3339
        #[arg(long, value_name = "TIME")]
        to: Timestamp,
        /// As a table for people instead, which proves nothing
        #[arg(long)]
        csv: bool,
    },
    /// Print the key that checkpoints are verified with
    Key {
        #[command(flatten)]
        files: Files,
    },
}

/// Which files.
#[derive(Debug, Args)]
pub(super) struct Files {
    /// The server's data directory, or a copy of it [default: that of the configuration]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The key that is believed, instead of `audit/key.pub` in the data directory
    #[arg(long, value_name = "KEY")]
    key: Option<VerifierKey>,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    files: Files,
    /// A checkpoint that somebody else kept: a signed note, or a node's witness file; may be given several times
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Output {
    Table,
    Json,
}

impl Files {
    fn data(&self) -> PathBuf {
        // Of a configuration with problems the rest is still right, and where the data is matters alone.
        let configured = || Config::load(&Config::layers(None)).map(|(config, _)| config.data);
        self.data.clone().or_else(|| configured().ok()).unwrap_or_else(|| Config::default().data)
    }
}

pub(super) fn run(audit: Audit) -> Exit {
    let done = match audit {
        Audit::Verify(verify) => verified(&verify),
        Audit::Prove { files, position } => proven(&files, &Asked::Position(position), Form::Proofs),
        Audit::CheckProof { file, key } => checked(&file, key.as_ref()),
        Audit::Export { files, from, to, csv } => {
            let form = if csv { Form::Csv } else { Form::Proofs };
            proven(&files, &Asked::Period(from..to), form)
        }
        Audit::Key { files } => key(&files),
    };
    done.unwrap_or_else(|error| {
        complain(&format!("eavip-server: {error:#}"));
        Exit::Failure
    })
}

fn verified(asked: &Verify) -> anyhow::Result<Exit> {
    let against = all_witnessed(&asked.against)?;
    let report = verify(&asked.files.data(), asked.files.key.clone(), &against)?;
    let said = match asked.output {
        Output::Json => say(&serde_json::to_string_pretty(&report)?),
        Output::Table => say(&table(&report, against.len())),
    };
    let sound = report.findings.is_empty();
    Ok(if !matches!(said, Exit::Ok) || sound { said } else { Exit::Findings })
}

fn table(report: &Report, against: usize) -> String {
    let Report { log, records, checkpoints, covered, agreeing, findings, notes, .. } = report;
    let mut lines = vec![
        format!("audit log    {log}"),
        format!(
            "records      {records}, {covered} of them signed in {}",
            counted(*checkpoints, "checkpoint", "checkpoints")
        ),
        format!("witnesses    {agreeing} of {} agree", counted(against, "checkpoint", "checkpoints")),
    ];
    lines.extend(notes.iter().map(|note| format!("note         {note}")));
    for found in findings {
        lines.push(format!("\n{} {}: {}", found.code, found.flaw, found.what));
        lines.push(format!("    detected by {}", found.detected_by));
    }
    let verdict = match (findings.len(), against) {
        (0, 0) => {
            "\nsound: the ledger is what was signed. Only a checkpoint that somebody else kept can show that nothing was signed \
             anew (`--against`)"
                .to_owned()
        }
        (0, _) => "\nsound: the ledger is what was signed and what the witnesses saw".to_owned(),
        (count, _) => {
            let findings = counted(count, "finding", "findings");
            format!("\n{findings}; `eavipctl explain CODE` says what each means")
        }
    };
    lines.push(verdict);
    lines.join("\n")
}

fn proven(files: &Files, asked: &Asked, form: Form) -> anyhow::Result<Exit> {
    let mut out = BufWriter::new(io::stdout().lock());
    match prove(&files.data(), files.key.clone(), asked, form, &mut out) {
        Ok(count) => {
            if !matches!(asked, Asked::Position(_)) {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                complain(&format!("{} written", counted(count, "record", "records")));
            }
            Ok(Exit::Ok)
        }
        Err(error) => Err(error.into()),
    }
}

fn checked(file: &std::path::Path, key: Option<&VerifierKey>) -> anyhow::Result<Exit> {
    let documents = serde_json::Deserializer::from_reader(io::BufReader::new(limited(file)?));
    let (mut sound, mut wrong) = (0_u64, 0_u64);
    let mut out = io::stdout().lock();
    for document in documents.into_iter::<Document>() {
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                complain(&format!("`{}` holds something that is no proof: {error}", file.display()));
                return Ok(Exit::Findings);
            }
        };
        let position = document.position;
        match document.check(key) {
            Ok(()) => {
                sound += 1;
                let (size, what) = (document.checkpoint.unverified().size(), document.says());
                writeln!(out, "record {position} is in the log of {size} records: {what}")?;
            }
            Err(reason) => {
                wrong += 1;
                writeln!(out, "record {position} isn't proven: {reason}")?;
            }
        }
    }
    if key.is_none() {
        complain("each proof was checked with its own key; give `--key` to check whose it is");
    }
    Ok(if wrong == 0 && sound > 0 { Exit::Ok } else { Exit::Findings })
}

fn limited(file: &std::path::Path) -> anyhow::Result<impl io::Read> {
    use anyhow::Context as _;
    use std::io::Read as _;
    let opened = File::open(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    Ok(opened.take(MAX_DOCUMENT))
}

fn key(files: &Files) -> anyhow::Result<Exit> {
    Ok(say(&crate::audit::verify::public_key(&files.data())?.to_string()))
}
