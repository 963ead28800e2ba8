//! `eavipctl check` over the example repository: clean as it is, and with one mistake at a time each told by its code and at
//! the line that has it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::alone;

/// A mistake: in which file what becomes what, and which code is told at the line that has which text.
struct Mistake {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    code: &'static str,
    line: &'static str,
}

const MAIN: &str = "runbook.toml";
const PEOPLE: &str = "runbook.d/10-people.toml";
const ALERTS: &str = "runbook.d/20-alerts.toml";
const ON_CALL: &str = "runbook.d/30-on-call.toml";
const RELEASES: &str = "runbook.d/40-releases.toml";
const BACKUPS: &str = "runbook.d/50-backups.toml";
const CONFIGURATION: &str = "runbook.d/60-configuration.toml";

macro_rules! mistakes {
    ($( $file:expr, $from:literal => $to:literal, $code:literal at $line:literal; )+) => {
        &[$( Mistake { file: $file, from: $from, to: $to, code: $code, line: $line } ),+]
    };
}

const MISTAKES: &[Mistake] = mistakes![
    // Not TOML, keys that nothing reads, values that can't be.
    MAIN, "availability = 0.999\n" => "availability = \n", "EAVIP-P01" at "availability =";
    MAIN, "[objectives]" => "[objectives", "EAVIP-P01" at "[objectives";
    MAIN, "error_ratio = 0.005" => "error_rate = 0.005", "EAVIP-P02" at "error_rate";
    ALERTS, "keep_firing_for" => "keep_fireing_for", "EAVIP-P02" at "keep_fireing_for";
    RELEASES, "[approval.minor]" => "[aproval.minor]", "EAVIP-P02" at "[aproval.minor]";
    MAIN, "availability = 0.999\n" => "availability = 99.9\n", "EAVIP-P03" at "99.9";
    MAIN, "latency_p99 = \"800ms\"" => "latency_p99 = 800", "EAVIP-P03" at "latency_p99 = 800";
    MAIN, "mode = \"saas\"" => "mode = \"cloud\"", "EAVIP-P03" at "mode = \"cloud\"";
    MAIN, "[environment.production]" => "[environment.prod]", "EAVIP-P03" at "[environment.prod]";
    MAIN, "on-prem = \"customer+vendor\"" => "on-prem = \"both\"", "EAVIP-P03" at "both";
    MAIN, "[responsibility.restore-drill]" => "[responsibility.restore-test]", "EAVIP-P03" at "restore-test";
    PEOPLE, "confirmed = 2026-10-01T09:00:00Z" => "confirmed = \"last autumn\"", "EAVIP-P03" at "last autumn";
    ALERTS, "category = \"critical\"" => "category = \"urgent\"", "EAVIP-P03" at "urgent";
    ALERTS, "indicator = \"error_ratio\"" => "indicator = \"errors\"", "EAVIP-P03" at "indicator = \"errors\"";
    ALERTS, "runbook = \"import-stuck\"" => "runbook = \"see the wiki\"", "EAVIP-P03" at "see the wiki";
    ALERTS, "change = \"CHG-1204\"" => "change = \"\"", "EAVIP-P03" at "change = \"\"";
    ON_CALL, "zone = \"Europe/Berlin\"" => "zone = \"Europe/Bonn\"", "EAVIP-P03" at "Europe/Bonn";
    ON_CALL, "turn = \"weekly\"" => "turn = \"fortnightly\"", "EAVIP-P03" at "fortnightly";
    ON_CALL, "after = \"15m\"" => "after = \"2d\"", "EAVIP-P03" at "after = \"2d\"";
    RELEASES, "percent = 10\n" => "percent = 0\n", "EAVIP-P03" at "percent = 0";
    RELEASES, "kind = \"experiment\"" => "kind = \"trial\"", "EAVIP-P03" at "trial";
    BACKUPS, "key = \"{credential=catalogue-backup}\"" => "key = \"correct horse battery\"", "EAVIP-P03" at "correct horse";
    BACKUPS, "sftp:vault.example.com:/backups/billing" => "https://me:secret@vault.example.com", "EAVIP-P03" at "repository";
    BACKUPS, "every = \"1h\"" => "every = \"1 hour\"", "EAVIP-P03" at "1 hour";
    CONFIGURATION, "tolerance = \"5m\"" => "tolerance = \"5h\"", "EAVIP-P03" at "5h";
    // What must be there.
    ALERTS, "owner = \"billing\"\naction" => "action", "EAVIP-P04" at "[alert.invoices-late]";
    ALERTS, "runbook = \"invoices-late\"\n" => "", "EAVIP-P04" at "[alert.invoices-late]";
    ALERTS, "receivers = [\"pager\"]\n" => "", "EAVIP-P04" at "[[route]]";
    MAIN, "customer = \"plant-ulm-it\"\n" => "", "EAVIP-P04" at "[deployment.plant-ulm]";
    PEOPLE, "name = \"Emil Lindqvist\"\nteams = [\"product-architecture\"]" => "name = \"Emil Lindqvist\"", "EAVIP-P04" at "[person.emil]";
    ON_CALL, "since = 2026-01-05\n" => "", "EAVIP-P04" at "[[schedule.platform.rotation]]";
    BACKUPS, "rto = \"1h\"\n" => "", "EAVIP-P04" at "[backup.catalogue]";
    // The same thing twice, in two files.
    ALERTS, "[grouping]" => "[service.gateway]\nowner = \"catalogue\"\n[grouping]", "EAVIP-P05" at "owner = \"catalogue\"";
    // Names that nothing declares.
    MAIN, "owner = \"catalogue\"" => "owner = \"catalog\"", "EAVIP-P06" at "owner = \"catalog\"";
    MAIN, "services = [\"gateway\", \"catalogue\", \"importer\", \"billing\"]" => "services = [\"gatway\"]", "EAVIP-P06" at "gatway";
    ALERTS, "on-prem = \"plant-ulm-it\" }" => "on-prem = \"plant-it\" }", "EAVIP-P06" at "plant-it";
    ALERTS, "match = { service = \"importer\"" => "match = { service = \"imports\"", "EAVIP-P06" at "imports";
    ALERTS, "service = \"gateway\"\nmeasure = \"availability\"" => "service = \"gate\"\nmeasure = \"availability\"", "EAVIP-P06" at "service = \"gate\"";
    ON_CALL, "people = [\"goran\", \"farah\"]" => "people = [\"gorana\", \"farah\"]", "EAVIP-P06" at "gorana";
    ON_CALL, "schedules = [\"plant-ulm\"]" => "schedules = [\"plant\"]", "EAVIP-P06" at "schedules = [\"plant\"]";
    RELEASES, "phase = \"insight\"" => "phase = \"insights\"", "EAVIP-P06" at "insights";
    // Values that contradict each other.
    ALERTS, "clear = 120.0" => "clear = 1200.0", "EAVIP-P07" at "clear = 1200.0";
    ALERTS, "above = 0.2\n" => "above = 20.0\n", "EAVIP-P07" at "above = 20.0";
    MAIN, "customer = \"harbour-line-it\"" => "customer = \"catalogue\"", "EAVIP-P07" at "customer = \"catalogue\"";
    RELEASES, "percent = 50" => "percent = 5", "EAVIP-P07" at "[[rollout.stage]]";
    RELEASES, "teams = [\"platform-operations\", \"product-architecture\"]" => "teams = [\"product-architecture\", \"platform-operations\", \"catalogue\", \"billing\"]", "EAVIP-P07" at "[approval.patch]";
    BACKUPS, "rpo = \"4h\"" => "rpo = \"30m\"", "EAVIP-P07" at "rpo = \"30m\"";
    CONFIGURATION, "secret = true" => "secret = true\ndynamic = true", "EAVIP-P07" at "dynamic = true";
    // What only the sections together show.
    PEOPLE, "name = \"Hanna Virtanen\"" => "name = \"Hanna Virtanen\"\nactive = false", "EAVIP-P20" at "[team.billing]";
    ON_CALL, "[escalation.billing]\nteam = \"billing\"" => "[escalation.billing]\nteam = \"harbour-line-it\"", "EAVIP-P21" at "[team.billing]";
    RELEASES, "teams = [\"platform-operations\", \"product-architecture\"]" => "teams = [\"product-architecture\", \"product-architecture\"]", "EAVIP-P22" at "teams = [\"product-architecture\", ";
    MAIN, "owner = \"catalogue\"\nstateless = true" => "owner = \"catalogue\"", "EAVIP-P23" at "[service.importer]";
    ALERTS, "runbook = \"import-stuck\"" => "runbook = \"imports-stuck\"", "EAVIP-P24" at "imports-stuck";
    ALERTS, "continue = true\n[[route]]\nreceivers" => "match = { region = \"eu\" }\n[[route]]\nmatch = { region = \"us\" }\nreceivers", "EAVIP-P25" at "[[route]]";
    ALERTS, "[[route]]\nleast = \"critical\"\nreceivers = [\"pager\"]\ncontinue = true" => "[[route]]\nreceivers = [\"pager\"]", "EAVIP-P26" at "[[route]]";
    PEOPLE, "name = \"Katrin Vogel\"" => "name = \"Katrin Vogel\"\nactive = false", "EAVIP-P27" at "people = [\"jonas\", \"katrin\"]";
    "runbooks/import-stuck.md", "# Imports are stuck" => "Imports are stuck", "EAVIP-P28" at "Imports are stuck";
    "runbooks/invoices-late.md", "1. Read the run's log from its end: `journalctl -u billing-invoices --since today`.\n2. Mend what it names, then start it: `systemctl start billing-invoices`. It goes on after the last invoice that was sent.\n3. If" => "If", "EAVIP-P28" at "# Invoices";
    ALERTS, "repeat_interval = \"1h\"" => "repeat_interval = \"1m\"", "EAVIP-P29" at "repeat_interval";
    ALERTS, "measure = \"availability\"" => "measure = \"availability\"\ntarget = 0.6", "EAVIP-S04" at "target = 0.6";
];

