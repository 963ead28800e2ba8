//! Tests of cells that a contract moves.

use crate::mode::Mode;
use crate::responsibility::Activity;
use crate::testing::{load, problems};

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
