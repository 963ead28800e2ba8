//! Giving up a report that the server will never take.

use super::contents;
use super::room::State;
use super::{Number, SpoolError};
use crate::durable::Batch;

impl State {
    /// The drop is recorded before the entry goes: cut off in between, the report is sent, refused and given up again,
    /// and the drop isn't counted twice.
    pub(super) fn refuse(&mut self, number: Number) -> Result<(), SpoolError> {
        if number <= self.acked || !self.index.contains(number) {
            return Ok(());
        }
        self.record_drops(&[number])?;
        let mut batch = Batch::default();
        contents::remove(&mut batch, number);
        self.engine(|db| db.apply(&batch))?;
        self.index.remove(number);
        Ok(())
    }
}
