//! `[responsibility.ACTIVITY]`: cells that a contract moves. A cell's type names one accountable party, so that no text
//! can leave one empty or give it to two.

use crate::document::Section;
use crate::mode::Mode;
use crate::responsibility::{Activity, Matrix};

pub(super) fn read(root: &Section<'_>) -> Matrix {
    let cells = |(activity, row): (Activity, Section<'_>)| {
        let cells = Mode::ALL.iter().filter_map(|mode| row.text(mode.as_str()).map(|cell| (*mode, cell)));
        let cells = cells.collect();
        row.finish();
        (activity, cells)
    };
    Matrix { moved: root.named_sections("responsibility").into_iter().map(cells).collect() }
}

#[cfg(test)]
mod tests;
