//! `[responsibility.ACTIVITY]`: cells that a contract moves. A cell's type names one accountable party, so that no text
//! can leave one empty or give it to two.

use std::collections::BTreeMap;

use crate::document::Section;
use crate::mode::Mode;
use crate::responsibility::{Activity, Matrix};

pub(super) fn read(root: &Section<'_>) -> Matrix {
    let sections = root.section("responsibility");
    let mut moved = BTreeMap::new();
    for activity in Activity::ALL.iter().filter(|activity| sections.has(activity.as_str())) {
        let row = sections.section(activity.as_str());
        let cells = Mode::ALL.iter().filter_map(|mode| row.text(mode.as_str()).map(|cell| (*mode, cell)));
        moved.insert(*activity, cells.collect());
        row.finish();
    }
    Activity::ALL.iter().for_each(|activity| sections.known(activity.as_str()));
    sections.finish();
    Matrix { moved }
}

#[cfg(test)]
mod tests;
