//! Tests of cells that a contract moves.

use crate::mode::Mode;
use crate::policy::{Policy, Problem, Source};
use crate::responsibility::Activity;

fn load(text: &str) -> Result<Policy, Vec<Problem>> {
    Policy::load(&[Source::new("runbook.toml", text)])
}

fn problems(text: &str) -> String {
    let tell = |p: Problem| format!("{} {} {} ({})", p.place(), p.code, p.message, p.remedy);
    load(text).err().unwrap_or_default().into_iter().map(tell).collect::<Vec<_>>().join("\n")
}

// Seed: "Clear responsibility boundaries defined".
#[test]
fn a_contract_moves_cells_and_can_leave_none_without_one_party() {
    let matrix = load("[responsibility.backup-keys]\nsaas = \"customer+vendor\"\n").unwrap().responsibilities;
    assert_eq!(matrix.cell(Activity::BackupKeys, Mode::Saas).to_string(), "customer+vendor");
    assert_eq!(matrix.cell(Activity::BackupKeys, Mode::OnPrem).to_string(), "customer");
    let text = "[responsibility.backup-keys]\nsaas = \"both\"\nbyoc = \"\"\ncloud = \"vendor\"\n\
                [responsibility.backup-key]\nsaas = \"vendor\"\n";
    insta::assert_snapshot!(problems(text));
}