// Seed: "Platform reliability does not depend on tribal knowledge".
#[test]
fn the_example_repository_is_clean_and_every_planted_mistake_is_told_at_its_line() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/runbook");
    let (code, problems) = check(&source);
    assert_eq!((code, problems), (Some(0), Vec::new()), "the example as it is");
    assert!(MISTAKES.len() >= 40, "{}", MISTAKES.len());
    let wrong: Vec<String> = MISTAKES.iter().filter_map(|mistake| told_wrongly(mistake, &source)).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), MISTAKES.len(), wrong.join("\n"));
    println!("planted mistakes: {}, each told by its code at its line", MISTAKES.len());
}

/// What is wrong with how a mistake is told, if anything.
fn told_wrongly(mistake: &Mistake, source: &Path) -> Option<String> {
    let Mistake { file, from, to, code, line } = *mistake;
    let dir = tempfile::tempdir().unwrap();
    copy(source, dir.path());
    let path = dir.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    let text = text.replacen(from, to, 1);
    fs::write(&path, &text).unwrap();
    let (exit, problems) = check(dir.path());
    let is_it = |problem: &Value| {
        let at = problem["line"].as_u64().and_then(|at| usize::try_from(at).ok()).unwrap_or_default();
        let named = problem["source"].as_str().unwrap_or_default();
        let there = fs::read_to_string(named).unwrap_or_default();
        problem["code"] == code && there.lines().nth(at.saturating_sub(1)).is_some_and(|it| it.contains(line))
    };
    let complete = problems.iter().all(|problem| {
        let says = |key: &str| problem[key].as_str().is_some_and(|text| !text.is_empty());
        says("message") && says("remedy")
    });
    if exit == Some(3) && complete && problems.iter().any(is_it) {
        return None;
    }
    let told: Vec<String> = problems.iter().map(|problem| format!("    {problem}")).collect();
    Some(format!("{file}: {to:?} wants {code} at {line:?}, exit {exit:?}:\n{}", told.join("\n")))
}

fn check(dir: &Path) -> (Option<i32>, Vec<Value>) {
    let home = tempfile::tempdir().unwrap();
    let ran = alone(home.path(), &["-o", "json", "check", &dir.display().to_string()], &[]);
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap_or_default();
    (ran.status.code(), told["items"].as_array().cloned().unwrap_or_default())
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}
